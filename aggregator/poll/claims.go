package poll

import (
	"context"
	"slices"

	"topicwire/aggregator"
)

// sweepAll makes the round one over all feeds, in the order of their ids but
// for those of crowded hosts, which come first.
func (r *round) sweepAll(ctx context.Context) error {
	r.claim.All = true
	r.lanes = []*lane{{room: r.opts.Concurrency, mayClaim: true}}
	hosts, err := r.opts.Store.CrowdedHosts(ctx, crowd, crowds)
	r.refill = hosts
	return err
}

func (r *round) mayClaim() bool {
	return slices.ContainsFunc(r.lanes, func(l *lane) bool { return l.mayClaim })
}

// lookAgain makes all lanes claim again, whatever they found the last time.
func (r *round) lookAgain() {
	for _, l := range r.lanes {
		l.mayClaim, l.missing = true, true
	}
}

// fill claims feeds while fewer wait than may be polled at once.
func (r *round) fill(ctx context.Context) error {
	now, claimed := r.opts.Now(), false
	again := !r.claimAfter.IsZero() && !now.Before(r.claimAfter)
	for _, l := range r.lanes {
		l.mayClaim = l.mayClaim || again
		for l.mayClaim && r.hasRoom(l) {
			claimed = true
			if err := r.claimFor(ctx, l); err != nil {
				return err
			}
		}
	}
	if !claimed && !again {
		return nil
	}
	return r.planClaim(ctx)
}

// claimFor claims feeds of a lane once.
func (r *round) claimFor(ctx context.Context, l *lane) error {
	c := r.claim
	c.Now, c.Limit, c.Lane, c.After = r.opts.Now(), claimsPerPoll*r.opts.Concurrency, l.name, l.after
	c.ExcludeHosts = r.occupied()
	if len(r.refill) > 0 {
		return r.claimOf(ctx, c)
	}
	feeds, err := r.opts.Store.ClaimDueFeeds(ctx, c)
	if err != nil {
		return err
	}
	for i := range feeds {
		if c.All {
			l.after = max(l.after, feeds[i].ID)
		}
	}
	surplus, fresh := r.queue(feeds)
	if len(surplus) > 0 {
		l.missing = true
		if err := r.opts.Store.ReleaseFeeds(ctx, surplus); err != nil {
			return err
		}
	}
	if len(feeds) == c.Limit && (fresh > 0 || c.All) {
		return nil // there may be more, of other hosts
	}
	l.mayClaim = c.All && l.missing && fresh > 0
	l.after, l.missing = 0, false
	return nil
}

// claimOf claims feeds of the hosts to refill once.
func (r *round) claimOf(ctx context.Context, c aggregator.FeedClaim) error {
	c.OnlyHosts, c.After, c.Limit = r.refill, 0, 0
	for _, key := range r.refill {
		if r.opts.Private(key) {
			c.Limit += queuePerHost
		} else {
			c.Limit++ // as full says
		}
	}
	r.refill = nil
	feeds, err := r.opts.Store.ClaimDueFeeds(ctx, c)
	if err != nil {
		return err
	}
	if surplus, _ := r.queue(feeds); len(surplus) > 0 {
		return r.opts.Store.ReleaseFeeds(ctx, surplus)
	}
	return nil
}

// occupied returns the hosts of which no more feeds are wanted now. Those
// that only wait for their gap to end are not among them: there may be
// thousands, and what is claimed of them will not wait long.
func (r *round) occupied() []string {
	var keys []string
	for key, h := range r.hosts {
		if h.full() {
			h.more = true
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// hasRoom tells if feeds of a lane should be claimed: enough wait if those
// that could start at once would fill half of what may run.
func (r *round) hasRoom(l *lane) bool {
	return len(l.ready) <= l.room/2 && l.lined < 4*l.room && r.queued < 16*r.opts.Concurrency
}

// planClaim decides when to look for due feeds again, after none are left.
func (r *round) planClaim(ctx context.Context) error {
	if r.sweep {
		return nil // when a host becomes free
	}
	now := r.opts.Now()
	due, err := r.opts.Store.NextDueAt(ctx)
	if err != nil {
		return err
	}
	r.left = !due.IsZero() && !due.After(now)
	r.claimAfter = now.Add(longestNap)
	if !due.IsZero() && due.Before(r.claimAfter) {
		r.claimAfter = due
	}
	if soonest := now.Add(shortestNap); r.claimAfter.Before(soonest) {
		r.claimAfter = soonest
	}
	return nil
}

// queue lines the claimed feeds up by host. It returns those that are too many
// for their host, and how many were taken.
func (r *round) queue(feeds []aggregator.Feed) (surplus []aggregator.FeedID, taken int) {
	for i := range feeds {
		f := &feeds[i]
		if r.seen != nil {
			if _, ok := r.seen[f.ID]; ok {
				surplus = append(surplus, f.ID)
				continue
			}
		}
		key := r.opts.HostKey(f.URL)
		h := r.hosts[key]
		if h == nil {
			h = &host{key: key, public: !r.opts.Private(key)}
			r.hosts[key] = h
		}
		if h.full() {
			h.more = true
			surplus = append(surplus, f.ID)
			continue
		}
		if r.seen != nil {
			r.seen[f.ID] = struct{}{}
		}
		if h.queue = append(h.queue, *f); len(h.queue) == 1 && !h.busy {
			r.lineUp(h)
		}
		r.queued++
		r.total++
		taken++
		if !h.busy && !h.listed && !r.opts.Now().Before(h.free) {
			h.list()
		}
	}
	return surplus, taken
}

// full tells if no more feeds of the host are wanted. Those of a public host
// are claimed one at a time, when the poll before has been saved: its answer
// may have paused the host, which the store knows and a queue does not.
func (h *host) full() bool {
	if h.public {
		return h.busy || len(h.queue) > 0
	}
	return len(h.queue) >= queuePerHost
}
