// Package feedtest is an internet in memory, for tests: names resolve to
// invented public addresses, and connections end at handlers, without a
// packet being sent. It works inside testing/synctest bubbles.
//
// In go sites, as handlers or as a txtar archive; out come a resolver and a
// dialer to give to fetch.Options, and the log of all requests. What is not
// served does not exist: unknown names are NXDOMAIN, unknown addresses refuse.
package feedtest

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Net is an internet in memory. Its methods are safe for use by several
// goroutines.
type Net struct {
	tb testing.TB

	mu    sync.Mutex
	names map[string][]netip.Addr
	sites map[netip.AddrPort]*site
	log   []Request
	dials []string
	next  byte
}

// Request is a request as a site saw it.
type Request struct {
	At     time.Time
	Host   string
	Path   string // with query
	Header http.Header
}

// New returns an empty internet that ends with the test.
func New(tb testing.TB) *Net {
	n := &Net{tb: tb, names: make(map[string][]netip.Addr), sites: make(map[netip.AddrPort]*site)}
	tb.Cleanup(n.close)
	return n
}

// Handle serves a site at "news.example" (port 80) or "news.example:8080". The
// name gets an address in 93.184.0.0/16 unless Name gave it one.
func (n *Net) Handle(hostport string, h http.Handler) {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		host, port = hostport, "80"
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.names[host]) == 0 {
		if a, err := netip.ParseAddr(host); err == nil {
			n.names[host] = []netip.Addr{a}
		} else {
			n.next++
			n.names[host] = []netip.Addr{netip.AddrFrom4([4]byte{93, 184, 0, n.next})}
		}
	}
	for _, a := range n.names[host] {
		ap, err := netip.ParseAddrPort(net.JoinHostPort(a.String(), port))
		if err != nil {
			n.tb.Fatalf("feedtest: %v", err)
		}
		n.sites[ap] = n.serve(h)
	}
}

// Name gives a name its addresses, in this order.
func (n *Net) Name(host string, addrs ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.names[host] = nil
	for _, a := range addrs {
		n.names[host] = append(n.names[host], netip.MustParseAddr(a))
	}
}

// Archive serves the files of a txtar archive: each is named by its host and
// path, "news.example/feed.xml", and may begin with header lines and an empty
// line if its first line is one of a header: "Content-Type: text/xml".
func (n *Net) Archive(archive string) {
	sites := make(map[string]*http.ServeMux)
	for name, data := range files(archive) {
		host, path, _ := strings.Cut(name, "/")
		mux := sites[host]
		if mux == nil {
			mux = http.NewServeMux()
			sites[host] = mux
		}
		header, body := splitHeader(data)
		mux.HandleFunc("GET /"+path, func(w http.ResponseWriter, r *http.Request) {
			maps.Copy(w.Header(), header)
			fmt.Fprint(w, body)
		})
	}
	for host, mux := range sites {
		n.Handle(host, mux)
	}
}

// files yields the files of a txtar archive.
func files(archive string) func(yield func(name, data string) bool) {
	return func(yield func(string, string) bool) {
		var name string
		var data strings.Builder
		for line := range strings.Lines(archive) {
			marker := strings.TrimSpace(line)
			if len(marker) < 7 || !strings.HasPrefix(marker, "-- ") || !strings.HasSuffix(marker, " --") {
				data.WriteString(line)
				continue
			}
			if name != "" && !yield(name, data.String()) {
				return
			}
			name = strings.TrimSpace(marker[3 : len(marker)-3])
			data.Reset()
		}
		if name != "" {
			yield(name, data.String())
		}
	}
}

func splitHeader(s string) (http.Header, string) {
	head, body, ok := strings.Cut(s, "\n\n")
	name, _, isHeader := strings.Cut(head, ": ")
	if !ok || !isHeader || strings.ContainsAny(name, " <{\"\n") {
		return nil, s
	}
	h := make(http.Header)
	for line := range strings.Lines(head) {
		k, v, _ := strings.Cut(strings.TrimSpace(line), ": ")
		h.Add(k, v)
	}
	return h, body
}

// LookupNetIP resolves names as Handle and Name gave them.
func (n *Net) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if a := n.names[strings.TrimSuffix(host, ".")]; len(a) > 0 {
		return a, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

// DialContext connects to a site by its address.
func (n *Net) DialContext(ctx context.Context, _, addr string) (net.Conn, error) {
	n.mu.Lock()
	n.dials = append(n.dials, addr)
	ap, err := netip.ParseAddrPort(addr)
	s := n.sites[ap]
	n.mu.Unlock()
	if err != nil || s == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	client, server := net.Pipe()
	select {
	case s.conns <- server:
		return client, nil
	case <-s.closed:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Requests returns the requests so far.
func (n *Net) Requests() []Request {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]Request(nil), n.log...)
}

// Dials returns the addresses connected to so far.
func (n *Net) Dials() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.dials...)
}

// site is a server and, at once, its listener.
type site struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	srv    *http.Server
	done   chan struct{}
}

func (n *Net) serve(h http.Handler) *site {
	s := &site{conns: make(chan net.Conn), closed: make(chan struct{}), done: make(chan struct{})}
	s.srv = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.mu.Lock()
		n.log = append(n.log, Request{At: time.Now(), Host: r.Host, Path: r.URL.RequestURI(), Header: r.Header.Clone()})
		n.mu.Unlock()
		h.ServeHTTP(w, r)
	})}
	go func() {
		defer close(s.done)
		_ = s.srv.Serve(s) // ends with http.ErrServerClosed
	}()
	return s
}

func (s *site) Accept() (net.Conn, error) {
	select {
	case c := <-s.conns:
		return c, nil
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

func (s *site) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

func (s *site) Addr() net.Addr { return &net.TCPAddr{} }

func (n *Net) close() {
	for _, s := range n.sites {
		s.srv.Close()
		s.Close()
		<-s.done
	}
}
