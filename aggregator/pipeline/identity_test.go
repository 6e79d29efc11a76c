package pipeline_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/pipeline"
)

// script is a feed whose documents are given one by one; the last one stays.
func (w *sim) script(docs ...string) aggregator.FeedID {
	w.Helper()
	n := 0
	w.site("news.example", func(rw http.ResponseWriter, r *http.Request) {
		serve(rw, r, docs[min(n, len(docs)-1)])
		n++
	})
	return w.add("http://news.example/feed")
}

// polls polls a feed some times, hours apart.
func (w *sim) polls(id aggregator.FeedID, n int) {
	w.Helper()
	for range n {
		w.poll(id, false)
		time.Sleep(8 * 24 * time.Hour)
	}
}

// items makes n items with the links of their numbers, and GUIDs of a kind.
func items(kind string, from, n int) (list []string) {
	for i := from; i < from+n; i++ {
		list = append(list, fmt.Sprintf("%s-%d|http://news.example/%d|Title %d", kind, i, i, i))
	}
	return list
}

// TestF63GUIDsMadeUpAnew: a feed that invents its GUIDs at each poll never
// shows a subscriber an item twice, from the first such poll on.
func TestF63GUIDsMadeUpAnew(t *testing.T) {
	simulate(t, nil, func(w *sim) {
		id := w.script(
			doc("", items("a", 0, 10)...),
			doc("", items("b", 0, 10)...),
			doc("", append(items("c", 10, 1), items("c", 0, 9)...)...),
			doc("", append(items("d", 10, 2), items("d", 0, 8)...)...),
			doc("", append(items("e", 12, 1), items("e", 0, 3)...)...))
		for poll, want := range []struct {
			items int
			link  bool
		}{{10, false}, {10, false}, {11, true}, {12, true}, {13, true}, {13, true}} {
			w.poll(id, true)
			time.Sleep(time.Hour)
			if f := w.feed(id); f.Items != want.items || f.LinkIdentity != want.link {
				t.Errorf("poll %d: %d items, by link %v; want %+v", poll, f.Items, f.LinkIdentity, want)
			}
		}
		if c := w.pipe.Counts(); c.UpdatedItems != 0 || c.NewItems != 13 {
			t.Errorf("%d new, %d updated; want 13 and none", c.NewItems, c.UpdatedItems)
		}
		if n := w.logged("known by their links"); n != 1 {
			t.Errorf("logged %d times", n)
		}
	})
}

// TestF63GUIDsChangedOnce, as when a site gets new software: the items keep
// their rows under their new GUIDs, and the feed its way of telling them apart.
func TestF63GUIDsChangedOnce(t *testing.T) {
	simulate(t, nil, func(w *sim) {
		changed := items("b", 0, 10)
		changed[3] = strings.Replace(changed[3], "Title 3", "Title 3, corrected", 1)
		id := w.script(doc("", items("a", 0, 10)...), doc("", changed...),
			doc("", append(items("b", 10, 1), changed...)...), doc("", append(items("b", 10, 3), changed...)...))
		w.polls(id, 4)
		f := w.feed(id)
		if c := w.pipe.Counts(); f.Items != 13 || f.LinkIdentity || f.Regenerated != 0 || c.UpdatedItems != 1 {
			t.Errorf("%d items, by link %v, %d updated; want 13, false, 1", f.Items, f.LinkIdentity, c.UpdatedItems)
		}
	})
}

// TestF63OldAndNewGUIDsInTurn, as from two servers behind one name.
func TestF63OldAndNewGUIDsInTurn(t *testing.T) {
	simulate(t, nil, func(w *sim) {
		a, b := doc("", items("a", 0, 10)...), doc("", items("b", 0, 10)...)
		id := w.script(a, b, a, b, a)
		w.polls(id, 5)
		if f := w.feed(id); f.Items != 10 || !f.LinkIdentity {
			t.Errorf("%d items, by link %v; want 10, true", f.Items, f.LinkIdentity)
		}
	})
}

// TestF63WhatIsNotRegenerated: new items are new, whatever their links.
func TestF63WhatIsNotRegenerated(t *testing.T) {
	forecast := func(day string) string {
		var list []string
		for i := range 5 { // of five towns, each at its address
			list = append(list, fmt.Sprintf("%s-%d|http://news.example/town/%d|%s in town %d", day, i, i, day, i))
		}
		return doc("", list...)
	}
	same := func(kind string) string {
		var list []string
		for i := range 5 { // all of one address
			list = append(list, fmt.Sprintf("%s-%d|http://news.example/live|Event %s %d", kind, i, kind, i))
		}
		return doc("", list...)
	}
	for _, tt := range []struct {
		name string
		docs []string
		want int
	}{
		{"a forecast at old addresses", []string{forecast("Monday"), forecast("Tuesday"), forecast("Wednesday")}, 15},
		{"one address for all", []string{same("a"), same("b"), same("c")}, 15},
		{"all items are new", []string{doc("", items("a", 0, 10)...), doc("", items("a", 10, 10)...), doc("", items("a", 20, 10)...)}, 30},
		{"half of the items", []string{doc("", items("a", 0, 10)...), doc("", append(items("a", 0, 5), items("b", 5, 5)...)...)}, 15},
	} {
		simulate(t, nil, func(w *sim) {
			id := w.script(tt.docs...)
			w.polls(id, len(tt.docs))
			if f := w.feed(id); f.Items != tt.want || f.LinkIdentity {
				t.Errorf("%s: %d items, by link %v; want %d, false", tt.name, f.Items, f.LinkIdentity, tt.want)
			}
		})
	}
}

