package enrich_test

import (
	"net/http"
	"testing"

	"topicwire/aggregator/enrich"
)

// TestS10Canonical: which of the addresses that a page names is taken for its
// own.
func TestS10Canonical(t *testing.T) {
	for _, tt := range []struct{ name, header, head, want string }{
		{"header", `<https://news.example/a>; rel="canonical"`, ``, "https://news.example/a"},
		{"relative, other links, a comma in the address", `<b>; rel=next; title="x, <c>; rel=canonical", </a,b>; title=t; REL="nofollow Canonical"`, ``, "https://news.example/a,b"},
		{"only the first rel counts", `</a>; rel=next; rel=canonical`, ``, ""},
		{"of another document", `</a>; rel=canonical; anchor="/b"`, ``, ""},
		{"broken", `</a; rel=canonical`, ``, ""},
		{"header before head", `</a>; rel=canonical`, `<link rel=canonical href=/b>`, "https://news.example/a"},
		{"header not believable", `<https://other.example/a>; rel=canonical`, `<link rel=canonical href=/b>`, "https://news.example/b"},
		{"one rel of several", ``, `<link rel="shortlink canonical" href=/b>`, "https://news.example/b"},
		{"front page, then og:url", ``, `<link rel=canonical href="/"><meta property="og:url" content="https://m.news.example/c">`, "https://m.news.example/c"},
		{"another site under a public suffix", ``, `<link rel=canonical href="https://other.example/">`, ""},
		{"not the web's", ``, `<link rel=canonical href="javascript:1">`, ""},
	} {
		h := http.Header{"Content-Type": {"text/html"}}
		if tt.header != "" {
			h.Set("Link", tt.header)
		}
		got := enrich.Extract(enrich.Page{
			URL: "https://news.example/start", Header: h,
			Body: []byte(`<!DOCTYPE html><html><head><title>T</title>` + tt.head + `</head><body><p>x<link rel=canonical href=/body></body></html>`),
		}).CanonicalURL
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func FuzzLinkHeader(f *testing.F) {
	f.Add(`</a>; rel="canonical"; title="\", <b>", <c>`)
	f.Fuzz(func(t *testing.T, line string) {
		h := http.Header{"Content-Type": {"text/html"}, "Link": {line}}
		enrich.Extract(enrich.Page{URL: "https://news.example/start", Header: h, Body: []byte(`<p>x`)})
	})
}
