package fetch

import (
	"context"
	"errors"
	"math"
	"net/url"
	"strings"
	"sync"
	"time"

	"topicwire/aggregator"
)

const (
	robotsMaxAge     = 24 * time.Hour
	robotsMinAge     = 10 * time.Minute
	robotsRetry      = time.Hour
	robotsTimeout    = 25 * time.Second    // for all of it: its page waits, and twice as long must be less than that has
	robotsUnreach    = 30 * 24 * time.Hour // RFC 9309 2.3.1.4: then the last copy, or everything
	maxRobotsOrigins = 4096
	maxRobotsMemory  = 32 << 20
	maxRobotsRow     = 64 << 10
)

// robotsCache keeps the robots.txt of origins for at most a day.
type robotsCache struct {
	mu      sync.Mutex
	origins map[string]*robotsEntry
	memory  int // of all rules, roughly
}

type robotsEntry struct {
	mu           sync.Mutex // held while robots.txt is read: once per origin
	loaded       bool       // from Options.Hosts, at least once
	rules        *robotsRules
	etag         string
	lastModified string
	good         time.Time // rules hold until then
	retry        time.Time // after a failure, not before
	failingSince time.Time
	memory       int // of rules; guarded by robotsCache.mu
}

func (r *robotsCache) entry(origin string, now time.Time) *robotsEntry {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.origins[origin]
	if e == nil {
		if len(r.origins) >= maxRobotsOrigins {
			r.evict(now)
		}
		e = new(robotsEntry)
		r.origins[origin] = e
	}
	return e
}

func (r *robotsCache) evict(now time.Time) {
	for o, e := range r.origins {
		if !e.mu.TryLock() {
			continue
		}
		if now.After(e.good) && e.failingSince.IsZero() || len(r.origins) >= 2*maxRobotsOrigins {
			r.forget(o, e)
		}
		e.mu.Unlock()
	}
}

func (r *robotsCache) forget(origin string, e *robotsEntry) {
	r.memory -= e.memory
	delete(r.origins, origin)
}

