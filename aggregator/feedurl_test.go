package aggregator_test

import (
	"testing"

	"topicwire/aggregator"
)

func TestFeedURL(t *testing.T) {
	for in, want := range map[string]string{
		"https://example.org/rss":                "https://example.org/rss",
		" HTTP://Example.ORG/RSS?b=1&a=2#top ":   "http://example.org/RSS?b=1&a=2",
		"https://Example.org:443":                "https://example.org",
		"http://example.org:443/":                "http://example.org:443/",
		"http://User:Pw@Example.org:80/x":        "http://User:Pw@example.org/x",
		"http://[::1]:80/x":                      "http://[::1]/x",
		"http://[::1]/x":                         "http://[::1]/x",
		"feed://example.org/x":                   "http://example.org/x",
		"feed:https://example.org/x":             "https://example.org/x",
		"https://example.org?x=http://B.org:80/": "https://example.org?x=http://B.org:80/",
		"https://пример.рф/Лента":                "https://пример.рф/Лента",
		"ftp://Example.org/":                     "ftp://Example.org/",
		"http://":                                "http://",
		"nothing":                                "nothing",
		"":                                       "",
	} {
		got := aggregator.FeedURL(in)
		if got != want {
			t.Errorf("FeedURL(%q) = %q, want %q", in, got, want)
		}
		if again := aggregator.FeedURL(got); again != got {
			t.Errorf("FeedURL(%q) = %q: not the same again", got, again)
		}
	}
}
