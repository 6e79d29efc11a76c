package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"topicwire/aggregator"
)

// Options is all that a Server needs. Store is required.
type Options struct {
	Store Store
	// BaseURL is what published links are made from. If it is empty, links in
	// pages are relative and topic feeds are published under ListenURL.
	BaseURL   string
	ListenURL string // such as http://127.0.0.1:8080, the address listened on
	Authority string // of tag: ids, such as "news.example.org,2026"
	Hub       string // WebSub hub of our topic feeds, absolute; empty: none
	Version   string // shown in the footer of the admin pages
	// HostKey names the host that a feed's pause holds for (fetch.HostKey);
	// nil: the URL's own.
	HostKey func(url string) string
	// AdminPassword opens the admin pages. If it is empty they answer
	// requests from loopback only.
	AdminPassword string
	Actions       Actions
	// Registry receives our metrics, and is what /metrics shows; nil: a new one.
	Registry *prometheus.Registry
	// Ready probes the store by a write; nil: always ready.
	Ready func() error
	// Alive says if the daemon's loops still turn; nil: they do.
	Alive  func() error
	Logger *slog.Logger     // nil: discard
	Now    func() time.Time // nil: time.Now
}

// Actions is what the admin pages can do. What is nil is not offered.
type Actions struct {
	// AddFeed subscribes to the feed at a URL, or to the feed that the web
	// page there announces.
	AddFeed func(ctx context.Context, feed aggregator.FeedSettings) (aggregator.FeedID, error)
	// ImportOPML subscribes to the feeds of an OPML file.
	ImportOPML func(ctx context.Context, opml io.Reader) (Imported, error)
	// PollFeed has a feed polled now. It may return before the poll ends.
	PollFeed func(ctx context.Context, id aggregator.FeedID) error
	// ReviveFeed has a feed polled again that is gone, dead or switched off.
	ReviveFeed func(ctx context.Context, id aggregator.FeedID) error
	RemoveFeed func(ctx context.Context, url string) error
	// SaveTopic creates or changes a topic in the database. A query that
	// cannot be parsed is a *match.SyntaxError.
	SaveTopic   func(ctx context.Context, t aggregator.Topic) error
	RemoveTopic func(ctx context.Context, slug string) error
	// TestQuery evaluates a topic, saved or not, on stored history.
	TestQuery func(ctx context.Context, draft aggregator.Topic) (*aggregator.Backtest, error)
	// ItemsPerDay counts a feed's new items on each of the last days, today
	// last.
	ItemsPerDay func(ctx context.Context, id aggregator.FeedID, days int) ([]int, error)
}

// Imported says what became of the feeds of an OPML file.
type Imported struct {
	Added               int // that were new
	NoWeb, WithPassword int // left out: no http or https address; one with a user or password in it
}

// Server serves the pages and topic feeds. Its methods are safe for
// concurrent use.
type Server struct {
	opts      Options
	log       *slog.Logger
	now       func() time.Time
	base      string // BaseURL without its final slash; may be empty
	prefix    string // the path of BaseURL, without its final slash
	pages     map[string]*template.Template
	assets    *assets
	topics    *topicShelf
	status    pollStatusCache
	sessions  sessions
	origin    *http.CrossOriginProtection
	metrics   metrics
	readiness probe
	handler   http.Handler

	stopping atomic.Bool
	unready  atomic.Pointer[string] // what was logged; nil: ready when last asked
}

// New returns a server that is ready to answer.
func New(o Options) (*Server, error) {
	if o.Store == nil {
		return nil, errors.New("web: no store")
	}
	s := &Server{
		opts: o, log: o.Logger, now: o.Now, base: strings.TrimSuffix(o.BaseURL, "/"), origin: http.NewCrossOriginProtection(),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.opts.HostKey == nil {
		s.opts.HostKey = hostOf
	}
	if err := s.setBase(); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	if s.opts.Registry == nil {
		s.opts.Registry = prometheus.NewRegistry()
	}
	var err error
	if s.assets, err = newAssets(s.prefix); err != nil {
		return nil, fmt.Errorf("web: static files: %w", err)
	}
	if s.pages, err = s.parsePages(); err != nil {
		return nil, fmt.Errorf("web: templates: %w", err)
	}
	if err = s.metrics.register(s.opts.Registry); err != nil {
		return nil, fmt.Errorf("web: metrics: %w", err)
	}
	s.topics = newTopicShelf(s)
	s.sessions.now = s.now
	s.status = pollStatusCache{store: o.Store, now: s.now}
	s.readiness = probe{check: o.Ready, now: s.now}
	s.handler = s.routes()
	return s, nil
}

// setBase learns where we are reached from BaseURL, never from a request.
func (s *Server) setBase() error {
	if s.base == "" {
		return nil
	}
	u, err := url.Parse(s.base)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("base URL %q is not an absolute http address", s.opts.BaseURL)
	}
	s.prefix = u.EscapedPath()
	// A proxy may hand us another Host than the one the browser knows.
	if err := s.origin.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
		return fmt.Errorf("base URL %q: %w", s.opts.BaseURL, err)
	}
	return nil
}

// Handler returns the handler of all routes.
func (s *Server) Handler() http.Handler { return s.handler }

// Run keeps the topic feeds rendered until ctx ends: a changed topic is
// published within two seconds. From the end of ctx on, /readyz answers 503.
// It returns nil.
func (s *Server) Run(ctx context.Context) error {
	defer s.stopping.Store(true)
	s.topics.watch(ctx)
	return nil
}

// feedBase is what links inside topic feeds start with. A daemon that listens
// on all addresses names itself localhost until it has a BaseURL.
func (s *Server) feedBase() string {
	if s.base != "" {
		return s.base
	}
	u, err := url.Parse(s.opts.ListenURL)
	if err != nil {
		return s.opts.ListenURL // publish says what is wrong with it
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if u.Hostname() == "" || err == nil && (ip.IsUnspecified() || ip.Is6()) {
		u.Host = net.JoinHostPort("localhost", cmp.Or(u.Port(), "80"))
	}
	return strings.TrimSuffix(u.String(), "/")
}

// path makes a link within the site: from the root, so that it holds on
// whatever host the page was asked for.
func (s *Server) path(p string) string { return s.prefix + p }