// weigh notes how much an origin's rules take, and forgets those of others
// where all take too much: hosts cost a stranger nothing. Whoever weighs holds
// the entry.
func (r *robotsCache) weigh(origin string, e *robotsEntry) {
	size := 0
	if e.rules != nil {
		for _, rule := range e.rules.rules {
			size += len(rule.pattern) + 48 // with what holds it
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.origins[origin] != e {
		return // forgotten while it was read
	}
	r.memory += size - e.memory
	e.memory = size
	for o, other := range r.origins {
		if r.memory <= maxRobotsMemory {
			return
		}
		if other != e && other.memory > 0 && other.mu.TryLock() {
			r.forget(o, other)
			other.mu.Unlock()
		}
	}
}

// welcome returns nil if robots.txt of the URL's origin allows it, and the
// Crawl-delay wanted there.
func (c *Client) welcome(ctx context.Context, u *url.URL) (time.Duration, error) {
	origin := u.Scheme + "://" + u.Host
	e := c.robots.entry(origin, c.opts.Now())
	e.mu.Lock()
	defer e.mu.Unlock()
	now := c.opts.Now()
	if !e.loaded || e.due(now) {
		// Another process may have read it meanwhile.
		c.loadRobots(ctx, origin, e)
	}
	if e.due(now) {
		noted, forbidden := c.readRobots(ctx, u, e)
		if forbidden {
			return 0, nil // the page will be too, and for good
		}
		if noted {
			c.saveRobots(ctx, origin, e)
		}
		c.robots.weigh(origin, e)
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		now = c.opts.Now()
	}
	if e.rules == nil {
		if !e.failingSince.IsZero() && now.Sub(e.failingSince) > robotsUnreach {
			return 0, nil
		}
		return 0, &Error{
			Kind: KindUnavailable, RetryAfter: max(0, e.retry.Sub(now)),
			msg: "robots.txt of " + u.Host + " cannot be read now, so no page is",
		}
	}
	path := u.EscapedPath()
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	if !e.rules.allowed(path) {
		return 0, barred(u)
	}
	return e.rules.crawlDelay, nil
}

// due tells if robots.txt has to be asked for.
func (e *robotsEntry) due(now time.Time) bool {
	return now.After(e.good) && !now.Before(e.retry)
}

// loadRobots takes over what is saved of an origin, if it is newer.
func (c *Client) loadRobots(ctx context.Context, origin string, e *robotsEntry) {
	st, err := c.opts.Hosts.Robots(ctx, origin)
	switch {
	case errors.Is(err, aggregator.ErrNotFound):
		e.loaded = true
		return
	case err != nil:
		c.log.Warn("robots.txt as saved was not read", "url", origin, "err", err)
		return
	}
	if !e.loaded || st.GoodUntil.After(e.good) || st.RetryAt.After(e.retry) {
		e.rules = nil
		if st.Known {
			e.rules = parseRules([]byte(st.Rules), c.product())
		}
		e.etag, e.lastModified = st.ETag, st.LastModified
		e.good, e.retry, e.failingSince = st.GoodUntil, st.RetryAt, st.FailingSince
		c.robots.weigh(origin, e)
	}
	e.loaded = true
}

// saveRobots saves what is known of an origin. Rules that are too long for a
// row are read again after a restart.
func (c *Client) saveRobots(ctx context.Context, origin string, e *robotsEntry) {
	st := aggregator.RobotsState{
		Origin: origin, ETag: e.etag, LastModified: e.lastModified,
		GoodUntil: e.good, RetryAt: e.retry, FailingSince: e.failingSince,
	}
	if e.rules != nil {
		st.Known, st.Rules = true, e.rules.String()
	}
	if len(st.Rules) > maxRobotsRow {
		return
	}
	if err := c.opts.Hosts.SaveRobots(context.WithoutCancel(ctx), st); err != nil {
		c.log.Warn("robots.txt was not saved", "url", origin, "err", err)
	}
}

// readRobots asks for robots.txt and notes what it says (BEHAVIOUR S-02, S-03).
// A stale copy holds while the server is in trouble. Nothing is noted if it was
// stopped before there was an answer, or the origin may not be asked at all.
func (c *Client) readRobots(ctx context.Context, u *url.URL, e *robotsEntry) (noted, forbidden bool) {
	x := &exchange{
		url:  (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/robots.txt"}).String(),
		etag: e.etag, lastModified: e.lastModified,
		accept: []string{"text/plain, */*;q=0.1"}, wire: math.MaxInt64, decoded: maxRobots, cutDecoded: true,
		whole: min(robotsTimeout, c.opts.Timeout*2/5),
	}
	res, err := c.do(ctx, x)
	if ctx.Err() != nil {
		return false, false
	}
	now := c.opts.Now()
	age := robotsMaxAge
	if res.MaxAge > 0 {
		age = min(max(res.MaxAge, robotsMinAge), robotsMaxAge)
	}
	var fe *Error
	switch {
	case errors.As(err, &fe) && fe.Kind == KindForbidden && res.FinalURL == x.url:
		return false, true
	case err == nil && res.Status == 304:
	case err == nil && !res.Truncated:
		e.rules = parseRobots(res.Body, c.product())
		e.etag, e.lastModified = res.ETag, res.LastModified
	case errors.As(err, &fe) && (fe.Kind == KindStatus && unavailable(fe.Status) || errors.Is(fe.Err, errRedirects)):
		e.rules, e.etag, e.lastModified = new(robotsRules), "", "" // "unavailable": everything is allowed
	case errors.As(err, &fe) && errors.Is(fe.Err, errUnasked) && e.rules == nil:
		// The server is well, but keeps its rules to itself: "unavailable", and
		// asked again soon.
		e.rules, e.etag, e.lastModified, age = new(robotsRules), "", "", robotsRetry
	default:
		if e.failingSince.IsZero() {
			e.failingSince = now
		}
		wait := robotsRetry
		if res.HasRetryAfter {
			wait = min(max(wait, res.RetryAfter), maxPause)
		}
		e.retry = now.Add(wait)
		c.log.Debug("robots.txt not read", "url", redacted(x.url), "err", err)
		return true, false
	}
	e.good, e.retry, e.failingSince = now.Add(age), time.Time{}, time.Time{}
	return true, false
}

// unavailable tells if a status means that there is no robots.txt, so that
// everything is allowed: 4xx but 429, 204, and redirects to nowhere
// (RFC 9309 2.3.1.2, 2.3.1.3).
func unavailable(status int) bool {
	return status == 204 || status/100 == 3 || status/100 == 4 && status != 429
}

// product is the name that robots.txt knows us by: the User-Agent's first token.
func (c *Client) product() string {
	name, _, _ := strings.Cut(c.opts.UserAgent, "/")
	name, _, _ = strings.Cut(name, " ")
	return name
}
