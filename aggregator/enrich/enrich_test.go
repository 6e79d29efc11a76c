package enrich_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"topicwire/aggregator"
	"topicwire/aggregator/enrich"
)

func founding(tb testing.TB) []byte {
	tb.Helper()
	body, err := os.ReadFile("testdata/founding.html")
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

func TestFounding(t *testing.T) {
	a := enrich.Extract(enrich.Page{URL: "https://warta.example/2024/pelabuhan?x=1", Body: founding(t)})
	lines := strings.Split(a.Text, "\n")
	if a.Status != aggregator.ArticleRead || len(lines) != 3 || !strings.HasPrefix(lines[0], "KOTA CONTOH") || !strings.HasPrefix(lines[2], "Para nelayan") {
		t.Errorf("status %s (%s), text %q, want three paragraphs", a.Status, a.Note, a.Text)
	}
	for _, no := range []string{"Rusia", "India", "WhatsApp", "Baca juga", "Terkini"} {
		if strings.Contains(a.Text+a.Summary, no) {
			t.Errorf("%q leaked into %q / %q", no, a.Text, a.Summary)
		}
	}
	if want := "Pelabuhan Lama Dibuka Lagi untuk Kapal Kayu"; a.Title != want {
		t.Errorf("title = %q, want %q", a.Title, want)
	}
	if want := "Pelabuhan lama di kota itu dibuka lagi untuk kapal kayu setelah sepuluh tahun tidak dipakai sama sekali."; a.Summary != want {
		t.Errorf("summary = %q, want %q", a.Summary, want)
	}
	got := fmt.Sprint(a.Authors, a.Published.Format(time.RFC3339), a.ImageURL, a.CanonicalURL, a.Language)
	if want := "[Rani Contoh]2024-03-05T08:15:00+07:00https://warta.example/foto/pelabuhan.jpghttps://warta.example/2024/pelabuhanid"; strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("facts = %s, want %s", got, want)
	}
}

func TestDirectives(t *testing.T) {
	for _, c := range []struct {
		header, meta string
		status       aggregator.ArticleStatus // as stored
		noSnippet    bool
	}{
		{"", "", aggregator.ArticleRead, false},
		{"noindex", "", aggregator.ArticleBarred, false},
		{"topicwire: noarchive", "", aggregator.ArticleBarred, false},
		{"TopicWire: nofollow, noindex", "", aggregator.ArticleBarred, false},
		{"otherbot: noindex", "", aggregator.ArticleRead, false},
		{"unavailable_after: 25 Jun 2030 15:00:00 GMT", "", aggregator.ArticleRead, false},
		{"", "none", aggregator.ArticleBarred, false},
		{"", "noindex, max-image-preview:none", aggregator.ArticleBarred, false},
		{"", "NOARCHIVE", aggregator.ArticleBarred, false},
		{"", "noarchive, nosnippet", aggregator.ArticleBarred, true},
		{"", "index, nosnippet", aggregator.ArticleRead, true},
		{"", "max-snippet:0", aggregator.ArticleRead, true},
		{"", "max-snippet:-1, max-image-preview:large", aggregator.ArticleRead, false},
	} {
		h := http.Header{}
		if c.header != "" {
			h.Set("X-Robots-Tag", c.header)
		}
		body := strings.Replace(string(founding(t)), "<head>", `<head><meta name="robots" content="`+c.meta+`">`, 1)
		r := enrich.Extract(enrich.Page{URL: "https://warta.example/a", Header: h, Body: []byte(body)})
		barred := c.status == aggregator.ArticleBarred
		if r.Status != aggregator.ArticleRead || r.Text == "" || (r.Barred != "") != barred || r.NoSnippet != c.noSnippet || r.NoSnippet && r.Summary != "" || r.Quotable() != (!barred && !c.noSnippet) {
			t.Errorf("header %q meta %q: read %s, barred %q, no snippet %v, summary %q, want it read, barred %v, no snippet %v", c.header, c.meta, r.Status, r.Barred, r.NoSnippet, r.Summary, barred, c.noSnippet)
		}
		a := r.Storable()
		if a.Status != c.status || barred && (a.Text+a.Summary != "" || a.Note != r.Barred) || a.Title == "" || a.Published.IsZero() {
			t.Errorf("header %q meta %q: stored %+v, want it %s, with its facts", c.header, c.meta, a, c.status)
		}
	}
}

