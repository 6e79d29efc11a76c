package fetch

import (
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
)

// Counts is what a Client has done since it was made, for metrics (BEHAVIOUR
// O-20). The numbers only grow.
type Counts struct {
	Unconditional int64            // feed requests answered that carried no validators
	RateLimited   int64            // answers 429, to feeds and pages
	SSRFBlocked   int64            // connections that were refused because of their address or port
	Insecure      int64            // feed requests whose server's certificate was not verified
	Pages         map[string]int64 // pages asked for, by outcome; nil: none yet
}

// counters are the numbers behind Counts.
type counters struct {
	unconditional, rateLimited, blocked, insecure atomic.Int64

	mu    sync.Mutex
	pages map[string]int64
}

// page counts a page by its outcome: one of a few fixed words.
func (c *counters) page(outcome string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pages == nil {
		c.pages = make(map[string]int64)
	}
	c.pages[outcome]++
}

// answered counts an answer that is no redirect.
func (c *counters) answered(x *exchange) {
	if x.feed && !x.hop.conditional {
		c.unconditional.Add(1)
	}
	if x.res.Status == http.StatusTooManyRequests {
		c.rateLimited.Add(1)
	}
}

// Counts returns the numbers as they are now.
func (c *Client) Counts() Counts {
	n := &c.counts
	n.mu.Lock()
	defer n.mu.Unlock()
	return Counts{
		Unconditional: n.unconditional.Load(), RateLimited: n.rateLimited.Load(),
		SSRFBlocked: n.blocked.Load(), Insecure: n.insecure.Load(),
		Pages: maps.Clone(n.pages),
	}
}
