package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"topicwire/aggregator"
)

// pollStatus says how far polling has come, for pages that have nothing else
// to show yet.
type pollStatus struct {
	Total, Polled, Failing int
	Failures               []failure // the first few
}

// failure is a feed that cannot be read, in words.
type failure struct {
	Outlet, Reason string
}

// Started tells if there is anything to poll, Done if all was polled once.
func (p pollStatus) Started() bool { return p.Total > 0 }

// Done tells if every feed was polled at least once.
func (p pollStatus) Done() bool { return p.Total > 0 && p.Polled >= p.Total }

// More is the number of failing feeds that are not listed.
func (p pollStatus) More() int { return p.Failing - len(p.Failures) }

// shownFailures is how many failing feeds a public page names.
const shownFailures = 6

// pollStatusCache counts at most every two seconds, however many visitors
// wait for the first poll.
type pollStatusCache struct {
	store feedReader
	now   func() time.Time
	cached[pollStatus]
}

func (c *pollStatusCache) status(ctx context.Context) (pollStatus, error) {
	return c.get(c.now(), 2*time.Second, func() (pollStatus, error) {
		feeds, err := c.store.Feeds(ctx, aggregator.FeedFilter{})
		if err != nil {
			return pollStatus{}, fmt.Errorf("feeds: %w", err)
		}
		return countPolls(feeds), nil
	})
}

func countPolls(feeds []aggregator.Feed) pollStatus {
	var p pollStatus
	for i := range feeds {
		f := &feeds[i]
		if f.State == aggregator.FeedDisabled {
			continue
		}
		p.Total++
		if !f.LastPollAt.IsZero() {
			p.Polled++
		}
		if f.Failures == 0 && f.State != aggregator.FeedFailing && f.State != aggregator.FeedDead && f.State != aggregator.FeedGone {
			continue
		}
		p.Failing++
		if len(p.Failures) < shownFailures {
			p.Failures = append(p.Failures, failure{publicName(f), f.LastError})
		}
	}
	return p
}

// publicName never shows a feed's address, which may hold a key.
func publicName(f *aggregator.Feed) string {
	if f.Outlet != "" || f.Title != "" {
		return f.OutletName()
	}
	return hostOf(f.URL)
}

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) error {
	if s.opts.Alive != nil {
		if err := s.opts.Alive(); err != nil {
			s.log.Error("not healthy", "err", err)
			return plain(w, http.StatusServiceUnavailable, "a loop of the daemon stands still\n")
		}
	}
	return plain(w, http.StatusOK, "ok\n")
}

func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) error {
	if s.stopping.Load() {
		return plain(w, http.StatusServiceUnavailable, "stopping\n")
	}
	if err := s.readiness.err(); err != nil {
		kind, text := "store", "the database takes no writes"
		if known, ok := errors.AsType[Unready](err); ok {
			kind, text = known.Kind, known.Text
		}
		if was := s.unready.Swap(&kind); was == nil || *was != kind { // once, however often we are asked
			s.log.Error("not ready", "err", err)
		}
		return plain(w, http.StatusServiceUnavailable, text+"\n")
	}
	s.unready.Store(nil)
	return plain(w, http.StatusOK, "ready\n")
}

// Unready is why we are not ready, in words that everybody may read: no paths
// and no secrets. Other errors of Options.Ready stay in the log.
type Unready struct {
	Kind string // a stable word
	Text string
}

func (u Unready) Error() string { return u.Text }

func plain(w http.ResponseWriter, code int, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = fmt.Fprint(w, text) // a client that went away need not be told
	return nil
}

func (s *Server) robots(w http.ResponseWriter, r *http.Request) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "User-agent: *\nDisallow: %s\nDisallow: %s\n", s.path("/admin"), s.path("/t/"))
	keep(w, 24*time.Hour, false)
	(&ready{body: b.Bytes(), contentType: "text/plain; charset=utf-8", etag: etagOf(b.Bytes())}).serve(w, r)
	return nil
}

// metrics counts requests by route, never by path.
type metrics struct {
	requests *prometheus.CounterVec
	builds   prometheus.Histogram
}

func (m *metrics) register(r prometheus.Registerer) error {
	m.requests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "topicwire_http_requests_total",
		Help: "Requests answered, by route and status code.",
	}, []string{"route", "code"})
	m.builds = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "topicwire_build_duration_seconds",
		Help:    "Duration of the rendering of a topic's page and feeds.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
	})
	return errors.Join(r.Register(m.requests), r.Register(m.builds))
}

// metricsPage answers machines of our own networks. It judges the socket's
// address, which nobody can forge (BEHAVIOUR X-15), and does not take the
// proxy at our side for the monitor.
func (s *Server) metricsPage(w http.ResponseWriter, r *http.Request) error {
	if ip := peer(r); forwarded(r) || !ip.IsLoopback() && !ip.IsPrivate() && !ip.IsLinkLocalUnicast() {
		return refuse(http.StatusForbidden, "Metrics are for monitors in private networks.")
	}
	w.Header().Set("Cache-Control", "no-store")
	promhttp.HandlerFor(s.opts.Registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
	return nil
}

// peer is the address at the other end of the socket.
func peer(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}
