package fetch

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"topicwire/aggregator"

	"golang.org/x/net/http/httpguts"
)

// staticHeaders are the header values that every request shares.
type staticHeaders struct {
	userAgent, acceptFeed, acceptPage, encodings, identity, delta []string
}

func newStaticHeaders(userAgent string) staticHeaders {
	return staticHeaders{
		userAgent: []string{userAgent}, acceptFeed: []string{acceptFeed}, acceptPage: []string{acceptPage},
		encodings: []string{"gzip, br"}, identity: []string{"identity"}, delta: []string{"feed"},
	}
}

// exchange is one request with all its redirects.
type exchange struct {
	url                string
	etag, lastModified string
	validatorsURL      string // the only URL that those are sent to; empty: url
	user, password     string
	headers            map[string]string
	accept             []string
	wire, decoded      int64
	feed               bool // it is counted as a feed's
	identity           bool // no encodings are offered
	delta              bool // what is new is enough
	http1, insecure    bool
	cutDecoded         bool          // keep what fits instead of refusing the rest
	closeAfter         bool          // the connection will not be needed again soon
	hold               bool          // the caller releases the body's room
	whole              time.Duration // for all of it; 0: as configured
	// before is asked before each hop; nil: everything is welcome.
	before func(ctx context.Context, u *url.URL) error
	// judge sees the answer's header before the body is read; nil: fine.
	judge func(h http.Header) error

	res   Response
	clock clock
	hop   hop
}

// hop is what is known of the request made last.
type hop struct {
	foreign     bool // a redirect has led to another origin
	conditional bool // it carried validators
	delta       bool // it asked for what is new
	arrived     bool // it, or one before it, went to validatorsURL
}

// do performs an exchange; a body that does not match its label is asked for
// once more without encoding (BEHAVIOUR F-23).
func (c *Client) do(ctx context.Context, x *exchange) (*Response, error) {
	start := c.opts.Now()
	res, err := c.try(ctx, x)
	if errors.Is(err, errEncoding) && !x.identity {
		again := *x
		again.identity = true
		if res, err = c.try(ctx, &again); err != nil {
			res.PlainBody = false // nothing was learned
		}
	}
	res.Duration = c.opts.Now().Sub(start)
	return res, err
}

// try performs an exchange within the whole timeout.
func (c *Client) try(ctx context.Context, x *exchange) (*Response, error) {
	x.res = Response{Fetch: aggregator.Fetch{URL: x.url, PlainBody: x.identity}}
	x.hop = hop{}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	x.clock = clock{cancel: cancel}
	x.clock.whole.start(cmp.Or(x.whole, c.opts.Timeout), cancel, errWhole)
	defer x.clock.stop()
	err := c.follow(ctx, x)
	if err == nil {
		return &x.res, nil
	}
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errWhole), errors.Is(cause, errIdle), errors.Is(cause, errHeld):
		err = cause
	}
	return &x.res, c.explain(x, err)
}

// follow makes requests until an answer is no redirect.
func (c *Client) follow(ctx context.Context, x *exchange) error {
	u, err := parseURL(x.url)
	if err != nil {
		return err
	}
	if u.User != nil {
		if x.user == "" && x.password == "" {
			x.user = u.User.Username()
			x.password, _ = u.User.Password()
		}
		u.User = nil
	}
	first := u
	if x.validatorsURL == "" {
		x.validatorsURL = u.String()
	}
	permanent := true
	for hop := 0; ; hop++ {
		x.res.FinalURL = u.String()
		if x.before != nil {
			if err := x.before(ctx, u); err != nil {
				return err
			}
		}
		x.hop.foreign = x.hop.foreign || !sameOrigin(u, first)
		resp, err := c.send(x, c.request(ctx, x, u), first)
		if err != nil {
			return err
		}
		location := resp.Header.Get("Location")
		if !isRedirect(resp.StatusCode) || location == "" {
			x.res.PermanentMove = hop > 0 && permanent
			return c.answer(ctx, x, resp)
		}
		x.res.Status = resp.StatusCode
		c.hints(x, resp.Header)
		if n := resp.ContentLength; n > 0 && n <= maxRedirectBody && !resp.Close {
			_, _ = io.CopyN(io.Discard, resp.Body, n) // so that the connection can be used again
		}
		resp.Body.Close()
		if hop == maxRedirects {
			return errRedirects
		}
		permanent = permanent && (resp.StatusCode == 301 || resp.StatusCode == 308)
		if u, err = nextHop(u, location); err != nil {
			return err
		}
	}
}

// request builds the request for one hop. Header values are shared between
// requests; the transport does not write to them.
func (c *Client) request(ctx context.Context, x *exchange, u *url.URL) *http.Request {
	h := make(http.Header, 6+len(x.headers))
	h["User-Agent"] = c.static.userAgent
	h["Accept"] = x.accept
	h["Accept-Encoding"] = c.static.encodings
	if x.identity {
		h["Accept-Encoding"] = c.static.identity
	}
	if !x.hop.foreign {
		for name, value := range x.headers {
			h.Set(name, value)
		}
		if x.user != "" || x.password != "" {
			h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(x.user+":"+x.password)))
		}
	}
	c.validate(x, h)
	req := &http.Request{
		Method: http.MethodGet, URL: u, Host: hostHeader(u), Header: h,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Close: x.closeAfter && !x.passing(u),
	}
	return req.WithContext(ctx)
}