// TestF63OneGUIDForAll items of a document.
func TestF63OneGUIDForAll(t *testing.T) {
	simulate(t, nil, func(w *sim) {
		var list []string
		for _, it := range items("x", 0, 12) {
			_, rest, _ := strings.Cut(it, "|")
			list = append(list, "same|"+rest)
		}
		id := w.script(doc("", list[:10]...), doc("", list[1:11]...), doc("", list[2:]...))
		w.polls(id, 3)
		if f := w.feed(id); f.Items != 12 || !f.LinkIdentity || w.logged("known by their links") != 1 {
			t.Errorf("%d items, by link %v, logged %d times; want 12, true, 1", f.Items, f.LinkIdentity, w.logged("known by their links"))
		}
	})
}

// TestF64Dates: what cannot be true is none; a changed date changes nothing.
func TestF64Dates(t *testing.T) {
	simulate(t, nil, func(w *sim) {
		date := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC1123Z) }
		old := "Mon, 01 Jan 1979 00:00:00 +0000"
		id := w.script(
			doc("", "1|http://news.example/1|Future|"+date(time.Hour), "2|http://news.example/2|Old|"+old, "3|http://news.example/3|Dated|"+date(-time.Hour),
				"4|http://news.example/4|Undated", "5|http://news.example/5|Undated too"),
			doc("", "1|http://news.example/1|Future|"+date(2*time.Hour), "2|http://news.example/2|Old|"+date(-5*time.Hour), "3|http://news.example/3|Dated|"+date(-2*time.Minute),
				"4|http://news.example/4|Undated|"+date(-time.Minute), "5|http://news.example/5|Undated too"))
		start := w.now()
		w.poll(id, false)
		var dates []time.Time
		if err := w.store.EachItem(w.Context(), time.Time{}, func(it *aggregator.StoryItem) error {
			dates = append(dates, it.Date())
			if dated := it.Title == "Dated"; dated == it.Published.IsZero() {
				t.Errorf("%s: published %v", it.Title, it.Published)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		// In the order of the document, the first is the newest.
		for i, want := range []time.Duration{0, -time.Second, -time.Hour, -2 * time.Second, -3 * time.Second} {
			if got := dates[i].Sub(start).Round(time.Second); got != want {
				t.Errorf("item %d is dated %v after the poll, want %v", i+1, got, want)
			}
		}
		time.Sleep(time.Hour)
		w.poll(id, false)
		if c := w.pipe.Counts(); c.NewItems != 5 || c.UpdatedItems != 0 {
			t.Errorf("%d new, %d updated; want 5 and none", c.NewItems, c.UpdatedItems)
		}
	})
}

// TestF65StaleReplay: a server that shows an old copy now and then makes no
// item come twice.
func TestF65StaleReplay(t *testing.T) {
	simulate(t, nil, func(w *sim) {
		v1, v2 := doc("", items("g", 0, 10)...), doc("", items("g", 8, 10)...)
		id := w.script(v1, v2, v1, v2, doc(""), v1)
		w.polls(id, 6)
		if f, c := w.feed(id), w.pipe.Counts(); f.Items != 18 || c.NewItems != 18 || c.UpdatedItems != 0 {
			t.Errorf("%d items, %d new, %d updated; want 18, 18, none", f.Items, c.NewItems, c.UpdatedItems)
		}
		if err := w.store.Prune(w.Context(), aggregator.Retention{Now: w.now(), MaxAge: day, PerFeed: 1}); err != nil {
			t.Fatal(err)
		}
		w.poll(id, true)
		if c := w.pipe.Counts(); c.NewItems != 18 {
			t.Errorf("%d new after old items were pruned, want 18", c.NewItems)
		}
	})
}

// TestF12F65DeltaTakesNothingAway: an answer with what is new only.
func TestF12F65DeltaTakesNothingAway(t *testing.T) {
	simulate(t, func(o *pipeline.Options) {
		o.Access = func(*aggregator.Feed) pipeline.Access { return pipeline.Access{Delta: true} }
	}, func(w *sim) {
		n := 0
		w.site("news.example", func(rw http.ResponseWriter, r *http.Request) {
			n++
			rw.Header().Set("ETag", fmt.Sprintf("%q", fmt.Sprint("v", n)))
			if n == 2 {
				rw.Header().Set("IM", "feed")
				rw.WriteHeader(http.StatusIMUsed)
				fmt.Fprint(rw, doc("", items("g", 10, 1)...))
				return
			}
			fmt.Fprint(rw, doc("", items("g", 0, 10)...))
		})
		id := w.polled("http://news.example/feed")
		before, err := w.store.KnownBlocks(w.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		w.poll(id, false)
		after, err := w.store.KnownBlocks(w.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range before {
			if !slices.Contains(after, h) {
				t.Errorf("%x is no longer known", h)
			}
		}
		f := w.feed(id)
		if f.Items != 11 || f.State != aggregator.FeedActive || f.ETag != `"v2"` || len(after) <= len(before) {
			t.Errorf("%d items, %s, %s, %d blocks of %d", f.Items, f.State, f.ETag, len(after), len(before))
		}
		time.Sleep(time.Hour)
		w.poll(id, false)
		if f, c := w.feed(id), w.pipe.Counts(); f.Items != 11 || c.UpdatedItems != 0 {
			t.Errorf("whole again: %d items, %d updated", f.Items, c.UpdatedItems)
		}
	})
}
