package fetch_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"topicwire/aggregator/fetch"
)

// BenchmarkNotModified compares a poll that brings nothing with the least that
// net/http can do for one; P3 allows twice its cost.
func BenchmarkNotModified(b *testing.B) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) }))
	defer srv.Close()
	b.Run("bare", func(b *testing.B) {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		b.ReportAllocs()
		for b.Loop() {
			req, err := http.NewRequestWithContext(b.Context(), "GET", srv.URL, nil)
			if err != nil {
				b.Fatal(err)
			}
			req.Header.Set("If-None-Match", `"x"`)
			res, err := client.Do(req)
			if err != nil {
				b.Fatal(err)
			}
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
	})
	b.Run("feed", func(b *testing.B) {
		c := loopbackClient(b)
		b.ReportAllocs()
		for b.Loop() {
			if res, err := c.Feed(b.Context(), fetch.Request{URL: srv.URL, ETag: `"x"`}); err != nil || res.Status != 304 {
				b.Fatal(res, err)
			}
		}
	})
}

// BenchmarkRead compares the reading of a gzipped feed of 100 KB.
func BenchmarkRead(b *testing.B) {
	body := []byte(zip(strings.Repeat(rss, 1200)))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(body)
	}))
	defer srv.Close()
	b.Run("bare", func(b *testing.B) {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		b.ReportAllocs()
		for b.Loop() {
			res, err := client.Get(srv.URL)
			if err != nil {
				b.Fatal(err)
			}
			if all, err := io.ReadAll(res.Body); err != nil || !bytes.HasPrefix(all, []byte("<?xml")) {
				b.Fatal(err)
			}
			res.Body.Close()
		}
	})
	b.Run("feed", func(b *testing.B) {
		c := loopbackClient(b)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.Feed(b.Context(), fetch.Request{URL: srv.URL}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func tlsClient(tb testing.TB, srv *httptest.Server) *fetch.Client {
	tb.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	rule, err := fetch.ParseAllowRule("127.0.0.0/8")
	if err != nil {
		tb.Fatal(err)
	}
	c := fetch.New(fetch.Options{AllowPrivate: []fetch.AllowRule{rule}, TLS: &tls.Config{RootCAs: pool}})
	tb.Cleanup(c.Close)
	return c
}

func TestF24F26TLS(t *testing.T) {
	var protos []string
	var resumed []bool
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protos = append(protos, r.Proto)
		resumed = append(resumed, r.TLS.DidResume)
		io.WriteString(w, rss)
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()

	_, err := loopbackClient(t).Feed(t.Context(), fetch.Request{URL: srv.URL})
	if fe := failure(t, err); fe.Kind != fetch.KindTLS || !strings.Contains(fe.Error(), "nobody we trust") {
		t.Errorf("F-26 self-signed: %s: %v", fe.Kind, fe)
	}
	c := tlsClient(t, srv)
	for range 2 {
		if res, err := c.Feed(t.Context(), fetch.Request{URL: srv.URL}); err != nil || string(res.Body) != rss {
			t.Fatalf("Feed = %v", err)
		}
	}
	if len(protos) != 2 || protos[0] != "HTTP/2.0" || resumed[0] || !resumed[1] {
		t.Errorf("protocols %v, resumed %v, want HTTP/2.0 twice, the second with a ticket", protos, resumed)
	}
	_, err = c.Feed(t.Context(), fetch.Request{URL: strings.Replace(srv.URL, "127.0.0.1", "127.0.0.9", 1)})
	failure(t, err)

	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	_, err = c.Feed(t.Context(), fetch.Request{URL: strings.Replace(plain.URL, "http:", "https:", 1)})
	if fe := failure(t, err); fe.Kind != fetch.KindTLS {
		t.Errorf("https to an http port: %s: %v", fe.Kind, fe)
	}
}