// validate adds the validators if they belong to the URL that is asked now:
// both if both are known, unchanged (BEHAVIOUR F-02, F-03, F-04).
func (c *Client) validate(x *exchange, h http.Header) {
	x.hop.conditional, x.hop.delta = false, false
	if x.validatorsURL != x.res.FinalURL {
		return
	}
	x.hop.arrived = true
	if x.etag == "" && x.lastModified == "" {
		return
	}
	x.hop.conditional = true
	if x.etag != "" {
		h["If-None-Match"] = []string{x.etag}
	}
	if x.lastModified != "" {
		h["If-Modified-Since"] = []string{x.lastModified}
	}
	if x.delta {
		x.hop.delta = true
		h["A-Im"] = c.static.delta
	}
}

// passing tells if the same server is likely to redirect us once more to
// itself, as it did last time: then the connection is kept.
func (x *exchange) passing(u *url.URL) bool {
	if x.hop.arrived {
		return false
	}
	last, err := url.Parse(x.validatorsURL)
	return err == nil && sameOrigin(u, last)
}

// send makes one request. Only the site that the editor vouched for is
// believed without a certificate (BEHAVIOUR F-26).
func (c *Client) send(x *exchange, req *http.Request, first *url.URL) (*http.Response, error) {
	insecure := x.insecure && strings.EqualFold(req.URL.Hostname(), first.Hostname())
	if insecure && req.URL.Scheme == "https" {
		c.counts.insecure.Add(1)
	}
	return c.transport.of(x.http1, insecure).RoundTrip(req)
}

// answer reads an answer that is no redirect.
func (c *Client) answer(ctx context.Context, x *exchange, resp *http.Response) error {
	defer resp.Body.Close()
	r := &x.res
	r.Status = resp.StatusCode
	c.hints(x, resp.Header)
	c.counts.answered(x)
	switch resp.StatusCode {
	case http.StatusOK, http.StatusNonAuthoritativeInfo:
	case http.StatusNotModified:
		if !x.hop.conditional {
			return errUnasked
		}
		keepValidators(r, resp.Header)
		r.ValidatorsURL = r.FinalURL
		return nil
	case http.StatusIMUsed:
		if r.Delta = x.hop.delta && feedDelta(resp.Header["Im"]); !r.Delta {
			return errPart
		}
	case http.StatusPartialContent:
		return errPart
	default:
		return &statusError{challenge: strings.EqualFold(resp.Header.Get("Cf-Mitigated"), "challenge")}
	}
	if x.judge != nil {
		if err := x.judge(resp.Header); err != nil {
			return err
		}
	}
	if err := c.readBody(ctx, x, resp); err != nil {
		return err
	}
	r.Header = resp.Header
	if !r.Truncated {
		keepValidators(r, resp.Header)
	}
	return nil
}

// keepValidators notes the validators of a document and whose they are.
func keepValidators(r *Response, h http.Header) {
	r.ETag, r.LastModified = validator(h, "Etag"), validator(h, "Last-Modified")
	if r.ETag != "" || r.LastModified != "" {
		r.ValidatorsURL = r.FinalURL
	}
}

// feedDelta tells if what was done to a document, by its IM header, is what we
// asked for and nothing else (RFC 3229 10.5.2).
func feedDelta(im []string) bool {
	found := false
	for _, line := range im {
		for token := range strings.SplitSeq(line, ",") {
			name, _, _ := strings.Cut(token, ";")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "":
			case "feed":
				found = true
			default:
				return false
			}
		}
	}
	return found
}

// hints notes what an answer says about the next request.
func (c *Client) hints(x *exchange, h http.Header) {
	r := &x.res
	now := c.opts.Now()
	r.MaxAge, r.RetryAfter, r.HasRetryAfter, r.RateLimit = 0, 0, false, 0
	if r.Status == 200 || r.Status == 203 || r.Status == 226 || r.Status == 304 {
		r.MaxAge = freshness(h, now)
	} else if r.Status >= 300 {
		r.RetryAfter, r.HasRetryAfter = retryAfter(h["Retry-After"], now)
	}
	if reset, ok := rateLimitReset(h, now); ok {
		r.RetryAfter, r.HasRetryAfter, r.RateLimit = max(r.RetryAfter, reset), true, reset
	}
}

// validator returns a header field that can be sent back as it is.
func validator(h http.Header, name string) string {
	v := h[name]
	if len(v) == 0 || len(v[0]) > maxValidator || !httpguts.ValidHeaderFieldValue(v[0]) {
		return ""
	}
	return v[0]
}

// maxRedirectBody is how much of the text beside a redirect is read.
const maxRedirectBody = 4 << 10

const maxValidator = 4 << 10

func isRedirect(status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}

// maxURL bounds addresses that feeds and redirects name; servers take less.
const maxURL = 8 << 10

// maxHostname is how long a name may be, dots included; what is longer is in
// no DNS, and in no index of the store.
const maxHostname = 254

func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || len(raw) > maxURL {
		return nil, errBadURL
	}
	return u, checkURL(u)
}

func checkURL(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return errScheme
	case u.Hostname() == "", len(u.Hostname()) > maxHostname:
		return errBadURL
	}
	if p := u.Port(); p != "" {
		if _, err := parsePort(p); err != nil {
			return errBadURL
		}
	}
	return nil
}

// nextHop resolves a Location. Credentials in it are none of ours.
func nextHop(from *url.URL, location string) (*url.URL, error) {
	u, err := from.Parse(location)
	if err != nil || len(location) > maxURL {
		return nil, errLocation
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	return u, checkURL(u)
}

// sameOrigin tells if credentials for a may go to b (BEHAVIOUR F-25).
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}
