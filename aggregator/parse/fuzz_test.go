package parse

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func FuzzFeed(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.feed")
	for _, name := range files {
		if b, err := os.ReadFile(name); err == nil {
			f.Add(b, "")
		}
	}
	f.Add([]byte(`<rss><channel><item><title>a`), "text/xml; charset=utf-16")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		in := Input{Body: body, ContentType: contentType, URL: "https://example.org/", Now: testNow}
		Inspect(in)
		res, err := Feed(in)
		if err != nil {
			return
		}
		known := map[uint64]bool{}
		for _, h := range res.BlockHashes {
			known[h] = true
		}
		for i := range res.Items {
			it := &res.Items[i]
			if it.GUID == "" || it.ContentHash == "" || it.Language == "" || !utf8.ValidString(it.Title+it.Content+it.Summary) {
				t.Errorf("item %+v", it)
			}
			if it.URL != "" && !isHTTP(it.URL) {
				t.Errorf("URL %q", it.URL)
			}
		}
		in.Known = func(h uint64) bool { return known[h] }
		if again, err := Feed(in); err == nil && len(res.BlockHashes) > 0 && len(again.Items) > 0 && again.Warning == "" {
			t.Errorf("known items were read again: %+v", again.Items)
		}
	})
}

// TestHostile reads documents made to exhaust a parser.
func TestHostile(t *testing.T) {
	var spaces strings.Builder
	for i := range 1000 {
		spaces.WriteString(` xmlns:a` + strings.Repeat("b", i%9) + string(rune('a'+i%26)) + `="urn:x"`)
	}
	for name, doc := range map[string]string{
		"nested":     `<rss version="2.0" xmlns:m="urn:m"><channel><m:x>` + strings.Repeat("<m:a>", 2_000_000),
		"namespaces": `<rss version="2.0"><channel` + spaces.String() + `>` + strings.Repeat("<aba:x/>", 20_000) + `</channel></rss>`,
		"comments":   `<rss version="2.0" xmlns:m="urn:m"><channel><m:x>` + strings.Repeat("a<!---->", 500_000) + `</m:x></channel></rss>`,
		"items":      `<rss version="2.0"><channel>` + strings.Repeat("<item/>", 500_000) + `</channel></rss>`,
		"less-than":  `<rss version="2.0"><channel><title>` + strings.Repeat("< ", 1_000_000) + `</title></channel></rss>`,
		"quotes":     `<rss version="2.0"><channel>` + strings.Repeat(`<a b="`, 500_000),
		"end tags":   `<rss version="2.0"><channel>` + strings.Repeat(`</x>`, 1_000_000),
		"open cdata": `<rss version="2.0"><channel>` + strings.Repeat(`<![CDATA[`, 500_000),
		"doctypes":   `<rss version="2.0"><channel>` + strings.Repeat(`<!x[`, 500_000),
		"dates":      `<rss version="2.0"><channel>` + strings.Repeat("<item><pubDate>Xyz, 99 Foo 2004 99:99</pubDate></item>", 20_000) + `</channel></rss>`,
		"html":       rssWith("<item><description>" + strings.Repeat("&lt;div&gt;&lt;a&gt;&lt;b&gt;", 100_000) + "</description></item>"),
		"attributes": `<rss version="2.0"><channel><item ` + strings.Repeat(`a="b" `, 500_000) + `/></channel></rss>`,
		"bases":      `<feed xmlns="http://www.w3.org/2005/Atom">` + strings.Repeat(`<x xml:base="a/b">`, 150) + strings.Repeat(`<y xml:base="/`, 100_000),
		"json":       `{"version":"https://jsonfeed.org/version/1","items":[` + strings.Repeat(`{"id":1},`, 500_000) + `{}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := Feed(Input{Body: []byte(doc)})
			took := time.Since(start)
			t.Logf("%d KB in %v: %v", len(doc)>>10, took, err)
			if limit := 10*time.Second + time.Duration(len(doc)>>20)*time.Second; took > limit {
				t.Errorf("took %v", took)
			}
		})
	}
}
