package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"topicwire/aggregator"
)

// TestHistoryIsReadPageByPage (P-06): the marks are those of all entries, in
// the order in which pages of entries come.
func TestHistoryIsReadPageByPage(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		topic := w.topic("pair")
		feed := w.feed("https://a.example/feed")
		var items []aggregator.Item
		for i := range 7 { // two of one time
			items = append(items, item(fmt.Sprint("story", i), t0.Add(-time.Duration(i/2+1)*time.Hour)))
		}
		w.poll(feed, false, items...)
		w.process(topic)

		marks, err := w.EntryMarks(w.ctx(), aggregator.EntryFilter{Topic: topic})
		w.must(err)
		var want, got []string
		for _, m := range marks {
			want = append(want, m.PublicID+m.Published.String())
		}
		for page := range 3 {
			entries, err := w.Entries(w.ctx(), aggregator.EntryFilter{Topic: topic, Limit: 3, Offset: 3 * page})
			w.must(err)
			for _, e := range entries {
				got = append(got, e.PublicID+e.Published.String())
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || len(got) != len(items) {
			t.Errorf("%d entries in pages (-marks +pages):\n%s", len(got), diff)
		}
		some, err := w.EntryMarks(w.ctx(), aggregator.EntryFilter{Topic: topic, Since: t0.Add(-2 * time.Hour)})
		w.must(err)
		if diff := cmp.Diff(marks[:4], some); diff != "" {
			t.Errorf("since two hours (-all +since):\n%s", diff)
		}

		w.advance(time.Hour)
		items[3].Title, items[3].ContentHash, items[3].BlockHash = "Another title", "c-another", 99
		w.poll(feed, false, items...)
		w.process(topic)
		after, err := w.EntryMarks(w.ctx(), aggregator.EntryFilter{Topic: topic})
		w.must(err)
		changed := 0
		for i := range after {
			if !slices.Contains(marks, after[i]) {
				changed++
			}
		}
		if len(after) != len(items) || changed != 1 {
			t.Errorf("a changed title: %d of %d marks differ, want 1 of %d", changed, len(after), len(items))
		}
	})
}
