package pipeline_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/pipeline"
	"topicwire/aggregator/poll"
)

const day = 24 * time.Hour

// TestF07StaticFeedForAMonth: validators are kept for ever.
func TestF07StaticFeedForAMonth(t *testing.T) {
	simulate(t, nil, func(w *sim) {
		body := doc("", history(time.Now(), day, 10)...)
		w.site("news.example", func(rw http.ResponseWriter, r *http.Request) { serve(rw, r, body) })
		w.add("http://news.example/feed")
		w.pass(30 * day)
		asks := w.asks("news.example/feed")
		whole := 0
		for _, a := range asks {
			if a.whole {
				whole++
			}
		}
		if whole != 1 || len(asks) < 30 || len(asks) > 120 {
			t.Errorf("%d requests, %d of them unconditional; want some dozens and 1", len(asks), whole)
		}
		w.pass(33 * day) // nothing but 304 for 30 days from a feed that had daily news
		again := 0
		for _, a := range w.asks("news.example/feed")[len(asks):] {
			if a.whole {
				again++
			}
		}
		if again != 2 {
			t.Errorf("%d unconditional requests in the 33 days after, want 2", again)
		}
	})
}

// TestF30NoPromiseIsBrokenInAMonth: thirty sites with all ways to ask for
// patience, four feeds each, for a month.
func TestF30NoPromiseIsBrokenInAMonth(t *testing.T) {
	month := 30 * day
	if raceEnabled { // slow, and looks for other faults
		month = 2 * day
	}
	kinds := []struct {
		name   string
		header string // of every answer, 304 too
		extra  string // in the document
		status int
		least  time.Duration
	}{
		{"plain", "", "", 200, time.Hour},
		{"max-age", "Cache-Control: max-age=14400", "", 200, 4 * time.Hour},
		{"max-age less Age", "Cache-Control: max-age=14400\nAge: 3600", "", 200, 3 * time.Hour},
		{"s-maxage is for shared caches", "Cache-Control: s-maxage=864000", "", 200, time.Hour},
		{"no-cache", "Cache-Control: no-cache, max-age=864000", "", 200, time.Hour},
		{"a week is the most", "Cache-Control: max-age=31536000", "", 200, 7 * day},
		{"ttl", "", "<ttl>360</ttl>", 200, 6 * time.Hour},
		{"sy", "", "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", 200, 12 * time.Hour},
		{"sy is daily by default", "", "<sy:updateFrequency>3</sy:updateFrequency>", 200, 8 * time.Hour},
		{"Retry-After 500", "Retry-After: 36000", "", 500, 10 * time.Hour},
		{"Retry-After 404", "Retry-After: 172800", "", 404, 2 * day},
		{"Retry-After 503", "Retry-After: 18000", "", 503, 5 * time.Hour},
		{"Retry-After 429", "Retry-After: 18000", "", 429, 5 * time.Hour},
		{"bare 429", "", "", 429, 216 * time.Minute},
		{"bare 503", "Retry-After: soon", "", 503, 216 * time.Minute},
		{"more than 31 days", "Retry-After: 8640000", "", 429, 31 * day},
		{"rate limit", "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 25200", "", 200, 7 * time.Hour},
		{"skipHours", "", "<skipHours><hour>0</hour><hour>24</hour><hour>1</hour><hour>2</hour><hour>3</hour></skipHours>", 200, time.Hour},
		{"skipDays", "", "<skipDays><day>Saturday</day><day>Sunday</day></skipDays>", 200, time.Hour},
	}
	simulate(t, nil, func(w *sim) {
		start := time.Now()
		var urls []string
		for i, k := range kinds {
			host := fmt.Sprintf("site%d.example", i)
			w.site(host, func(rw http.ResponseWriter, r *http.Request) {
				for line := range strings.Lines(k.header) {
					name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
					rw.Header().Set(name, value)
				}
				if k.status != 200 {
					rw.WriteHeader(k.status)
					return
				}
				// Three items an hour: the feed's own rhythm is the fastest.
				serve(rw, r, doc(k.extra, history(time.Now().Truncate(time.Hour), 20*time.Minute, 20)...))
			})
			for n := range 4 {
				urls = append(urls, fmt.Sprintf("http://%s/%d", host, n))
			}
		}
		w.add(urls...)
		w.run(month)
		for i, k := range kinds {
			var all []ask
			for n := range 4 {
				asks := w.asks(fmt.Sprintf("site%d.example/%d", i, n))
				w.checkGaps(fmt.Sprintf("%s, feed %d", k.name, n), asks, k.least)
				all = append(all, asks...)
				if !strings.HasPrefix(k.name, "skip") {
					continue
				}
				for _, a := range asks[1:] {
					if at := a.at.UTC(); k.name == "skipHours" && at.Hour() < 4 || k.name == "skipDays" && at.Weekday()%6 == 0 {
						t.Errorf("%s: asked at %v", k.name, at)
					}
				}
			}
			w.checkHost(k.name, all, k.status == 429)
			if most := int(month/k.least) + 1; len(all) > 4*most || len(all) < 1 {
				t.Errorf("%s: %d requests", k.name, len(all))
			}
		}
		if n := w.logged("cut"); n == 0 {
			t.Error("F-34: a wait of more than 31 days was cut without a word")
		}
		t.Logf("%d feeds, %d requests in %v", len(urls), len(w.net.Requests()), time.Since(start))
	})
}

