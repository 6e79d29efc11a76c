package poll_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/poll"
)

func loopback(host string) bool { return strings.HasPrefix(host, "127.") }

// runFor runs the daemon's loop for a time.
func runFor(t *testing.T, o poll.Options, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := poll.New(o).Run(ctx); err != nil {
		t.Errorf("Run = %v", err)
	}
}

func TestF30RunPollsWhenDueForAMonth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore(t)
		s.add("https://a.example/feed", time.Now())
		w := newWorld(s)
		w.report = func(*aggregator.Feed) aggregator.PollReport {
			return aggregator.PollReport{
				Outcome: aggregator.PollNotModified,
				Fetch:   aggregator.Fetch{Status: 304, MaxAge: 2 * time.Hour},
			}
		}
		s.feeds[1].NewestItemAt = time.Now() // its interval would be 1 h at first
		runFor(t, w.options(), 30*24*time.Hour)
		v := w.seen()
		if len(v) < 30 || len(v) > 60 {
			t.Errorf("%d polls in 30 days of a feed that grows quiet", len(v))
		}
		for i := 1; i < len(v); i++ {
			if gap := v[i].start.Sub(v[i-1].end); gap < 2*time.Hour {
				t.Fatalf("polls %d and %d are %v apart, less than max-age", i-1, i, gap)
			}
		}
	})
}

func TestF35HostsAreAskedOneByOneWithAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore(t)
		for i := range 40 {
			s.add(fmt.Sprintf("https://b%d.one.example/feed", i), time.Now())
		}
		w := newWorld(s)
		runFor(t, w.options(), 5*time.Minute)
		v := w.seen()
		if len(v) != 40 || w.perHost != 1 {
			t.Fatalf("%d polls, %d at once, want 40, 1", len(v), w.perHost)
		}
		for i := 1; i < len(v); i++ {
			if gap := v[i].start.Sub(v[i-1].end); gap < 2*time.Second || gap > 5*time.Second {
				t.Errorf("gap %d is %v, want 2 s and little more", i, gap)
			}
		}
	})
}

func TestCrowdedAndSlowHostsDelayNoOther(t *testing.T) {
	for _, sweep := range []bool{false, true} {
		t.Run(fmt.Sprintf("sweep=%v", sweep), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newFakeStore(t)
				start := time.Now()
				for i := range 300 { // overdue for longest
					s.add(fmt.Sprintf("https://crowd.example/%d", i), start.Add(-time.Hour))
				}
				for i := range 10 {
					s.add(fmt.Sprintf("https://slow%d.example/", i), start.Add(-time.Minute))
				}
				for i := range 200 {
					s.add(fmt.Sprintf("https://site%d.example/", i), start)
				}
				w := newWorld(s)
				w.latency = func(url string) time.Duration {
					if strings.Contains(url, "slow") {
						return time.Minute
					}
					return 50 * time.Millisecond
				}
				if sweep {
					if err := poll.New(w.options()).Sweep(t.Context(), poll.SweepOptions{}); err != nil {
						t.Fatal(err)
					}
				} else {
					runFor(t, w.options(), 15*time.Minute)
				}
				v := w.seen()
				if len(v) != 510 {
					t.Fatalf("%d polls, want 510", len(v))
				}
				for _, p := range v {
					if strings.Contains(p.url, "site") && p.end.Sub(start) > 40*time.Second {
						t.Errorf("%s was polled %v late", p.url, p.end.Sub(start))
					}
				}
				if w.perHost != 1 || w.most > 32 {
					t.Errorf("%d polls of one host, %d in all at once", w.perHost, w.most)
				}
				if s.leased > 32*10 {
					t.Errorf("%d feeds claimed at once", s.leased)
				}
				if n := s.held(); n != 0 {
					t.Errorf("%d leases held at the end", n)
				}
			})
		})
	}
}

func TestF36PausedHostsDoNotWakeTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore(t)
		start := time.Now()
		for i := range 20 {
			s.add(fmt.Sprintf("https://b%d.one.example/feed", i), start)
		}
		w := newWorld(s)
		first := true
		w.report = func(f *aggregator.Feed) aggregator.PollReport {
			if first {
				first = false
				return aggregator.PollReport{
					Outcome: aggregator.PollFailed, Err: "too many requests", ErrKind: "status",
					Fetch: aggregator.Fetch{Status: 429, RetryAfter: 3 * time.Hour, HasRetryAfter: true},
				}
			}
			return aggregator.PollReport{Outcome: aggregator.PollNotModified, Fetch: aggregator.Fetch{Status: 304}}
		}
		runFor(t, w.options(), 5*time.Hour)
		v := w.seen()
		early := 0
		for i, p := range v {
			if i > 0 && p.start.Sub(start) < 3*time.Hour {
				early++
			}
			if i > 0 && p.start.Sub(v[i-1].end) < 2*time.Second {
				t.Errorf("polls %d and %d are %v apart", i-1, i, p.start.Sub(v[i-1].end))
			}
		}
		// What was claimed before the pause is in our queue, not in the rows.
		if early > 0 {
			t.Errorf("%d requests during the pause", early)
		}
		if len(v) < 21 {
			t.Errorf("%d polls, want all feeds again after the pause", len(v))
		}
	})
}

// TestF37RestartWithoutBurst starts a daemon that stood still for five hours.
func TestF37RestartWithoutBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore(t)
		w := newWorld(s)
		for i := range 300 { // due at different times of the night
			id := s.add(fmt.Sprintf("https://site%d.example/", i), time.Now().Add(-time.Duration(300-i)*time.Minute))
			s.feeds[id].LastPollAt = s.feeds[id].NextPollAt.Add(-time.Hour)
		}
		fresh := s.add("https://fresh.example/", time.Now().Add(50*time.Minute))
		s.feeds[fresh].LastPollAt = time.Now().Add(-10 * time.Minute)
		lan := s.add("http://127.0.0.1/", time.Now().Add(-time.Hour))
		s.feeds[lan].LastPollAt = time.Now().Add(-2 * time.Hour)
		begin := time.Now()
		o := w.options()
		o.Private = loopback
		runFor(t, o, 15*time.Minute)
		v := w.seen()
		if len(v) != 301 {
			t.Fatalf("%d polls within 15 minutes, want the 301 overdue", len(v))
		}
		v = slices.DeleteFunc(v, func(p visit) bool {
			if p.url == "http://127.0.0.1/" && !p.start.Equal(begin) {
				t.Errorf("the private host was put off by %v", p.start.Sub(begin))
			}
			return p.url == "http://127.0.0.1/"
		})
		for i, p := range v {
			if want := fmt.Sprintf("https://site%d.example/", i); p.url != want {
				t.Fatalf("poll %d is of %s, want %s: the oldest first", i, p.url, want)
			}
			if at := p.start.Sub(begin); (at - time.Duration(i)*3*time.Second).Abs() > 3*time.Second {
				t.Errorf("poll %d starts after %v, want 3 s between two", i, at)
			}
		}
		runFor(t, o, time.Minute) // kill and restart
		if n := len(w.seen()); n != 301 {
			t.Errorf("%d polls after the restart, want none anew", n-301)
		}
	})
}

// TestF40SleepWithoutBurst lets the clock jump while the daemon runs, as when
// a laptop wakes.
func TestF40SleepWithoutBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore(t)
		w := newWorld(s)
		for i := range 30 {
			id := s.add(fmt.Sprintf("https://site%d.example/", i), time.Now().Add(time.Hour))
			s.feeds[id].LastPollAt = time.Now()
		}
		sched := poll.New(w.options())
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- sched.Run(ctx) }()
		time.Sleep(time.Second)
		s.mu.Lock()
		for _, f := range s.feeds { // the clock jumps over a day: all lies behind
			f.NextPollAt = time.Now().Add(-23 * time.Hour)
		}
		s.mu.Unlock()
		jumped := time.Now()
		sched.Resume()
		time.Sleep(15*time.Minute + 10*time.Second)
		cancel()
		<-done
		v := w.seen()
		if len(v) != 30 {
			t.Fatalf("%d polls, want 30", len(v))
		}
		if last := v[29].start.Sub(jumped); last < 14*time.Minute {
			t.Errorf("all polled %v after the jump, want them spread over 15 minutes", last)
		}
	})
}

