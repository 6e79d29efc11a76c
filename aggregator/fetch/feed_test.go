package fetch_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"topicwire/aggregator/feedtest"
	"topicwire/aggregator/fetch"

	"github.com/andybalholm/brotli"
)

const rss = `<?xml version="1.0"?><rss version="2.0"><channel><title>News</title></channel></rss>`

// bubble runs a test with an internet and a clock of its own.
func bubble(t *testing.T, f func(t *testing.T, net *feedtest.Net, c *fetch.Client)) {
	t.Helper()
	bubbleWith(t, fetch.Options{}, f)
}

func bubbleWith(t *testing.T, o fetch.Options, f func(t *testing.T, net *feedtest.Net, c *fetch.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		net := feedtest.New(t)
		o.UserAgent = "topicwire/1.0 (+https://news.example.org/about)"
		o.Resolver, o.DialContext = net, net.DialContext
		c := fetch.New(o)
		defer c.Close()
		f(t, net, c)
	})
}

func failure(t *testing.T, err error) *fetch.Error {
	t.Helper()
	var fe *fetch.Error
	if !errors.As(err, &fe) {
		t.Fatalf("err = %v, want a *fetch.Error", err)
	}
	return fe
}

func answer(status int, header string, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for line := range strings.Lines(header) {
			k, v, _ := strings.Cut(strings.TrimRight(line, "\n"), ": ")
			w.Header().Add(k, v)
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func TestF01FirstRequestIsUnconditional(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		net.Handle("news.example", answer(200, "", rss))
		res, err := c.Feed(t.Context(), fetch.Request{URL: "http://news.example/feed"})
		if err != nil || string(res.Body) != rss || res.Status != 200 {
			t.Fatalf("Feed = %+v, %v", res, err)
		}
		h := net.Requests()[0].Header
		for _, name := range []string{"If-None-Match", "If-Modified-Since", "Cookie", "Referer", "Cache-Control", "Pragma", "Accept-Language", "A-Im"} {
			if v, ok := h[name]; ok {
				t.Errorf("request carries %s: %q", name, v)
			}
		}
	})
}

func TestF02F03ValidatorsAreOpaque(t *testing.T) {
	for _, tt := range []struct{ etag, modified string }{
		{`"plain"`, "Tue, 24 Nov 2026 10:00:00 GMT"},
		{`W/"we ird-gzip;x"`, "Tue, 24 Nov 2026 7:00:00 +0200"},
		{`unquoted`, "yesterday"},
		{`"a"-gzip`, "1764000000"},
		{"\"caf\xc3\xa9, 'x'\"", "Tue, 24-Nov-26 10:00:00"},
	} {
		bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
			net.Handle("news.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header()["ETag"] = []string{tt.etag}
				w.Header()["Last-Modified"] = []string{tt.modified}
				if r.Header.Get("If-None-Match") != "" {
					w.WriteHeader(304)
					return
				}
				io.WriteString(w, rss)
			}))
			first, err := c.Feed(t.Context(), fetch.Request{URL: "http://news.example/"})
			if err != nil || first.ETag != tt.etag || first.LastModified != tt.modified {
				t.Fatalf("validators = %q, %q, %v, want %q, %q", first.ETag, first.LastModified, err, tt.etag, tt.modified)
			}
			again, err := c.Feed(t.Context(), fetch.Request{URL: "http://news.example/", ETag: first.ETag, LastModified: first.LastModified})
			if err != nil || again.Status != 304 {
				t.Fatalf("second Feed = %+v, %v, want 304", again, err)
			}
			h := net.Requests()[1].Header
			if got := h.Get("If-None-Match"); got != tt.etag {
				t.Errorf("If-None-Match = %q, want %q", got, tt.etag)
			}
			if got := h.Get("If-Modified-Since"); got != tt.modified {
				t.Errorf("If-Modified-Since = %q, want %q", got, tt.modified)
			}
		})
	}
}

