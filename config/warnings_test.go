package config

import (
	"slices"
	"strings"
	"testing"
)

// TestF26F20Warnings: what is allowed but unwise is said with its place.
func TestF26F20Warnings(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		want       []string
	}{
		{"nothing", "base_url: https://news.example.org\n", nil},
		{"F-20: no contact", "enrich: auto\n", []string{"fetch.contact"}},
		{"F-20: a word of blocklists", "fetch: {contact: https://newsbot.example/about}\n", []string{`1:18: `, `"bot"`}},
		{"F-20: the contact stands in for base_url", "base_url: https://robot.example\nfetch: {contact: desk@news.example.org}\n", nil},
		{"F-20: a word alone", "fetch: {contact: https://news.example.ai/}\n", []string{`"ai"`}},
		{"F-20: no word", "fetch: {contact: https://air-mail.example/}\n", nil},
		{"F-26: insecure", "base_url: https://news.example.org\nfeeds:\n  - url: https://a.example/rss\n    insecure: true\n",
			[]string{"4:15: ", "https://a.example/rss is not verified"}},
		{"F-26: secrets over insecure", "base_url: https://news.example.org\nfeeds:\n  - url: https://a.example/rss\n    insecure: true\n    headers: {X-Key: a}\n",
			[]string{"read its password and headers"}},
	} {
		c, err := Parse([]byte(tt.file), "t.yml")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Validate(nil); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		got := c.Warnings().Error()
		if len(tt.want) == 0 && got != "" || slices.ContainsFunc(tt.want, func(w string) bool { return !strings.Contains(got, w) }) {
			t.Errorf("%s: warnings %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestF24HTTP2IsOnUnlessSwitchedOff: a feed that says nothing speaks HTTP/2.
func TestF24HTTP2IsOnUnlessSwitchedOff(t *testing.T) {
	c, err := Parse([]byte("feeds: [{url: 'https://a.example/1'}, {url: 'https://a.example/2', http2: false}, {url: 'https://a.example/3', http2: true}]"), "t.yml")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false, true} {
		if c.Feeds[i].HTTP2 != want {
			t.Errorf("feed %d: http2 %v, want %v", i+1, c.Feeds[i].HTTP2, want)
		}
	}
}
