package poll

import (
	"net/url"
	"strings"
	"time"

	"topicwire/aggregator"
)

// How long a permanent redirect must last to be believed (F-50), and how
// often in a row the new address may fail before the old one is tried again.
const (
	movedPolls    = 5
	movedTime     = 72 * time.Hour
	movedFailures = 3
)

// noteMove counts the polls that a chain of permanent redirects led to the
// same place, and whether the document there is the one we know. Both
// together, for long enough, make that place the feed's own (F-50). A mistake
// of a site's, such as one page of apologies for all its feeds, lasts less
// long or has nothing in common with the feed.
func noteMove(f *aggregator.Feed, st *aggregator.PollState, r *aggregator.PollReport) {
	to := aggregator.FeedURL(r.Fetch.FinalURL)
	if to == "" || to == asNamed(f.URL) {
		st.AwaySince = time.Time{}
		stay(st)
		return
	}
	if st.AwaySince.IsZero() {
		st.AwaySince = r.At
	}
	if !r.Fetch.PermanentMove || downgrade(f.URL, to) {
		stay(st)
		return
	}
	if to != st.MovedTo {
		stay(st)
		st.MovedTo = to
	}
	if st.MovedPolls == 0 {
		st.MovedSince = r.At
	}
	st.MovedPolls++
	st.MovedKnown = st.MovedKnown || sameFeed(f, r)
	if st.MovedKnown && st.MovedPolls >= movedPolls && r.At.Sub(st.MovedSince) >= movedTime {
		adopt(f, st, withUserOf(f.URL, to))
	}
}

// stay forgets what was seen of a move.
func stay(st *aggregator.PollState) {
	st.MovedTo, st.MovedSince, st.MovedPolls, st.MovedKnown, st.DuplicateOf = "", time.Time{}, 0, false, ""
}

// pauseMove makes the count of a move's polls begin anew, after a failure. What the
// document there has in common with the feed stays true.
func pauseMove(st *aggregator.PollState) {
	st.MovedSince, st.MovedPolls, st.DuplicateOf = time.Time{}, 0, ""
}

// sameFeed tells if the document has something in common with what the feed
// carried before it was redirected. A feed that was redirected from its first
// poll on never carried anything else.
func sameFeed(f *aggregator.Feed, r *aggregator.PollReport) bool {
	if r.Shared || r.Found.Shared {
		return true
	}
	if r.Document == nil {
		return false
	}
	return f.LastSuccessAt.IsZero() || r.Document.ID != "" && r.Document.ID == f.DocumentID
}

// adopt asks for another address to become the feed's own.
func adopt(f *aggregator.Feed, st *aggregator.PollState, to string) {
	st.AdoptURL = to
	if st.ValidatorsURL == "" {
		st.ValidatorsURL = asNamed(f.URL)
	}
}

// fallBack returns a feed that has moved to the address it was subscribed at,
// if the new one keeps failing.
func fallBack(f *aggregator.Feed, st *aggregator.PollState) {
	if st.Failures >= movedFailures && f.OriginURL != "" && f.OriginURL != f.URL {
		adopt(f, st, f.OriginURL)
		st.AwaySince = time.Time{}
	}
}

func downgrade(from, to string) bool {
	return strings.HasPrefix(strings.ToLower(from), "https:") && !strings.HasPrefix(strings.ToLower(to), "https:")
}

// asNamed returns an address as a fetch names where it ended: without
// credentials, and escaped as it is sent.
func asNamed(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.User = nil
	return aggregator.FeedURL(u.String())
}

// withUserOf keeps the credentials of an address that moves within its origin.
func withUserOf(from, to string) string {
	a, errA := url.Parse(from)
	b, errB := url.Parse(to)
	if errA != nil || errB != nil || a.User == nil || a.Scheme != b.Scheme || !strings.EqualFold(a.Host, b.Host) {
		return to
	}
	b.User = a.User
	return b.String()
}