func TestF06F09NotModified(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		net.Handle("news.example", answer(304, "ETag: \"new\"\nCache-Control: max-age=7200", ""))
		res, err := c.Feed(t.Context(), fetch.Request{URL: "http://news.example/", ETag: `"old"`})
		if err != nil || res.Status != 304 || res.ETag != `"new"` || res.LastModified != "" || res.MaxAge != 2*time.Hour {
			t.Errorf("Feed = %+v, %v, want 304 with its own ETag and max-age", res, err)
		}
		if res.Body != nil {
			t.Errorf("a 304 has a body: %q", res.Body)
		}
	})
}

func TestF11ProtocolErrors(t *testing.T) {
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
	}{
		{"304 unasked", answer(304, "ETag: \"x\"", "")},
		{"206", answer(206, "Content-Range: bytes 0-3/100", "<rss")},
		{"226 without A-IM", answer(226, "", rss)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
				net.Handle("news.example", tt.handler)
				res, err := c.Feed(t.Context(), fetch.Request{URL: "http://news.example/"})
				if fe := failure(t, err); fe.Kind != fetch.KindProtocol {
					t.Errorf("kind = %q (%v), want protocol", fe.Kind, fe)
				}
				if res == nil || res.ETag != "" {
					t.Errorf("response = %+v, want one without validators", res)
				}
			})
		})
	}
}

func TestF20F22RequestHeaders(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		net.Handle("news.example", answer(200, "Set-Cookie: a=b", rss))
		req := fetch.Request{URL: "http://news.example/", Headers: map[string]string{"Accept-Language": "ru"}}
		for range 2 {
			if _, err := c.Feed(t.Context(), req); err != nil {
				t.Fatal(err)
			}
		}
		h := net.Requests()[1].Header
		for name, want := range map[string]string{
			"User-Agent":      "topicwire/1.0 (+https://news.example.org/about)",
			"Accept":          "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1",
			"Accept-Encoding": "gzip, br",
			"Accept-Language": "ru",
			"Cookie":          "",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	})
}

func TestF21F25RedirectsLeakNothing(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		net.Handle("news.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/a":
				http.Redirect(w, r, "/b", http.StatusFound)
			case "/b":
				http.Redirect(w, r, "http://other.example/c", http.StatusTemporaryRedirect)
			default:
				io.WriteString(w, rss)
			}
		}))
		net.Handle("other.example", http.RedirectHandler("http://news.example/d", http.StatusMovedPermanently))
		res, err := c.Feed(t.Context(), fetch.Request{
			URL: "http://editor:secret@news.example/a", Headers: map[string]string{"X-Key": "k"},
		})
		if err != nil || res.FinalURL != "http://news.example/d" || res.PermanentMove {
			t.Fatalf("Feed = %+v, %v", res, err)
		}
		want := []struct{ path, auth, key string }{
			{"/a", "Basic ZWRpdG9yOnNlY3JldA==", "k"}, {"/b", "Basic ZWRpdG9yOnNlY3JldA==", "k"}, {"/c", "", ""}, {"/d", "", ""},
		}
		for i, r := range net.Requests() {
			if r.Path != want[i].path || r.Header.Get("Authorization") != want[i].auth || r.Header.Get("X-Key") != want[i].key {
				t.Errorf("request %d: %s, Authorization %q, X-Key %q, want %+v", i, r.Path, r.Header.Get("Authorization"), r.Header.Get("X-Key"), want[i])
			}
			if ref, ok := r.Header["Referer"]; ok {
				t.Errorf("request %d carries Referer %q", i, ref)
			}
		}
	})
}

