package pipeline_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/parse"
	"topicwire/aggregator/pipeline"
)

// TestF04F05F06Validators: what the next request carries.
func TestF04F05F06Validators(t *testing.T) {
	body := func(int) string { return doc("", "1|http://news.example/1|One") }
	for _, tt := range []struct {
		name   string
		etags  []string // of the answers; "" none, "304" first: a 304
		body   func(n int) string
		want   []string // If-None-Match of the requests
		status []int
	}{
		{"F-04 vanish", []string{`"a"`, "", ""}, func(n int) string { return doc("", fmt.Sprint(n, "|http://news.example/1|One")) }, []string{"", `"a"`, ""}, []int{200, 200, 200}},
		{"F-05 touch", []string{`"a"`, `"b"`, `"c"`}, body, []string{"", `"a"`, `"b"`}, []int{200, 200, 200}},
		{"F-06 a 304 with a new ETag", []string{`"a"`, `"b"`, `"b"`}, body, []string{"", `"a"`, `"b"`}, []int{200, 304, 304}},
		{"F-06 a bare 304", []string{`"a"`, "", ""}, body, []string{"", `"a"`, `"a"`}, []int{200, 304, 304}},
		{"F-08 no-cache and Expires: 0", []string{`"a"`, `"a"`, `"a"`}, body, []string{"", `"a"`, `"a"`}, []int{200, 304, 304}},
	} {
		simulate(t, nil, func(w *sim) {
			n := 0
			w.site("news.example", func(rw http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(tt.name, "F-08") {
					rw.Header().Set("Cache-Control", "no-cache, must-revalidate")
					rw.Header().Set("Expires", "0")
				}
				if tt.etags[n] != "" {
					rw.Header().Set("ETag", tt.etags[n])
				}
				rw.WriteHeader(tt.status[n])
				if tt.status[n] == 200 {
					fmt.Fprint(rw, tt.body(n))
				}
				n++
			})
			id := w.polled("http://news.example/feed")
			for range 2 {
				time.Sleep(time.Hour)
				w.poll(id, false)
			}
			for i, a := range w.asks("news.example/feed") {
				if got := a.header.Get("If-None-Match"); got != tt.want[i] {
					t.Errorf("%s: request %d carries %q, want %q", tt.name, i, got, tt.want[i])
				}
			}
		})
	}
}

// TestF07Force asks without validators, and reads what is known.
func TestF07Force(t *testing.T) {
	simulate(t, nil, func(w *sim) {
		w.site("news.example", func(rw http.ResponseWriter, r *http.Request) {
			serve(rw, r, doc("", "1|http://news.example/1|One"))
		})
		id := w.polled("http://news.example/feed")
		w.poll(id, false)
		w.poll(id, true)
		asks := w.asks("news.example/feed")
		if len(asks) != 3 || asks[1].whole || !asks[2].whole {
			t.Fatalf("requests %+v; want the third unconditional", asks)
		}
		if c := w.pipe.Counts(); c.Read != 2 || c.NotModified != 1 || c.NewItems != 1 || c.UpdatedItems != 0 {
			t.Errorf("counts %+v; want the body read again, and nothing changed by it", c)
		}
		if f := w.feed(id); f.ETag == "" || f.WholeAt != f.LastPollAt {
			t.Errorf("feed %+v", f)
		}
	})
}

// TestF07WholeReadingKeepsIdentities: what tells items apart is remembered,
// though the items are read anew.
func TestF07WholeReadingKeepsIdentities(t *testing.T) {
	simulate(t, nil, func(w *sim) {
		id := w.script(
			doc("", "x|http://news.example/1|One", "x|http://news.example/2|Two", "y|http://news.example/3|Three"),
			doc("", "x|http://news.example/1|One", "y|http://news.example/3|Three"))
		w.poll(id, false)
		w.poll(id, true)
		if f := w.feed(id); f.Items != 3 {
			t.Errorf("%d items, want 3", f.Items)
		}
	})
}

