package fetch_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"topicwire/aggregator/fetch"
)

// origin is a server over TLS that notes how it is spoken to.
type origin struct {
	*httptest.Server
	mu     sync.Mutex
	protos []string
	opened int
}

func newOrigin(t *testing.T, host string, h http.HandlerFunc) *origin {
	t.Helper()
	l, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	o := new(origin)
	o.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		o.protos = append(o.protos, r.Proto)
		o.mu.Unlock()
		h(w, r)
	}))
	o.Listener.Close()
	o.Listener = l
	o.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		o.mu.Lock()
		defer o.mu.Unlock()
		if s == http.StateNew {
			o.opened++
		}
	}
	o.Config.ErrorLog = log.New(io.Discard, "", 0)
	o.EnableHTTP2 = true
	o.StartTLS()
	t.Cleanup(o.Close)
	return o
}

func (o *origin) connections() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.opened
}

// TestF24Protocols: HTTP/2 where the server has it, HTTP/1.1 where the editor
// wants it; nothing of one request changes the next.
func TestF24Protocols(t *testing.T) {
	o := newOrigin(t, "127.0.0.1", answer(200, "", rss))
	c := tlsClient(t, o.Server)
	for i, http1 := range []bool{false, true, false, true} {
		if _, err := c.Feed(t.Context(), fetch.Request{URL: o.URL, HTTP1: http1}); err != nil {
			t.Fatal(err)
		}
		if want := map[bool]string{false: "HTTP/2.0", true: "HTTP/1.1"}[http1]; o.protos[i] != want {
			t.Errorf("HTTP1 %v: spoken %s, want %s", http1, o.protos[i], want)
		}
	}
}

// TestF24Connections: a feed's connection is closed with the answer, whatever
// else the server sends on it; redirects within a site, once known, share one.
func TestF24Connections(t *testing.T) {
	for _, http1 := range []bool{false, true} {
		o := newOrigin(t, "127.0.0.1", func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/moved":
				http.Redirect(w, r, "/feed", http.StatusFound)
			default:
				w.Header()["ETag"] = []string{`"1"`}
				io.WriteString(w, rss)
			}
		})
		c := tlsClient(t, o.Server)
		req := fetch.Request{URL: o.URL + "/moved", HTTP1: http1}
		var opened []int
		shared := 0
		for range 7 {
			before := o.connections()
			res, err := c.Feed(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			req.ETag, req.ValidatorsURL = res.ETag, res.ValidatorsURL
			n := o.connections() - before
			if opened = append(opened, n); n == 1 {
				shared++
			}
		}
		// The first poll does not know yet that it will be redirected. On a busy
		// machine net/http may dial before the connection is free again.
		if opened[0] < 2 || shared < 3 {
			t.Errorf("HTTP1 %v: connections of each poll %v, want more than one, then one", http1, opened)
		}
		c.Close()
	}
}

// TestF24FeedsOfOneSiteShareAConnection: from the second on, while they follow
// each other closely; a feed that is alone with its server closes it.
func TestF24FeedsOfOneSiteShareAConnection(t *testing.T) {
	for _, http1 := range []bool{false, true} {
		o := newOrigin(t, "127.0.0.1", answer(200, "", rss))
		c := tlsClient(t, o.Server)
		feed := func(path string) {
			t.Helper()
			if _, err := c.Feed(t.Context(), fetch.Request{URL: o.URL + path, HTTP1: http1}); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			feed("/alone")
		}
		if n := o.connections(); n < 3 {
			t.Errorf("HTTP1 %v: %d connections for 3 polls of one feed, want each closed", http1, n)
		}
		before := o.connections()
		for i := range 25 {
			feed(fmt.Sprintf("/%d", i))
		}
		// The first may still close its own; a busy machine may need a few more.
		if n := o.connections() - before; n > 8 {
			t.Errorf("HTTP1 %v: %d connections for 25 feeds of one site", http1, n)
		}
		c.Close()
	}
}

// TestF24F11NotModifiedWithABody: what follows a 304 is not taken for the
// answer to another request: its connection is closed.
func TestF24F11NotModifiedWithABody(t *testing.T) {
	closed := make(chan error, 2)
	url, c := raw(t, func(conn net.Conn) {
		fmt.Fprint(conn, "HTTP/1.1 304 Not Modified\r\n\r\nHTTP/1.1 200 OK\r\nETag: \"poison\"\r\nContent-Length: 3\r\n\r\nbad")
		_, err := io.Copy(io.Discard, conn)
		closed <- err
	})
	for range 2 {
		res, err := c.Feed(t.Context(), fetch.Request{URL: url, ETag: `"1"`})
		if err != nil || res.Status != 304 || res.ETag != "" {
			t.Errorf("Feed = %+v, %v", res.Fetch, err)
		}
		<-closed
	}
}

// TestF26Insecure: only the request that says so, and only the site it names,
// does without a certificate.
func TestF26Insecure(t *testing.T) {
	o := newOrigin(t, "127.0.0.1", func(w http.ResponseWriter, r *http.Request) {
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		io.WriteString(w, rss)
	})
	c := loopbackClient(t)
	elsewhere := newOrigin(t, "127.0.0.2", answer(200, "", rss)).URL
	for _, tt := range []struct {
		url      string
		insecure bool
		ok       bool
	}{
		{o.URL, false, false},
		{o.URL, true, true},
		{o.URL, false, false}, // the session of the one before is not resumed
		{o.URL + "/?to=/feed", true, true},
		{o.URL + "/?to=" + elsewhere, true, false},
	} {
		_, err := c.Feed(t.Context(), fetch.Request{URL: tt.url, Insecure: tt.insecure})
		if tt.ok != (err == nil) {
			t.Errorf("%s, insecure %v: %v", tt.url, tt.insecure, err)
		}
		if !tt.ok {
			if fe := failure(t, err); fe.Kind != fetch.KindTLS {
				t.Errorf("%s, insecure %v: %s: %v", tt.url, tt.insecure, fe.Kind, fe)
			}
		}
	}
	if got := c.Counts().Insecure; got != 4 {
		t.Errorf("%d insecure requests counted, want 4: one, two of a redirect, one of another", got)
	}
}

// TestF26MinimumVersion: nothing older than TLS 1.2, insecure or not.
func TestF26MinimumVersion(t *testing.T) {
	srv := httptest.NewUnstartedServer(answer(200, "", rss))
	srv.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	srv.StartTLS()
	defer srv.Close()
	for _, insecure := range []bool{false, true} {
		_, err := tlsClient(t, srv).Feed(t.Context(), fetch.Request{URL: srv.URL, Insecure: insecure})
		if fe := failure(t, err); fe.Kind != fetch.KindTLS {
			t.Errorf("insecure %v: %s: %v", insecure, fe.Kind, fe)
		}
	}
}
