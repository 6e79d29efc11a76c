package fetch_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"topicwire/aggregator/feedtest"
	"topicwire/aggregator/fetch"

	"github.com/andybalholm/brotli"
)

// sized serves as many bytes as its path says.
func sized(w http.ResponseWriter, r *http.Request) {
	var n int
	fmt.Sscanf(r.URL.Path, "/%d", &n)
	w.Write(bytes.Repeat([]byte("x"), n))
}

// TestF57BodiesOfAllSizes: at and around the bounds of each kind of room a
// body comes whole, and its room can be used again.
func TestF57BodiesOfAllSizes(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		net.Handle("a.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			var n int
			fmt.Sscanf(r.URL.Path, "/%d", &n)
			io.WriteString(w, zip(strings.Repeat("y", n)))
		}))
		for _, bound := range []int{0, 64 << 10, 512 << 10, 4 << 20, 20 << 20} {
			for _, n := range []int{bound - 1, bound, bound + 1} {
				if n < 0 {
					continue
				}
				res, err := c.Feed(t.Context(), fetch.Request{URL: fmt.Sprintf("http://a.example/%d", n)})
				if n > 20<<20 {
					if fe := failure(t, err); fe.Kind != fetch.KindTooLarge {
						t.Errorf("%d bytes: %s: %v", n, fe.Kind, fe)
					}
				} else if err != nil || len(res.Body) != n || strings.Trim(string(res.Body), "y") != "" || res.Bytes != int64(n) {
					t.Errorf("%d bytes: %d came, %v", n, len(res.Body), err)
				}
				res.Release()
				res.Release()
			}
		}
	})
}

// TestF57LargeBodiesWaitForEachOther: no more than four bodies of over 512 KiB
// are in memory, one of over 4 MiB; the others wait for a Release, as long as
// it takes, and small ones pass them by.
func TestF57LargeBodiesWaitForEachOther(t *testing.T) {
	for _, tt := range []struct{ size, places int }{{1 << 20, 4}, {5 << 20, 1}} {
		bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
			net.Handle("a.example", http.HandlerFunc(sized))
			const feeds = 6
			got := make(chan *fetch.Response, feeds)
			for range feeds {
				go func() {
					res, err := c.Feed(t.Context(), fetch.Request{URL: fmt.Sprintf("http://a.example/%d", tt.size)})
					if err != nil || len(res.Body) != tt.size {
						t.Errorf("%d bytes: %d came, %v", tt.size, len(res.Body), err)
					}
					got <- res
				}()
			}
			time.Sleep(time.Hour) // far beyond all time limits
			if n := len(got); n != tt.places {
				t.Fatalf("%d bodies of %d bytes at once, want %d", n, tt.size, tt.places)
			}
			small, err := c.Feed(t.Context(), fetch.Request{URL: "http://a.example/500000"})
			if err != nil || len(small.Body) != 500_000 {
				t.Errorf("a small body waits too: %v", err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err = c.Feed(ctx, fetch.Request{URL: fmt.Sprintf("http://a.example/%d", tt.size)})
			failure(t, err) // who is stopped does not wait
			for range feeds {
				(<-got).Release()
				synctest.Wait()
			}
		})
	}
}

// TestF57OthersHoldNothing: what is asked for by Get takes its room for as
// long as it is read.
func TestF57OthersHoldNothing(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		net.Handle("a.example", http.HandlerFunc(sized))
		for range 6 {
			if res, err := c.Get(t.Context(), "http://a.example/5000000", "*/*", 6<<20); err != nil || len(res.Body) != 5_000_000 {
				t.Errorf("%d bytes, %v", len(res.Body), err)
			}
			_, err := c.Feed(t.Context(), fetch.Request{URL: "http://a.example/11000000"})
			failure(t, err)
		}
	})
}

// TestF57DripperInTheWay: a body that holds room which others wait for has 15 s
// for what it still sends, however little it holds back; another that holds
// none has the whole time.
func TestF57DripperInTheWay(t *testing.T) {
	for _, tt := range []struct {
		start int
		want  time.Duration
	}{{600 << 10, 15 * time.Second}, {5 << 20, 15 * time.Second}, {1000, 60 * time.Second}} {
		bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
			net.Handle("a.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Write(bytes.Repeat([]byte("x"), tt.start))
				tick := time.NewTicker(time.Second)
				defer tick.Stop()
				for {
					if _, err := io.WriteString(w, "x"); err != nil {
						return
					}
					w.(http.Flusher).Flush()
					select {
					case <-tick.C:
					case <-r.Context().Done():
						return
					}
				}
			}))
			start := time.Now()
			_, err := c.Feed(t.Context(), fetch.Request{URL: "http://a.example/"})
			if fe := failure(t, err); fe.Kind != fetch.KindTimeout || time.Since(start) != tt.want {
				t.Errorf("after %d bytes: %s after %v: %v, want timeout after %v", tt.start, fe.Kind, time.Since(start), fe, tt.want)
			}
		})
	}
}

// TestF23BrotliBounds: what takes more memory to decode than a feed is worth is
// asked for again without encoding.
func TestF23BrotliBounds(t *testing.T) {
	window := func(bits int) string {
		var b bytes.Buffer
		w := brotli.NewWriterOptions(&b, brotli.WriterOptions{Quality: 5, LGWin: bits})
		io.WriteString(w, rss)
		w.Close()
		return b.String()
	}
	for _, tt := range []struct {
		name, label, body string
		requests          int
		kind              string
	}{
		{"window of 4 MiB", "br", window(22), 1, ""},
		{"window of 8 MiB", "br", window(23), 2, ""},
		{"window of 16 MiB", "br", window(24), 2, ""},
		{"window of 16 MiB in gzip", "br, gzip", zip(window(24)), 2, ""},
		{"least window", "br", window(10), 1, ""},
		{"twice", "br, br", br(br(rss)), 1, fetch.KindProtocol},
		{"four codings", "gzip, gzip, gzip, gzip", zip(zip(zip(zip(rss)))), 1, fetch.KindProtocol},
		{"unknown inside", "deflate, gzip", zip(rss), 1, fetch.KindProtocol},
		{"unknown outside", "gzip, zstd", zip(rss), 1, fetch.KindProtocol},
		{"gzip labelled br", "br", zip(rss), 2, ""},
		{"br labelled gzip", "gzip", br(rss), 2, ""},
		{"wrong order", "gzip, br", zip(br(rss)), 2, ""},
		{"cut off before anything came", "br", br(rss)[:10], 2, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
				net.Handle("a.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Header.Get("Accept-Encoding") == "identity" {
						io.WriteString(w, rss)
						return
					}
					w.Header().Set("Content-Encoding", tt.label)
					io.WriteString(w, tt.body)
				}))
				res, err := c.Feed(t.Context(), fetch.Request{URL: "http://a.example/"})
				if n := len(net.Requests()); n != tt.requests {
					t.Errorf("%d requests, want %d", n, tt.requests)
				}
				switch {
				case tt.kind != "":
					if fe := failure(t, err); fe.Kind != tt.kind {
						t.Errorf("%s: %v", fe.Kind, fe)
					}
				case err != nil || string(res.Body) != rss || res.PlainBody != (tt.requests == 2):
					t.Errorf("Feed = %q, plain %v, %v", res.Body, res.PlainBody, err)
				}
			})
		})
	}
}
