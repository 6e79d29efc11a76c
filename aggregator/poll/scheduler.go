// Package poll decides when each feed is polled, and keeps the polls going.
//
// In go the feeds that the store says are due; out goes each of them to
// Ingest, once. A host is polled by one request at a time, with a gap between
// them, and a slow or crowded host delays no other. Schedule is the pure part:
// from a feed's state and the report of a poll it computes when to poll next,
// and says why. The state lives in the store's rows; what is in memory here
// is the few feeds that are claimed. How to fetch is left to fetch, what to
// do with a document to pipeline.
package poll

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"topicwire/aggregator"
)

const (
	defaultConcurrency = 32
	defaultHostGap     = 2 * time.Second
	lease              = 15 * time.Minute
	leaseSpare         = 2 * time.Minute // a poll is not begun on less
	queuePerHost       = 64              // feeds of one private host that wait for their turn
	crowd              = 8               // feeds of one host that a sweep begins with
	crowds             = 32              // such hosts
	claimsPerPoll      = 4               // feeds claimed together, for each poll at once
	steadyShare        = 8               // one poll in so many is kept free for feeds that answer
	catchUp            = 15 * time.Minute
	startSpacing       = 100 * time.Millisecond
	grace              = 10 * time.Second // BEHAVIOUR O-01
	releaseTimeout     = 5 * time.Second
	storePause         = time.Minute // after the store failed
	longestNap         = time.Minute // another process may have added feeds
	shortestNap        = time.Second // something is due, but its host is not free
)

// Store is the part of the store that says what is due.
type Store interface {
	ClaimDueFeeds(ctx context.Context, c aggregator.FeedClaim) ([]aggregator.Feed, error)
	// NextDueAt returns when the next feed is due; zero: none is scheduled.
	NextDueAt(ctx context.Context) (time.Time, error)
	// ReleaseFeeds gives back claimed feeds that were not polled.
	ReleaseFeeds(ctx context.Context, ids []aggregator.FeedID) error
	// CrowdedHosts returns the hosts, at most limit, that have at least so
	// many feeds.
	CrowdedHosts(ctx context.Context, feeds, limit int) ([]string, error)
	// SpreadOverdue puts off feeds that have been due for long over a window,
	// oldest first, but for those of hosts that spare is true of.
	SpreadOverdue(ctx context.Context, window time.Duration, spare func(host string) bool) (int, error)
}

// Ingest polls a feed and saves the outcome. It returns nil for a broken
// feed; an error means that the store failed or ctx ended.
type Ingest func(ctx context.Context, f *aggregator.Feed) error

// Options configures a Scheduler. Store and Ingest are required.
type Options struct {
	Store       Store
	Ingest      Ingest
	Concurrency int           // polls at once; 0: 32
	HostGap     time.Duration // between polls of one host; 0: 2 s unless HostGapSet
	// HostGapSet makes HostGap hold for private hosts too, which have none
	// otherwise.
	HostGapSet bool
	// CatchUp is the time over which Run spreads what became due while it did
	// not run (BEHAVIOUR F-37); 0: 15 minutes.
	CatchUp time.Duration
	// Private tells if a host is an address of ours (fetch.allow_private): it
	// needs no gap, and is not spared at start. nil: none is.
	Private func(host string) bool
	// HostKey groups feeds that must not be polled at the same time
	// (fetch.HostKey); nil: each URL is its own host.
	HostKey func(url string) string
	Now     func() time.Time // nil: time.Now
	Logger  *slog.Logger
}

// Scheduler polls feeds. Run and Sweep are not to be called at the same time;
// Wake is safe for use by several goroutines.
type Scheduler struct {
	opts Options
	log  *slog.Logger
	wake chan struct{}
	// resumed says that time has passed in which nothing ran.
	resumed chan struct{}
}

// New returns a scheduler that does nothing until Run or Sweep is called.
func New(o Options) *Scheduler {
	if o.Concurrency <= 0 {
		o.Concurrency = defaultConcurrency
	}
	if o.HostGap <= 0 && !o.HostGapSet {
		o.HostGap = defaultHostGap
	}
	if o.CatchUp <= 0 {
		o.CatchUp = catchUp
	}
	if o.Private == nil {
		o.Private = func(string) bool { return false }
	}
	if o.HostKey == nil {
		o.HostKey = strings.ToLower
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Scheduler{opts: o, log: o.Logger, wake: make(chan struct{}, 1), resumed: make(chan struct{}, 1)}
}

// Wake makes Run look at once for feeds that have become due.
func (s *Scheduler) Wake() { signal(s.wake) }

// Resume tells Run that the clock has jumped ahead, as after the machine slept:
// what became due meanwhile is spread as after a start.
func (s *Scheduler) Resume() { signal(s.resumed) }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run polls what is due until ctx ends, then lets the polls in flight finish
// for ten seconds, gives back what was claimed, and returns nil. A store that
// fails is asked again after a minute; only a damaged one ends Run.
func (s *Scheduler) Run(ctx context.Context) error {
	s.Resume()
	for ctx.Err() == nil {
		r := newRound(s, ctx)
		r.spacing = startSpacing
		err := r.run(ctx)
		if errors.Is(err, aggregator.ErrDamaged) {
			return err
		}
		if err != nil && ctx.Err() == nil {
			s.log.Error("the store fails; polling pauses", "err", err, "dur", storePause)
			s.rest(ctx, storePause)
		}
	}
	return nil
}

// rest waits, but not beyond the end of ctx.
func (s *Scheduler) rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// SweepOptions says what a Sweep polls.
type SweepOptions struct {
	// All polls every feed, due or not, but for those whose Retry-After or
	// host's pause forbids it; Force polls those too.
	All, Force bool
	// Progress, if set, is called after each poll. The total is what is
	// known so far.
	Progress func(done, total int)
}

// Sweep polls once what is due, or all, and returns when that is done: without
// waiting for anything but answers, and the gap between the feeds of one
// public host. The error is the store's, or the end of ctx.
func (s *Scheduler) Sweep(ctx context.Context, o SweepOptions) error {
	if o.Force {
		s.log.Warn("polling by force: pauses and Retry-After are not heeded")
	}
	r := newRound(s, ctx)
	r.sweep, r.progress = true, o.Progress
	r.claim.Force = o.Force
	if o.All || o.Force {
		if err := r.sweepAll(ctx); err != nil {
			return err
		}
		r.claim.Sweep = rand.Int64()
	}
	r.seen = make(map[aggregator.FeedID]struct{})
	if err := r.run(ctx); err != nil {
		return err
	}
	return ctx.Err()
}
