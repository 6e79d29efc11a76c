package poll

import (
	"math/rand/v2"
	"time"

	"topicwire/aggregator"
)

// The numbers of BEHAVIOUR §0.
const (
	defaultMinInterval = time.Hour
	defaultMaxInterval = 24 * time.Hour
	undatedInterval    = 6 * time.Hour
	wastedPolls        = 3 // identical bodies before the interval doubles
	maxHint            = 7 * 24 * time.Hour
	maxRetryAfter      = 31 * 24 * time.Hour
	jitter             = 0.10

	backoffStart   = time.Hour
	backoffMax     = 24 * time.Hour
	refusedMax     = 7 * 24 * time.Hour
	throttledStart = 4 * time.Hour
	throttledMax   = 7 * 24 * time.Hour

	deadAfter    = 60 * 24 * time.Hour
	deadInterval = 7 * 24 * time.Hour
	goneAfter    = 24 * time.Hour

	movedPolls    = 5 // BEHAVIOUR F-50
	movedTime     = 72 * time.Hour
	stuckAfter    = 30 * 24 * time.Hour
	stuckGap      = 3 * 24 * time.Hour
	clockTolerant = 5 * time.Minute
	firstYear     = 2025 // a clock that shows less has not been set (O-12)
	gapsKept      = 20
)

// Schedule decides when a feed is polled again. The zero value uses the
// defaults. It keeps nothing: all it knows is in the feed's row and the poll's
// report.
//
// A NextPollReason of "rate limit", or one that begins with "Retry-After", is
// the server's word: the store keeps to it even if all feeds are to be polled.
type Schedule struct {
	MinInterval, MaxInterval time.Duration // of the adaptive interval
	// HostKey names the host that a 429 pauses (fetch.HostKey); nil: no host
	// is paused, only the feed.
	HostKey func(url string) string
	// PerURL tells if the feeds of a host are strangers to each other, as
	// on a machine of the local network: it is never paused as a whole.
	PerURL func(host string) bool
	// Failures, if set, notices hosts of which several feeds answer 503.
	Failures *HostFailures
	Rand     func() float64 // in [0,1); nil: math/rand/v2
}

// Next returns a feed's state after a poll, and the pause that the answer
// asks of its host, or nil.
func (s Schedule) Next(f *aggregator.Feed, r *aggregator.PollReport) (aggregator.PollState, *aggregator.HostPause) {
	s = s.filled()
	st := f.PollState
	st.LastPollAt, st.LastStatus, st.LastError = r.At, r.Fetch.Status, r.Err
	st.MaxAge = r.Fetch.MaxAge
	if r.Outcome == aggregator.PollFailed {
		return s.afterFailure(f, st, r)
	}
	return s.afterSuccess(f, st, r)
}

func (s Schedule) filled() Schedule {
	if s.MinInterval <= 0 {
		s.MinInterval = defaultMinInterval
	}
	if s.MaxInterval <= 0 {
		s.MaxInterval = defaultMaxInterval
	}
	s.MaxInterval = max(s.MaxInterval, s.MinInterval)
	if s.Rand == nil {
		s.Rand = rand.Float64
	}
	return s
}

func (s Schedule) afterSuccess(f *aggregator.Feed, st aggregator.PollState, r *aggregator.PollReport) (aggregator.PollState, *aggregator.HostPause) {
	s.noteSuccess(f, &st, r)
	s.noteMove(f, &st, r)

	wait, reason := s.adaptive(f, &st, r)
	if f.Interval > 0 {
		wait, reason = f.Interval, "fixed interval"
	}
	if h, why := hint(&st); h > wait {
		wait, reason = h, why
	}
	wait += time.Duration(jitter * s.Rand() * float64(wait)) // a hint is "not before"
	at := r.At.Add(wait)
	var pause *aggregator.HostPause
	if r.Fetch.HasRetryAfter { // X-RateLimit-Reset with nothing remaining
		if until := r.At.Add(min(r.Fetch.RetryAfter, maxRetryAfter)); until.After(r.At) {
			pause = s.hostPause(f, until, "the host's rate limit is used up")
			if until.After(at) {
				at, reason = until, "rate limit"
			}
		}
	}
	if moved := afterSkips(at, st.SkipHours, st.SkipDays); moved.After(at) {
		at, reason = moved, "skipHours/skipDays"
	}
	st.NextPollAt, st.NextPollReason = at, reason
	return st, pause
}

