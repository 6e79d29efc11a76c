package poll

import (
	"context"
	"slices"
	"time"

	"topicwire/aggregator"
)

// round is the state of Run or Sweep: the hosts that are busy and the few
// feeds that are claimed. One goroutine owns it; polls report by finished.
type round struct {
	*Scheduler
	sweep    bool
	claim    aggregator.FeedClaim
	progress func(done, total int)
	seen     map[aggregator.FeedID]struct{} // Sweep: each feed once
	spacing  time.Duration                  // between the starts of polls of public hosts

	hosts    map[string]*host
	lanes    []*lane // in the order of their rights
	queued   int     // feeds in the hosts' queues
	inFlight int
	workers  int // started so far: a goroutine that has polled polls again
	jobs     chan job
	finished chan finish
	pollCtx  context.Context // outlives the end of ctx by the grace
	stopPoll context.CancelFunc

	// refill is, in a sweep of all feeds, the hosts to claim feeds of before
	// others: the crowded ones, which take longest, and those that have run dry.
	refill      []string
	nextStart   time.Time // no public host before
	claimAfter  time.Time // nothing to claim before
	left        bool      // feeds of busy hosts may be due
	done, total int
	err         error
}

// lane is a class of feeds with a bound of its own, so that ten thousand
// servers that hang keep nobody else waiting.
type lane struct {
	name     aggregator.Lane
	room     int     // polls at once
	inFlight int     // polls of it
	ready    []*host // hosts that may be polled now, first come first served
	lined    int     // hosts whose queue begins with a feed of it
	mayClaim bool    // something has changed since the last claim came back short
	// A sweep of all feeds claims them in the order of their ids, and passes
	// once more over those it had to leave behind.
	after   aggregator.FeedID
	missing bool
}

// host is a host with feeds claimed, polled, or polled a moment ago.
type host struct {
	key    string
	lane   *lane // of the feed polled now, or first in the queue
	queue  []aggregator.Feed
	busy   bool
	free   time.Time // the gap ends
	listed bool      // in ready
	more   bool      // the last claim left feeds of it, or did not ask for them
	public bool
}

type job struct {
	host *host
	feed aggregator.Feed
}

type finish struct {
	host *host
	err  error
}

func newRound(s *Scheduler, ctx context.Context) *round {
	r := &round{
		Scheduler: s, hosts: make(map[string]*host), left: true,
		jobs:     make(chan job, s.opts.Concurrency),
		finished: make(chan finish, s.opts.Concurrency),
		claim:    aggregator.FeedClaim{Lease: lease},
	}
	n := s.opts.Concurrency
	r.lanes = []*lane{
		{name: aggregator.LaneSteady, room: n, mayClaim: true},
		{name: aggregator.LaneShaky, room: max(1, n-n/steadyShare), mayClaim: true},
	}
	r.pollCtx, r.stopPoll = context.WithCancel(context.WithoutCancel(ctx))
	return r
}

// laneOf returns the lane a feed is polled in.
func (r *round) laneOf(f *aggregator.Feed) *lane {
	if len(r.lanes) == 1 || f.Failures == 0 && !f.LastSuccessAt.IsZero() {
		return r.lanes[0]
	}
	return r.lanes[1]
}

// run claims and polls until ctx ends, the store fails, or a sweep is done.
func (r *round) run(ctx context.Context) error {
	defer r.stopPoll()
	defer close(r.jobs)
	defer r.releaseQueues(ctx)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil && r.err == nil {
		if err := r.catchUp(ctx); err != nil {
			r.fail(err)
			break
		}
		r.openGates()
		if err := r.fill(ctx); err != nil {
			r.fail(err)
			break
		}
		r.start()
		if r.sweep && r.inFlight == 0 && r.queued == 0 && !r.mayClaim() {
			return nil
		}
		timer.Reset(r.nap())
		select {
		case f := <-r.finished:
			r.finish(f)
			r.drain()
		case <-timer.C:
		case <-r.wake:
			r.lookAgain()
			r.claimAfter = time.Time{}
		case <-r.resumed:
			r.Resume() // for catchUp
		case <-ctx.Done():
		}
	}
	r.waitForPolls()
	return r.err
}

// catchUp spreads what became due while nothing ran.
func (r *round) catchUp(ctx context.Context) error {
	if r.sweep {
		return nil
	}
	select {
	case <-r.resumed:
	default:
		return nil
	}
	n, err := r.opts.Store.SpreadOverdue(ctx, r.opts.CatchUp, r.opts.Private)
	if err != nil {
		r.Resume()
		return err
	}
	if n > 0 {
		r.log.Info("feeds that became due meanwhile are spread", "feeds", n, "over", r.opts.CatchUp.String())
	}
	r.lookAgain()
	return nil
}

// drain takes note of all polls that have finished.
func (r *round) drain() {
	for {
		select {
		case f := <-r.finished:
			r.finish(f)
		default:
			return
		}
	}
}

// openGates frees the hosts whose gap has ended.
func (r *round) openGates() {
	now := r.opts.Now()
	for _, h := range r.hosts {
		if h.busy || h.listed || now.Before(h.free) {
			continue
		}
		if len(h.queue) > 0 {
			h.list()
			continue
		}
		delete(r.hosts, h.key)
	}
}

