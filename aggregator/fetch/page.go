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
	"time"

	"topicwire/aggregator"
)

const defaultPageGap = 10 * time.Second

// KindWall: redirects lead to a page that stands before the article.
const KindWall = "wall"

// PageRequest asks for an article page.
type PageRequest struct {
	URL string
	// ETag and LastModified are as received with the page we have from
	// ValidatorsURL, and are sent nowhere else; empty: unconditional.
	ETag, LastModified string
	ValidatorsURL      string
	// NoWait asks not to wait for the host's turn and gap: what cannot be
	// asked for at once is an *Error of KindPaused.
	NoWait bool
}

// Page asks for an article page, and waits up to two minutes for its host's
// turn. See AskPage.
func (c *Client) Page(ctx context.Context, rawURL string) (*Response, error) {
	return c.countPage(ctx, PageRequest{URL: rawURL}, false)
}

// AskPage asks for an article page: if robots.txt allows it, one page of a
// host at a time, with a gap between them, among all clients that share
// Options.Hosts. It never blocks for long pauses: those are an *Error of
// KindPaused that knows how long. The error is nil for a page, and for 304 to
// a conditional request. A large page takes room that few others have until
// Response.Release.
func (c *Client) AskPage(ctx context.Context, r PageRequest) (*Response, error) {
	return c.countPage(ctx, r, true)
}

func (c *Client) countPage(ctx context.Context, r PageRequest, hold bool) (*Response, error) {
	res, err := c.askPage(ctx, r, hold)
	if ctx.Err() == nil {
		c.counts.page(PageOutcome(res, err))
	}
	return res, err
}

func (c *Client) askPage(ctx context.Context, r PageRequest, hold bool) (*Response, error) {
	x := &exchange{url: r.URL, accept: c.static.acceptPage, wire: maxPageBytes, decoded: maxPageBytes, judge: judgePage, hold: hold}
	u, err := parseURL(r.URL)
	if err != nil {
		return &x.res, c.explain(x, err)
	}
	host, gap := hostKey(u, c.opts.AllowPrivate), c.pageGap(u)
	gate, err := c.enter(ctx, host, gap, r.NoWait)
	if err != nil {
		return &x.res, c.explain(x, err)
	}
	way := pageWay{c: c, x: x, r: r, host: host, last: host, asked: make(map[string]visited, 1)}
	x.before = way.hop
	res, err := c.do(ctx, x)
	if err == nil && res.Status != http.StatusNotModified && res.Header.Get("Content-Type") == "" &&
		!strings.HasPrefix(http.DetectContentType(res.Body), "text/") {
		res.Release()
		res.Body, err = nil, c.explain(x, errNotHTML)
	}
	way.settle(ctx, gate, gap, err)
	return res, err
}

// pageWay watches the hops to a page.
type pageWay struct {
	c     *Client
	x     *exchange
	r     PageRequest
	try   context.Context // of the hops seen
	seen  map[string]bool
	host  string // of the first page
	last  string // the host that answered; of a hoster's users each is one
	asked map[string]visited
}

// visited is a host that was asked for a page: its usual gap, and the longest
// Crawl-delay that it wished.
type visited struct{ gap, crawlDelay time.Duration }

// hop is asked before each request on the way.
func (w *pageWay) hop(ctx context.Context, u *url.URL) error {
	address := u.String()
	if w.try != ctx { // the whole way anew
		w.try, w.seen = ctx, make(map[string]bool, 1)
	}
	switch {
	case w.seen[address]:
		// It waits for a cookie that we do not carry (BEHAVIOUR S-08).
		return &Error{Kind: KindWall, msg: "the site redirects in a circle, as for readers who have not accepted its cookies"}
	case len(w.seen) > 0 && consentHost(u.Hostname()):
		return &Error{Kind: KindWall, msg: "a consent page stands before the article"}
	}
	w.seen[address] = true
	host, gap := hostKey(u, w.c.opts.AllowPrivate), w.c.pageGap(u)
	own := host
	if Hoster(host) {
		own = asciiName(strings.ToLower(u.Hostname()))
	}
	if own != w.host {
		if err := w.c.leftAlone(ctx, own); err != nil {
			return err
		}
	}
	d, err := w.c.welcome(ctx, u)
	if err != nil {
		return err
	}
	if own != host {
		w.asked[host] = visited{gap: gap}
	}
	w.last, w.asked[own] = own, visited{gap, max(w.asked[own].crawlDelay, d)}
	w.x.etag, w.x.lastModified = "", ""
	if address == w.r.ValidatorsURL {
		w.x.etag, w.x.lastModified = w.r.ETag, w.r.LastModified
	}
	return nil
}

// settle notes for each host on the way what it has taught: how the page was
// answered counts for the host that answered, not for one that led there.
func (w *pageWay) settle(ctx context.Context, gate *hostGate, gap time.Duration, outcome error) {
	learnt := func(host string) error {
		if host == w.last {
			return outcome
		}
		return nil
	}
	for host, v := range w.asked {
		if host != w.host {
			w.c.note(ctx, host, func(h *aggregator.HostState) {
				noteAsked(h, v.gap, v.crawlDelay, w.c.opts.Now())
				noteOutcome(h, learnt(host), w.c.opts.Now())
			})
		}
	}
	v, asked := w.asked[w.host]
	w.c.settle(ctx, gate, w.host, gap, v.crawlDelay, asked, learnt(w.host))
}

func consentHost(host string) bool {
	host = strings.ToLower(host)
	return strings.HasPrefix(host, "consent.") || strings.HasPrefix(host, "guce.")
}

// PageOutcome returns the word by which a page is counted: "ok",
// "not_modified", "wall", "barred", "paused", "refused", "not_html",
// "too_large" or "failed".
func PageOutcome(res *Response, err error) string {
	var e *Error
	switch {
	case err == nil && res.Status == http.StatusNotModified:
		return "not_modified"
	case err == nil:
		return "ok"
	case !errors.As(err, &e):
		return "failed"
	}
	switch e.Kind {
	case KindRobots:
		return "barred"
	case KindPaused, KindUnavailable:
		return "paused"
	case KindWall, KindNotHTML, KindTooLarge:
		return e.Kind
	case KindStatus:
		if e.Refused() {
			return "refused"
		}
	}
	return "failed"
}

// Refused tells if the server does not want us to have the page: 401, 402,
// 403 or 451 (BEHAVIOUR S-11).
func (e *Error) Refused() bool {
	switch e.Status {
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusUnavailableForLegalReasons:
		return e.Kind == KindStatus
	}
	return false
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

// pageGap returns the usual pause after a page of the URL's host.
func (c *Client) pageGap(u *url.URL) time.Duration {
	if !c.opts.PageGapSet && c.private(u) {
		return 0
	}
	return c.opts.PageGap
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

func barred(u *url.URL) error {
	return &Error{Kind: KindRobots, msg: fmt.Sprintf("robots.txt of %s asks not to read this page", u.Host)}
}