// noteSuccess keeps what a good answer says of the document.
func (s Schedule) noteSuccess(f *aggregator.Feed, st *aggregator.PollState, r *aggregator.PollReport) {
	st.State = aggregator.FeedActive
	if f.State == aggregator.FeedDisabled {
		st.State = aggregator.FeedDisabled
	}
	st.Failures, st.FailingSince, st.GoneAt = 0, time.Time{}, time.Time{}
	switch r.Outcome {
	case aggregator.PollNotModified:
		st.LastError = ""
		// F-06: a 304 renews what it carries and says nothing of the rest.
		if r.Fetch.ETag != "" {
			st.ETag = r.Fetch.ETag
		}
		if r.Fetch.LastModified != "" {
			st.LastModified = r.Fetch.LastModified
		}
		st.SameBodies = 0
		if stuck(f, r.At) { // F-07: one unconditional request may free a server that says 304 for ever
			st.ETag, st.LastModified = "", ""
		}
	case aggregator.PollUnchanged:
		st.LastError = ""
		st.ETag, st.LastModified = r.Fetch.ETag, r.Fetch.LastModified // F-05
		st.SameBodies++
	default:
		st.ETag, st.LastModified, st.BodyHash = r.Fetch.ETag, r.Fetch.LastModified, r.BodyHash // F-04
		st.SameBodies = 0
		if d := r.Document; d != nil {
			st.TTL, st.SkipHours, st.SkipDays = d.TTL, d.SkipHours, d.SkipDays
		}
	}
	st.LastSuccessAt = r.At
	noteGaps(st, r.NewItems)
}

// stuck tells if nothing but 304 has come for a month from a feed that used to
// change every few days. Once per month: asking anew makes it news.
func stuck(f *aggregator.Feed, now time.Time) bool {
	if f.MedianGap <= 0 || f.MedianGap >= stuckGap || f.NewestItemAt.IsZero() || f.ETag == "" && f.LastModified == "" {
		return false
	}
	quiet := now.Sub(f.NewestItemAt)
	before := f.LastPollAt.Sub(f.NewestItemAt)
	return quiet/stuckAfter > max(0, before)/stuckAfter
}

// adaptive returns the interval that the feed's own rhythm suggests (F-31), or
// for a feed without validators that repeats itself (F-10, §0).
func (s Schedule) adaptive(f *aggregator.Feed, st *aggregator.PollState, r *aggregator.PollReport) (time.Duration, string) {
	if st.ETag == "" && st.LastModified == "" && st.SameBodies > 0 {
		d := s.MinInterval
		for n := st.SameBodies / wastedPolls; n > 0 && d < s.MaxInterval; n-- {
			d *= 2
		}
		return min(max(d, s.rhythm(st, r.At)), s.MaxInterval), "unchanged without validators"
	}
	return s.rhythm(st, r.At), "adaptive"
}

func (s Schedule) rhythm(st *aggregator.PollState, now time.Time) time.Duration {
	gap := 2 * undatedInterval
	if !st.NewestItemAt.IsZero() {
		gap = max(st.MedianGap, now.Sub(st.NewestItemAt))
	}
	return min(max(gap/2, s.MinInterval), s.MaxInterval)
}

// hint returns the longest time that the publisher asks to wait (F-32).
func hint(st *aggregator.PollState) (time.Duration, string) {
	h, why := st.MaxAge, "max-age"
	if st.TTL > h {
		h, why = st.TTL, "ttl"
	}
	return min(h, maxHint), why
}

// afterSkips moves a time out of the hours and days that the publisher wants
// to be left alone in, GMT (F-33). If all are listed, none is.
func afterSkips(at time.Time, hours uint32, days uint8) time.Time {
	const allHours, allDays = 1<<24 - 1, 1<<7 - 1
	hours, days = hours&allHours, days&allDays
	if hours == allHours {
		hours = 0
	}
	if days == allDays {
		days = 0
	}
	if hours == 0 && days == 0 {
		return at
	}
	t := at.UTC()
	for range 24 * 8 {
		if hours&(1<<t.Hour()) == 0 && days&(1<<t.Weekday()) == 0 {
			return t.In(at.Location())
		}
		t = t.Truncate(time.Hour).Add(time.Hour)
	}
	return at
}

// noteMove counts the polls that a chain of permanent redirects led to the
// same place (F-50). Whether the feed may move there is for Moved to say.
func (s Schedule) noteMove(f *aggregator.Feed, st *aggregator.PollState, r *aggregator.PollReport) {
	to := r.Fetch.FinalURL
	switch {
	case !r.Fetch.PermanentMove || to == "" || to == f.URL || downgrade(f.URL, to):
		st.MovedTo, st.MovedSince, st.MovedPolls = "", time.Time{}, 0
	case to != f.MovedTo:
		st.MovedTo, st.MovedSince, st.MovedPolls = to, r.At, 1
	default:
		st.MovedPolls++
	}
}

// Moved tells if a feed's permanent redirect has lasted long enough to be
// believed: five polls over three days to the same address, which could be
// read as a feed (F-50).
func Moved(st *aggregator.PollState) bool {
	return st.MovedTo != "" && st.MovedPolls >= movedPolls && st.LastPollAt.Sub(st.MovedSince) >= movedTime &&
		st.Failures == 0
}
