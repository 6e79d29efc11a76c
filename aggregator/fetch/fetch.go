// Package fetch asks other people's servers for feeds and article pages, and
// is the only way out of the program.
//
// In goes a URL, with the validators and credentials that belong to it; out
// comes the answer: status, hints for the next poll, and the body, decoded.
// Every address is judged after name resolution and before the connection, on
// every hop of every redirect; everything has a bound: headers, bytes on the
// wire and decoded, redirects, the time of each phase, and the memory of all
// bodies together: a large one is read when there is room for it, which the
// caller gives back by Release. Validators are opaque. Pages are asked for as
// robots.txt allows, one at a time per host. Nothing is stored and nothing is
// retried on a timer: when to ask again is left to poll, what the bytes say to
// parse and enrich.
package fetch

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"time"

	"topicwire/aggregator"
)

// The bounds of an answer (BEHAVIOUR §0).
const (
	maxHeaderBytes  = 256 << 10
	maxWireBytes    = 10 << 20
	maxDecodedBytes = 20 << 20
	maxPageBytes    = 5 << 20
	maxRedirects    = 5
	maxIdleConns    = 100
	writeBuffer     = 1 << 10 // a request is shorter, and most connections carry one
	ticketCache     = 4096    // TLS sessions, about 6.5 KB each
)

const (
	acceptFeed = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"
	acceptPage = "text/html, application/xhtml+xml"
)

// Options configures a Client. The zero value fetches from the public
// internet with the defaults of BEHAVIOUR §0.
type Options struct {
	UserAgent    string        // "topicwire/1.0 (+contact)"; empty: "topicwire"
	AllowPrivate []AllowRule   // special addresses that may be fetched from
	Ports        []PortRange   // of public addresses; nil: DefaultPorts
	Timeout      time.Duration // of one whole exchange; 0: 60 s
	PageGap      time.Duration // between pages of one host; 0: 10 s unless PageGapSet
	// PageGapSet makes PageGap hold for addresses of AllowPrivate too, which
	// have none otherwise.
	PageGapSet bool
	Hosts      Hosts            // keeps what hosts wish of their pages; nil: in memory
	Now        func() time.Time // nil: time.Now
	Logger     *slog.Logger

	// Resolver and DialContext replace the outside world in tests.
	// DialContext is given addresses that the guard has let through; without
	// a Resolver it is given names as they are, unjudged.
	Resolver    Resolver
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	TLS         *tls.Config // nil: the system's roots
}

// Client fetches. Its methods are safe for use by several goroutines.
type Client struct {
	opts      Options
	guard     *guard
	transport transports
	budget    *budget
	log       *slog.Logger
	static    staticHeaders
	robots    robotsCache
	hosts     hostGates
	counts    counters
	company   company // feeds of one origin
}

// New returns a client with a connection pool of its own.
func New(o Options) *Client {
	if o.UserAgent == "" {
		o.UserAgent = "topicwire"
	}
	if o.Timeout <= 0 {
		o.Timeout = wholeTimeout
	}
	if o.PageGap <= 0 && !o.PageGapSet {
		o.PageGap = defaultPageGap
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Hosts == nil {
		o.Hosts = &memoryHosts{now: o.Now, hosts: make(map[string]aggregator.HostState)}
	}
	d := newDialer(o)
	c := &Client{
		opts:      o,
		guard:     &d.guard,
		log:       o.Logger,
		transport: transports{dialer: d, tls: o.TLS},
		budget:    newBudget(),
		static:    newStaticHeaders(o.UserAgent),
		robots:    robotsCache{origins: make(map[string]*robotsEntry)},
		hosts:     hostGates{hosts: make(map[string]*hostGate)},
	}
	d.blocked = &c.counts.blocked
	return c
}

// Close closes idle connections.
func (c *Client) Close() { c.transport.close() }

// Request asks for a feed.
type Request struct {
	URL                string
	ETag, LastModified string            // as received with the document we have; empty: unconditional
	ValidatorsURL      string            // where those came from; empty: URL. They are sent nowhere else (F-04)
	PlainBody          bool              // offer no encodings: this server mislabels them (F-23)
	Delta              bool              // ask for what is new only, with validators: A-IM: feed (F-12)
	HTTP1              bool              // do not speak HTTP/2 (F-24)
	Insecure           bool              // do not verify the certificate (F-26)
	User, Password     string            // HTTP Basic
	Headers            map[string]string // set by the editor; they go to the URL's own origin only
}

// Response is an answer. Body and Header are nil unless it was 200, 203
// or, if a delta was asked for, 226.
type Response struct {
	aggregator.Fetch
	Header http.Header
	Body   []byte
	// Truncated says that the body broke off before its end. The validators
	// are left out then: they belong to a document that we do not have.
	Truncated bool
	release   func()
}

// Release gives back the room that a large body takes; Body is gone then. Until
// then few other large bodies are read: whoever is given a Response by Feed
// calls Release as soon as the body has been parsed. It may be called more
// than once, and on nil.
func (r *Response) Release() {
	if r == nil {
		return
	}
	r.Body = nil
	if r.release != nil {
		r.release()
		r.release = nil
	}
}

// Feed asks for a feed once. The error is nil for a document and for 304 to
// a conditional request; it is an *Error for everything else, and the
// Response comes along with it: its Fetch is filled as far as the exchange
// came.
func (c *Client) Feed(ctx context.Context, r Request) (*Response, error) {
	return c.do(ctx, &exchange{
		feed: true, url: r.URL, etag: r.ETag, lastModified: r.LastModified, validatorsURL: r.ValidatorsURL,
		user: r.User, password: r.Password, headers: r.Headers,
		identity: r.PlainBody, delta: r.Delta, http1: r.HTTP1, insecure: r.Insecure,
		accept: c.static.acceptFeed, wire: maxWireBytes, decoded: maxDecodedBytes, hold: true,
		closeAfter: !c.company.expected(r.URL, c.opts.Now()),
	})
}

// Get asks for a document of another kind, of at most limit bytes.
func (c *Client) Get(ctx context.Context, url, accept string, limit int64) (*Response, error) {
	limit = min(limit, maxDecodedBytes)
	return c.do(ctx, &exchange{
		url: url, accept: []string{accept}, wire: min(limit, maxWireBytes), decoded: limit, closeAfter: true,
	})
}
