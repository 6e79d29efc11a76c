package pipeline_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"topicwire/aggregator"
)

// mover is a feed that is redirected from some day on.
type mover struct {
	*sim
	id   aggregator.FeedID
	to   string // where old.example/feed is redirected to; empty: it answers itself
	code int    // of the redirect
	down bool   // new.example fails
}

// moving tests a feed at old.example; new.example has the same.
func moving(t *testing.T, test func(m *mover)) {
	t.Helper()
	simulate(t, nil, func(w *sim) {
		m := &mover{sim: w, code: http.StatusMovedPermanently}
		body := doc("", history(time.Now(), 6*time.Hour, 10)...)
		w.site("old.example", func(rw http.ResponseWriter, r *http.Request) {
			if m.to != "" {
				http.Redirect(rw, r, m.to, m.code)
				return
			}
			serve(rw, r, body)
		})
		w.site("new.example", func(rw http.ResponseWriter, r *http.Request) {
			if m.down {
				rw.WriteHeader(404)
				return
			}
			serve(rw, r, body)
		})
		m.id = w.add("http://old.example/feed")
		w.pass(2 * day)
		test(m)
	})
}

// hour is another word each hour.
func hour() string { return time.Now().Truncate(time.Hour).Format(time.DateTime) }

func (m *mover) url() string {
	m.Helper()
	return m.feed(m.id).URL
}

// TestF50AMoveIsBelievedAfterThreeDays, and undone after three failures.
func TestF50AMoveIsBelievedAfterThreeDays(t *testing.T) {
	moving(t, func(m *mover) {
		m.to = "http://new.example/feed"
		m.pass(3 * day)
		if m.url() != "http://old.example/feed" {
			t.Fatal("moved within three days")
		}
		m.pass(4 * day)
		f := m.feed(m.id)
		if f.URL != "http://new.example/feed" || f.OriginURL != "http://old.example/feed" || f.ETag == "" || f.MovedTo != "" || f.Items != 10 {
			t.Fatalf("feed %+v", f)
		}
		if m.logged("has moved for good") != 1 {
			t.Errorf("log:\n%s", &m.log)
		}
		before := len(m.asks("old.example/feed"))
		asked := len(m.asks("new.example/feed"))
		m.pass(2 * day)
		for _, a := range m.asks("new.example/feed")[asked:] {
			if a.whole {
				t.Error("F-07: asked without validators for having moved")
			}
		}
		if n := len(m.asks("old.example/feed")); n != before {
			t.Errorf("the old address was asked %d times more", n-before)
		}

		m.down, m.to = true, ""
		m.pass(2 * day)
		if f = m.feed(m.id); f.URL != "http://old.example/feed" || f.OriginURL != "" || f.State != aggregator.FeedActive {
			t.Errorf("after failures at the new address: %s, %s, %s", f.URL, f.State, f.LastError)
		}
	})
}

// TestF50Traps: what looks like a move and is none.
func TestF50Traps(t *testing.T) {
	for _, tt := range []struct {
		name  string
		setup func(m *mover)
		items int
		state aggregator.FeedState
	}{
		{"temporary", func(m *mover) { m.to, m.code = "http://new.example/feed", http.StatusFound }, 10, aggregator.FeedActive},
		{"a page of apologies", func(m *mover) {
			m.site("sorry.example", func(rw http.ResponseWriter, r *http.Request) {
				fmt.Fprint(rw, "<!DOCTYPE html><html><body>Sorry</body></html>")
			})
			m.to = "http://sorry.example/"
		}, 10, aggregator.FeedFailing},
		{"a feed of apologies", func(m *mover) {
			m.site("sorry.example", func(rw http.ResponseWriter, r *http.Request) {
				serve(rw, r, doc("", "s1|http://sorry.example/1|Sorry"))
			})
			m.to = "http://sorry.example/"
		}, 11, aggregator.FeedActive},
		{"apologies, first by a temporary redirect", func(m *mover) {
			m.site("sorry.example", func(rw http.ResponseWriter, r *http.Request) {
				serve(rw, r, doc("", "s1|http://sorry.example/1|Sorry", "s2|http://sorry.example/2|Undated"))
			})
			m.to, m.code = "http://sorry.example/", http.StatusFound
			m.pass(day)
			m.code = http.StatusMovedPermanently
		}, 12, aggregator.FeedActive},
		{"apologies that move on", func(m *mover) {
			m.site("sorry.example", func(rw http.ResponseWriter, r *http.Request) {
				serve(rw, r, doc("", "s1|http://sorry.example/1|Sorry"))
			})
			m.to = "http://sorry.example/"
			m.pass(day)
			m.to = "http://sorry.example/all"
		}, 11, aggregator.FeedActive},
		{"apologies that are worded anew each hour", func(m *mover) {
			m.site("sorry.example", func(rw http.ResponseWriter, r *http.Request) {
				serve(rw, r, doc("", "s1|http://sorry.example/1|Sorry "+hour(), "s2|http://sorry.example/2|Very sorry "+hour()))
			})
			m.to = "http://sorry.example/"
		}, 12, aggregator.FeedActive},
		{"apologies with an id", func(m *mover) {
			m.site("sorry.example", func(rw http.ResponseWriter, r *http.Request) {
				serve(rw, r, `<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:sorry</id><title>Sorry</title><entry><id>urn:1</id><title>Since `+hour()+`</title></entry></feed>`)
			})
			m.to = "http://sorry.example/"
		}, 11, aggregator.FeedActive},
		{"a loop", func(m *mover) { m.to = "http://old.example/feed" }, 10, aggregator.FeedFailing},
		{"a name that is none", func(m *mover) { m.to = "http://nowhere.example/feed" }, 10, aggregator.FeedFailing},
	} {
		moving(t, func(m *mover) {
			tt.setup(m)
			m.pass(14 * day)
			f := m.feed(m.id)
			if f.URL != "http://old.example/feed" || f.OriginURL != "" || f.Items != tt.items || f.State != tt.state {
				t.Errorf("%s: %s, %d items, %s, %q; want it where it was, %d, %s", tt.name, f.URL, f.Items, f.State, f.LastError, tt.items, tt.state)
			}
			m.to = ""
			m.pass(10 * day) // longer than the longest back-off
			if f = m.feed(m.id); f.State != aggregator.FeedActive || f.MovedPolls != 0 || !f.AwaySince.IsZero() {
				t.Errorf("%s, and home again: %s, %+v", tt.name, f.State, f.PollState)
			}
		})
	}
}