// TestHungServersKeepNobodyWaiting has 2,000 servers that accept and say
// nothing, which is more than an hour can wait for, and 100 that answer.
func TestHungServersKeepNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore(t)
		start := time.Now()
		for i := range 1000 {
			s.add(fmt.Sprintf("https://hung%d.example/", i), start)
		}
		for i := range 70 {
			id := s.add(fmt.Sprintf("https://good%d.example/", i), start.Add(time.Duration(i)*7*time.Second))
			s.feeds[id].LastPollAt, s.feeds[id].LastSuccessAt = start.Add(-time.Hour), start.Add(-time.Hour)
		}
		w := newWorld(s)
		w.latency = func(url string) time.Duration {
			if strings.Contains(url, "hung") {
				return 20 * time.Second
			}
			return 200 * time.Millisecond
		}
		w.report = func(f *aggregator.Feed) aggregator.PollReport {
			if strings.Contains(f.URL, "hung") {
				return aggregator.PollReport{Outcome: aggregator.PollFailed, Err: "hung", ErrKind: "timeout"}
			}
			return aggregator.PollReport{Outcome: aggregator.PollNotModified, Fetch: aggregator.Fetch{Status: 304}}
		}
		runFor(t, w.options(), 10*time.Minute)
		good, hung := 0, 0
		for _, v := range w.seen() {
			var i int
			if n, _ := fmt.Sscanf(v.url, "https://good%d.example/", &i); n == 0 {
				hung++
				continue
			}
			good++
			if late := v.start.Sub(start.Add(time.Duration(i) * 7 * time.Second)); late > 5*time.Second {
				t.Errorf("%s was polled %v late", v.url, late)
			}
		}
		if good != 70 || hung < 28*600/20*9/10 {
			t.Errorf("%d polls of servers that answer, %d of those that hang", good, hung)
		}
		if s.leased > 32*10 {
			t.Errorf("%d feeds claimed at once", s.leased)
		}
	})
}

func TestO01StopLetsPollsFinish(t *testing.T) {
	for _, tt := range []struct {
		latency  time.Duration
		within   time.Duration
		finished bool
	}{{5 * time.Second, 5 * time.Second, true}, {time.Minute, 10 * time.Second, false}} {
		synctest.Test(t, func(t *testing.T) {
			s := newFakeStore(t)
			for i := range 100 {
				id := s.add(fmt.Sprintf("https://127.0.0.%d/", i), time.Now())
				s.feeds[id].LastSuccessAt = time.Now()
			}
			w := newWorld(s)
			w.latency = func(string) time.Duration { return tt.latency }
			o := w.options()
			o.Concurrency, o.Private = 20, loopback
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- poll.New(o).Run(ctx) }()
			synctest.Wait()
			stopped := time.Now()
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Run = %v", err)
			}
			if took := time.Since(stopped); took != tt.within {
				t.Errorf("stopping took %v, want %v", took, tt.within)
			}
			polled := 0
			for _, f := range s.feeds {
				if !f.LastPollAt.IsZero() {
					polled++
				}
			}
			if n := len(w.seen()); n != 20 || (polled == 20) != tt.finished {
				t.Errorf("%d polls begun, %d recorded", n, polled)
			}
			want := 0 // the waiting ones are given back
			if !tt.finished {
				want = 20 // the cut ones keep their lease
			}
			if got := s.held(); got != want {
				t.Errorf("%d leases held after the stop, want %d", got, want)
			}
		})
	}
}

func TestSweepPollsEachFeedOnceWithoutWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore(t)
		const feeds = 2000
		for i := range feeds {
			host := 10 + i
			if i%7 == 0 { // many feeds sit on four hosts
				host = i / 7 % 4
			}
			s.add(fmt.Sprintf("http://127.0.%d.%d/f%d", host/200, host%200, i), time.Now().Add(time.Hour))
		}
		w := newWorld(s)
		w.latency = func(string) time.Duration { return 10 * time.Millisecond }
		o := w.options()
		o.Private = loopback
		start := time.Now()
		last, total := 0, 0
		err := poll.New(o).Sweep(t.Context(), poll.SweepOptions{All: true, Progress: func(d, n int) { last, total = d, n }})
		if err != nil {
			t.Fatal(err)
		}
		counts := make(map[string]int)
		for _, v := range w.seen() {
			counts[v.url]++
		}
		if len(counts) != feeds || len(w.seen()) != feeds || last != feeds || total != feeds {
			t.Errorf("%d feeds in %d polls, progress %d of %d, want %d once", len(counts), len(w.seen()), last, total, feeds)
		}
		if w.perHost != 1 || w.most > 32 {
			t.Errorf("%d polls of one host, %d in all at once", w.perHost, w.most)
		}
		// 72 feeds on one host, one after the other, are the floor; all
		// feeds over 32 workers take 625 ms.
		if took := time.Since(start); took > 800*time.Millisecond {
			t.Errorf("the sweep took %v", took)
		}
		if s.claims > 250 || s.released > 400 {
			t.Errorf("%d claims, %d releases for %d feeds", s.claims, s.released, feeds)
		}
	})
}

func TestSweepWithNothingDueReturnsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore(t)
		s.add("https://a.example/", time.Now().Add(time.Hour))
		w := newWorld(s)
		start := time.Now()
		if err := poll.New(w.options()).Sweep(t.Context(), poll.SweepOptions{}); err != nil || len(w.seen()) != 0 || time.Since(start) != 0 {
			t.Errorf("Sweep = %v after %v and %d polls", err, time.Since(start), len(w.seen()))
		}
	})
}

func TestF38SweepHeedsPausesUnlessForced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore(t)
		s.add("https://a.example/", time.Now())
		s.pauses["a.example"] = time.Now().Add(time.Hour)
		w := newWorld(s)
		for _, o := range []poll.SweepOptions{{}, {All: true}, {Force: true}} {
			if err := poll.New(w.options()).Sweep(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			if n := len(w.seen()); n == 1 != o.Force {
				t.Errorf("%+v: %d polls", o, n)
			}
		}
	})
}

func TestStoreFailureEndsSweepAndPausesRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore(t)
		s.add("https://a.example/", time.Now())
		s.fail = errors.New("disk full")
		w := newWorld(s)
		if err := poll.New(w.options()).Sweep(t.Context(), poll.SweepOptions{}); !errors.Is(err, s.fail) {
			t.Errorf("Sweep = %v, want the store's error", err)
		}
		s.claims = 0
		runFor(t, w.options(), 10*time.Minute+time.Second)
		if s.claims != 11 {
			t.Errorf("%d claims in 10 minutes of a full disk, want one a minute", s.claims)
		}
		s.fail = fmt.Errorf("open: %w", aggregator.ErrDamaged)
		if err := poll.New(w.options()).Run(t.Context()); !errors.Is(err, aggregator.ErrDamaged) {
			t.Errorf("Run = %v, want ErrDamaged", err)
		}
	})
}

func TestWakeLooksAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore(t)
		w := newWorld(s)
		sched := poll.New(w.options())
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- sched.Run(ctx) }()
		time.Sleep(5 * time.Second) // in the bubble's time
		s.add("https://a.example/", time.Now())
		woken := time.Now()
		sched.Wake()
		time.Sleep(30 * time.Second)
		cancel()
		<-done
		if v := w.seen(); len(v) != 1 || !v[0].start.Equal(woken) {
			t.Errorf("polls %v, want one at %v", v, woken)
		}
	})
}

func TestIdleDaemonAsksTheStoreOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore(t)
		w := newWorld(s)
		runFor(t, w.options(), time.Hour)
		if s.claims > 2*61 { // one for each lane
			t.Errorf("%d claims in an hour without feeds, want one a minute for each lane", s.claims)
		}
	})
}

func TestGoroutinesAreBoundedByConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore(t)
		for i := range 5000 {
			s.add(fmt.Sprintf("https://127.0.%d.%d/", i/250, i%250), time.Now())
		}
		w := newWorld(s)
		o := w.options()
		o.Private, o.Concurrency = loopback, 16
		before := runtime.NumGoroutine()
		var most atomic.Int64
		report := w.report
		w.report = func(f *aggregator.Feed) aggregator.PollReport {
			if n := int64(runtime.NumGoroutine()); n > most.Load() {
				most.Store(n)
			}
			return report(f)
		}
		w.latency = func(string) time.Duration { return 0 }
		if err := poll.New(o).Sweep(t.Context(), poll.SweepOptions{All: true}); err != nil {
			t.Fatal(err)
		}
		if n := int(most.Load()) - before; n > 2*16+4 {
			t.Errorf("%d goroutines at work, want about 16", n)
		}
	})
}
