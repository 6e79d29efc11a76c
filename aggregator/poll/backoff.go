package poll

import (
	"fmt"
	"time"

	"topicwire/aggregator"
)

// afterFailure returns a feed's state after a poll that brought nothing.
// Validators, hints and items stay as they are.
func (s Schedule) afterFailure(f *aggregator.Feed, st aggregator.PollState, r *aggregator.PollReport) (aggregator.PollState, *aggregator.HostPause) {
	st.MaxAge = f.MaxAge
	if st.LastError == "" {
		st.LastError = "the poll failed"
	}
	st.Failures++
	// A machine without a clock of its own begins in 1970: that is no reason to
	// think that the feed has failed ever since.
	if st.FailingSince.IsZero() || st.FailingSince.Year() < firstYear && r.At.Year() >= firstYear {
		st.FailingSince = r.At
	}
	if f.State != aggregator.FeedDisabled {
		st.State = aggregator.FeedFailing
	}
	pauseMove(&st)
	fallBack(f, &st)

	if s.gone(f, &st, r) {
		st.NextPollAt, st.NextPollReason = time.Time{}, "gone"
		return st, nil
	}
	wait, reason := s.backoff(&st, r)
	at := r.At.Add(wait)
	if r.Fetch.HasRetryAfter {
		// The server's word goes before our guess, but 0 is no invitation
		// to hammer: the shortest interval holds.
		asked := min(r.Fetch.RetryAfter, maxRetryAfter)
		if throttled(r.Fetch.Status) || asked >= wait {
			wait = max(asked, s.MinInterval)
			at, reason = r.At.Add(wait), retryReason(&r.Fetch)
		}
	}
	pause := s.pauseFor(f, r, at, reason)
	if s.dead(f, &st, r) {
		if weekly := r.At.Add(deadInterval); weekly.After(at) {
			at, reason = weekly, "dead: probed once a week"
		}
	}
	st.NextPollAt, st.NextPollReason = at, reason
	return st, pause
}

// backoff returns how long to leave a failing feed alone, by what failed (§0).
func (s Schedule) backoff(st *aggregator.PollState, r *aggregator.PollReport) (time.Duration, string) {
	start, limit := backoffStart, backoffMax
	switch status := r.Fetch.Status; {
	case throttled(status):
		start, limit = throttledStart, throttledMax
	case r.ErrKind == "not_a_feed", r.ErrKind == "unparsable", r.ErrKind == "too_large", r.ErrKind == "forbidden",
		r.ErrKind == "url", status >= 400 && status < 500:
		limit = refusedMax
	}
	wait := limit
	if n := st.Failures - 1; n < 16 {
		wait = min(start<<n, limit)
	}
	wait = max(time.Duration(float64(wait)*(0.9+0.4*s.Rand())), start) // never sooner than the first step (§8, 18)
	return wait, fmt.Sprintf("back-off after %s", times(st.Failures))
}

func times(n int) string {
	if n == 1 {
		return "a failure"
	}
	return fmt.Sprintf("%d failures", n)
}

func throttled(status int) bool { return status == 429 || status == 503 }

func retryReason(f *aggregator.Fetch) string {
	switch {
	case f.RateLimit > 0 && f.RateLimit == f.RetryAfter:
		return "rate limit"
	case f.RetryAfter > maxRetryAfter:
		return "Retry-After (more than 31 days, cut)"
	}
	return "Retry-After"
}

// gone notes a 410 and tells if it is the second one a day after the first
// (F-52).
func (s Schedule) gone(f *aggregator.Feed, st *aggregator.PollState, r *aggregator.PollReport) bool {
	if r.Fetch.Status != 410 {
		if r.Fetch.Status != 0 { // an answer that says otherwise
			st.GoneAt = time.Time{}
		}
		return false
	}
	if st.GoneAt.IsZero() {
		st.GoneAt = r.At
		return false
	}
	if r.At.Sub(st.GoneAt) < goneAfter || f.State == aggregator.FeedDisabled || f.OriginURL != "" {
		return false // a feed that has moved is first asked for where it came from
	}
	st.State = aggregator.FeedGone
	return true
}

// dead tells if a feed has failed for two months: it is then probed once a
// week, for ever (F-53).
func (s Schedule) dead(f *aggregator.Feed, st *aggregator.PollState, r *aggregator.PollReport) bool {
	if r.At.Sub(st.FailingSince) < deadAfter || f.State == aggregator.FeedDisabled {
		return false
	}
	st.State = aggregator.FeedDead
	return true
}

// failingURLs is how many feeds of a host must answer 503 within ten minutes
// for the host to be left alone.
const failingURLs = 3

// pauseFor returns the pause that a failure asks of the whole host (F-35): 429
// always, 503 once several feeds of the host answer it, and whatever says that
// the host's rate limit is used up.
func (s Schedule) pauseFor(f *aggregator.Feed, r *aggregator.PollReport, until time.Time, reason string) *aggregator.HostPause {
	switch limit := min(r.Fetch.RateLimit, maxRetryAfter); {
	case r.Fetch.Status == 429, r.Fetch.Status == 503 && r.Found.Failing+1 >= failingURLs:
	case limit > 0:
		until, reason = r.At.Add(limit), "the host's rate limit is used up"
	default:
		return nil
	}
	return s.hostPause(f, r, until, fmt.Sprintf("%d, %s", r.Fetch.Status, reason))
}

// hostPause pauses the host of a feed, if it was it that answered: anybody can
// redirect to any host, and have others pay for what is said there.
func (s Schedule) hostPause(f *aggregator.Feed, r *aggregator.PollReport, until time.Time, reason string) *aggregator.HostPause {
	if s.HostKey == nil {
		return nil
	}
	host := s.HostKey(f.URL)
	if to := r.Fetch.FinalURL; host == "" || to != "" && s.HostKey(to) != host || s.PerURL != nil && s.PerURL(host) {
		return nil
	}
	return &aggregator.HostPause{Host: host, Until: until, Reason: reason}
}
