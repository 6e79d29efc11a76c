package poll_test

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/fetch"
	"topicwire/aggregator/poll"
)

// fakeStore keeps feeds in memory and answers claims as the store does.
type fakeStore struct {
	tb testing.TB

	mu       sync.Mutex
	feeds    map[aggregator.FeedID]*aggregator.Feed
	pauses   map[string]time.Time
	sweeps   map[aggregator.FeedID]int64 // the sweep that claimed a feed last
	claims   int
	released int
	leased   int // at the worst moment
	fail     error
}

func newFakeStore(tb testing.TB) *fakeStore {
	return &fakeStore{tb: tb, feeds: make(map[aggregator.FeedID]*aggregator.Feed), pauses: make(map[string]time.Time), sweeps: make(map[aggregator.FeedID]int64)}
}

func (s *fakeStore) add(url string, due time.Time) aggregator.FeedID {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &aggregator.Feed{ID: aggregator.FeedID(len(s.feeds) + 1)}
	f.URL, f.NextPollAt, f.State = url, due, aggregator.FeedActive
	s.feeds[f.ID] = f
	return f.ID
}

func hostKey(url string) string { return fetch.HostKey(url, nil) }

func (s *fakeStore) ClaimDueFeeds(_ context.Context, c aggregator.FeedClaim) ([]aggregator.Feed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claims++
	if s.fail != nil {
		return nil, s.fail
	}
	var due []*aggregator.Feed
	leased := 0
	for _, f := range s.feeds {
		if f.Lease.Until.After(c.Now) {
			leased++
			continue
		}
		host := hostKey(f.URL)
		paused := s.pauses[host].After(c.Now) && !c.Force
		fresh := c.Sweep != 0 && s.sweeps[f.ID] == c.Sweep
		if paused || fresh || !c.All && f.NextPollAt.After(c.Now) || f.State == aggregator.FeedGone || f.ID <= c.After || len(c.OnlyHosts) > 0 && !slices.Contains(c.OnlyHosts, host) ||
			c.Lane != "" && (c.Lane == aggregator.LaneSteady) != (f.Failures == 0 && !f.LastSuccessAt.IsZero()) || slices.Contains(c.ExcludeHosts, host) {
			continue
		}
		due = append(due, f)
	}
	slices.SortFunc(due, func(a, b *aggregator.Feed) int {
		if c.All {
			return cmp.Compare(a.ID, b.ID)
		}
		return cmp.Or(a.NextPollAt.Compare(b.NextPollAt), cmp.Compare(a.ID, b.ID))
	})
	var out []aggregator.Feed
	for _, f := range due[:min(len(due), c.Limit)] {
		f.Lease.Until = c.Now.Add(c.Lease)
		f.Lease.Fence++
		if c.Sweep != 0 {
			s.sweeps[f.ID] = c.Sweep
		}
		out = append(out, *f)
	}
	s.leased = max(s.leased, leased+len(out))
	return out, nil
}

func (s *fakeStore) NextDueAt(context.Context) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var next time.Time
	for _, f := range s.feeds {
		if f.State == aggregator.FeedGone {
			continue
		}
		at := f.NextPollAt
		if f.Lease.Until.After(at) {
			at = f.Lease.Until
		}
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next, nil
}

func (s *fakeStore) CrowdedHosts(_ context.Context, feeds, limit int) (hosts []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := make(map[string]int)
	for _, f := range s.feeds {
		counts[hostKey(f.URL)]++
	}
	for host, n := range counts {
		if n >= feeds {
			hosts = append(hosts, host)
		}
	}
	slices.SortFunc(hosts, func(a, b string) int { return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b)) })
	return hosts[:min(limit, len(hosts))], nil
}

func (s *fakeStore) SpreadOverdue(_ context.Context, window time.Duration, spare func(string) bool) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		s.claims++
		return 0, s.fail
	}
	now := time.Now()
	var late []*aggregator.Feed
	for _, f := range s.feeds {
		if f.NextPollAt.Before(now) && !f.LastPollAt.IsZero() && !spare(hostKey(f.URL)) {
			late = append(late, f)
		}
	}
	slices.SortFunc(late, func(a, b *aggregator.Feed) int {
		return cmp.Or(a.NextPollAt.Compare(b.NextPollAt), cmp.Compare(a.ID, b.ID))
	})
	for i, f := range late {
		f.NextPollAt = now.Add(time.Duration(i) * window / time.Duration(len(late)))
	}
	return len(late), nil
}

func (s *fakeStore) ReleaseFeeds(_ context.Context, ids []aggregator.FeedID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.released++
		s.feeds[id].Lease.Until = time.Time{}
		delete(s.sweeps, id)
	}
	return nil
}

func (s *fakeStore) held() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.feeds {
		if !f.Lease.Until.IsZero() {
			n++
		}
	}
	return n
}

// record saves the outcome of a poll.
func (s *fakeStore) record(id aggregator.FeedID, st aggregator.PollState, p *aggregator.HostPause) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.feeds[id]
	f.PollState = st
	f.Lease.Until = time.Time{}
	if p != nil {
		s.pauses[p.Host] = p.Until
	}
}

// visit is a poll as the world saw it.
type visit struct {
	url        string
	start, end time.Time
}

// world polls feeds of the fake store: each takes as long as latency says,
// and is next due as next says.
type world struct {
	store   *fakeStore
	latency func(url string) time.Duration
	report  func(f *aggregator.Feed) aggregator.PollReport
	sched   poll.Schedule

	mu       sync.Mutex
	visits   []visit
	busy     map[string]int
	inFlight int
	most     int // polls at once
	perHost  int // polls of one host at once
}

func newWorld(s *fakeStore) *world {
	return &world{
		store: s, busy: make(map[string]int),
		latency: func(string) time.Duration { return 100 * time.Millisecond },
		report: func(*aggregator.Feed) aggregator.PollReport {
			return aggregator.PollReport{Outcome: aggregator.PollNotModified, Fetch: aggregator.Fetch{Status: 304}}
		},
		sched: poll.Schedule{HostKey: hostKey, Rand: func() float64 { return 0 }},
	}
}

func (w *world) ingest(ctx context.Context, f *aggregator.Feed) error {
	host, start := hostKey(f.URL), time.Now()
	w.mu.Lock()
	w.inFlight++
	w.busy[host]++
	w.most, w.perHost = max(w.most, w.inFlight), max(w.perHost, w.busy[host])
	w.mu.Unlock()

	timer := time.NewTimer(w.latency(f.URL))
	defer timer.Stop()
	var err error
	select {
	case <-timer.C:
	case <-ctx.Done():
		err = ctx.Err()
	}

	w.mu.Lock()
	w.inFlight--
	w.busy[host]--
	w.visits = append(w.visits, visit{f.URL, start, time.Now()})
	w.mu.Unlock()
	if err != nil {
		return err
	}
	r := w.report(f)
	r.At = time.Now()
	r.Fetch.URL, r.Fetch.FinalURL = f.URL, f.URL
	st, pause := w.sched.Next(f, &r)
	w.store.record(f.ID, st, pause)
	return nil
}

func (w *world) options() poll.Options {
	return poll.Options{Store: w.store, Ingest: w.ingest, HostKey: hostKey}
}

// seen returns the polls so far, in order of their start.
func (w *world) seen() []visit {
	w.mu.Lock()
	defer w.mu.Unlock()
	v := slices.Clone(w.visits)
	slices.SortStableFunc(v, func(a, b visit) int { return a.start.Compare(b.start) })
	return v
}