// TestHostile: no page takes more than 2 s of CPU or 64 MB.
func TestHostile(t *testing.T) {
	const paragraph = "<p>One sentence stands here, and that is all of it, said the mayor of the town."
	for name, body := range map[string]string{
		"nested":     strings.Repeat("<div>", 100_000),
		"list":       strings.Repeat("<li><a href=/x>item</a>", 200_000),
		"word":       "<p>" + strings.Repeat("x", 20<<20),
		"nuls":       strings.Repeat("<p>a\x00b\x00", 50_000),
		"image":      "\x89PNG\r\n\x1a\n" + strings.Repeat("\x00\xff", 1000),
		"brackets":   `<script type="application/ld+json">` + strings.Repeat("[", 100_000),
		"breaks":     strings.Repeat("<br>x", 1_000_000),
		"cells":      "<table>" + strings.Repeat("<tr><td>a<td>b", 100_000),
		"flat":       counted(16_000, paragraph),
		"read flat":  counted(9_000, paragraph),
		"read list":  counted(4_500, "<li><a href=/%d>An item stands here</a> and goes on, for some time."),
		"boxes":      strings.Repeat(`<div class="newsletter a">`, 490) + counted(25_000, "<p>A sentence of some length, it is number %d of them."),
		"flat links": strings.Repeat(`<p><a href="/x">One sentence stands here</a>, and that is all of it, he said.`, 15_000),
		"entities":   "<p>" + strings.Repeat("&amp;", 500_000),
		"attribute":  `<p class="` + strings.Repeat("a ", 1_500_000) + `">x`,
		"classes":    strings.Repeat(`<div class="`+strings.Repeat("aBc-", 40)+`">x</div>`, 15_000),
		"marks":      "<p>" + strings.Repeat("a\u0301\u0302", 500_000),
		"comment":    "<p>x<!--" + strings.Repeat("-x", 2_000_000),
		"script":     "<p>x<script>" + strings.Repeat("<p>", 1_600_000),
		"scripts":    strings.Repeat("<script>x</script>", 200_000) + paragraph,
		"deep":       strings.Repeat(strings.Repeat("<div>", 400)+paragraph+strings.Repeat("</div>", 400), 60),
		"inline":     strings.Repeat("<b><i><u><a>x", 10_000),
		"tables":     strings.Repeat("<table><tr><td>", 150) + paragraph,
		"formats":    strings.Repeat("<p><b><i><a href=x>", 10_000) + paragraph,
		"random":     randomBytes(2 << 20),
		"gb18030":    "<meta charset=gb18030><p>" + strings.Repeat("\xc4\xe3\xba\xc3", 1_000_000),
		"frames":     "<frameset>" + strings.Repeat("<frame src=x>", 50_000),
		"templates":  strings.Repeat("<template><p>x", 200) + paragraph,
		"capitals":   "<p>" + strings.Repeat("MOSCOW (", 300_000),
		"full stops": "<article>" + strings.Repeat("<p>"+strings.Repeat("A. b! ", 6000), 80),
		"meta":       strings.Repeat(`<meta property="og:title" content="`+strings.Repeat("x - ", 900)+`">`, 800),
		"dates":      strings.Repeat(`<p class=date>`+strings.Repeat("1 Jan ", 20), 15_000),
		"names":      `<meta name=author content="` + strings.Repeat("A and ", 200_000) + `">`,
		"empty":      "",
	} {
		t.Run(name, func(t *testing.T) {
			cpu := cpuTime()
			peak := peakHeap(func() {
				a := enrich.Extract(enrich.Page{URL: "https://h.example/a", Body: []byte(body)})
				if strings.Contains(a.Note, "could not be read:") {
					t.Errorf("panicked: %s", a.Note)
				}
				t.Logf("%s %s", a.Status, a.Note)
			})
			took := cpuTime() - cpu
			t.Logf("%-10s %5d ms %3d MB", name, took.Milliseconds(), peak>>20)
			if took > hostileLimit {
				t.Errorf("took %v of CPU, want at most %v", took, hostileLimit)
			}
			if peak > 64<<20 {
				t.Errorf("took %d MB, want at most 64", peak>>20)
			}
		})
	}
}

// hostileLimit is far above the goal of 2 s under the race detector only.
const hostileLimit = 2 * time.Second * slowdown

// peakHeap runs f and returns how much the heap grew meanwhile, live and dead.
func peakHeap(f func()) uint64 {
	defer debug.SetGCPercent(debug.SetGCPercent(25))
	runtime.GC()
	heap := func() uint64 {
		s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(s)
		return s[0].Value.Uint64()
	}
	before, peak := heap(), uint64(0)
	done, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			peak = max(peak, heap())
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	}()
	f()
	last := heap()
	close(done)
	<-watched
	peak = max(peak, last)
	return peak - min(peak, before)
}

// counted repeats a text with numbers, so that no two are the same.
func counted(n int, text string) string {
	var b strings.Builder
	if !strings.Contains(text, "%d") {
		text += " It was number %d."
	}
	for i := range n {
		fmt.Fprintf(&b, text, i)
	}
	return b.String()
}

func randomBytes(n int) string {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return string(b)
}

// FuzzExtract finds new paths often; run it with -fuzzminimizetime=10x, or it
// spends its time on making each input smaller.
func FuzzExtract(f *testing.F) {
	f.Add(founding(f), "text/html", "p")
	f.Add([]byte("<h1>a<p>b"), "text/html; charset=gb2312", "::x")
	f.Fuzz(func(t *testing.T, body []byte, ctype, sel string) {
		a := enrich.Extract(enrich.Page{URL: "https://h.example/a", Body: body, Header: http.Header{"Content-Type": {ctype}}, Selector: sel})
		if strings.Contains(a.Note, "could not be read:") {
			t.Fatal(a.Note)
		}
		if !utf8.ValidString(a.Text+a.Summary+a.Title) || utf8.RuneCountInString(a.Summary) > enrich.SummaryLength || a.Status != aggregator.ArticleRead && a.Text != "" {
			t.Fatalf("%+v", a)
		}
	})
}

func BenchmarkExtract(b *testing.B) {
	body := founding(b)
	pad := strings.Repeat(`<div class="teaser"><a href="/x/1"><h4>Judul lain yang panjang sekali</h4></a></div>`, (50<<10-len(body))/85)
	body = []byte(strings.Replace(string(body), "<aside>", "<aside>"+pad, 1))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		enrich.Extract(enrich.Page{URL: "https://warta.example/a", Body: body})
	}
}
