package fetch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"topicwire/aggregator"
)

const (
	maxCrawlDelay = 60 * time.Second
	pagesPerDay   = 20 // of a host whose Crawl-delay is longer
	maxGateWait   = 2 * time.Minute
	refusedPause  = 7 * 24 * time.Hour // BEHAVIOUR S-11
	refusedInRow  = 3
	defaultPause  = time.Hour
	maxPause      = 31 * 24 * time.Hour
	maxGates      = 4096
	// pageHold is how long a host is claimed for a page at most: its
	// robots.txt may have to be read first.
	pageHold = 3 * time.Minute
	// lookAgain is how often it is looked if another process has let a host go.
	lookAgain  = 2 * time.Second
	storePause = time.Minute // while the rows of hosts cannot be read or written
)

// hostGates lets one page at a time through to each host in this process; the
// claim of the host's row lets one through among all processes.
type hostGates struct {
	mu    sync.Mutex
	hosts map[string]*hostGate
}

type hostGate struct {
	turn chan struct{} // holds a token while nobody is inside

	gates   *hostGates
	waiting int       // inside or at the gate; guarded by gates.mu
	next    time.Time // of the row when last written; guarded by gates.mu
}

func (g *hostGates) at(host string) *hostGate {
	g.mu.Lock()
	defer g.mu.Unlock()
	gate := g.hosts[host]
	if gate == nil {
		if len(g.hosts) >= maxGates {
			for h, old := range g.hosts {
				if old.waiting == 0 {
					delete(g.hosts, h) // what is known of the host is in its row
				}
			}
		}
		gate = &hostGate{turn: make(chan struct{}, 1), gates: g}
		gate.turn <- struct{}{}
		g.hosts[host] = gate
	}
	gate.waiting++
	return gate
}

func (h *hostGate) leave() {
	h.turn <- struct{}{}
	h.forget()
}

func (h *hostGate) forget() {
	h.gates.mu.Lock()
	h.waiting--
	h.gates.mu.Unlock()
}

// NextPage returns when the next page of the URL's host may be asked for, as
// far as this client knows from its own pages; the zero time: now.
func (c *Client) NextPage(rawURL string) time.Time {
	c.hosts.mu.Lock()
	defer c.hosts.mu.Unlock()
	if gate := c.hosts.hosts[HostKey(rawURL, c.opts.AllowPrivate)]; gate != nil {
		return gate.next
	}
	return time.Time{}
}

// enter waits for a host's turn and gap, and claims the host. With noWait it
// does not wait. A host that must be left alone for longer is an *Error of
// KindPaused.
func (c *Client) enter(ctx context.Context, host string, gap time.Duration, noWait bool) (*hostGate, error) {
	gate := c.hosts.at(host)
	if err := gate.take(ctx, noWait); err != nil {
		gate.forget()
		return nil, err
	}
	for {
		wait, reason, err := c.claim(ctx, host, gap)
		switch {
		case err != nil:
			gate.leave()
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			c.log.Warn("the rows of hosts cannot be used", "err", err)
			return nil, &Error{Kind: KindPaused, RetryAfter: storePause, Err: err, msg: "no page is read while the database fails"}
		case wait <= 0:
			return gate, nil
		case wait > maxGateWait || noWait:
			gate.knows(c.opts.Now().Add(wait))
			gate.leave()
			return nil, paused(wait, reason)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			gate.leave()
			return nil, ctx.Err()
		}
	}
}

