package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
)

// inProcess runs a command within the test, with standard input.
func inProcess(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	t.Chdir(t.TempDir())
	var out, errs bytes.Buffer
	code = Main(context.Background(), args, strings.NewReader(stdin), &out, &errs)
	return out.String(), errs.String(), code
}

func jsonLines(t *testing.T, out string) (lines []map[string]any) {
	t.Helper()
	for line := range strings.Lines(out) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		lines = append(lines, m)
	}
	return lines
}

const sampleRSS = `<rss version="2.0"><channel><title>Ledger</title><item><guid isPermaLink="false">1</guid><title>Hello</title><pubDate>Mon, 23 Nov 2026 10:00:00 +0700</pubDate></item></channel></rss>`

func TestInspectFeed(t *testing.T) {
	out, errs, code := inProcess(t, sampleRSS, "inspect", "feed", "--url", "https://ledger.example/rss")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	var doc struct {
		Version string
		Items   []struct{ ID, Title, Published string }
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Version != "rss20" || len(doc.Items) != 1 || doc.Items[0].Title != "Hello" || doc.Items[0].Published != "2026-11-23T10:00:00+07:00" {
		t.Errorf("inspect feed: %s", out)
	}
	if _, errs, code := inProcess(t, sampleRSS, "inspect", "feed", "--header", "Date: Mon, 23 Nov 2026 10:00:00 GMT", "--header", `Link: <https://a/>; rel="hub", <https://b/>; rel="self"`); code != exitDone {
		t.Errorf("headers with commas: exit %d, %s", code, errs)
	}
	if _, _, code := inProcess(t, "<html><body>no feed</body></html>", "inspect", "feed"); code != exitFailed {
		t.Errorf("a web page: exit %d, want %d", code, exitFailed)
	}
}

// TestInspectBrokenFeed: what could be saved stands in items beside error, and
// that is no failure; one with nothing wrong has no error.
func TestInspectBrokenFeed(t *testing.T) {
	for doc, wrong := range map[string]bool{
		sampleRSS: false,
		strings.Replace(sampleRSS, "Hello", "Hello & co", 1):                         true,
		strings.TrimSuffix(sampleRSS, "</channel></rss>") + "<item><title>cut":       true,
		"Warning: x\n" + strings.Replace(sampleRSS, "<item>", "<item class=a/b>", 1): true,
	} {
		out, errs, code := inProcess(t, doc, "inspect", "feed")
		var got struct {
			Error string
			Items []struct{ Title string }
		}
		if err := json.Unmarshal([]byte(out), &got); err != nil || code != exitDone {
			t.Fatalf("exit %d, %v: %s%s", code, err, out, errs)
		}
		if len(got.Items) == 0 || !strings.HasPrefix(got.Items[0].Title, "Hello") || (got.Error != "") != wrong {
			t.Errorf("%s\ngives %s", doc, out)
		}
	}
}

// TestInspectBatch: one line out for each line in, in order, bad ones included.
func TestInspectBatch(t *testing.T) {
	body := base64.StdEncoding.EncodeToString([]byte(sampleRSS))
	in := `{"id":"a","url":"https://ledger.example/rss","headers":{},"body_base64":"` + body + `"}` + "\n" +
		`{"id":7,"body_base64":"!"}` + "\n" +
		`{"id":"c","body_base64":""}` + "\n"
	out, errs, code := inProcess(t, in, "inspect", "feed", "--batch")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	lines := jsonLines(t, out)
	if len(lines) != 3 || lines[0]["id"] != "a" || lines[0]["items"] == nil || lines[1]["error"] == nil || lines[2]["id"] != "c" || lines[2]["error"] == nil {
		t.Errorf("batch: %s", out)
	}
}

func TestInspectMatch(t *testing.T) {
	in := `{"id":1,"title":"Rusia dan India Bahas Produksi Senjata Bersama","summary":"Rusia dan India membahas produksi senjata bersama di Moskwa.","language":"id"}
not json
{"id":2,"title":"A cake for the fair","summary":"Flour and butter.","language":"en"}
`
	out, errs, code := inProcess(t, in, "inspect", "match", "--query", "country:ru country:in")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	lines := jsonLines(t, out)
	if len(lines) != 3 || lines[0]["matched"] != true || lines[1]["error"] == nil || lines[2]["matched"] != false {
		t.Errorf("match: %s", out)
	}
	ev, _ := lines[0]["evidence"].([]any)
	if len(ev) < 2 {
		t.Errorf("evidence of the match: %v", lines[0]["evidence"])
	}
}

func TestInspectCountries(t *testing.T) {
	in := `{"id":"x","title":"Россия и Индия обсудили совместное производство оружия","summary":"Россия и Индия обсудили это в Москве."}` + "\n"
	out, errs, code := inProcess(t, in, "inspect", "countries")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	line := jsonLines(t, out)[0]
	if line["language"] != "ru" || !strings.Contains(out, `"RU"`) || !strings.Contains(out, `"IN"`) {
		t.Errorf("countries: %s", out)
	}
}

func TestInspectStories(t *testing.T) {
	text := "The two ministers met in Moscow on Tuesday and agreed to build ships together over the next ten years, officials said. Half of them will be built in the south."
	in := `{"id":1,"title":"Ministers agree on ships","text":"` + text + `","language":"en","url":"https://a.example/1","outlet":"A","published":"2026-11-23T10:00:00Z"}
{"id":2,"title":"Ministers agree on ships | Post","text":"` + text + `","language":"en","url":"https://b.example/9","outlet":"B","published":"2026-11-23T11:00:00Z"}
{"id":3,"title":"A cake for the fair","text":"Flour, butter and sugar are all that belongs in it, the baker said on Monday.","language":"en","url":"https://b.example/3","outlet":"B","published":"2026-11-23T11:00:00Z"}
`
	out, _, code := inProcess(t, in, "inspect", "stories")
	lines := jsonLines(t, out)
	if code != 0 || len(lines) != 3 || lines[0]["story"] != lines[1]["story"] || lines[0]["story"] == lines[2]["story"] {
		t.Errorf("stories: exit %d\n%s", code, out)
	}
}

func TestInspectArticle(t *testing.T) {
	page := `<!DOCTYPE html><html lang="en"><head><title>Ministers agree – Ledger</title><meta property="og:site_name" content="Ledger"></head>
<body><nav><a href="/">Home</a><a href="/world">World</a></nav><article><h1>Ministers agree</h1>
<p>The two ministers met in Moscow on Tuesday and agreed to build ships together over the next ten years.</p>
<p>Half of them will be built in the south of India, officials of both countries said after the talks.</p></article>
<aside><h2>Most read</h2><ul><li><a href="/1">Flood in the north</a></li><li><a href="/2">A cake for the fair</a></li></ul></aside></body></html>`
	out, errs, code := inProcess(t, page, "inspect", "article", "--url", "https://ledger.example/ships")
	if code != 0 {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	var a articleJSON
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(a.Text, "build ships together") || strings.Contains(a.Text, "cake") || a.Title != "Ministers agree" || a.SiteName != "Ledger" {
		t.Errorf("inspect article: %s", out)
	}
	// What a page does not want stored may still be looked at.
	again, errs, code := inProcess(t, page, "inspect", "article", "--url", "https://ledger.example/ships", "--header", "X-Robots-Tag: noarchive")
	if code != 0 || again != out {
		t.Errorf("inspect article with noarchive: exit %d, %s%s, want what is shown without it", code, again, errs)
	}
}

// TestInspectOddLines: a line that is too long gets its error and the run goes
// on; a byte order mark is no mistake.
func TestInspectOddLines(t *testing.T) {
	in := "\ufeff" + `{"id":1,"title":"Russia"}` + "\n" + `{"id":2,"text":"` + strings.Repeat("x", maxLine) + `"}` + "\r\n" + `{"id":3,"title":"India"}`
	out, errs, code := inProcess(t, in, "inspect", "countries")
	lines := jsonLines(t, out)
	if code != exitDone || len(lines) != 3 {
		t.Fatalf("exit %d, %d lines: %s", code, len(lines), errs)
	}
	if lines[0]["id"] != 1.0 || lines[1]["error"] == nil || lines[2]["id"] != 3.0 || lines[2]["error"] != nil {
		t.Errorf("answers: %s", out)
	}
}
