package fetch_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"topicwire/aggregator/feedtest"
	"topicwire/aggregator/fetch"
)

// TestF20F21F22ExactHeaders: a request carries these headers and no others, on
// every hop.
func TestF20F21F22ExactHeaders(t *testing.T) {
	common := map[string]string{
		"User-Agent":      "topicwire/1.0 (+https://news.example.org/about)",
		"Accept":          "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1",
		"Accept-Encoding": "gzip, br",
		"Connection":      "close",
	}
	with := func(more ...string) map[string]string {
		m := maps.Clone(common)
		for i := 0; i < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	for _, tt := range []struct {
		name string
		req  fetch.Request
		want map[string]string
	}{
		{"first", fetch.Request{}, common},
		{"conditional", fetch.Request{ETag: `"1"`, LastModified: "then", ValidatorsURL: "http://a.example/3?q=1"},
			with("If-None-Match", `"1"`, "If-Modified-Since", "then")},
		{"delta", fetch.Request{ETag: `"1"`, Delta: true, ValidatorsURL: "http://a.example/3?q=1"}, with("If-None-Match", `"1"`, "A-Im", "feed")},
		{"plain", fetch.Request{PlainBody: true}, with("Accept-Encoding", "identity")},
		{"by hand", fetch.Request{Headers: map[string]string{"Accept-Language": "ru"}}, with("Accept-Language", "ru")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
				net.Handle("a.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
					if to := map[string]string{"/1": "/2", "/2": "/3?q=1"}[r.URL.Path]; to != "" {
						http.Redirect(w, r, to, http.StatusFound)
						return
					}
					io.WriteString(w, rss)
				}))
				tt.req.URL = "http://a.example/1"
				if _, err := c.Feed(t.Context(), tt.req); err != nil {
					t.Fatal(err)
				}
				requests := net.Requests()
				last := requests[len(requests)-1]
				got := make(map[string]string)
				for name, values := range last.Header {
					got[name] = strings.Join(values, "|")
				}
				if !maps.Equal(got, tt.want) {
					t.Errorf("headers\n%v, want\n%v", got, tt.want)
				}
				for i, want := range []string{"/1", "/2", "/3?q=1"} {
					if requests[i].Path != want {
						t.Errorf("asked for %s, want %s: nothing is added", requests[i].Path, want)
					}
					for _, name := range []string{"Cookie", "Referer", "Cache-Control", "Pragma"} {
						if v, ok := requests[i].Header[name]; ok {
							t.Errorf("%s carries %s: %q", requests[i].Path, name, v)
						}
					}
				}
			})
		})
	}
}

// TestF25CrossOrigin: what the editor set goes to the URL's own scheme, host
// and port, and never again after a redirect to another.
func TestF25CrossOrigin(t *testing.T) {
	for to, want := range map[string]bool{
		"/other":                         true,
		"//a.example/other":              true,
		"http://A.EXAMPLE:80/other":      true,
		"http://b.example/":              false,
		"http://sub.a.example/":          false,
		"http://a.example:8080/":         false,
		"http://a.example@b.example/":    false,
		"http://x:y@b.example/":          false,
		"http://b.example/?a.example":    false,
		"http://a.example.b.example/":    false,
		"http://b.example#@a.example/":   false,
		"http:\\\\b.example\\@a.example": false,
	} {
		bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
			net.Handle("a.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/" {
					w.Header().Set("Location", to)
					w.WriteHeader(http.StatusTemporaryRedirect)
				}
			}))
			for _, host := range []string{"b.example", "sub.a.example", "a.example:8080", "a.example.b.example"} {
				net.Handle(host, answer(200, "", rss))
			}
			_, _ = c.Feed(t.Context(), fetch.Request{
				URL: "http://a.example/", User: "editor", Password: "secret", Headers: map[string]string{"X-Key": "k", "Cookie": "paid=1"},
			})
			for i, r := range net.Requests() {
				for _, name := range []string{"Authorization", "X-Key", "Cookie"} {
					if got := r.Header.Get(name) != ""; got != (want || i == 0) {
						t.Errorf("to %s: request %d to %s carries %s: %v", to, i, r.Host, name, got)
					}
				}
			}
		})
	}
}

// TestF51MixedChains: hops over hosts, schemes of redirects and a loop between
// two sites; what cannot be followed is a failure, not a document.
func TestF51MixedChains(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		net.Handle("a.example", http.RedirectHandler("http://b.example/", http.StatusMovedPermanently))
		net.Handle("b.example", http.RedirectHandler("http://a.example/", http.StatusPermanentRedirect))
		net.Handle("empty.example", answer(301, "", rss))
		net.Handle("many.example", answer(300, "Location: http://end.example/", rss))
		net.Handle("use.example", answer(305, "Location: http://end.example/", rss))
		net.Handle("bad.example", answer(302, "Location: http://[::1/", rss))
		net.Handle("js.example", answer(302, "Location: javascript:alert(1)", rss))
		net.Handle("end.example", answer(200, "", rss))
		for _, tt := range []struct {
			host, kind string
			requests   int
		}{
			{"a", fetch.KindProtocol, 6}, {"empty", fetch.KindStatus, 1}, {"many", fetch.KindStatus, 1},
			{"use", fetch.KindStatus, 1}, {"bad", fetch.KindProtocol, 1}, {"js", fetch.KindURL, 1},
		} {
			before := len(net.Requests())
			res, err := c.Feed(t.Context(), fetch.Request{URL: "http://" + tt.host + ".example/"})
			if fe := failure(t, err); fe.Kind != tt.kind || res.PermanentMove || res.Body != nil {
				t.Errorf("%s: %s: %v, %+v", tt.host, fe.Kind, fe, res.Fetch)
			}
			if n := len(net.Requests()) - before; n != tt.requests {
				t.Errorf("%s: %d requests, want %d", tt.host, n, tt.requests)
			}
		}
	})
}

