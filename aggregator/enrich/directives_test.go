package enrich_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"topicwire/aggregator/enrich"
)

// TestS06Directives: what pages ask of robots, in header and head.
func TestS06Directives(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	long := strings.Repeat("The ferry to the northern islands sails again from Monday, the harbour master said after a winter of repairs. ", 8)
	for _, c := range []struct {
		header, head string
		barred       string // the directive named
		noSnippet    bool
		most         int // characters of the summary; 0: the usual
	}{
		{},
		{header: "index, follow"},
		{header: "all"},
		{header: "noindex", barred: "X-Robots-Tag: noindex"},
		{header: "NOINDEX , NoFollow", barred: "X-Robots-Tag: noindex"},
		{header: "nofollow\nnoarchive", barred: "X-Robots-Tag: noarchive"},
		{header: "none", barred: "X-Robots-Tag: none"},
		{header: "topicwire: noindex", barred: "X-Robots-Tag: noindex"},
		{header: "TopicWire: nofollow, noindex", barred: "X-Robots-Tag: noindex"},
		{header: "otherbot: noindex, noarchive"},
		{header: "otherbot: nofollow, topicwire: noarchive", barred: "X-Robots-Tag: noarchive"},
		{header: "topicwire: nosnippet, otherbot: noindex", noSnippet: true},
		{header: "otherbot: noindex\nnosnippet", noSnippet: true},
		{header: "nosnippet, otherbot: noindex", noSnippet: true},
		{header: "topicwirebot: noindex"},
		{header: "max-snippet:0", noSnippet: true},
		{header: "max-snippet: -1, max-image-preview:large"},
		{header: "max-snippet:120", most: 120},
		{header: "max-snippet:120, max-snippet:115", most: 115},
		{header: "topicwire: max-snippet:120", most: 120},
		{header: "otherbot: max-snippet:0"},
		{header: "max-image-preview:none, max-video-preview:0"},
		{header: "unavailable_after: 25 Jun 2024 15:00:00 UTC", barred: "X-Robots-Tag: unavailable_after"},
		{header: "unavailable_after: Tue, 25 Jun 2024 15:00:00 GMT", barred: "X-Robots-Tag: unavailable_after"},
		{header: "unavailable_after: Tuesday, 25-Jun-24 15:00:00 GMT, nosnippet", barred: "X-Robots-Tag: unavailable_after", noSnippet: true},
		{header: "unavailable_after: 2024-06-25T15:00:00Z, noarchive", barred: "X-Robots-Tag: unavailable_after"},
		{header: "unavailable_after: 2024-06-25", barred: "X-Robots-Tag: unavailable_after"},
		{header: "otherbot: unavailable_after: 2024-06-25"},
		{header: "unavailable_after: 25 Jun 2031 15:00:00 UTC"},
		{header: "unavailable_after: someday"},
		{head: `<meta name="robots" content="noindex">`, barred: "robots meta: noindex"},
		{head: `<META NAME=ROBOTS CONTENT=NOARCHIVE>`, barred: "robots meta: noarchive"},
		{head: `<meta name="topicwire" content="none">`, barred: "robots meta: none"},
		{head: `<meta name="otherbot" content="noindex">`},
		{head: `<meta name="robots" content="index, max-snippet:-1">`},
		{head: `<meta name="robots" content="max-snippet:120">`, most: 120},
		{head: `<meta name="robots" content="index"><meta name="topicwire" content="nosnippet">`, noSnippet: true},
		{header: "max-snippet:200", head: `<meta name="robots" content="max-snippet:120">`, most: 120},
		{header: "nosnippet", head: `<meta name="robots" content="all">`, noSnippet: true},
	} {
		h := http.Header{"Content-Type": {"text/html"}}
		for line := range strings.Lines(c.header) {
			h.Add("X-Robots-Tag", strings.TrimSuffix(line, "\n"))
		}
		page := `<!DOCTYPE html><html lang="en"><head><title>Ferry sails again</title>` + c.head + `</head><body><article><h1>Ferry sails again</h1><p>` + long + `</p></article></body></html>`
		r := enrich.Extract(enrich.Page{URL: "https://ledger.example/ferry", Header: h, Body: []byte(page), Now: now})
		kept := r.Storable()
		most := enrich.SummaryLength
		if c.most > 0 {
			most = c.most
		}
		switch {
		case !strings.Contains(r.Barred, c.barred) || (r.Barred == "") != (c.barred == ""):
			t.Errorf("%q %s: barred %q, want %q", c.header, c.head, r.Barred, c.barred)
		case c.barred != "" && kept.Text+kept.Summary != "":
			t.Errorf("%q %s: of a barred page %q and %q are kept", c.header, c.head, kept.Text, kept.Summary)
		case c.barred == "" && kept.Text == "":
			t.Errorf("%q %s: no text", c.header, c.head)
		case r.NoSnippet != c.noSnippet || c.noSnippet && r.Summary != "":
			t.Errorf("%q %s: no snippet %v, summary %q, want %v", c.header, c.head, r.NoSnippet, r.Summary, c.noSnippet)
		case !c.noSnippet && (len(r.Summary) > most || len(r.Summary) < 80):
			t.Errorf("%q %s: summary of %d characters, want at most %d", c.header, c.head, len(r.Summary), most)
		}
	}
}