// TestF07ParserChange: what an older parser has read is asked for once, within
// a day, and read although its bytes are known.
func TestF07ParserChange(t *testing.T) {
	const feeds = 40
	var since time.Time
	simulate(t, func(o *pipeline.Options) {
		since = time.Now().Add(10 * day)
		o.ParserSince = since
	}, func(w *sim) {
		var urls []string
		for i := range feeds {
			host := fmt.Sprintf("site%d.example", i)
			w.site(host, func(rw http.ResponseWriter, r *http.Request) {
				rw.Header().Set("Cache-Control", "max-age=3600")
				serve(rw, r, doc("", history(time.Now().Truncate(30*day), time.Hour, 5)...))
			})
			urls = append(urls, "http://"+host+"/feed")
		}
		w.add(urls...)
		w.pass(10 * day)
		w.exec(`UPDATE feed SET parser = $1`, parse.Version-1)
		read := w.pipe.Counts().Read
		w.pass(4 * day)
		hours := make(map[int]int)
		for i := range feeds {
			whole := 0
			for _, a := range w.asks(fmt.Sprintf("site%d.example/feed", i))[1:] {
				if a.whole {
					whole++
					hours[int(a.at.Sub(since).Hours())/6]++
				}
			}
			if whole != 1 {
				t.Errorf("feed %d was asked %d times for its whole document, want once", i, whole)
			}
		}
		if n := w.pipe.Counts().Read - read; n != feeds {
			t.Errorf("%d documents were read anew, want %d", n, feeds)
		}
		if len(hours) < 4 || hours[0] > feeds/2 {
			t.Errorf("by quarters of a day: %v; want them spread", hours)
		}
		if f := w.feed(1); f.Parser != parse.Version {
			t.Errorf("read by %d", f.Parser)
		}
	})
}

// exec changes rows behind the store's back.
func (w *sim) exec(q string, args ...any) {
	w.Helper()
	db := w.open()
	defer db.Close()
	if _, err := db.Exec(q, args...); err != nil {
		w.Fatal(err)
	}
}

// TestF35ThreeURLsOfAHost: what is counted is in rows, so that a restart
// forgets nothing.
func TestF35ThreeURLsOfAHost(t *testing.T) {
	simulate(t, nil, func(w *sim) {
		busy := true
		w.site("one.example", func(rw http.ResponseWriter, r *http.Request) {
			if busy {
				rw.Header().Set("Retry-After", "7200")
				rw.WriteHeader(503)
				return
			}
			serve(rw, r, doc("", "1|http://one.example"+r.URL.Path+"|One"))
		})
		w.add("http://one.example/0", "http://one.example/1")
		w.pass(2 * time.Second)
		if hosts := w.hosts(); len(w.asks("one.example/0"))+len(w.asks("one.example/1")) != 2 || len(hosts) != 0 {
			t.Fatalf("two feeds that answer 503 pause %v", hosts)
		}
		time.Sleep(11 * time.Minute)
		w.add("http://one.example/2")
		w.pass(3 * time.Second)
		if hosts := w.hosts(); len(w.asks("one.example/2")) != 1 || len(hosts) != 0 {
			t.Fatalf("a third, eleven minutes later, pauses %v", hosts)
		}
		w.restart() // within ten minutes
		w.add("http://one.example/3", "http://one.example/4", "http://one.example/5")
		w.pass(time.Minute)
		asked := len(w.asks("one.example/3")) + len(w.asks("one.example/4")) + len(w.asks("one.example/5"))
		if hosts := w.hosts(); asked != 2 || len(hosts) != 1 || hosts[0].Host != "one.example" || hosts[0].Until.Sub(w.now()) < 118*time.Minute {
			t.Errorf("three within ten minutes: %d more were asked, pauses %v; want 2, and one of two hours", asked, hosts)
		}
		busy = false
		w.pass(3 * time.Hour)
		if len(w.asks("one.example/5")) == 0 {
			t.Error("not asked after the pause")
		}
	})
}

