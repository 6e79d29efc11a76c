package fetch_test

import (
	"net/http"
	"strings"
	"testing"

	"topicwire/aggregator/feedtest"
	"topicwire/aggregator/fetch"
)

// conditional answers 304 to its own ETag, and 200 with it to everything else.
func conditional(etag string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header()["ETag"] = []string{etag}
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Write([]byte(rss))
	}
}

// TestF04ValidatorsGoWhereTheyCameFrom: of all hops only the one whose URL
// they belong to sees them.
func TestF04ValidatorsGoWhereTheyCameFrom(t *testing.T) {
	const a, b = "http://a.example/", "http://b.example/feed"
	for _, tt := range []struct {
		name, from string
		to         string // a redirects to it; empty: it answers itself
		sent       string // "-" or "x" for each request
		status     int
	}{
		{"of the URL itself", a, "", "x", 304},
		{"of the URL itself, by default", "", "", "x", 304},
		{"of the target", b, b, "-x", 304},
		{"of the URL that redirects now", a, b, "x-", 200},
		{"of the URL that redirects now, by default", "", b, "x-", 200},
		{"of a target that it does not redirect to any more", b, "", "-", 200},
		{"of another target", "http://b.example/old", b, "--", 200},
		{"by way of another and back", a, "http://c.example/", "x-x", 304},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
				visits := 0
				net.Handle("a.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if visits++; visits == 1 && tt.to != "" {
						http.Redirect(w, r, tt.to, http.StatusFound)
						return
					}
					conditional(`"1"`)(w, r)
				}))
				net.Handle("b.example", conditional(`"1"`))
				net.Handle("c.example", http.RedirectHandler(a, http.StatusFound))
				res, err := c.Feed(t.Context(), fetch.Request{URL: a, ETag: `"1"`, LastModified: "yesterday", ValidatorsURL: tt.from})
				if err != nil || res.Status != tt.status || res.ValidatorsURL != res.FinalURL {
					t.Errorf("Feed = %d, validators of %q, final %q, %v", res.Status, res.ValidatorsURL, res.FinalURL, err)
				}
				sent := ""
				for _, r := range net.Requests() {
					_, inm := r.Header["If-None-Match"]
					_, ims := r.Header["If-Modified-Since"]
					if sent += map[bool]string{true: "x", false: "-"}[inm]; inm != ims {
						t.Errorf("%s%s: one of the pair went alone", r.Host, r.Path)
					}
				}
				if sent != tt.sent {
					t.Errorf("validators sent %s, want %s", sent, tt.sent)
				}
				want := int64(0)
				if strings.HasSuffix(tt.sent, "-") {
					want = 1
				}
				if got := c.Counts().Unconditional; got != want {
					t.Errorf("%d unconditional requests counted, want %d", got, want)
				}
			})
		})
	}
}

// TestF04A200ReplacesBoth: what a 200 does not carry is gone.
func TestF04A200ReplacesBoth(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		net.Handle("a.example", answer(200, "Last-Modified: now", rss))
		net.Handle("b.example", answer(200, "", rss))
		res, err := c.Feed(t.Context(), fetch.Request{URL: "http://a.example/", ETag: `"1"`})
		if err != nil || res.ETag != "" || res.LastModified != "now" {
			t.Errorf("Feed = %+v, %v", res.Fetch, err)
		}
		res, err = c.Feed(t.Context(), fetch.Request{URL: "http://b.example/", ETag: `"1"`})
		if err != nil || res.ETag != "" || res.LastModified != "" || res.ValidatorsURL != "" {
			t.Errorf("Feed = %+v, %v", res.Fetch, err)
		}
	})
}

// TestF11NotModifiedOfAnotherURL: a 304 from a hop that was sent no validators
// says nothing.
func TestF11NotModifiedOfAnotherURL(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		net.Handle("a.example", http.RedirectHandler("http://b.example/", http.StatusMovedPermanently))
		net.Handle("b.example", answer(304, "ETag: \"2\"", ""))
		res, err := c.Feed(t.Context(), fetch.Request{URL: "http://a.example/", ETag: `"1"`})
		if fe := failure(t, err); fe.Kind != fetch.KindProtocol || res.ETag != "" || res.ValidatorsURL != "" {
			t.Errorf("%s: %v, %+v", fe.Kind, fe, res.Fetch)
		}
	})
}

func TestF12Deltas(t *testing.T) {
	for _, tt := range []struct {
		name, etag, im string
		delta          bool
		asked, ok      bool
	}{
		{"asked and given", `"1"`, "feed", true, true, true},
		{"among empty ones", `"1"`, "feed;x=1 ,", true, true, true},
		{"not asked", `"1"`, "feed", false, false, false},
		{"no validators to ask with", "", "feed", true, false, false},
		{"without IM", `"1"`, "", true, true, false},
		{"of another kind", `"1"`, "vcdiff", true, true, false},
		{"and something else", `"1"`, "feed, gzip", true, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
				net.Handle("a.example", answer(226, "ETag: \"2\"\nCache-Control: max-age=7200\nIM: "+tt.im, rss))
				res, err := c.Feed(t.Context(), fetch.Request{URL: "http://a.example/", ETag: tt.etag, Delta: tt.delta})
				if got := net.Requests()[0].Header.Get("A-IM") == "feed"; got != tt.asked {
					t.Errorf("asked for a delta: %v, want %v", got, tt.asked)
				}
				if !tt.ok {
					if fe := failure(t, err); fe.Kind != fetch.KindProtocol || res.Delta || res.ETag != "" {
						t.Errorf("%s: %v, %+v", fe.Kind, fe, res.Fetch)
					}
					return
				}
				if err != nil || !res.Delta || string(res.Body) != rss || res.ETag != `"2"` || res.MaxAge.Hours() != 2 {
					t.Errorf("Feed = %+v, %q, %v", res.Fetch, res.Body, err)
				}
			})
		})
	}
	t.Run("a whole document", func(t *testing.T) {
		bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
			net.Handle("a.example", answer(200, "ETag: \"2\"", rss))
			res, err := c.Feed(t.Context(), fetch.Request{URL: "http://a.example/", ETag: `"1"`, Delta: true})
			if err != nil || res.Delta {
				t.Errorf("Feed = %+v, %v", res.Fetch, err)
			}
		})
	})
}
