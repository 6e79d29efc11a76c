package poll_test

import (
	"strings"
	"testing"
	"time"

	"topicwire/aggregator"
)

func TestF34F35RetryAfterAndPauses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		report *aggregator.PollReport
		wait   time.Duration
		reason string
		pause  time.Duration // of the host; 0: none
	}{
		{"429 with seconds", asking(429, 2*time.Hour), 2 * time.Hour, "Retry-After", 2 * time.Hour},
		{"429, 72 h are not shortened", asking(429, 72*time.Hour), 72 * time.Hour, "Retry-After", 72 * time.Hour},
		{"429, a year is 31 days", asking(429, 365*day), 31 * day, "cut", 31 * day},
		{"429, now is not before the interval", asking(429, 0), time.Hour, "Retry-After", time.Hour},
		{"bare 429", failed(429, "status"), 4 * time.Hour, "back-off", 4 * time.Hour},
		{"503 with seconds", asking(503, 5*time.Hour), 5 * time.Hour, "Retry-After", 0},
		{"bare 503", failed(503, "status"), 4 * time.Hour, "back-off", 0},
		{"500 with seconds", asking(500, 5*time.Hour), 5 * time.Hour, "Retry-After", 0},
		{"403 with less than the back-off", asking(403, time.Minute), time.Hour, "back-off", 0},
	} {
		st, pause := plain.Next(feed(), tt.report)
		if got := st.NextPollAt.Sub(noon); got != tt.wait || !strings.Contains(st.NextPollReason, tt.reason) {
			t.Errorf("%s: next in %v (%s), want %v (%s)", tt.name, got, st.NextPollReason, tt.wait, tt.reason)
		}
		switch {
		case tt.pause == 0 && pause != nil:
			t.Errorf("%s: pauses %+v", tt.name, pause)
		case tt.pause != 0 && (pause == nil || pause.Host != "news.example" || pause.Until.Sub(noon) != tt.pause):
			t.Errorf("%s: pause %+v, want %v", tt.name, pause, tt.pause)
		}
	}
}

func TestF35LocalHostsArePausedPerURL(t *testing.T) {
	s := plain
	s.PerURL = func(host string) bool { return host == "127.0.0.1" }
	f := feed()
	f.URL = "http://127.0.0.1:8080/feed"
	if st, pause := s.Next(f, asking(429, 2*time.Hour)); pause != nil || st.NextPollAt.Sub(noon) != 2*time.Hour {
		t.Errorf("pause %+v, next in %v, want the feed alone to wait", pause, st.NextPollAt.Sub(noon))
	}
}

// TestF35RedirectsPauseNobody: where a feed leads is its own choice: what is
// answered there is no reason to leave the neighbours of either host alone.
func TestF35RedirectsPauseNobody(t *testing.T) {
	used := read("e", "")
	used.Fetch.RetryAfter, used.Fetch.HasRetryAfter, used.Fetch.RateLimit = 9*time.Hour, true, 9*time.Hour
	for _, r := range []*aggregator.PollReport{asking(429, 9*time.Hour), used} {
		for to, paused := range map[string]bool{"https://evil.example/x": false, "https://www.news.example/other": true} {
			r.Fetch.FinalURL = to
			st, pause := plain.Next(feed(), r)
			if (pause != nil) != paused || st.NextPollAt.Sub(noon) != 9*time.Hour {
				t.Errorf("%d at %s: pause %+v, next in %v", r.Fetch.Status, to, pause, st.NextPollAt.Sub(noon))
			}
		}
	}
}

func TestF35RateLimitUsedUp(t *testing.T) {
	r := read("e", "")
	r.Fetch.RetryAfter, r.Fetch.HasRetryAfter, r.Fetch.RateLimit = 9*time.Hour, true, 9*time.Hour
	st, pause := plain.Next(feed(), r)
	if pause == nil || pause.Until.Sub(noon) != 9*time.Hour || st.NextPollAt.Sub(noon) != 9*time.Hour || st.NextPollReason != "rate limit" {
		t.Errorf("next in %v (%s), pause %+v, want 9 h", st.NextPollAt.Sub(noon), st.NextPollReason, pause)
	}
}

