package store_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"topicwire/aggregator"

	"github.com/google/go-cmp/cmp"
)

// TestSC1HostsAreRows: what hosts wish is kept, listed while it holds, and
// forgotten 90 days after the last page.
func TestSC1HostsAreRows(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		want := aggregator.HostState{
			Host: "news.example", HeldUntil: t0.Add(time.Minute), NextPageAt: t0.Add(time.Hour), Reason: "pages: 429, Retry-After",
			Refusals: 2, Gap: 30 * time.Second, Day: t0, Today: 7,
		}
		w.must(w.UpdateHost(t.Context(), want.Host, func(h *aggregator.HostState) bool {
			if *h != (aggregator.HostState{Host: want.Host}) {
				t.Errorf("a host never seen is %+v", h)
			}
			*h = want
			return true
		}))
		w.must(w.UpdateHost(t.Context(), "quiet.example", func(h *aggregator.HostState) bool {
			h.NextPageAt = t0.Add(10 * time.Second)
			return true
		}))
		w.reopen()
		var got aggregator.HostState
		w.must(w.UpdateHost(t.Context(), want.Host, func(h *aggregator.HostState) bool {
			got = *h
			h.Refusals = 99
			return false // not to be saved
		}))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		list := func() []aggregator.HostPause {
			t.Helper()
			list, err := w.PageHosts(t.Context())
			w.must(err)
			return list
		}
		if diff := cmp.Diff([]aggregator.HostPause{{Host: want.Host, Until: want.NextPageAt, Reason: want.Reason}}, list()); diff != "" {
			t.Error(diff)
		}
		w.advance(2 * time.Hour)
		if l := list(); len(l) != 0 {
			t.Errorf("after the pause %v is listed", l)
		}
		for _, c := range []struct {
			days int
			kept int
		}{{88, 2}, {92, 0}} {
			w.at.Store(t0.Add(time.Duration(c.days) * 24 * time.Hour).Unix())
			w.must(w.Prune(t.Context(), aggregator.Retention{Now: w.now()}))
			var n int
			w.must(w.raw().QueryRow(`SELECT COUNT(*) FROM page_host`).Scan(&n))
			if n != c.kept {
				t.Errorf("after %d days %d hosts are known, want %d", c.days, n, c.kept)
			}
		}
	})
}

// TestSC1OneClaimsAHost: of many at once, one.
func TestSC1OneClaimsAHost(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		for round := range 5 {
			host := string(rune('a'+round)) + ".example"
			var mu sync.Mutex
			var wg sync.WaitGroup
			claimed := 0
			for range 8 {
				wg.Go(func() {
					mine := false
					err := w.UpdateHost(t.Context(), host, func(h *aggregator.HostState) bool {
						mine = h.HeldUntil.IsZero()
						h.HeldUntil = t0.Add(time.Minute)
						return mine
					})
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						t.Error(err)
					}
					if mine {
						claimed++
					}
				})
			}
			wg.Wait()
			if claimed != 1 {
				t.Errorf("%d claimed %s, want one", claimed, host)
			}
		}
	})
}

// TestFeedPauseHoldsForPages: a pause that feeds have earned keeps away from
// the host's pages.
func TestFeedPauseHoldsForPages(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		_, err := w.raw().Exec(`INSERT INTO host_pause (host, paused_until, reason) VALUES ('news.example', $1, '429')`, t0.Add(time.Hour).Unix())
		w.must(err)
		w.must(w.UpdateHost(t.Context(), "news.example", func(h *aggregator.HostState) bool {
			if !h.NextPageAt.Equal(t0.Add(time.Hour)) || h.Reason != "feeds: 429" {
				t.Errorf("%+v, want it paused with its feeds", h)
			}
			return false
		}))
	})
}

// TestS03RobotsAreRows: with opaque validators, and pruned when nobody asks.
func TestS03RobotsAreRows(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		const origin = "https://news.example"
		if _, err := w.Robots(t.Context(), origin); !errors.Is(err, aggregator.ErrNotFound) {
			t.Errorf("robots.txt never read: %v", err)
		}
		want := aggregator.RobotsState{
			Origin: origin, Rules: "user-agent: *\ndisallow: /no\n", Known: true, ETag: "\"\xff'x'\"", LastModified: "yesterday",
			GoodUntil: t0.Add(24 * time.Hour), RetryAt: t0.Add(time.Hour), FailingSince: t0,
		}
		w.must(w.SaveRobots(t.Context(), aggregator.RobotsState{Origin: origin}))
		w.must(w.SaveRobots(t.Context(), want))
		w.reopen()
		got, err := w.Robots(t.Context(), origin)
		w.must(err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		w.advance(91 * 24 * time.Hour)
		w.must(w.Prune(t.Context(), aggregator.Retention{Now: w.now()}))
		if _, err := w.Robots(t.Context(), origin); !errors.Is(err, aggregator.ErrNotFound) {
			t.Errorf("after 91 days: %v, want it forgotten", err)
		}
	})
}