func (h *hostGate) take(ctx context.Context, noWait bool) error {
	select {
	case <-h.turn:
		return nil
	default:
	}
	if noWait {
		return paused(lookAgain, "")
	}
	select {
	case <-h.turn:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *hostGate) knows(next time.Time) {
	h.gates.mu.Lock()
	h.next = next
	h.gates.mu.Unlock()
}

func paused(wait time.Duration, reason string) error {
	if reason == "" {
		reason = "a page of it was read a moment ago"
	}
	return &Error{Kind: KindPaused, RetryAfter: wait, msg: "pages of this host are not read for now (" + reason + ")"}
}

// claim takes a host for one page, or returns how long to wait, and why. A
// host without gap that wishes nothing needs no claim: nothing is written.
func (c *Client) claim(ctx context.Context, host string, gap time.Duration) (wait time.Duration, reason string, err error) {
	err = c.opts.Hosts.UpdateHost(ctx, host, func(h *aggregator.HostState) bool {
		now := c.opts.Now()
		wait, reason = h.NextPageAt.Sub(now), h.Reason
		if wait <= 0 && h.HeldUntil.After(now) {
			wait, reason = min(lookAgain, h.HeldUntil.Sub(now)), ""
		}
		if wait > 0 || gap == 0 && h.Gap == 0 {
			return false
		}
		h.HeldUntil = now.Add(pageHold)
		return true
	})
	return wait, reason, err
}

// settle gives a host back and notes what its page has taught. Asked says that
// the page was asked for: else nothing was learnt and no gap follows.
func (c *Client) settle(ctx context.Context, gate *hostGate, host string, gap, crawlDelay time.Duration, asked bool, outcome error) {
	defer gate.leave()
	var next time.Time
	c.note(ctx, host, func(h *aggregator.HostState) {
		h.HeldUntil = time.Time{}
		if asked {
			noteAsked(h, gap, crawlDelay, c.opts.Now())
			noteOutcome(h, outcome, c.opts.Now())
		}
		next = h.NextPageAt
	})
	gate.knows(next)
}

// note changes what is known of a host.
func (c *Client) note(ctx context.Context, host string, change func(h *aggregator.HostState)) {
	err := c.opts.Hosts.UpdateHost(context.WithoutCancel(ctx), host, func(h *aggregator.HostState) bool {
		before := *h
		change(h)
		return *h != before
	})
	if err != nil {
		c.log.Warn("what a host wishes was not saved", "err", err)
	}
}

// leftAlone returns an error if a host to which a page leads is paused. The
// usual gap is no pause.
func (c *Client) leftAlone(ctx context.Context, host string) error {
	var wait time.Duration
	var reason string
	err := c.opts.Hosts.UpdateHost(ctx, host, func(h *aggregator.HostState) bool {
		if wait = 0; h.Reason != "" {
			wait, reason = h.NextPageAt.Sub(c.opts.Now()), h.Reason
		}
		return false
	})
	if err != nil || wait <= 0 {
		return err
	}
	return &Error{Kind: KindUnavailable, RetryAfter: wait, msg: "the page leads to a host that is left alone for now (" + reason + ")"}
}

// noteAsked notes that a page was asked for (BEHAVIOUR S-05).
func noteAsked(h *aggregator.HostState, gap, crawlDelay time.Duration, now time.Time) {
	h.Gap = min(crawlDelay, maxCrawlDelay)
	reason := ""
	if h.Gap > gap {
		reason = fmt.Sprintf("robots.txt: Crawl-delay %v", crawlDelay)
	}
	next := now.Add(max(gap, h.Gap))
	if crawlDelay <= maxCrawlDelay {
		h.Day, h.Today = time.Time{}, 0
	} else {
		if now.Sub(h.Day) >= 24*time.Hour {
			h.Day, h.Today = now, 0
		}
		if h.Today++; h.Today >= pagesPerDay {
			next = h.Day.Add(24 * time.Hour)
			reason += fmt.Sprintf(", so %d pages a day", pagesPerDay)
		}
	}
	pauseUntil(h, next, now, reason)
}

// pauseUntil moves a host's next page, unless it is further off already.
func pauseUntil(h *aggregator.HostState, next, now time.Time, reason string) {
	if next.After(now) && next.After(h.NextPageAt) {
		h.NextPageAt, h.Reason = next, reason
	}
}

// noteOutcome draws the host's conclusions from how a page was answered
// (BEHAVIOUR S-11).
func noteOutcome(h *aggregator.HostState, err error, now time.Time) {
	var e *Error
	if !errors.As(err, &e) || e.Kind != KindStatus {
		if err == nil {
			h.Refusals = 0
		}
		return
	}
	pause, reason := e.RetryAfter, fmt.Sprintf("pages: %d, Retry-After", e.Status)
	switch e.Status {
	case 401, 402, 403, 451:
		if h.Refusals++; h.Refusals >= refusedInRow {
			reason = fmt.Sprintf("pages: %d refusals in a row (%d)", h.Refusals, e.Status)
			h.Refusals, pause = 0, refusedPause
		}
	case 429, 503:
		h.Refusals = 0
		if pause == 0 {
			pause, reason = defaultPause, fmt.Sprintf("pages: %d", e.Status)
		}
		e.RetryAfter = pause
	default:
		h.Refusals = 0
	}
	if pause > 0 {
		pauseUntil(h, now.Add(min(pause, maxPause)), now, reason)
	}
}