func (w *sim) hosts() []aggregator.HostPause {
	w.Helper()
	h, err := w.store.Hosts(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return h
}

// TestF36TwentyFeedsAfterAPause come one after the other.
func TestF36TwentyFeedsAfterAPause(t *testing.T) {
	simulate(t, nil, func(w *sim) {
		n := 0
		w.site("one.example", func(rw http.ResponseWriter, r *http.Request) {
			if n++; n == 1 {
				rw.Header().Set("Retry-After", "10800")
				rw.WriteHeader(429)
				return
			}
			serve(rw, r, doc("", "1|http://one.example"+r.URL.Path+"|One"))
		})
		var urls []string
		for i := range 20 {
			urls = append(urls, fmt.Sprintf("http://one.example/%d", i))
		}
		w.add(urls...)
		start := time.Now()
		w.run(4 * time.Hour)
		var all []ask
		for i := range 20 {
			asks := w.asks(fmt.Sprintf("one.example/%d", i))
			if len(asks) == 0 {
				t.Errorf("feed %d was not asked", i)
			}
			all = append(all, asks...)
		}
		w.checkHost("after the pause", all, false)
		for _, a := range all[1:] { // checkHost has sorted them
			if a.at.Sub(start) < 3*time.Hour {
				t.Errorf("asked after %v, during the pause", a.at.Sub(start))
			}
		}
	})
}

// TestF52Gone: two 410 a day apart end the polls; by force it may come back.
func TestF52Gone(t *testing.T) {
	simulate(t, nil, func(w *sim) {
		gone := true
		w.site("news.example", func(rw http.ResponseWriter, r *http.Request) {
			if gone {
				rw.WriteHeader(http.StatusGone)
				return
			}
			serve(rw, r, doc("", "1|http://news.example/1|One"))
		})
		id := w.add("http://news.example/feed")
		w.pass(60 * day)
		asks := w.asks("news.example/feed")
		if f := w.feed(id); f.State != aggregator.FeedGone || !f.NextPollAt.IsZero() || asks[len(asks)-1].at.Sub(asks[0].at) < day || len(asks) > 6 {
			t.Fatalf("%s after %d polls over %v", f.State, len(asks), asks[len(asks)-1].at.Sub(asks[0].at))
		}
		if w.logged("gone for good") != 1 {
			t.Errorf("the end was logged %d times", w.logged("gone for good"))
		}
		gone = false
		w.poll(id, true)
		if f := w.feed(id); f.State != aggregator.FeedActive || !f.NextPollAt.After(w.now()) || !f.GoneAt.IsZero() {
			t.Errorf("revived: %+v", f.PollState)
		}
		w.pass(3 * day)
		if n := len(w.asks("news.example/feed")); n < len(asks)+3 {
			t.Errorf("%d polls after the revival", n-len(asks))
		}
	})
}

// TestF53NeverGivenUp: the intervals grow, the feed dies after 60 days and is
// tried each week, its items stay, and it comes back.
func TestF53NeverGivenUp(t *testing.T) {
	simulate(t, nil, func(w *sim) {
		broken := false
		w.site("news.example", func(rw http.ResponseWriter, r *http.Request) {
			if broken {
				rw.WriteHeader(500)
				return
			}
			serve(rw, r, doc("", "1|http://news.example/1|One"))
		})
		id := w.polled("http://news.example/feed")
		broken = true
		w.pass(59 * day)
		if f := w.feed(id); f.State != aggregator.FeedFailing || f.ETag == "" {
			t.Errorf("after 59 days: %s", f.State)
		}
		w.pass(120 * day)
		asks := w.asks("news.example/feed")
		last := asks[len(asks)-1].at.Sub(asks[len(asks)-2].at)
		if f := w.feed(id); f.State != aggregator.FeedDead || f.Items != 1 || last < 7*day || last > 8*day {
			t.Errorf("after half a year: %s, %d items, asked every %v", f.State, f.Items, last)
		}
		for i, a := range asks[2:] {
			if gap := a.at.Sub(asks[i+1].at); gap < 54*time.Minute || gap > 7*day+2*time.Hour {
				t.Errorf("requests %d and %d are %v apart", i+1, i+2, gap)
			}
		}
		broken = false
		w.pass(8 * day)
		if f := w.feed(id); f.State != aggregator.FeedActive || f.Failures != 0 || f.LastError != "" {
			t.Errorf("recovered: %s, %q", f.State, f.LastError)
		}
		if w.logged("failed for 60 days") != 1 || w.logged("works again") != 1 {
			t.Errorf("log:\n%s", &w.log)
		}
	})
}

// TestF54Refused: 401, 403 and challenges are left alone for longer and longer;
// nothing about us changes.
func TestF54Refused(t *testing.T) {
	for _, tt := range []struct {
		status    int
		challenge bool
		says      string
	}{{401, false, "401"}, {403, false, "403"}, {403, true, "challenge"}} {
		simulate(t, nil, func(w *sim) {
			w.site("news.example", func(rw http.ResponseWriter, r *http.Request) {
				if tt.challenge {
					rw.Header().Set("Cf-Mitigated", "challenge")
				}
				rw.WriteHeader(tt.status)
			})
			id := w.add("http://news.example/feed")
			w.pass(40 * day)
			asks := w.asks("news.example/feed")
			if len(asks) > 14 {
				t.Errorf("%d: asked %d times in 40 days", tt.status, len(asks))
			}
			for i, a := range asks {
				if a.header.Get("User-Agent") != asks[0].header.Get("User-Agent") {
					t.Errorf("request %d comes from %q", i, a.header.Get("User-Agent"))
				}
				if i > 0 && a.at.Sub(asks[i-1].at) < 54*time.Minute {
					t.Errorf("request %d comes after %v", i, a.at.Sub(asks[i-1].at))
				}
			}
			if f := w.feed(id); !strings.Contains(strings.ToLower(f.LastError), tt.says) || f.State != aggregator.FeedFailing {
				t.Errorf("%d: %s, %q", tt.status, f.State, f.LastError)
			}
		})
	}
}

// TestF55WhatIsNoFeedTakesNothingAway.
func TestF55WhatIsNoFeedTakesNothingAway(t *testing.T) {
	whole := doc("", "1|http://news.example/1|One", "2|http://news.example/2|Two", "3|http://news.example/3|Three")
	for _, tt := range []struct {
		name, body string
		cut        bool // the connection breaks off
		state      aggregator.FeedState
		flagged    bool
	}{
		{"a page", "<!DOCTYPE html><html><body>Welcome</body></html>", false, aggregator.FeedFailing, true},
		{"no items", doc(""), false, aggregator.FeedActive, false},
		{"the connection breaks off", whole[:strings.Index(whole, "<title>Two")], true, aggregator.FeedActive, true},
		{"the document breaks off", whole[:strings.Index(whole, "<title>Two")], false, aggregator.FeedActive, true},
	} {
		simulate(t, nil, func(w *sim) {
			n := 0
			w.site("news.example", func(rw http.ResponseWriter, r *http.Request) {
				n++
				rw.Header().Set("ETag", fmt.Sprintf("%q", fmt.Sprint("v", n)))
				switch {
				case n != 2:
					fmt.Fprint(rw, whole)
				case tt.cut:
					rw.Header().Set("Content-Length", "100000")
					fmt.Fprint(rw, tt.body)
				default:
					fmt.Fprint(rw, tt.body)
				}
			})
			id := w.polled("http://news.example/feed")
			time.Sleep(time.Hour)
			w.poll(id, false)
			f := w.feed(id)
			if f.Items != 3 || f.State != tt.state || (f.LastError != "") != tt.flagged {
				t.Errorf("%s: %d items, %s, %q", tt.name, f.Items, f.State, f.LastError)
			}
			if keep := tt.cut || tt.state == aggregator.FeedFailing; keep != (f.ETag == `"v1"`) {
				t.Errorf("%s: validators %s", tt.name, f.ETag)
			}
			time.Sleep(2 * time.Hour)
			w.poll(id, false)
			if f = w.feed(id); f.Items != 3 || f.State != aggregator.FeedActive || f.LastError != "" || f.ETag != `"v3"` {
				t.Errorf("%s, then whole again: %d items, %s, %q, %s", tt.name, f.Items, f.State, f.LastError, f.ETag)
			}
			if got := w.titles(); len(got) != 3 {
				t.Errorf("%s: items %v", tt.name, got)
			}
		})
	}
}
