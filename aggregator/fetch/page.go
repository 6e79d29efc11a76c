package fetch

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	defaultPageGap = 10 * time.Second
	maxCrawlDelay  = 60 * time.Second
	pagesPerDay    = 20 // of a host whose Crawl-delay is longer
	maxGateWait    = 2 * time.Minute
	refusedPause   = 7 * 24 * time.Hour // BEHAVIOUR S-11
	refusedInRow   = 3
	defaultPause   = time.Hour
	maxPause       = 31 * 24 * time.Hour
	maxGates       = 4096
)

// Page asks for an article page: if robots.txt allows it, one page of a host
// at a time, with a gap between them. It blocks for that gap, but not for
// long pauses: those are an *Error of KindPaused that knows how long.
func (c *Client) Page(ctx context.Context, rawURL string) (*Response, error) {
	x := &exchange{url: rawURL, accept: c.static.acceptPage, wire: maxPageBytes, decoded: maxPageBytes, judge: judgePage}
	u, err := parseURL(rawURL)
	if err != nil {
		return &x.res, c.explain(x, err)
	}
	gate, err := c.hosts.enter(ctx, hostKey(u, c.opts.AllowPrivate), c.opts.Now)
	if err != nil {
		return &x.res, c.explain(x, err)
	}
	defer gate.leave()
	delay := time.Duration(0)
	asked := false
	x.before = func(ctx context.Context, hop *url.URL) error {
		d, err := c.welcome(ctx, hop)
		if delay = max(delay, d); err == nil {
			asked = true
		}
		return err
	}
	res, err := c.do(ctx, x)
	if err == nil && res.Header.Get("Content-Type") == "" && !strings.HasPrefix(http.DetectContentType(res.Body), "text/") {
		res.Body, err = nil, c.explain(x, errNotHTML)
	}
	if asked {
		gate.asked(c.pageGap(u, delay), delay > maxCrawlDelay, c.opts.Now())
		gate.judge(err, c.opts.Now())
	}
	return res, err
}

func judgePage(h http.Header) error {
	ct := h.Get("Content-Type")
	if ct == "" {
		return nil
	}
	media, _, err := mime.ParseMediaType(ct)
	if err != nil && media == "" {
		media, _, _ = strings.Cut(ct, ";")
	}
	switch strings.ToLower(strings.TrimSpace(media)) {
	case "text/html", "application/xhtml+xml":
		return nil
	}
	return errNotHTML
}

// pageGap returns the pause after a page of the host.
func (c *Client) pageGap(u *url.URL, crawlDelay time.Duration) time.Duration {
	gap := c.opts.PageGap
	if !c.opts.PageGapSet && c.private(u) {
		gap = 0
	}
	return max(gap, min(crawlDelay, maxCrawlDelay))
}

// private tells if the URL is an address that a rule opens. Names do not
// count, but for localhost: what they stand for may change.
func (c *Client) private(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	a, err := netip.ParseAddr(host)
	if host == "localhost" {
		a, err = netip.AddrFrom4([4]byte{127, 0, 0, 1}), nil
	}
	return err == nil && c.guard.allowed(netip.AddrPortFrom(a, portOf(u)))
}

// hostGates lets one request at a time through to each host.
type hostGates struct {
	mu    sync.Mutex
	hosts map[string]*hostGate
}

type hostGate struct {
	turn chan struct{} // holds a token while nobody is inside

	// What follows belongs to whoever is inside.
	next     time.Time // no request before
	refusals int       // 401, 402, 403, 451 in a row
	slow     bool      // the daily number of pages is bounded
	day      time.Time
	today    int

	gates   *hostGates
	waiting int // inside or at the gate; guarded by gates.mu
}

// enter waits for the host's turn and gap.
func (g *hostGates) enter(ctx context.Context, host string, now func() time.Time) (*hostGate, error) {
	gate := g.at(host, now())
	select {
	case <-gate.turn:
	case <-ctx.Done():
		gate.forget()
		return nil, ctx.Err()
	}
	wait := gate.next.Sub(now())
	if gate.slow && gate.today >= pagesPerDay {
		wait = max(wait, gate.day.Add(24*time.Hour).Sub(now()))
	}
	switch {
	case wait <= 0:
		return gate, nil
	case wait > maxGateWait:
		gate.leave()
		return nil, &Error{Kind: KindPaused, RetryAfter: wait, msg: "pages of this host are not read for now, as it wishes"}
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return gate, nil
	case <-ctx.Done():
		gate.leave()
		return nil, ctx.Err()
	}
}

func (g *hostGates) at(host string, now time.Time) *hostGate {
	g.mu.Lock()
	defer g.mu.Unlock()
	gate := g.hosts[host]
	if gate == nil {
		if len(g.hosts) >= maxGates {
			for h, old := range g.hosts {
				idle := old.next.Before(now) && old.refusals == 0 && !old.slow
				if old.waiting == 0 && (idle || len(g.hosts) >= 4*maxGates) {
					delete(g.hosts, h)
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

// asked notes that a page was asked for.
func (h *hostGate) asked(gap time.Duration, slow bool, now time.Time) {
	h.next = now.Add(gap)
	h.slow = slow
	if now.Sub(h.day) >= 24*time.Hour {
		h.day, h.today = now, 0
	}
	h.today++
}

// judge draws the host's conclusions from how a page was answered.
func (h *hostGate) judge(err error, now time.Time) {
	var e *Error
	if !errors.As(err, &e) || e.Kind != KindStatus {
		if err == nil {
			h.refusals = 0
		}
		return
	}
	pause := e.RetryAfter
	switch e.Status {
	case 401, 402, 403, 451:
		if h.refusals++; h.refusals >= refusedInRow {
			h.refusals, pause = 0, refusedPause
		}
	case 429, 503:
		h.refusals = 0
		if pause == 0 {
			pause = defaultPause
		}
		e.RetryAfter = pause
	default:
		h.refusals = 0
	}
	if at := now.Add(min(pause, maxPause)); pause > 0 && at.After(h.next) {
		h.next = at
	}
}

func barred(u *url.URL) error {
	return &Error{Kind: KindRobots, msg: fmt.Sprintf("robots.txt of %s asks not to read this page", u.Host)}
}
