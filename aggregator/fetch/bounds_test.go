package fetch_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"topicwire/aggregator/feedtest"
	"topicwire/aggregator/fetch"
)

// The cases of F-57 over time: each phase has its own bound.
func TestF57Timeouts(t *testing.T) {
	forever := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	drip := func(every time.Duration) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, "<"); err != nil {
					return
				}
				w.(http.Flusher).Flush()
				timer := time.NewTimer(every)
				select {
				case <-timer.C:
				case <-r.Context().Done():
				}
				timer.Stop()
			}
		}
	}
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		want    time.Duration
	}{
		{"no answer", forever, 20 * time.Second},
		{"body stops", drip(time.Hour), 15 * time.Second},
		{"body drips", drip(time.Second), 60 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
				net.Handle("news.example", tt.handler)
				start := time.Now()
				res, err := c.Feed(t.Context(), fetch.Request{URL: "http://news.example/"})
				if fe := failure(t, err); fe.Kind != fetch.KindTimeout || !fe.Temporary() {
					t.Errorf("%s: %v, want timeout", fe.Kind, fe)
				}
				if took := time.Since(start); took != tt.want || res.Duration != tt.want {
					t.Errorf("took %v (reported %v), want %v", took, res.Duration, tt.want)
				}
			})
		})
	}
}

// raw answers every connection on loopback with what serve writes.
func raw(t testing.TB, serve func(conn net.Conn)) (url string, c *fetch.Client) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				buf := make([]byte, 4096)
				if _, err := conn.Read(buf); err != nil {
					return
				}
				serve(conn)
			}()
		}
	}()
	return "http://" + l.Addr().String() + "/", loopbackClient(t)
}

func loopbackClient(t testing.TB) *fetch.Client {
	t.Helper()
	rule, err := fetch.ParseAllowRule("127.0.0.0/8")
	if err != nil {
		t.Fatal(err)
	}
	c := fetch.New(fetch.Options{UserAgent: "topicwire/test", AllowPrivate: []fetch.AllowRule{rule}})
	t.Cleanup(c.Close)
	return c
}

func TestF57HeaderBound(t *testing.T) {
	for _, tt := range []struct{ name, line string }{
		{"many lines", "X-Pad: " + strings.Repeat("a", 1000) + "\r\n"},
		{"one line", strings.Repeat("a", 1000)},
	} {
		written := 0
		url, c := raw(t, func(conn net.Conn) {
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nX: ")
			for range 100_000 { // 100 MB if nobody stops us
				n, err := io.WriteString(conn, tt.line)
				if written += n; err != nil {
					return
				}
			}
		})
		_, err := c.Feed(t.Context(), fetch.Request{URL: url})
		if fe := failure(t, err); fe.Kind != fetch.KindProtocol || !strings.Contains(fe.Error(), "256 KiB") {
			t.Errorf("%s: %s: %v", tt.name, fe.Kind, fe)
		}
	}
}