func TestF50F51RedirectChains(t *testing.T) {
	for _, tt := range []struct {
		name      string
		codes     []int
		permanent bool
	}{
		{"none", nil, false},
		{"permanent", []int{301, 308}, true},
		{"mixed", []int{301, 302, 308}, false},
		{"temporary", []int{302, 303, 307}, false},
		{"five hops", []int{301, 301, 301, 301, 301}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
				net.Handle("news.example", hops(tt.codes))
				res, err := c.Feed(t.Context(), fetch.Request{URL: "http://news.example/0"})
				if err != nil {
					t.Fatal(err)
				}
				if want := fmt.Sprintf("http://news.example/%d", len(tt.codes)); res.FinalURL != want || res.PermanentMove != tt.permanent {
					t.Errorf("final %s permanent %v, want %s %v", res.FinalURL, res.PermanentMove, want, tt.permanent)
				}
			})
		})
	}
	t.Run("six hops", func(t *testing.T) {
		bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
			net.Handle("news.example", hops([]int{302, 302, 302, 302, 302, 302}))
			_, err := c.Feed(t.Context(), fetch.Request{URL: "http://news.example/0"})
			if fe := failure(t, err); fe.Kind != fetch.KindProtocol || len(net.Requests()) != 6 {
				t.Errorf("%v after %d requests, want a protocol error after 6", fe, len(net.Requests()))
			}
		})
	})
	t.Run("loop", func(t *testing.T) {
		bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
			net.Handle("news.example", http.RedirectHandler("/", http.StatusMovedPermanently))
			res, err := c.Feed(t.Context(), fetch.Request{URL: "http://news.example/"})
			if failure(t, err); res.PermanentMove {
				t.Error("a loop is a permanent move")
			}
		})
	})
}

func hops(codes []int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if n, _ := strconv.Atoi(r.URL.Path[1:]); n < len(codes) {
			http.Redirect(w, r, "/"+strconv.Itoa(n+1), codes[n])
			return
		}
		io.WriteString(w, rss)
	}
}

func zip(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

func br(s string) string {
	var b bytes.Buffer
	w := brotli.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

func TestF23Encodings(t *testing.T) {
	for _, tt := range []struct{ name, label, body string }{
		{"identity", "", rss},
		{"identity labelled", "identity", rss},
		{"gzip", "gzip", zip(rss)},
		{"x-gzip", "X-GZip", zip(rss)},
		{"br", "br", br(rss)},
		{"gzip, then br", "gzip, br", br(zip(rss))},
		{"br, then gzip", "br, gzip", zip(br(rss))},
		{"gzip twice", "gzip, gzip", zip(zip(rss))},
		{"gzip unlabelled", "", zip(rss)},
		{"plain labelled gzip", "gzip", rss},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
				header := "Content-Type: application/rss+xml"
				if tt.label != "" {
					header += "\nContent-Encoding: " + tt.label
				}
				net.Handle("news.example", answer(200, header, tt.body))
				for range 2 { // readers are used again
					res, err := c.Feed(t.Context(), fetch.Request{URL: "http://news.example/"})
					if err != nil || string(res.Body) != rss {
						t.Fatalf("Feed = %q, %v", res.Body, err)
					}
					if res.WireBytes != int64(len(tt.body)) || res.Bytes != int64(len(rss)) || res.Truncated {
						t.Errorf("wire %d, decoded %d, truncated %v; want %d, %d", res.WireBytes, res.Bytes, res.Truncated, len(tt.body), len(rss))
					}
				}
			})
		})
	}
}

func TestF23UnknownAndWrongEncodings(t *testing.T) {
	t.Run("unknown", func(t *testing.T) {
		bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
			net.Handle("news.example", answer(200, "Content-Encoding: zstd", rss))
			_, err := c.Feed(t.Context(), fetch.Request{URL: "http://news.example/"})
			if fe := failure(t, err); fe.Kind != fetch.KindProtocol || len(net.Requests()) != 1 {
				t.Errorf("%v after %d requests", fe, len(net.Requests()))
			}
		})
	})
	t.Run("retried once as identity, and told to be remembered", func(t *testing.T) {
		bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
			net.Handle("news.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Accept-Encoding") != "identity" {
					w.Header().Set("Content-Encoding", "br")
				}
				io.WriteString(w, rss)
			}))
			plain := false
			for range 3 {
				res, err := c.Feed(t.Context(), fetch.Request{URL: "http://news.example/", PlainBody: plain})
				if err != nil || string(res.Body) != rss || !res.PlainBody {
					t.Fatalf("Feed = %q, plain %v, %v", res.Body, res.PlainBody, err)
				}
				plain = res.PlainBody
			}
			if n := len(net.Requests()); n != 4 {
				t.Errorf("%d requests, want 4: wrong, right, right, right", n)
			}
		})
	})
	t.Run("still remembered where nothing can be learned", func(t *testing.T) {
		bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
			net.Handle("news.example", answer(304, "", ""))
			net.Handle("down.example", answer(503, "", ""))
			for _, host := range []string{"news", "down", "nowhere"} {
				res, _ := c.Feed(t.Context(), fetch.Request{URL: "http://" + host + ".example/", ETag: `"x"`, PlainBody: true})
				if !res.PlainBody {
					t.Errorf("%s: forgotten", host)
				}
			}
			for _, r := range net.Requests() {
				if got := r.Header.Get("Accept-Encoding"); got != "identity" {
					t.Errorf("Accept-Encoding: %q", got)
				}
			}
		})
	})
	t.Run("wrong for good", func(t *testing.T) {
		bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
			net.Handle("news.example", answer(200, "Content-Encoding: br", rss))
			res, err := c.Feed(t.Context(), fetch.Request{URL: "http://news.example/"})
			if fe := failure(t, err); fe.Kind != fetch.KindProtocol || len(net.Requests()) != 2 {
				t.Errorf("%v after %d requests, want a protocol error after 2", fe, len(net.Requests()))
			}
			if res.PlainBody {
				t.Error("nothing was learned, but it is remembered")
			}
		})
	})
}

