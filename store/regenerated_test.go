package store_test

import (
	"fmt"
	"testing"
	"time"

	"topicwire/aggregator"
)

// regenerated makes items of the same pages under GUIDs of a kind.
func regenerated(kind string, n int) []aggregator.Item {
	items := make([]aggregator.Item, n)
	for i := range items {
		items[i] = item(fmt.Sprint(i), t0)
		items[i].GUID = kind + fmt.Sprint(i)
		items[i].BlockHash = hashOf(items[i].GUID)
	}
	return items
}

// found polls a feed, and returns what the rows tell of the poll.
func (w *world) found(id aggregator.FeedID, change func(r *aggregator.PollRecord, st *aggregator.PollState), items ...aggregator.Item) (aggregator.PollFound, aggregator.PollSaved) {
	w.Helper()
	f := w.claim(id)
	r := record(&f, w.now(), false, items...)
	r.Total = len(items)
	r.LinkIdentity = f.LinkIdentity
	var found aggregator.PollFound
	next := r.Next
	if change != nil {
		change(&r, new(aggregator.PollState))
	}
	r.Next = func(pf aggregator.PollFound) (aggregator.PollState, *aggregator.HostPause) {
		found = pf
		st, pause := next(pf)
		if change != nil {
			change(&r, &st)
		}
		return st, pause
	}
	saved, err := w.RecordPoll(w.ctx(), r)
	w.must(err)
	return found, saved
}

func TestF63ItemsKeepTheirRowsUnderNewGUIDs(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		familiar := func(r *aggregator.PollRecord, _ *aggregator.PollState) { r.FamiliarLinks = true }
		id := w.feed("https://a.example/feed")
		w.poll(id, false, regenerated("a", 5)...)
		found, saved := w.found(id, familiar, append(regenerated("b", 5), item("new", t0))...)
		if f, err := w.Feed(w.ctx(), id); err != nil || f.Items != 6 || !found.Regenerated || saved.New != 1 || saved.Updated != 0 || len(found.New) != 1 {
			t.Fatalf("%d items, found %+v, saved %+v; want the five of before and a new one", f.Items, found, saved)
		}
		if found, saved = w.found(id, familiar, regenerated("b", 5)...); found.Regenerated || saved.New != 0 {
			t.Errorf("the same GUIDs again: found %+v, saved %+v", found, saved)
		}
		if found, saved = w.found(id, nil, regenerated("c", 5)...); found.Regenerated || saved.New != 5 {
			t.Errorf("links that nobody vouched for: found %+v, saved %+v", found, saved)
		}

		// From now on links count.
		_, saved = w.found(id, func(_ *aggregator.PollRecord, st *aggregator.PollState) { st.LinkIdentity = true }, item("other", t0))
		if !saved.Relinked {
			t.Error("not relinked")
		}
		items := regenerated("d", 5)
		for i := range items {
			items[i].GUID = aggregator.LinkGUID(items[i].CanonicalURL)
		}
		if _, saved = w.found(id, nil, items...); saved.New != 0 || saved.Relinked {
			t.Errorf("by their links: saved %+v", saved)
		}
		w.wellKept()
	})
}

func TestF50SharedIsWhatWasThereBefore(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		id := w.feed("https://a.example/feed")
		w.poll(id, false, item("one", t0), item("two", t0))
		w.advance(time.Hour)
		asking := func(before time.Time) func(*aggregator.PollRecord, *aggregator.PollState) {
			return func(r *aggregator.PollRecord, _ *aggregator.PollState) { r.SharedBefore = before }
		}
		byLink := item("two", t0)
		byLink.GUID = "another"
		for _, tt := range []struct {
			name string
			item aggregator.Item
			ask  time.Time
			want bool
		}{
			{"by GUID", item("one", t0), w.now(), true},
			{"by link", byLink, w.now(), true},
			{"nothing", item("three", t0), w.now(), false},
			{"known since only", item("three", t0), w.now(), false},
			{"not asked", item("one", t0), time.Time{}, false},
			{"not before then", item("one", t0), t0, false},
		} {
			if found, _ := w.found(id, asking(tt.ask), tt.item); found.Shared != tt.want {
				t.Errorf("%s: shared %v, want %v", tt.name, found.Shared, tt.want)
			}
		}
	})
}

func TestF35FailuresAreCountedInRows(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		ids := []aggregator.FeedID{w.feed("https://a.example/1"), w.feed("https://a.example/2"), w.feed("https://a.example/3"), w.feed("https://b.example/1")}
		busy := func(r *aggregator.PollRecord, st *aggregator.PollState) { r.Fetch.Status, st.LastStatus = 503, 503 }
		failing := func(id aggregator.FeedID) int {
			found, _ := w.found(id, busy)
			return found.Failing
		}
		for i, step := range []struct {
			feed, want int
			after      time.Duration
		}{{0, 0, 0}, {0, 0, time.Minute}, {3, 0, time.Minute}, {1, 1, time.Minute}, {2, 2, 8 * time.Minute}, {0, 1, 5 * time.Minute}} {
			w.advance(step.after)
			if got := failing(ids[step.feed]); got != step.want {
				t.Errorf("step %d: %d others fail, want %d", i, got, step.want)
			}
		}
		w.found(ids[2], func(_ *aggregator.PollRecord, st *aggregator.PollState) { st.LastStatus = 200 })
		w.must(w.RemoveFeed(w.ctx(), "https://a.example/1"))
		if got := failing(ids[1]); got != 0 {
			t.Errorf("%d others fail, want none", got)
		}
	})
}

func TestF64UndatedItemsKeepTheirOrder(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		id := w.feed("https://a.example/feed")
		found, _ := w.found(id, nil, item("first", time.Time{}), item("dated", t0.Add(-time.Hour)), item("second", time.Time{}))
		if len(found.New) != 3 || !found.New[0].IsZero() || !found.New[1].Equal(t0.Add(-time.Hour)) {
			t.Errorf("new %v", found.New)
		}
		var dates []time.Duration
		w.must(w.EachItem(w.ctx(), time.Time{}, func(it *aggregator.StoryItem) error {
			dates = append(dates, it.Date().Sub(t0))
			return nil
		}))
		if len(dates) != 3 || dates[0] != 0 || dates[1] != -time.Hour || dates[2] != -time.Second {
			t.Errorf("dates %v", dates)
		}
	})
}