func TestF57LyingLength(t *testing.T) {
	t.Run("longer than told", func(t *testing.T) {
		url, c := raw(t, func(conn net.Conn) {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 5000\r\n\r\n%s", rss)
		})
		res, err := c.Feed(t.Context(), fetch.Request{URL: url})
		if err != nil || !res.Truncated || string(res.Body) != rss {
			t.Fatalf("Feed = %+v, %v, want what came, marked as truncated", res, err)
		}
		if res.ETag != "" {
			t.Error("the validators of a document that we do not have were kept")
		}
	})
	t.Run("shorter than told", func(t *testing.T) {
		url, c := raw(t, func(conn net.Conn) {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n%s", rss)
		})
		res, err := c.Feed(t.Context(), fetch.Request{URL: url})
		if err != nil || string(res.Body) != rss[:10] {
			t.Errorf("Feed = %+v, %v", res, err)
		}
	})
	t.Run("nothing comes", func(t *testing.T) {
		url, c := raw(t, func(conn net.Conn) { fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n") })
		_, err := c.Feed(t.Context(), fetch.Request{URL: url})
		failure(t, err)
	})
	t.Run("told to be too large", func(t *testing.T) {
		url, c := raw(t, func(conn net.Conn) { fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n") })
		_, err := c.Feed(t.Context(), fetch.Request{URL: url})
		if fe := failure(t, err); fe.Kind != fetch.KindTooLarge {
			t.Errorf("%s: %v", fe.Kind, fe)
		}
	})
	t.Run("gzip breaks off", func(t *testing.T) {
		z := zip(strings.Repeat(rss, 1000))
		url, c := raw(t, func(conn net.Conn) {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", len(z), z[:len(z)/2])
		})
		res, err := c.Feed(t.Context(), fetch.Request{URL: url})
		if err != nil || !res.Truncated || !strings.HasPrefix(string(res.Body), rss[:20]) {
			t.Errorf("Feed: truncated %v, %d bytes, %v", res.Truncated, len(res.Body), err)
		}
	})
	t.Run("no HTTP", func(t *testing.T) {
		url, c := raw(t, func(conn net.Conn) { fmt.Fprint(conn, "SSH-2.0-OpenSSH_9.2\r\n") })
		_, err := c.Feed(t.Context(), fetch.Request{URL: url})
		if fe := failure(t, err); fe.Kind != fetch.KindProtocol {
			t.Errorf("%s: %v", fe.Kind, fe)
		}
	})
	t.Run("closed at once", func(t *testing.T) {
		url, c := raw(t, func(net.Conn) {})
		_, err := c.Feed(t.Context(), fetch.Request{URL: url})
		if fe := failure(t, err); !fe.Temporary() {
			t.Errorf("%s: %v is not temporary", fe.Kind, fe)
		}
	})
}

func TestF57SizeBounds(t *testing.T) {
	noise := func(w io.Writer, n int) { // does not compress
		buf := make([]byte, 1<<16)
		x := uint32(1)
		for ; n > 0; n -= len(buf) {
			for i := range buf {
				x = x*1664525 + 1013904223
				buf[i] = byte(x >> 24)
			}
			if _, err := w.Write(buf); err != nil {
				return
			}
		}
	}
	for _, tt := range []struct {
		name  string
		serve func(w http.ResponseWriter)
	}{
		{"11 MiB on the wire", func(w http.ResponseWriter) { noise(w, 11<<20) }},
		{"21 MiB decoded", func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			zw := gzip.NewWriter(w)
			zw.Write(bytes.Repeat([]byte("news "), 21<<20/5))
			zw.Close()
		}},
		{"gzip in gzip in gzip", func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip, gzip, gzip")
			io.WriteString(w, zip(zip(zip(strings.Repeat("x", 30<<20)))))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
				net.Handle("news.example", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { tt.serve(w) }))
				_, err := c.Feed(t.Context(), fetch.Request{URL: "http://news.example/"})
				if fe := failure(t, err); fe.Kind != fetch.KindTooLarge {
					t.Errorf("%s: %v, want too_large", fe.Kind, fe)
				}
			})
		})
	}
}

func TestF57GzipBomb(t *testing.T) {
	body := bomb()
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		net.Handle("news.example", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(body)
		}))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := c.Feed(t.Context(), fetch.Request{URL: "http://news.example/"})
		runtime.ReadMemStats(&after)
		if fe := failure(t, err); fe.Kind != fetch.KindTooLarge {
			t.Errorf("%s: %v, want too_large", fe.Kind, fe)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 40<<20 {
			t.Errorf("a bomb allocates %d MiB", grown>>20)
		}
	})
}

func TestLongAddresses(t *testing.T) {
	long := "/" + strings.Repeat("a", 9000)
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		net.Handle("a.example", answer(302, "Location: "+long, ""))
		for _, u := range []string{"http://a.example/", "http://a.example" + long} {
			if _, err := c.Feed(t.Context(), fetch.Request{URL: u}); err == nil {
				t.Errorf("an address of %d bytes was asked for", len(u))
			}
		}
		if n := len(net.Requests()); n != 1 {
			t.Errorf("%d requests, want 1", n)
		}
	})
}