// checkGaps looks at the time between an answer and the next request.
func (w *sim) checkGaps(name string, asks []ask, least time.Duration) {
	w.Helper()
	for i := 1; i < len(asks); i++ {
		if gap := asks[i].at.Sub(asks[i-1].answered); gap < least-time.Second { // times are kept in seconds
			w.Errorf("%s: requests %d and %d are %v apart, want %v", name, i-1, i, gap, least)
			return
		}
	}
}

// checkHost looks at what one host sees: two seconds between any two requests,
// and after 429 nothing at all before the pause is over.
func (w *sim) checkHost(name string, asks []ask, pauses bool) {
	w.Helper()
	slices.SortFunc(asks, func(a, b ask) int { return a.at.Compare(b.at) })
	for i := 1; i < len(asks); i++ {
		gap, least := asks[i].at.Sub(asks[i-1].answered), 2*time.Second
		if pauses {
			least = 3 * time.Hour
		}
		if gap < least {
			w.Errorf("%s: the host was asked twice within %v, want %v", name, gap, least)
			return
		}
	}
}

// TestF32DateSkewDoesNotMatter: Expires is judged by the server's own clock.
func TestF32DateSkewDoesNotMatter(t *testing.T) {
	for _, skew := range []time.Duration{0, 3 * time.Hour, -3 * time.Hour} {
		simulate(t, nil, func(w *sim) {
			w.site("news.example", func(rw http.ResponseWriter, r *http.Request) {
				now := time.Now().Add(skew).UTC()
				rw.Header().Set("Date", now.Format(http.TimeFormat))
				rw.Header().Set("Expires", now.Add(5*time.Hour).Format(http.TimeFormat))
				serve(rw, r, doc("", history(time.Now(), time.Minute, 20)...))
			})
			f := w.feed(w.polled("http://news.example/feed"))
			if got := f.NextPollAt.Sub(f.LastPollAt).Round(time.Minute); got < 5*time.Hour || got > 5*time.Hour+30*time.Minute || f.NextPollReason != "max-age" {
				t.Errorf("skew %v: next in %v (%s), want 5 h", skew, got, f.NextPollReason)
			}
		})
	}
}

// polled adds a feed and polls it.
func (w *sim) polled(url string) aggregator.FeedID {
	w.Helper()
	id := w.add(url)
	w.poll(id, false)
	return id
}

func TestF34RetryAfterInAllForms(t *testing.T) {
	is := func(value string) func(time.Time) string { return func(time.Time) string { return value } }
	in := func(d time.Duration, layout string) func(time.Time) string {
		return func(now time.Time) string { return now.Add(d).UTC().Format(layout) }
	}
	for _, tt := range []struct {
		name   string
		value  func(now time.Time) string
		status int
		want   time.Duration
	}{
		{"seconds", is("14400"), 429, 4 * time.Hour},
		{"IMF-fixdate", in(4*time.Hour, http.TimeFormat), 429, 4 * time.Hour},
		{"RFC 850", in(4*time.Hour, "Monday, 02-Jan-06 15:04:05 GMT"), 503, 4 * time.Hour},
		{"asctime", in(4*time.Hour, time.ANSIC), 500, 4 * time.Hour},
		{"negative", is("-5"), 429, time.Hour},
		{"past", in(-time.Hour, http.TimeFormat), 429, time.Hour},
		{"a month and a half", is("3888000"), 429, 31 * day},
	} {
		noJitter := poll.Schedule{HostKey: hostKey, Rand: func() float64 { return 0 }}
		simulate(t, func(o *pipeline.Options) { o.Next = noJitter.Next }, func(w *sim) {
			w.site("news.example", func(rw http.ResponseWriter, r *http.Request) {
				rw.Header().Set("Retry-After", tt.value(time.Now()))
				rw.WriteHeader(tt.status)
			})
			f := w.feed(w.polled("http://news.example/feed"))
			if got := f.NextPollAt.Sub(f.LastPollAt); got != tt.want {
				t.Errorf("%s: next in %v (%s), want %v", tt.name, got, f.NextPollReason, tt.want)
			}
		})
	}
}

// TestF33AllHoursAreNone, with a warning, once.
func TestF33AllHoursAreNone(t *testing.T) {
	simulate(t, nil, func(w *sim) {
		var hours strings.Builder
		for h := range 24 {
			fmt.Fprintf(&hours, "<hour>%d</hour>", h+1)
		}
		w.site("news.example", func(rw http.ResponseWriter, r *http.Request) {
			fmt.Fprint(rw, doc("<skipHours>"+hours.String()+"</skipHours>", history(time.Now(), time.Minute, 20)...))
		})
		w.add("http://news.example/feed")
		w.pass(10 * time.Hour)
		if n := len(w.asks("news.example/feed")); n < 5 {
			t.Errorf("%d requests in ten hours", n)
		}
		if n := w.logged("not heeded"); n != 1 {
			t.Errorf("%d warnings, want 1", n)
		}
	})
}
