package fetch

import (
	"net/url"
	"sync"
	"time"
)

const (
	idleConn   = 30 * time.Second // BEHAVIOUR F-24
	maxCompany = 1024
)

// company remembers which origins have been asked for several feeds within
// the last half minute. Their connections are worth keeping; that of a feed
// that is alone with its server will not be needed for an hour.
type company struct {
	mu   sync.Mutex
	last map[string]lastAsked // by origin
}

type lastAsked struct {
	url string
	at  time.Time
}

// expected notes a request and tells if another of the same origin may follow
// soon, as one for another address has come before.
func (c *company) expected(rawURL string, now time.Time) bool {
	u, err := url.Parse(rawURL)
	if err != nil {
		return false
	}
	origin := u.Scheme + "://" + u.Host
	c.mu.Lock()
	defer c.mu.Unlock()
	was, known := c.last[origin]
	if c.last == nil || len(c.last) >= maxCompany && !known {
		c.forget(now)
	}
	c.last[origin] = lastAsked{rawURL, now}
	return known && was.url != rawURL && now.Sub(was.at) < idleConn
}

// forget drops what is too old to matter, or all if too many are young.
func (c *company) forget(now time.Time) {
	fresh := make(map[string]lastAsked)
	for origin, l := range c.last {
		if now.Sub(l.at) < idleConn {
			fresh[origin] = l
		}
	}
	if len(fresh) >= maxCompany {
		clear(fresh)
	}
	c.last = fresh
}
