package parse_test

import (
	"strings"
	"testing"

	"topicwire/aggregator/parse"
)

// TestF61Entities: HTML's entities are read and a bare & is let be, control
// characters go, and what a document declares itself is never expanded, be it
// a hundred times itself or a file of ours.
func TestF61Entities(t *testing.T) {
	declared := `<!DOCTYPE rss [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">` +
		`<!ENTITY f SYSTEM "file:///etc/passwd">]>`
	for title, want := range map[string]string{
		"caf&eacute;&nbsp;&mdash; &#8364;": "café\u00a0— €",
		"Rock & Roll":                      "Rock & Roll",
		"a\x01b\x0bc":                      "abc",
		"x &c; y":                          "",
		"x &f; y":                          "",
	} {
		doc := `<?xml version="1.0"?>` + declared + `<rss version="2.0"><channel><title>t</title><item><title>` + title +
			`</title><guid>1</guid></item></channel></rss>`
		res, err := parse.Feed(parse.Input{Body: []byte(doc), URL: "https://example.org/feed"})
		if err != nil || len(res.Items) != 1 {
			t.Errorf("%q: %v", title, err)
			continue
		}
		got := res.Items[0].Title
		if want != "" && strings.ReplaceAll(got, "\u00a0", " ") != strings.ReplaceAll(want, "\u00a0", " ") {
			t.Errorf("%q: title %q, want %q", title, got, want)
		}
		if strings.Contains(got, "haha") || strings.Contains(got, "root:") || len(got) > 20 {
			t.Errorf("%q was expanded: %.80q", title, got)
		}
	}
}
