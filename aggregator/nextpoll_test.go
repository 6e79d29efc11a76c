package aggregator_test

import (
	"testing"
	"time"

	"topicwire/aggregator"
)

// TestF35NextPollIsWhenTheFeedIsAsked: the later of a feed's own time and its
// host's pause, with the reason of that one.
func TestF35NextPollIsWhenTheFeedIsAsked(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	in := func(h int) time.Time { return now.Add(time.Duration(h) * time.Hour) }
	pause := aggregator.HostPause{Host: "example.org", Until: in(4), Reason: "429, Retry-After"}
	for _, tt := range []struct {
		name   string
		st     aggregator.PollState
		pause  aggregator.HostPause
		at     time.Time
		reason string
	}{
		{"its own", aggregator.PollState{LastPollAt: now, NextPollAt: in(1), NextPollReason: "max-age"}, aggregator.HostPause{}, in(1), "max-age"},
		{"the host's", aggregator.PollState{LastPollAt: now, NextPollAt: in(1), NextPollReason: "max-age"}, pause, in(4), "host pause: 429, Retry-After"},
		{"its own behind the host's", aggregator.PollState{LastPollAt: now, NextPollAt: in(5), NextPollReason: "ttl"}, pause, in(5), "ttl"},
		{"new", aggregator.PollState{NextPollAt: now}, aggregator.HostPause{}, now, "not polled yet"},
		{"new, of a host that is paused", aggregator.PollState{NextPollAt: now}, pause, in(4), "host pause: 429, Retry-After"},
		{"gone", aggregator.PollState{State: aggregator.FeedGone, NextPollReason: "gone"}, pause, time.Time{}, "gone"},
		{"switched off", aggregator.PollState{State: aggregator.FeedDisabled, NextPollAt: in(1), NextPollReason: "ttl"}, pause, time.Time{}, "disabled"},
		{"dead", aggregator.PollState{State: aggregator.FeedDead, LastPollAt: now, NextPollAt: in(168), NextPollReason: "dead: probed once a week"}, pause, in(168), "dead: probed once a week"},
	} {
		f := &aggregator.Feed{PollState: tt.st}
		if at, reason := f.NextPoll(tt.pause); !at.Equal(tt.at) || reason != tt.reason {
			t.Errorf("%s: %v, %q; want %v, %q", tt.name, at, reason, tt.at, tt.reason)
		}
	}
}
