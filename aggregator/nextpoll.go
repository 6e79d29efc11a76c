package aggregator

import "time"

// NextPoll returns when a feed will really be asked, and why then, in words:
// its own next poll, or the end of its host's pause if that comes later. The
// zero pause is none. The time is zero for a feed that is not polled.
func (f *Feed) NextPoll(pause HostPause) (at time.Time, reason string) {
	switch {
	case f.State == FeedGone || f.State == FeedDisabled:
		if f.NextPollReason == "" || f.State == FeedDisabled {
			return time.Time{}, string(f.State)
		}
		return time.Time{}, f.NextPollReason
	case pause.Until.After(f.NextPollAt):
		return pause.Until, "host pause: " + pause.Reason
	case f.NextPollReason == "" && f.LastPollAt.IsZero():
		return f.NextPollAt, "not polled yet"
	}
	return f.NextPollAt, f.NextPollReason
}