// TestF35RateLimitUsedUpOnFailures: the host is left alone until its limit is
// renewed, whatever the status; the feed as long as its failure asks.
func TestF35RateLimitUsedUpOnFailures(t *testing.T) {
	for _, tt := range []struct {
		status       int
		retry, limit time.Duration
		pause, next  time.Duration
		reason       string
	}{
		{403, 9 * time.Hour, 9 * time.Hour, 9 * time.Hour, 9 * time.Hour, "rate limit"},
		{500, 9 * time.Hour, 9 * time.Hour, 9 * time.Hour, 9 * time.Hour, "rate limit"},
		{503, 9 * time.Hour, 9 * time.Hour, 9 * time.Hour, 9 * time.Hour, "rate limit"},
		{429, 9 * time.Hour, 9 * time.Hour, 9 * time.Hour, 9 * time.Hour, "rate limit"},
		{500, 9 * time.Hour, 2 * time.Hour, 2 * time.Hour, 9 * time.Hour, "Retry-After"},
		{500, 10 * time.Minute, 10 * time.Minute, 10 * time.Minute, 60 * time.Minute, "back-off after a failure"},
		{500, 99 * day, 99 * day, 31 * day, 31 * day, "rate limit"},
		{500, 9 * time.Hour, 0, 0, 9 * time.Hour, "Retry-After"},
	} {
		r := asking(tt.status, tt.retry)
		r.Fetch.RateLimit = tt.limit
		st, pause := plain.Next(feed(), r)
		if got := st.NextPollAt.Sub(noon); got != tt.next || st.NextPollReason != tt.reason {
			t.Errorf("%d, limit %v: next in %v (%s), want %v (%s)", tt.status, tt.limit, got, st.NextPollReason, tt.next, tt.reason)
		}
		if got := pause != nil; got != (tt.pause > 0) || got && pause.Until.Sub(noon) != tt.pause {
			t.Errorf("%d, limit %v: pause %+v, want %v", tt.status, tt.limit, pause, tt.pause)
		}
	}
}

func TestF53F54BackOff(t *testing.T) {
	for _, tt := range []struct {
		name   string
		report *aggregator.PollReport
		hours  []float64
	}{
		{"F-53 500", failed(500, "status"), []float64{1, 2, 4, 8, 16, 24, 24}},
		{"F-53 dns", failed(0, "dns"), []float64{1, 2, 4, 8, 16, 24, 24}},
		{"F-53 timeout", failed(0, "timeout"), []float64{1, 2, 4, 8, 16, 24, 24}},
		{"F-53 404", failed(404, "status"), []float64{1, 2, 4, 8, 16, 32, 64, 128, 168, 168}},
		{"F-54 401", failed(401, "status"), []float64{1, 2, 4, 8, 16, 32, 64, 128, 168, 168}},
		{"F-54 403", failed(403, "status"), []float64{1, 2, 4, 8, 16, 32, 64, 128, 168, 168}},
		{"F-55 HTML", failed(200, "not_a_feed"), []float64{1, 2, 4, 8, 16, 32, 64, 128, 168, 168}},
		{"unparsable", failed(200, "unparsable"), []float64{1, 2, 4, 8, 16, 32, 64, 128, 168, 168}},
		{"bare 429", failed(429, "status"), []float64{4, 8, 16, 32, 64, 128, 168, 168}},
		{"bare 503", failed(503, "status"), []float64{4, 8, 16, 32, 64, 128, 168, 168}},
	} {
		for _, rnd := range []float64{0, 0.999999} {
			s := plain
			s.Rand = func() float64 { return rnd }
			f := feed()
			for i, want := range tt.hours {
				st, _ := s.Next(f, tt.report)
				f.PollState = st
				want = max(want*(0.9+0.4*rnd), tt.hours[0]) // spread, but never sooner than the first step
				if got := st.NextPollAt.Sub(noon).Hours(); got < want-0.01 || got > want+0.01 {
					t.Errorf("%s: failure %d: next in %.2f h, want %.2f", tt.name, i+1, got, want)
				}
				if st.State != aggregator.FeedFailing || st.Failures != i+1 || st.LastError == "" || st.FailingSince != noon {
					t.Errorf("%s: failure %d: %+v", tt.name, i+1, st)
				}
			}
		}
	}
}

