package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"topicwire/aggregator"

	"github.com/google/go-cmp/cmp"
)

// TestLanes parts feeds whose last poll succeeded from those that may hang.
func TestLanes(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		good, bad, fresh := w.feed("https://good.example/"), w.feed("https://bad.example/"), w.feed("https://new.example/")
		w.pollAs(good, aggregator.PollState{LastPollAt: w.now(), LastSuccessAt: w.now(), NextPollAt: w.now()})
		w.pollAs(bad, aggregator.PollState{LastPollAt: w.now(), Failures: 2, NextPollAt: w.now()})
		w.advance(time.Second)
		for lane, want := range map[aggregator.Lane][]aggregator.FeedID{
			aggregator.LaneSteady: {good}, aggregator.LaneShaky: {fresh, bad},
		} {
			feeds, err := w.ClaimDueFeeds(w.ctx(), aggregator.FeedClaim{Now: w.now(), Limit: 10, Lease: time.Minute, Lane: lane})
			w.must(err)
			var got []aggregator.FeedID
			for _, f := range feeds {
				got = append(got, f.ID)
			}
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("lane %s: %s", lane, diff)
			}
		}
	})
}

// TestF37SpreadOverdue puts off what became due during a stop, and nothing else.
func TestF37SpreadOverdue(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		var ids []aggregator.FeedID
		start := w.now()
		for i := range 4 {
			id := w.feed(fmt.Sprintf("https://f%d.example/", i))
			w.pollAs(id, aggregator.PollState{LastPollAt: start, LastSuccessAt: start, NextPollAt: start.Add(time.Duration(i) * time.Minute)})
			ids = append(ids, id)
		}
		lan := w.feed("http://127.0.0.9/feed")
		w.pollAs(lan, aggregator.PollState{LastPollAt: start, LastSuccessAt: start, NextPollAt: start})
		never := w.feed("https://never.example/")
		spare := func(host string) bool { return strings.HasPrefix(host, "127.") }
		next := func() (out []time.Duration) {
			for _, id := range append(ids, lan, never) {
				f, err := w.Feed(w.ctx(), id)
				w.must(err)
				out = append(out, f.NextPollAt.Sub(start).Round(time.Second))
			}
			return out
		}

		w.advance(time.Hour)
		before := next()
		if n, err := w.SpreadOverdue(w.ctx(), 15*time.Minute, spare); err != nil || n != 4 {
			t.Fatalf("SpreadOverdue = %d, %v, want 4 feeds", n, err)
		}
		h := time.Hour
		want := []time.Duration{h, h + 225*time.Second, h + 450*time.Second, h + 675*time.Second, before[4], before[5]}
		if diff := cmp.Diff(want, next()); diff != "" {
			t.Errorf("after an hour's stop: %s", diff)
		}
		// A stop of a minute spreads over a minute.
		w.advance(16 * time.Minute)
		for i, id := range ids {
			w.pollAs(id, aggregator.PollState{LastPollAt: w.now(), LastSuccessAt: w.now(), NextPollAt: w.now().Add(time.Duration(i) * time.Second)})
		}
		w.advance(time.Minute)
		if n, err := w.SpreadOverdue(w.ctx(), 15*time.Minute, spare); err != nil || n != 4 {
			t.Fatalf("SpreadOverdue = %d, %v, want 4 feeds", n, err)
		}
		if last := next()[3]; last != w.now().Sub(start)+45*time.Second {
			t.Errorf("after a stop of a minute the last is polled at %v, want within the minute", last)
		}
	})
}

// pollAs records a poll of the feed that leaves the state given.
func (w *world) pollAs(id aggregator.FeedID, p aggregator.PollState) {
	w.Helper()
	f := w.claim(id)
	p.State = aggregator.FeedActive
	_, err := w.RecordPoll(w.ctx(), aggregator.PollRecord{
		Feed: f.ID, Lease: f.Lease, At: w.now(),
		Next: func(aggregator.PollFound) (aggregator.PollState, *aggregator.HostPause) { return p, nil },
	})
	w.must(err)
}