// TestF27Names: hosts in other scripts go by their A-labels, IPv6 literals as
// they are, and a trailing dot is part of the name alone.
func TestF27Names(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		for _, host := range []string{"xn--bcher-kva.test", "xn--e1afmkfd.xn--80akhbyknj4f", "2606:2800::7", "dot.example"} {
			net.Handle(strings.Trim("["+host+"]:80", map[bool]string{true: "", false: "[]:80"}[strings.Contains(host, ":")]), answer(200, "", rss))
		}
		for u, want := range map[string]string{
			"http://bücher.test/":       "xn--bcher-kva.test",
			"http://BÜCHER.test/":       "xn--bcher-kva.test",
			"http://bu\u0308cher.test/": "xn--bcher-kva.test",
			"http://пример.испытание/":  "xn--e1afmkfd.xn--80akhbyknj4f",
			"http://[2606:2800::7]/":    "[2606:2800::7]",
			"http://dot.example./":      "dot.example.",
		} {
			before := len(net.Requests())
			if _, err := c.Feed(t.Context(), fetch.Request{URL: u}); err != nil {
				t.Errorf("%s: %v", u, err)
			} else if got := net.Requests()[before].Host; got != want {
				t.Errorf("%s: Host %s, want %s", u, got, want)
			}
		}
	})
	if a, b := fetch.HostKey("http://dot.example./", nil), fetch.HostKey("http://dot.example/", nil); a != b {
		t.Errorf("with a trailing dot the host is %s, without %s", a, b)
	}
}

// TestF27SilentFamily: an address that does not answer costs 300 ms if there
// is one of the other family.
func TestF27SilentFamily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := feedtest.New(t)
		inner.Name("a.example", "2606:2800::dead", "2606:2800::beef", "93.184.0.9")
		inner.Handle("93.184.0.9", answer(200, "", rss))
		c := fetch.New(fetch.Options{Resolver: inner, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if strings.HasPrefix(addr, "[") {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return inner.DialContext(ctx, network, addr)
		}})
		defer c.Close()
		start := time.Now()
		if _, err := c.Feed(t.Context(), fetch.Request{URL: "http://a.example/"}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 300*time.Millisecond {
			t.Errorf("took %v, want 300ms", took)
		}
	})
}

// TestF27Loopback6 reads a feed from ::1, which a rule opens.
func TestF27Loopback6(t *testing.T) {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("no IPv6 here")
	}
	srv := &http.Server{Handler: answer(200, "", rss)}
	go srv.Serve(l)
	defer srv.Close()
	rule, _ := fetch.ParseAllowRule("[::1]:" + fmt.Sprint(l.Addr().(*net.TCPAddr).Port))
	c := fetch.New(fetch.Options{AllowPrivate: []fetch.AllowRule{rule}})
	defer c.Close()
	if _, err := c.Feed(t.Context(), fetch.Request{URL: "http://" + l.Addr().String() + "/"}); err != nil {
		t.Error(err)
	}
}

// counting counts look-ups.
type counting struct {
	fetch.Resolver
	names []string
}

func (c *counting) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	c.names = append(c.names, host)
	return c.Resolver.LookupNetIP(ctx, network, host)
}

// TestF58NoCacheOfNames: every connection asks the resolver anew; what does not
// exist, or is not answered in time, is a failure that may pass.
func TestF58NoCacheOfNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := feedtest.New(t)
		net.Handle("a.example", answer(200, "", rss))
		r := &counting{Resolver: net}
		c := fetch.New(fetch.Options{Resolver: r, DialContext: net.DialContext})
		defer c.Close()
		for range 2 {
			if _, err := c.Feed(t.Context(), fetch.Request{URL: "http://a.example/"}); err != nil {
				t.Fatal(err)
			}
			_, err := c.Feed(t.Context(), fetch.Request{URL: "http://nowhere.example/"})
			if fe := failure(t, err); fe.Kind != fetch.KindDNS || !fe.Temporary() {
				t.Errorf("%s: %v", fe.Kind, fe)
			}
		}
		if want := []string{"a.example", "nowhere.example", "a.example", "nowhere.example"}; !slices.Equal(r.names, want) {
			t.Errorf("looked up %v, want %v", r.names, want)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c := fetch.New(fetch.Options{Resolver: silent{}})
		defer c.Close()
		start := time.Now()
		_, err := c.Feed(t.Context(), fetch.Request{URL: "http://a.example/"})
		if fe := failure(t, err); fe.Kind != fetch.KindDNS || time.Since(start) != 5*time.Second {
			t.Errorf("%s after %v: %v", fe.Kind, time.Since(start), fe)
		}
	})
}

// silent is a name server that does not answer.
type silent struct{}

func (silent) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestF34F35RateLimitedAreCounted: for metrics.
func TestF34F35RateLimitedAreCounted(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		net.Handle("a.example", answer(429, "", ""))
		net.Handle("b.example", answer(503, "", ""))
		for _, host := range []string{"a", "b", "a", "nowhere"} {
			_, err := c.Feed(t.Context(), fetch.Request{URL: "http://" + host + ".example/", ETag: `"1"`})
			failure(t, err)
		}
		_, err := c.Feed(t.Context(), fetch.Request{URL: "http://10.0.0.1/"})
		failure(t, err)
		got := c.Counts()
		if got.RateLimited != 2 || got.Unconditional != 0 || got.SSRFBlocked != 1 || got.Insecure != 0 {
			t.Errorf("Counts = %+v", got)
		}
	})
}
