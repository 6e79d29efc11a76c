package poll_test

import (
	"slices"
	"testing"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/poll"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) // a Tuesday

const day = 24 * time.Hour

// plain is the default schedule without jitter.
var plain = poll.Schedule{Rand: func() float64 { return 0 }, HostKey: hostKey}

func feed() *aggregator.Feed {
	f := &aggregator.Feed{ID: 1}
	f.URL, f.State = "https://news.example/feed", aggregator.FeedActive
	return f
}

func read(etag, modified string) *aggregator.PollReport {
	return &aggregator.PollReport{
		Outcome: aggregator.PollRead, At: noon, BodyHash: "h", Document: &aggregator.FeedDocument{},
		Fetch: aggregator.Fetch{Status: 200, ETag: etag, LastModified: modified},
	}
}

func notModified() *aggregator.PollReport {
	return &aggregator.PollReport{Outcome: aggregator.PollNotModified, At: noon, Fetch: aggregator.Fetch{Status: 304}}
}

func failed(status int, kind string) *aggregator.PollReport {
	return &aggregator.PollReport{Outcome: aggregator.PollFailed, At: noon, Err: "it broke", ErrKind: kind, Fetch: aggregator.Fetch{Status: status}}
}

func asking(status int, after time.Duration) *aggregator.PollReport {
	r := failed(status, "status")
	r.Fetch.RetryAfter, r.Fetch.HasRetryAfter = after, true
	return r
}

func TestValidators(t *testing.T) {
	unchanged := read("e2", "")
	unchanged.Outcome = aggregator.PollUnchanged
	renewed := notModified()
	renewed.Fetch.ETag = "e2"
	truncated := read("", "")
	truncated.Truncated = true
	for _, tt := range []struct {
		name           string
		report         *aggregator.PollReport
		etag, modified string
	}{
		{"F-04 a 200 replaces both", read("e2", "m2"), "e2", "m2"},
		{"F-04 a 200 clears what is missing", read("", ""), "", ""},
		{"F-05 the same body with new validators", unchanged, "e2", ""},
		{"F-06 a bare 304 keeps both", notModified(), "e1", "m1"},
		{"F-06 a 304 with a new ETag", renewed, "e2", "m1"},
		{"F-11 a failure keeps both", failed(500, "status"), "e1", "m1"},
		{"F-55 HTML in place of a feed keeps both", failed(200, "not_a_feed"), "e1", "m1"},
		{"F-55 a body that broke off has none; those of the last whole one are true", truncated, "e1", "m1"},
	} {
		f := feed()
		f.ETag, f.LastModified = "e1", "m1"
		st, _ := plain.Next(f, tt.report)
		if st.ETag != tt.etag || st.LastModified != tt.modified {
			t.Errorf("%s: validators %q, %q, want %q, %q", tt.name, st.ETag, st.LastModified, tt.etag, tt.modified)
		}
	}
}

func TestF07StaticFeedForAMonthIsAskedConditionally(t *testing.T) {
	f := feed()
	f.ETag, f.NewestItemAt, f.MedianGap = "e1", noon, 10*day // slow: no guard
	for at := noon; at.Before(noon.Add(90 * day)); at = f.NextPollAt {
		r := notModified()
		r.At = at
		if f.PollState, _ = plain.Next(f, r); f.ETag != "e1" || f.Stuck(at) {
			t.Fatalf("validators dropped after %v", at.Sub(noon))
		}
	}
}

func TestF09NotModifiedIsSuccess(t *testing.T) {
	f := feed()
	f.State, f.Failures, f.FailingSince, f.LastError, f.GoneAt = aggregator.FeedFailing, 4, noon.Add(-day), "it broke", noon
	r := notModified()
	r.Fetch.MaxAge = 5 * time.Hour
	st, _ := plain.Next(f, r)
	if st.State != aggregator.FeedActive || st.Failures != 0 || !st.FailingSince.IsZero() || st.LastError != "" || !st.GoneAt.IsZero() {
		t.Errorf("a 304 leaves %+v", st)
	}
	if st.LastSuccessAt != noon || st.LastPollAt != noon || st.LastStatus != 304 {
		t.Errorf("a 304 is no success: %+v", st)
	}
}

func TestF10RepeatedBodiesWithoutValidators(t *testing.T) {
	f := feed()
	var hours []float64
	at := noon
	for range 14 {
		r := read("", "")
		r.At = at
		if f.BodyHash != "" {
			r.Outcome = aggregator.PollUnchanged
		} else {
			r.Found.New = []time.Time{at}
		}
		f.PollState, _ = plain.Next(f, r)
		hours = append(hours, f.NextPollAt.Sub(at).Hours())
		at = f.NextPollAt
	}
	if !slices.Equal(hours[:4], []float64{1, 1, 1, 2}) || !slices.IsSorted(hours) || hours[13] < 14 || hours[13] > 24 {
		t.Errorf("intervals %v, want 1, 1, 1, 2, … up to 24", hours)
	}
}

func TestF31AdaptiveInterval(t *testing.T) {
	ago := func(d time.Duration) time.Time { return noon.Add(-d) }
	for _, tt := range []struct {
		name   string
		gap    time.Duration
		newest time.Time
		want   time.Duration
	}{
		{"nothing known", 0, time.Time{}, 6 * time.Hour},
		{"one item, just now", 0, noon, time.Hour},
		{"one item, yesterday", 0, ago(day), 12 * time.Hour},
		{"one item, last year", 0, ago(365 * day), day},
		{"every minute", time.Minute, ago(time.Minute), time.Hour},
		{"every two hours", 2 * time.Hour, ago(time.Hour), time.Hour},
		{"every six hours", 6 * time.Hour, ago(time.Hour), 3 * time.Hour},
		{"every six hours, late", 6 * time.Hour, ago(16 * time.Hour), 8 * time.Hour},
		{"daily", day, ago(time.Hour), 12 * time.Hour},
		{"weekly", 7 * day, ago(day), day},
		{"every minute, asleep", time.Minute, ago(9 * time.Hour), 270 * time.Minute},
		{"every minute, dead", time.Minute, ago(90 * day), day},
		{"clock stepped back", time.Hour, noon.Add(day), time.Hour},
	} {
		f := feed()
		f.MedianGap, f.NewestItemAt, f.ETag = tt.gap, tt.newest, "e"
		st, _ := plain.Next(f, notModified())
		if got := st.NextPollAt.Sub(noon); got != tt.want || st.NextPollReason != "adaptive" {
			t.Errorf("%s: next in %v (%s), want %v", tt.name, got, st.NextPollReason, tt.want)
		}
	}
}

func TestF30F32HintsAndJitter(t *testing.T) {
	for _, tt := range []struct {
		name        string
		maxAge, ttl time.Duration
		fixed       time.Duration
		rand        float64
		want        time.Duration
		reason      string
	}{
		{"none", 0, 0, 0, 0, time.Hour, "adaptive"},
		{"jitter adds up to a tenth", 0, 0, 0, 0.5, 63 * time.Minute, "adaptive"},
		{"max-age", 3 * time.Hour, 0, 0, 0, 3 * time.Hour, "max-age"},
		{"ttl", 3 * time.Hour, 5 * time.Hour, 0, 0, 5 * time.Hour, "ttl"},
		{"shorter than the interval", 10 * time.Minute, 0, 0, 0, time.Hour, "adaptive"},
		{"a year is a week", 365 * day, 0, 0, 0, 7 * day, "max-age"},
		{"beyond MaxInterval", 3 * day, 0, 0, 0, 3 * day, "max-age"},
		{"fixed by the editor", 0, 0, 20 * time.Minute, 0, 20 * time.Minute, "fixed interval"},
	} {
		f := feed()
		f.NewestItemAt, f.Interval = noon, tt.fixed
		r := read("e", "")
		r.Fetch.MaxAge, r.Document.TTL = tt.maxAge, tt.ttl
		s := plain
		s.Rand = func() float64 { return tt.rand }
		st, _ := s.Next(f, r)
		if got := st.NextPollAt.Sub(noon); got != tt.want || st.NextPollReason != tt.reason {
			t.Errorf("%s: next in %v (%s), want %v (%s)", tt.name, got, st.NextPollReason, tt.want, tt.reason)
		}
	}
}

func TestF33SkipHoursAndDays(t *testing.T) {
	hours := func(hs ...int) (m uint32) {
		for _, h := range hs {
			m |= 1 << h
		}
		return m
	}
	days := func(ds ...time.Weekday) (m uint8) {
		for _, d := range ds {
			m |= 1 << d
		}
		return m
	}
	for _, tt := range []struct {
		name  string
		hours uint32
		days  uint8
		want  time.Duration // after noon; it would be 1 h
	}{
		{"other hours", hours(0, 1, 2, 14), 0, time.Hour},
		{"this hour", hours(13), 0, 2 * time.Hour},
		{"until midnight", hours(13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23), 0, 12 * time.Hour},
		{"today", 0, days(time.Tuesday), 12 * time.Hour},
		{"today and tomorrow before nine", hours(0, 1, 2, 3, 4, 5, 6, 7, 8), days(time.Tuesday), 21 * time.Hour},
		{"all hours are none", 1<<24 - 1, 0, time.Hour},
		{"all days are none", 0, 1<<7 - 1, time.Hour},
	} {
		f := feed()
		f.NewestItemAt = noon
		r := read("e", "")
		r.Document.SkipHours, r.Document.SkipDays = tt.hours, tt.days
		st, _ := plain.Next(f, r)
		if got := st.NextPollAt.Sub(noon); got != tt.want {
			t.Errorf("%s: next in %v, want %v", tt.name, got, tt.want)
		}
		if moved := tt.want != time.Hour; moved != (st.NextPollReason == "skipHours/skipDays") {
			t.Errorf("%s: reason %q", tt.name, st.NextPollReason)
		}
	}
}

func TestTruncatedFeedKeepsItsWarning(t *testing.T) {
	r := read("", "")
	r.Err = "the answer broke off before its end"
	if st, _ := plain.Next(feed(), r); st.LastError != r.Err || st.State != aggregator.FeedActive || st.Failures != 0 {
		t.Errorf("state %+v", st)
	}
}

// TestF04ValidatorsBelongToAnAddress: those of a redirect's target are kept
// with its name.
func TestF04ValidatorsBelongToAnAddress(t *testing.T) {
	f := feed()
	r := read("e1", "")
	r.Fetch.FinalURL, r.Fetch.ValidatorsURL = "https://there.example/feed", "https://there.example/feed"
	f.PollState, _ = plain.Next(f, r)
	if f.ValidatorsURL != "https://there.example/feed" {
		t.Errorf("validators of %q", f.ValidatorsURL)
	}
	if st, _ := plain.Next(f, notModified()); st.ValidatorsURL != f.ValidatorsURL {
		t.Errorf("after a 304: validators of %q", st.ValidatorsURL)
	}
	r = read("e2", "")
	r.Fetch.FinalURL, r.Fetch.ValidatorsURL = f.URL, f.URL
	if st, _ := plain.Next(f, r); st.ValidatorsURL != f.URL || st.ETag != "e2" {
		t.Errorf("after a 200 of another address: %q of %q", st.ETag, st.ValidatorsURL)
	}
}

func TestF07StuckFeedIsAskedAnewOncePer30Days(t *testing.T) {
	for _, tt := range []struct {
		name  string
		gap   time.Duration
		whole func(at time.Time) *aggregator.PollReport // the answer without validators
		want  int
	}{
		{"nothing has changed", 2 * time.Hour, func(time.Time) *aggregator.PollReport {
			r := read("e1", "")
			r.Outcome = aggregator.PollUnchanged
			return r
		}, 3},
		{"it breaks every time", 2 * time.Hour, func(time.Time) *aggregator.PollReport { return failed(200, "unparsable") }, 3},
		{"it says 304 even then", 2 * time.Hour, func(time.Time) *aggregator.PollReport { return failed(304, "protocol") }, 3},
		{"a feed of few items is not stuck", 4 * day, nil, 0},
	} {
		f := feed()
		f.PollState, _ = plain.Next(f, read("e1", ""))
		f.NewestItemAt, f.MedianGap = noon, tt.gap
		var asked []time.Time
		for at := f.NextPollAt; at.Before(noon.Add(95 * day)); at = f.NextPollAt {
			r := notModified()
			if f.Stuck(at) {
				r = tt.whole(at)
				r.Whole = true
				asked = append(asked, at)
			}
			r.At = at
			f.PollState, _ = plain.Next(f, r)
			if f.ETag != "e1" {
				t.Fatalf("%s: the validators are gone", tt.name)
			}
		}
		if len(asked) != tt.want {
			t.Errorf("%s: asked anew %d times in 95 days, want %d", tt.name, len(asked), tt.want)
		}
	}
}

func TestF39PushedFeedsArePolledDaily(t *testing.T) {
	for _, tt := range []struct {
		name   string
		until  time.Duration
		maxAge time.Duration
		want   time.Duration
	}{
		{"a hub announces changes", 10 * day, 0, day},
		{"no longer", -time.Minute, 0, time.Hour},
		{"max-age is longer", 10 * day, 3 * day, 3 * day},
	} {
		f := feed()
		f.NewestItemAt, f.PushedUntil = noon, noon.Add(tt.until)
		r := read("e", "")
		r.Fetch.MaxAge = tt.maxAge
		if st, _ := plain.Next(f, r); st.NextPollAt.Sub(noon) != tt.want {
			t.Errorf("%s: next in %v (%s), want %v", tt.name, st.NextPollAt.Sub(noon), st.NextPollReason, tt.want)
		}
	}
}

// TestF40ClockSetBack: what was noted by a clock that ran a day ahead counts as
// noted now.
func TestF40ClockSetBack(t *testing.T) {
	f := feed()
	later := noon.Add(day)
	r := failed(410, "status")
	r.At = later
	f.PollState, _ = plain.Next(f, r)
	f.MovedSince, f.AwaySince, f.WholeAt, f.LastSuccessAt, f.NewestItemAt, f.ItemTimes = later, later, later, later, later, []time.Time{later}
	st, _ := plain.Next(f, failed(410, "status"))
	if !st.FailingSince.Equal(noon) || !st.GoneAt.Equal(noon) || st.WholeAt.After(noon) || st.LastSuccessAt.After(noon) || st.State == aggregator.FeedGone {
		t.Errorf("after a failure: %+v", st)
	}
	r = read("e", "")
	r.Found.New = []time.Time{{}, {}}
	if st, _ = plain.Next(f, r); st.NewestItemAt.After(noon) || st.NextPollAt.Sub(noon) != time.Hour {
		t.Errorf("newest item %v, next in %v", st.NewestItemAt, st.NextPollAt.Sub(noon))
	}
	// A clock that jumps ahead makes everything old, and nothing else.
	f = feed()
	f.PollState, _ = plain.Next(f, read("e", ""))
	r = notModified()
	r.At = later
	if st, _ = plain.Next(f, r); st.State != aggregator.FeedActive || st.ETag != "e" || st.NextPollAt.Before(later.Add(time.Hour)) {
		t.Errorf("after a jump ahead: %+v", st)
	}
}

func TestF63TwiceInARow(t *testing.T) {
	f := feed()
	step := func(regenerated bool) bool {
		r := read("e", "")
		r.Found.Regenerated = regenerated
		f.PollState, _ = plain.Next(f, r)
		return f.LinkIdentity
	}
	if step(true) || step(false) || step(true) {
		t.Error("switched after a single poll")
	}
	f.PollState, _ = plain.Next(f, notModified()) // says nothing of GUIDs
	if !step(true) || !step(false) {
		t.Error("not switched after two polls in a row, for good")
	}
}

func TestTruncatedAgainKeepsItsWarning(t *testing.T) {
	f := feed()
	r := read("", "")
	r.Err = "the document ends too early"
	f.PollState, _ = plain.Next(f, r)
	r = read("", "")
	r.Outcome = aggregator.PollUnchanged
	if st, _ := plain.Next(f, r); st.LastError == "" {
		t.Error("F-55: the same broken bytes again count as whole")
	}
}
