package parse

import (
	"os"
	"path/filepath"
	"testing"
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
