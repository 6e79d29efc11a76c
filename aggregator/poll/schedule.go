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
	pushedInterval     = 24 * time.Hour // F-39
	wastedPolls        = 3              // identical bodies before the interval doubles
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

	clockTolerant = 5 * time.Minute
	firstYear     = 2025 // a clock that shows less has not been set (O-12)
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
	Rand   func() float64 // in [0,1); nil: math/rand/v2
}

// Next returns a feed's state after a poll, and the pause that the answer
// asks of its host, or nil.
func (s Schedule) Next(f *aggregator.Feed, r *aggregator.PollReport) (aggregator.PollState, *aggregator.HostPause) {
	s = s.filled()
	st := f.PollState
	settleClock(&st, r.At)
	st.LastPollAt, st.LastStatus, st.LastError = r.At, r.Fetch.Status, r.Err
	st.MaxAge, st.AdoptURL = r.Fetch.MaxAge, ""
	if r.Fetch.PlainBody {
		st.PlainBody = true // for good: the server does not know what it sends (F-23)
	}
	if r.Whole || r.Outcome == aggregator.PollRead || r.Outcome == aggregator.PollUnchanged {
		st.WholeAt = r.At
	}
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

// settleClock takes what lies in the future for now: the clock was set back
// since it was noted (F-40).
func settleClock(st *aggregator.PollState, now time.Time) {
	ahead := now.Add(clockTolerant)
	for _, t := range []*time.Time{&st.LastPollAt, &st.LastSuccessAt, &st.WholeAt, &st.FailingSince, &st.GoneAt, &st.MovedSince, &st.AwaySince} {
		if t.After(ahead) {
			*t = now
		}
	}
	if st.NewestItemAt.After(ahead) { // and the rhythm is that of another time
		st.NewestItemAt, st.ItemTimes = now, nil
	}
}

func (s Schedule) afterSuccess(f *aggregator.Feed, st aggregator.PollState, r *aggregator.PollReport) (aggregator.PollState, *aggregator.HostPause) {
	noteItems(f, &st, r) // by the poll before
	noteSuccess(f, &st, r)
	noteMove(f, &st, r)

	wait, reason := s.interval(f, &st, r.At)
	wait += time.Duration(jitter * s.Rand() * float64(wait)) // a hint is "not before"
	at := r.At.Add(wait)
	var pause *aggregator.HostPause
	if limit := min(r.Fetch.RateLimit, maxRetryAfter); limit > 0 {
		until := r.At.Add(limit)
		pause = s.hostPause(f, r, until, "the host's rate limit is used up")
		if until.After(at) {
			at, reason = until, "rate limit"
		}
	}
	if moved := afterSkips(at, st.SkipHours, st.SkipDays); moved.After(at) {
		at, reason = moved, "skipHours/skipDays"
	}
	st.NextPollAt, st.NextPollReason = at, reason
	return st, pause
}

// noteSuccess keeps what a good answer says of the document.
func noteSuccess(f *aggregator.Feed, st *aggregator.PollState, r *aggregator.PollReport) {
	st.State = aggregator.FeedActive
	if f.State == aggregator.FeedDisabled {
		st.State = aggregator.FeedDisabled
	}
	st.Failures, st.FailingSince, st.GoneAt = 0, time.Time{}, time.Time{}
	st.LastSuccessAt = r.At
	if r.Outcome == aggregator.PollNotModified {
		st.LastError, st.SameBodies = "", 0
		// F-06: a 304 renews what it carries and says nothing of the rest.
		if r.Fetch.ETag != "" {
			st.ETag = r.Fetch.ETag
		}
		if r.Fetch.LastModified != "" {
			st.LastModified = r.Fetch.LastModified
		}
		return
	}
	// F-04, F-05: a body replaces the pair as a whole. One that broke off has
	// no validators of its own; those of the last whole one are still true.
	if !r.Truncated {
		st.ETag, st.LastModified, st.ValidatorsURL = r.Fetch.ETag, r.Fetch.LastModified, r.Fetch.ValidatorsURL
		if st.ValidatorsURL == "" {
			st.ValidatorsURL = r.Fetch.FinalURL
		}
	}
	if r.Outcome == aggregator.PollUnchanged {
		st.SameBodies++
		if st.LastError = ""; f.Failures == 0 {
			st.LastError = f.LastError // what was wrong with these bytes still is
		}
		return
	}
	noteDocument(st, r)
}

// noteDocument keeps what a document that was read says.
func noteDocument(st *aggregator.PollState, r *aggregator.PollReport) {
	st.SameBodies = 0
	if !r.Fetch.Delta {
		st.BodyHash = r.BodyHash
	}
	if r.Parser != 0 {
		st.Parser = r.Parser
	}
	if d := r.Document; d != nil && !r.Fetch.Delta && !r.Truncated {
		st.TTL, st.SkipHours, st.SkipDays = d.TTL, d.SkipHours, d.SkipDays
	}
	if !r.Found.Regenerated {
		st.Regenerated = 0
	} else {
		st.Regenerated++
	}
	if r.OneGUID || st.Regenerated >= regeneratedPolls {
		st.LinkIdentity = true // F-63
	}
}

// regeneratedPolls is how often in a row a feed has to come with new GUIDs for
// its old items to be taken for one that always will.
const regeneratedPolls = 2

// interval returns how long a feed that answers well is left alone, and why.
func (s Schedule) interval(f *aggregator.Feed, st *aggregator.PollState, now time.Time) (time.Duration, string) {
	wait, reason := s.adaptive(st, now)
	if f.Interval > 0 {
		wait, reason = f.Interval, "fixed interval"
	} else if st.PushedUntil.After(now) {
		wait, reason = pushedInterval, "its hub announces changes"
	}
	if h, why := hint(st); h > wait {
		wait, reason = h, why
	}
	return wait, reason
}

// adaptive returns the interval that the feed's own rhythm suggests (F-31), or
// for a feed without validators that repeats itself (F-10, §0).
func (s Schedule) adaptive(st *aggregator.PollState, now time.Time) (time.Duration, string) {
	if st.ETag == "" && st.LastModified == "" && st.SameBodies > 0 {
		d := s.MinInterval
		for n := st.SameBodies / wastedPolls; n > 0 && d < s.MaxInterval; n-- {
			d *= 2
		}
		return min(max(d, s.rhythm(st, now)), s.MaxInterval), "unchanged without validators"
	}
	return s.rhythm(st, now), "adaptive"
}

// hint returns the longest time that the publisher asks to wait (F-32).
func hint(st *aggregator.PollState) (time.Duration, string) {
	h, why := st.MaxAge, "max-age"
	if st.TTL > h {
		h, why = st.TTL, "ttl"
	}
	return min(h, maxHint), why
}

const allHours, allDays = 1<<24 - 1, 1<<7 - 1

// afterSkips moves a time out of the hours and days that the publisher wants
// to be left alone in, GMT (F-33). If all are listed, none is.
func afterSkips(at time.Time, hours uint32, days uint8) time.Time {
	if hours &= allHours; hours == allHours {
		hours = 0
	}
	if days &= allDays; days == allDays {
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
