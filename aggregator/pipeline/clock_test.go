package pipeline_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"topicwire/aggregator"
)

// TestF40ClockJumps: neither a clock that was set back by a day nor one that
// was set forward makes a feed polled too soon, or not for a day.
func TestF40ClockJumps(t *testing.T) {
	for _, jump := range []time.Duration{-day, day} {
		simulate(t, nil, func(w *sim) {
			w.site("news.example", func(rw http.ResponseWriter, r *http.Request) {
				rw.Header().Set("Cache-Control", "max-age=7200")
				serve(rw, r, doc("", history(time.Now().Truncate(365*day), time.Hour, 10)...))
			})
			id := w.add("http://news.example/feed")
			w.pass(2 * day)
			before := w.feed(id)
			w.jump(jump)
			if step, err := w.store.SettleClock(w.Context()); err != nil || (step > 0) != (jump < 0) {
				t.Fatalf("SettleClock = %v, %v", step, err)
			}
			w.restart()
			at := time.Now()
			w.pass(30 * time.Hour)
			asks := w.asks("news.example/feed")
			var first time.Duration
			for i, a := range asks {
				if a.at.After(at) {
					first = a.at.Sub(at)
					break
				}
				if i > 0 {
					w.checkGaps(fmt.Sprint(jump), asks[i-1:i+1], 2*time.Hour)
				}
			}
			if first == 0 || first > 27*time.Hour {
				t.Errorf("jump of %v: asked again after %v", jump, first)
			}
			f := w.feed(id)
			if f.ETag != before.ETag || f.State != aggregator.FeedActive || f.LastPollAt.After(w.now()) || f.NextPollAt.Sub(w.now()) > 27*time.Hour {
				t.Errorf("jump of %v: %+v", jump, f.PollState)
			}
			for _, a := range asks[1:] {
				if a.whole {
					t.Errorf("jump of %v: an unconditional request", jump)
				}
			}
		})
	}
}

// jump sets the clock, not the timers.
func (w *sim) jump(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.offset += d
}

// TestOneLinePerPoll, and one for each change of state.
func TestOneLinePerPoll(t *testing.T) {
	simulate(t, nil, func(w *sim) {
		status := 200
		w.site("news.example", func(rw http.ResponseWriter, r *http.Request) {
			if status != 200 {
				rw.WriteHeader(status)
				return
			}
			serve(rw, r, doc("", items("g", 0, 3)...))
		})
		id := w.polled("http://news.example/feed")
		for _, status = range []int{500, 500, 200} {
			time.Sleep(day)
			w.poll(id, false)
		}
		lines := strings.Split(strings.TrimSpace(w.log.String()), "\n")
		for i, want := range [][]string{
			{"level=INFO", "msg=polled", "outcome=read", "status=200", "new=3", "updated=0", "bytes=", "dur=", "next=2000-01-", "reason=adaptive", "feed=1", "url=http://news.example/feed"},
			{"level=WARN", `msg="poll failed"`, "outcome=failed", "status=500", "kind=status", "err=", `reason="back-off after a failure"`},
			{"level=WARN", `msg="feed fails`, "was=active"},
			{"level=WARN", `reason="back-off after 2 failures"`},
			{"level=INFO", "outcome=not_modified", "status=304"},
			{"level=INFO", `msg="feed works again"`, "was=failing"},
		} {
			for _, part := range want {
				if i >= len(lines) || !strings.Contains(lines[i], part) {
					t.Errorf("line %d of\n%s\nlacks %q", i, &w.log, part)
				}
			}
		}
		if len(lines) != 6 {
			t.Errorf("%d lines, want 6", len(lines))
		}
	})
}

// TestF38PausesHoldForPollsByHand: only force goes past them. The five minutes
// between two polls by hand are kept by the command.
func TestF38PausesHoldForPollsByHand(t *testing.T) {
	simulate(t, nil, func(w *sim) {
		w.site("one.example", func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Retry-After", "7200")
			rw.WriteHeader(429)
		})
		w.polled("http://one.example/1")
		other := w.add("http://one.example/2")
		claim := func(force bool) int {
			got, err := w.store.ClaimDueFeeds(w.Context(), aggregator.FeedClaim{Now: w.now(), Limit: 1, Lease: time.Second, All: true, Force: force, OnlyFeed: other})
			if err != nil {
				t.Fatal(err)
			}
			return len(got)
		}
		if claim(false) != 0 {
			t.Error("a feed of a paused host was claimed by hand")
		}
		if claim(true) != 1 {
			t.Error("and not even by force")
		}
		time.Sleep(121 * time.Minute)
		if claim(false) != 1 {
			t.Error("not claimed after the pause")
		}
	})
}