func TestF34StatusesComeWithRetryAfter(t *testing.T) {
	for _, status := range []int{400, 401, 403, 404, 410, 418, 429, 500, 502, 503} {
		bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
			net.Handle("news.example", answer(status, "Retry-After: 259200\nETag: \"of the error page\"", "internal 10.0.0.7"))
			res, err := c.Feed(t.Context(), fetch.Request{URL: "http://news.example/"})
			fe := failure(t, err)
			if fe.Kind != fetch.KindStatus || fe.Status != status || res.Status != status {
				t.Errorf("%d: error %+v, response %+v", status, fe, res)
			}
			if !res.HasRetryAfter || res.RetryAfter != 72*time.Hour || fe.RetryAfter != 72*time.Hour {
				t.Errorf("%d: Retry-After = %v %v", status, res.RetryAfter, res.HasRetryAfter)
			}
			if res.ETag != "" || res.Body != nil || strings.Contains(fe.Error(), "10.0.0.7") {
				t.Errorf("%d: the error page leaks: %+v %q", status, res, fe)
			}
		})
	}
}

func TestX06ErrorsAreWordsWithoutInternals(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		net.Handle("news.example", http.RedirectHandler("http://10.1.2.3/secret", http.StatusFound))
		net.Name("inside.example", "10.9.8.7")
		net.Name("down.example", "93.184.9.9")
		for _, tt := range []struct{ url, kind, want string }{
			{"http://nowhere.example/", fetch.KindDNS, "no such host: nowhere.example"},
			{"http://down.example/", fetch.KindConnect, "connection refused"},
			{"http://inside.example/", fetch.KindForbidden, "fetch.allow_private"},
			{"http://news.example/", fetch.KindForbidden, "news.example redirects to"},
			{"http://down.example:25/", fetch.KindForbidden, "port"},
			{"ftp://news.example/", fetch.KindURL, "http"},
			{"http:///feed", fetch.KindURL, "web address"},
			{"http://user:secret@nowhere.example/", fetch.KindDNS, "nowhere"},
		} {
			_, err := c.Feed(t.Context(), fetch.Request{URL: tt.url})
			fe := failure(t, err)
			if fe.Kind != tt.kind || !strings.Contains(fe.Error(), tt.want) {
				t.Errorf("%s: %s: %q, want %s: …%s…", tt.url, fe.Kind, fe.Error(), tt.kind, tt.want)
			}
			if s := fe.Error() + fe.URL; strings.Contains(s, "10.") || strings.Contains(s, "93.") || strings.Contains(s, "secret") {
				t.Errorf("%s: %q names an address that was not typed", tt.url, s)
			}
		}
	})
}

func TestCanceledIsNoFailureOfTheServer(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		ctx, cancel := context.WithCancel(t.Context())
		net.Handle("news.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
		}))
		_, err := c.Feed(ctx, fetch.Request{URL: "http://news.example/"})
		if fe := failure(t, err); fe.Kind != fetch.KindCanceled || !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v (%s)", err, fe.Kind)
		}
	})
}