func TestF53DeadFeedsAreProbedForEver(t *testing.T) {
	f := feed()
	at := noon
	var last time.Duration
	for range 200 {
		r := failed(500, "status")
		r.At = at
		f.PollState, _ = plain.Next(f, r)
		last = f.NextPollAt.Sub(at)
		at = f.NextPollAt
		if dead := at.Add(-last).Sub(noon) >= 60*day; dead != (f.State == aggregator.FeedDead) {
			t.Fatalf("after %v: state %s", at.Sub(noon), f.State)
		}
	}
	if last != 7*day {
		t.Errorf("a dead feed is probed every %v, want 7 days", last)
	}
	r := notModified()
	r.At = at
	if st, _ := plain.Next(f, r); st.State != aggregator.FeedActive || st.Failures != 0 {
		t.Errorf("a dead feed that answers: %+v", st)
	}
}

func TestF52GoneAfterTwo410sADayApart(t *testing.T) {
	f := feed()
	step := func(status int, after time.Duration) aggregator.FeedState {
		r := failed(status, "status")
		r.At = noon.Add(after)
		f.PollState, _ = plain.Next(f, r)
		return f.State
	}
	for i, s := range []struct {
		status int
		after  time.Duration
		want   aggregator.FeedState
	}{
		{410, 0, aggregator.FeedFailing},
		{410, 2 * time.Hour, aggregator.FeedFailing},
		{0, 20 * time.Hour, aggregator.FeedFailing},   // no answer says nothing
		{404, 25 * time.Hour, aggregator.FeedFailing}, // begins anew
		{410, 26 * time.Hour, aggregator.FeedFailing},
		{410, 51 * time.Hour, aggregator.FeedGone},
	} {
		if got := step(s.status, s.after); got != s.want {
			t.Errorf("step %d: state %s, want %s", i, got, s.want)
		}
	}
	if !f.NextPollAt.IsZero() || f.NextPollReason != "gone" {
		t.Errorf("a gone feed is polled at %v (%s)", f.NextPollAt, f.NextPollReason)
	}
}

func TestDisabledFeedsStayDisabled(t *testing.T) {
	for _, r := range []*aggregator.PollReport{notModified(), failed(500, "status"), failed(410, "status")} {
		f := feed()
		f.State = aggregator.FeedDisabled
		if st, _ := plain.Next(f, r); st.State != aggregator.FeedDisabled {
			t.Errorf("after %s: state %s", r.Outcome, st.State)
		}
	}
}

// TestO12FailureBeforeTheClockWasSet: a machine that boots in 1970 and fails to
// fetch then does not take the feed for dead once its clock is right.
func TestO12FailureBeforeTheClockWasSet(t *testing.T) {
	f := feed()
	r := failed(0, "dns")
	r.At = time.Date(1970, 1, 1, 0, 1, 0, 0, time.UTC)
	f.PollState, _ = plain.Next(f, r)
	r.At = noon
	st, _ := plain.Next(f, r)
	if st.State != aggregator.FeedFailing || !st.FailingSince.Equal(noon) {
		t.Errorf("%s, failing since %v", st.State, st.FailingSince)
	}
}

func TestF35ThreeFailingFeedsPauseTheirHost(t *testing.T) {
	for others, paused := range []bool{false, false, true, true} {
		r := asking(503, 3*time.Hour)
		r.Found.Failing = others
		st, pause := plain.Next(feed(), r)
		if (pause != nil) != paused || paused && (pause.Host != "news.example" || !pause.Until.Equal(st.NextPollAt)) {
			t.Errorf("%d others fail: pause %+v", others, pause)
		}
	}
	r := asking(503, 3*time.Hour)
	r.Found.Failing = 9
	s := plain
	s.PerURL = func(string) bool { return true }
	if _, pause := s.Next(feed(), r); pause != nil {
		t.Errorf("feeds that are strangers to each other pause their host: %+v", pause)
	}
}