// list makes a host one that may be polled now.
func (h *host) list() {
	h.listed = true
	h.lane.ready = append(h.lane.ready, h)
}

// lineUp puts a host into the lane of the first feed in its queue.
func (r *round) lineUp(h *host) {
	h.lane = r.laneOf(&h.queue[0])
	h.lane.lined++
}

// start begins polls of ready hosts, one each, while there is room.
func (r *round) start() {
	for _, l := range r.lanes {
		r.startLane(l)
	}
}

// next takes the ready host with the longest queue, of several the first: what
// must be asked one after the other takes longest.
func (l *lane) next() *host {
	at := 0
	for i, h := range l.ready {
		if len(h.queue) > len(l.ready[at].queue) {
			at = i
		}
	}
	h := l.ready[at]
	l.ready = slices.Delete(l.ready, at, at+1)
	return h
}

func (r *round) startLane(l *lane) {
	now := r.opts.Now()
	var wait []*host
	for len(l.ready) > 0 && r.inFlight < r.opts.Concurrency && l.inFlight < l.room {
		h := l.next()
		if h.public && r.spacing > 0 {
			if now.Before(r.nextStart) {
				wait = append(wait, h)
				continue
			}
			r.nextStart = now.Add(r.spacing)
		}
		h.listed = false
		l.lined--
		f := h.queue[0]
		h.queue = h.queue[1:]
		r.queued--
		if left := f.Lease.Until.Sub(now); !f.Lease.Until.IsZero() && left < leaseSpare {
			r.giveBack(h, &f)
			continue
		}
		h.busy = true
		r.inFlight++
		l.inFlight++
		if r.workers < r.inFlight {
			r.workers++
			go r.work()
		}
		r.jobs <- job{h, f}
	}
	l.ready = append(wait, l.ready...)
}

// work polls until there are no more jobs.
func (r *round) work() {
	for j := range r.jobs {
		err := r.opts.Ingest(r.pollCtx, &j.feed)
		r.finished <- finish{j.host, err}
	}
}

// giveBack releases a feed that waited for so long that its lease is ending.
func (r *round) giveBack(h *host, f *aggregator.Feed) {
	r.total--
	delete(r.seen, f.ID)
	r.lookAgain()
	if len(h.queue) > 0 {
		r.lineUp(h)
	}
	ctx, cancel := context.WithTimeout(r.pollCtx, releaseTimeout)
	defer cancel()
	if err := r.opts.Store.ReleaseFeeds(ctx, []aggregator.FeedID{f.ID}); err != nil {
		r.fail(err)
	}
}

// finish notes the end of a poll.
func (r *round) finish(f finish) {
	h := f.host
	r.inFlight--
	h.lane.inFlight--
	h.busy = false
	if f.err != nil {
		r.fail(f.err)
	}
	if gap := r.gap(h); gap > 0 {
		h.free = r.opts.Now().Add(gap)
	}
	if len(h.queue) > 0 {
		r.lineUp(h)
	} else if h.more && (r.sweep || r.left) {
		h.more = false
		r.lookAgain() // for feeds of this host, too
		if r.claim.All {
			r.refill = append(r.refill, h.key)
		}
	}
	if r.done++; r.progress != nil {
		r.progress(r.done, r.total)
	}
}

func (r *round) gap(h *host) time.Duration {
	if !h.public && !r.opts.HostGapSet {
		return 0
	}
	return r.opts.HostGap
}

func (r *round) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// nap returns for how long nothing will happen unless a poll finishes.
func (r *round) nap() time.Duration {
	now := r.opts.Now()
	until := now.Add(longestNap)
	sooner := func(t time.Time) {
		if t.Before(until) {
			until = t
		}
	}
	if r.inFlight == r.opts.Concurrency {
		return max(0, until.Sub(now))
	}
	for _, l := range r.lanes {
		if len(l.ready) > 0 && l.inFlight < l.room {
			sooner(r.nextStart)
		}
		if !r.claimAfter.IsZero() && r.hasRoom(l) {
			sooner(r.claimAfter)
		}
	}
	for _, h := range r.hosts {
		if !h.busy && !h.listed {
			sooner(h.free)
		}
	}
	return max(0, until.Sub(now))
}

// waitForPolls lets the polls in flight finish, for the grace at most.
func (r *round) waitForPolls() {
	if r.inFlight == 0 {
		return
	}
	timer := time.AfterFunc(grace, r.stopPoll)
	defer timer.Stop()
	for r.inFlight > 0 {
		f := <-r.finished
		if r.pollCtx.Err() != nil {
			f.err = nil // it was we who ended it
		}
		r.finish(f)
	}
}

// releaseQueues gives back the feeds that were claimed and not polled.
func (r *round) releaseQueues(ctx context.Context) {
	var ids []aggregator.FeedID
	for _, h := range r.hosts {
		for i := range h.queue {
			ids = append(ids, h.queue[i].ID)
		}
	}
	if len(ids) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	if err := r.opts.Store.ReleaseFeeds(ctx, ids); err != nil {
		r.log.Warn("claimed feeds not given back; their lease will end", "err", err)
	}
}
