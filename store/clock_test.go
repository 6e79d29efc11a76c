package store_test

import (
	"testing"
	"time"

	"topicwire/aggregator"
)

// TestClockSetBack (BEHAVIOUR F-40): a clock that was three years ahead leaves
// no feed that waits for three years.
func TestClockSetBack(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		const years = 3 * 365 * 24 * time.Hour
		early := w.feed("https://early.example/feed")
		w.poll(early, false, item("one", t0))
		before, err := w.Feed(w.ctx(), early)
		w.must(err)

		w.advance(years)
		id := w.feed("https://a.example/feed")
		f := w.claim(id)
		r := record(&f, w.now(), false, item("two", t0))
		at := w.now()
		r.Next = func(aggregator.PollFound) (aggregator.PollState, *aggregator.HostPause) {
			return aggregator.PollState{State: aggregator.FeedActive, LastPollAt: at, LastSuccessAt: at, NextPollAt: at.Add(time.Hour)},
				&aggregator.HostPause{Host: "b.example", Until: at.Add(30 * time.Minute), Reason: "429"}
		}
		_, err = w.RecordPoll(w.ctx(), r)
		w.must(err)

		w.advance(-years)
		step, err := w.SettleClock(w.ctx())
		if err != nil || step != years {
			t.Errorf("step %v, %v; want %v", step, err, years)
		}
		got, err := w.Feed(w.ctx(), id)
		w.must(err)
		if !got.LastPollAt.Equal(w.now()) || !got.NextPollAt.Equal(w.now().Add(time.Hour)) {
			t.Errorf("last poll %v, next %v; now %v", got.LastPollAt, got.NextPollAt, w.now())
		}
		if other, err := w.Feed(w.ctx(), early); err != nil || !other.NextPollAt.Equal(before.NextPollAt) || !other.LastPollAt.Equal(before.LastPollAt) {
			t.Errorf("a feed of before: %+v, %v", other, err)
		}
		if hosts, err := w.Hosts(w.ctx()); err != nil || len(hosts) != 1 || !hosts[0].Until.Equal(w.now().Add(30*time.Minute)) {
			t.Errorf("pauses: %+v, %v", hosts, err)
		}
		if n := len(w.work(aggregator.StageMatch)); n != 2 {
			t.Errorf("%d items may be worked on, want 2", n)
		}
		if step, err := w.SettleClock(w.ctx()); err != nil || step != 0 {
			t.Errorf("again: step %v, %v", step, err)
		}
	})
}
