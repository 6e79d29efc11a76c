package fetch_test

import (
	"net/http"
	"slices"
	"testing"

	"topicwire/aggregator/fetch"
)

func TestF56Discover(t *testing.T) {
	page := `<!DOCTYPE html><html><head>
<link rel=stylesheet href=/style.css>
<link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed">
<link rel="alternate" type="application/rss+xml" title=" All
 news " href="/feed?a=1&amp;b=2">
<LINK REL="Alternate Home" TYPE="application/atom+xml; charset=utf-8" HREF="https://feeds.example/atom#top">
<link rel="alternate" type="application/feed+json" href="feed.json">
<link rel="alternate" type="text/html" hreflang="de" href="/de/">
<link rel="alternate" type="application/rss+xml" href="/feed?a=1&amp;b=2">
<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
<link rel="alternate" type="application/rss+xml" href="">
<link rel="alternate" type="application/rss+xml" href="ftp://feeds.example/x">
</head><body><link rel=alternate type=application/rss+xml href=//cdn.example/body.xml>
<!-- <link rel="alternate" type="application/rss+xml" href="/commented-out"> -->`
	header := http.Header{"Link": {`<https://news.example/hub>; rel=hub, </linked.xml>; type="application/rss+xml"; rel="alternate"; title="By header"`}}
	var got []string
	for _, c := range fetch.Discover("https://news.example/section/page", header, []byte(page)) {
		got = append(got, c.URL+" "+c.Title+" "+c.Type)
	}
	want := []string{
		"https://news.example/linked.xml By header application/rss+xml",
		"https://news.example/feed?a=1&b=2 All news application/rss+xml",
		"https://feeds.example/atom  application/atom+xml",
		"https://news.example/section/feed.json  application/feed+json",
		"https://cdn.example/body.xml  application/rss+xml",
		"https://news.example/comments/feed Comments application/rss+xml",
	}
	if !slices.Equal(got, want) {
		t.Errorf("Discover = %q, want %q", got, want)
	}
	based := `<base href="https://other.example/x/"><link rel=feed type=application/atom+xml href=atom.xml>`
	if c := fetch.Discover("https://news.example/", nil, []byte(based)); len(c) != 1 || c[0].URL != "https://other.example/x/atom.xml" {
		t.Errorf("Discover with base = %v", c)
	}
}

func FuzzDiscover(f *testing.F) {
	f.Add("https://a.example/", `<x>; rel=alternate; type="application/rss+xml`, `<link rel=alternate type=application/rss+xml href=x>`)
	f.Add("", `<`, `<base href=":">`)
	f.Fuzz(func(t *testing.T, base, link, page string) {
		for _, c := range fetch.Discover(base, http.Header{"Link": {link}}, []byte(page)) {
			if c.URL == "" || c.Type == "" {
				t.Errorf("Discover = %+v", c)
			}
		}
	})
}
