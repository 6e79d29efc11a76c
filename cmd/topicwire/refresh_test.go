package main

import (
	"testing"

	"topicwire/aggregator"
)

// TestRefreshStoresEachItemOnce polls the demo's newsroom twice: the second
// sweep finds nothing new and is answered by 304s.
func TestRefreshStoresEachItemOnce(t *testing.T) {
	dir := newsroom(t)
	first := mustJSON[refreshResult](t, dir, "refresh", "--all")
	if first.Feeds == 0 || first.Failed != 0 || first.NewItems < 40 {
		t.Fatalf("first refresh: %+v, want all feeds read and at least 40 items", first)
	}
	if first.Matches < 4 || first.Enriched == 0 {
		t.Errorf("first refresh: %d matches, %d pages read; want some of both", first.Matches, first.Enriched)
	}
	if first.Enriched >= first.NewItems {
		t.Errorf("read %d pages for %d items: enrich: auto should leave most alone", first.Enriched, first.NewItems)
	}
	second := mustJSON[refreshResult](t, dir, "refresh", "--all")
	if second.NewItems != 0 || second.UpdatedItems != 0 || second.Matches != 0 {
		t.Errorf("second refresh: %+v, want nothing new", second)
	}
	if second.NotModified != int64(second.Feeds) || second.Bytes != 0 {
		t.Errorf("second refresh: %d of %d feeds answered 304, %d bytes; want all and none", second.NotModified, second.Feeds, second.Bytes)
	}
	report := mustJSON[aggregator.CheckReport](t, dir, "db", "check")
	if !report.OK || report.Counts["items"] != int(first.NewItems) {
		t.Errorf("db check after refresh: %+v, want ok and %d items", report, first.NewItems)
	}
	for _, f := range mustJSON[[]feedRow](t, dir, "feeds", "list") {
		if f.State != aggregator.FeedActive || f.LastError != "" || f.LastStatus != 304 || f.NextPollAt == nil || f.NextPollReason == "" {
			t.Errorf("feed after two polls: %+v", f)
		}
	}
}

// TestFoundingExample: the story that several outlets tell in several
// languages is in Russia–India; what only mentions the two is not.
func TestFoundingExample(t *testing.T) {
	dir := newsroom(t)
	mustRun(t, dir, "refresh", "--all")
	d := startDaemon(t, dir, "serve")
	status, feed := d.get(t, "/topics/russia-india.json")
	if status != 200 {
		t.Fatalf("topic feed: status %d", status)
	}
	doc := decode[jsonFeed](t, feed)
	titles, languages := map[string]int{}, map[string]bool{}
	for _, it := range doc.Items {
		titles[it.Title]++
		languages[it.Language] = true
	}
	if len(doc.Items) < 3 || len(languages) < 2 {
		t.Errorf("topic has %d entries in %d languages, want several", len(doc.Items), len(languages))
	}
	for title, n := range titles {
		if n > 1 {
			t.Errorf("%q is published %d times", title, n)
		}
	}
	if want := "Rusia dan India"; !anyTitle(titles, want) {
		t.Errorf("no entry's title contains %q: %v", want, titles)
	}
	if bad := "Restoran"; anyTitle(titles, bad) {
		t.Errorf("the restaurant review is in the topic: %v", titles)
	}
}
