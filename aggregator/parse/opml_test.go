package parse

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"topicwire/aggregator"
)

func TestReadOPML(t *testing.T) {
	list, err := ReadOPML(strings.NewReader(`<opml version="1.0"><body>
		<outline text="World"><outline text="Asia &amp; Pacific"><outline text="A" xmlUrl="https://a.example/f"/></outline>
		<outline title="B" xmlUrl="https://b.example/f" language="id" category="/x/y,z"/></outline>
		<outline text="again" xmlUrl="https://a.example/f"/><outline text="bad" xmlUrl="ftp://c.example"/></body></opml>`))
	if err != nil {
		t.Fatal(err)
	}
	want := []aggregator.FeedSettings{
		{URL: "https://a.example/f", Outlet: "A", Tags: []string{"World/Asia & Pacific"}},
		{URL: "https://b.example/f", Outlet: "B", Language: "id", Tags: []string{"World", "x/y", "z"}},
	}
	if d := cmp.Diff(&OPML{Feeds: want, NoWeb: 1}, list); d != "" {
		t.Error(d)
	}
	for name, in := range map[string]string{
		"outlines": "<opml>" + strings.Repeat("<outline/>", maxOutlines+1),
		"deep":     "<opml>" + strings.Repeat("<outline>", 50),
		"other":    "<html></html>",
		"size":     strings.Repeat(" ", maxOPML+1),
	} {
		if _, err := ReadOPML(strings.NewReader(in)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestX18OPMLIsExamined: the bounds of a list, and what is left out of it.
func TestX18OPMLIsExamined(t *testing.T) {
	list, err := ReadOPML(strings.NewReader(`<opml><body><outline xmlUrl="https://a.example/f"/>
		<outline xmlUrl="https://me:hunter2@b.example/f"/><outline xmlUrl="https://me@b.example/f"/>
		<outline xmlUrl="file:///etc/passwd"/><outline xmlUrl="javascript:alert(1)"/><outline xmlUrl="https://"/><outline xmlUrl="gopher://c.example/"/>
		<outline xmlUrl="https://long.example/` + strings.Repeat("x", 9000) + `"/></body></opml>`))
	if err != nil || len(list.Feeds) != 1 || list.NoWeb != 5 || list.WithPassword != 2 {
		t.Errorf("list %+v, %v; want one feed, 5 and 2 left out", list, err)
	}
	for name, in := range map[string]string{
		"more than 10000 outlines: split it": "<opml><body>" + strings.Repeat(`<outline xmlUrl="https://a.example/f"/>`, 100_000) + "</body></opml>",
		"larger than 5 MiB: split it":        "<opml><body>" + strings.Repeat(`<outline xmlUrl="https://a.example/some/feed/that/is/longer.xml"/>`, 100_000) + "</body></opml>",
	} {
		if _, err := ReadOPML(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want %q", err, name)
		}
	}
}

// roundTrip writes the list and reads it back.
func roundTrip(t *testing.T, list []aggregator.FeedSettings) []aggregator.FeedSettings {
	t.Helper()
	var feeds []aggregator.Feed
	for _, s := range list {
		feeds = append(feeds, aggregator.Feed{FeedSettings: s})
	}
	var b bytes.Buffer
	if err := WriteOPML(&b, "Subscriptions", feeds); err != nil {
		t.Fatal(err)
	}
	got, err := ReadOPML(&b)
	if err != nil {
		t.Fatal(err)
	}
	return got.Feeds
}

func byURL(list []aggregator.FeedSettings) map[string]aggregator.FeedSettings {
	m := map[string]aggregator.FeedSettings{}
	for _, s := range list {
		m[s.URL] = s
	}
	return m
}

func TestOPMLRoundTrip(t *testing.T) {
	list := []aggregator.FeedSettings{
		{URL: "https://a.example/f?x=1&y=2", Outlet: `A "<&>"`, Language: "en", Tags: []string{"a/b", "c"}},
		{URL: "https://b.example/f"},
	}
	if d := cmp.Diff(byURL(list), byURL(roundTrip(t, list))); d != "" {
		t.Error(d)
	}
}

func TestFeedLists(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/data/feedlists/*.opml")
	if len(files) == 0 {
		t.Skip("the feed lists are not beside the checkout")
	}
	for _, f := range files {
		r, err := os.Open(f)
		if err != nil {
			t.Fatal(err)
		}
		list, err := ReadOPML(r)
		r.Close()
		if err != nil || len(list.Feeds) < 3 {
			t.Errorf("%s: %+v, %v", f, list, err)
			continue
		}
		got := list.Feeds
		if d := cmp.Diff(byURL(got), byURL(roundTrip(t, got))); d != "" {
			t.Errorf("%s: %s", f, d)
		}
	}
}

func FuzzOPML(f *testing.F) {
	f.Add([]byte(`<opml><body><outline text="a"><outline xmlUrl="https://a.example/" text="b"/></outline></body></opml>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		read, err := ReadOPML(bytes.NewReader(b))
		if err != nil {
			return
		}
		list := read.Feeds
		if d := cmp.Diff(byURL(list), byURL(roundTrip(t, list))); d != "" {
			t.Error(d)
		}
	})
}