// TestF50ToOneSubscribedAlready: the feed stays, and says of which it is a
// duplicate, for as long as there are both.
func TestF50ToOneSubscribedAlready(t *testing.T) {
	moving(t, func(m *mover) {
		m.add("http://new.example/feed")
		m.to = "http://new.example/feed"
		m.pass(9 * day)
		if f := m.feed(m.id); f.URL != "http://old.example/feed" || f.DuplicateOf != "http://new.example/feed" || f.State != aggregator.FeedActive {
			t.Fatalf("%s, duplicate of %q", f.URL, f.DuplicateOf)
		}
		if m.logged("subscribed already") != 1 {
			t.Errorf("logged %d times", m.logged("subscribed already"))
		}
		m.to = ""
		m.pass(2 * day)
		if f := m.feed(m.id); f.DuplicateOf != "" {
			t.Errorf("home again, and duplicate of %q", f.DuplicateOf)
		}
	})
}

// TestF50FromTheFirstPoll is the common good case: the address in everybody's
// list is one that the site has not used for years.
func TestF50FromTheFirstPoll(t *testing.T) {
	simulate(t, nil, func(w *sim) {
		w.site("news.example", func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, "http://www.news.example"+r.URL.Path, http.StatusPermanentRedirect)
		})
		w.site("www.news.example", func(rw http.ResponseWriter, r *http.Request) {
			serve(rw, r, doc("", history(time.Now().Truncate(30*day), 6*time.Hour, 10)...))
		})
		w.site("one.example", func(rw http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/new":
				serve(rw, r, doc("", history(time.Now().Truncate(30*day), 6*time.Hour, 10)...))
			case len(w.asks("one.example/old")) == 3:
				rw.WriteHeader(http.StatusBadGateway) // once: the days begin anew
			default:
				http.Redirect(rw, r, "/new", http.StatusMovedPermanently)
			}
		})
		id, other := w.add("http://news.example/feed"), w.add("http://one.example/old")
		w.pass(10 * day)
		if f := w.feed(other); f.URL != "http://one.example/new" || f.OriginURL != "http://one.example/old" || f.Items == 0 {
			t.Errorf("%s, subscribed as %s, %d items", f.URL, f.OriginURL, f.Items)
		}
		if f := w.feed(id); f.URL != "http://www.news.example/feed" || f.OriginURL != "http://news.example/feed" {
			t.Errorf("%s, subscribed as %s", f.URL, f.OriginURL)
		}
		whole := 0
		for _, a := range w.asks("www.news.example/feed") {
			if a.whole {
				whole++
			}
		}
		if whole != 1 {
			t.Errorf("F-07: %d unconditional requests, want 1", whole)
		}
	})
}

// TestF04ValidatorsOfAnotherURL are not sent: each address has its own.
func TestF04ValidatorsOfAnotherURL(t *testing.T) {
	moving(t, func(m *mover) {
		m.to, m.code = "http://new.example/other", http.StatusFound
		m.poll(m.id, false)
		asks := m.asks("new.example/other")
		if len(asks) != 1 || !asks[0].whole {
			t.Errorf("the target of a redirect was sent the validators of its source: %v", asks[0].header)
		}
		m.to = ""
		n := len(m.asks("old.example/feed"))
		m.poll(m.id, false)
		if a := m.asks("old.example/feed"); !a[n].whole {
			t.Errorf("and the other way round: %v", a[n].header)
		}
	})
}
