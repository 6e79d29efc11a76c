package poll

import (
	"slices"
	"time"

	"topicwire/aggregator"
)

const timesKept = 20

// rhythm returns half the usual time between two items, or half of that since
// the last one if that is longer: a feed that has fallen asleep is asked less
// and less often (F-31).
func (s Schedule) rhythm(st *aggregator.PollState, now time.Time) time.Duration {
	gap := 2 * undatedInterval
	if !st.NewestItemAt.IsZero() {
		gap = max(st.MedianGap, now.Sub(st.NewestItemAt))
	}
	return min(max(gap/2, s.MinInterval), s.MaxInterval)
}

// noteItems adds the items that are new in a poll to those whose times are
// known, and computes the median gap between the last twenty.
//
// An item's time is when it was published, if that lies between the poll
// before and this one, or anywhere in the past for a feed's first document.
// All that is known of any other is that it appeared between the two polls:
// such items count as spread evenly over that time.
func noteItems(f *aggregator.Feed, st *aggregator.PollState, r *aggregator.PollReport) {
	if len(r.Found.New) == 0 {
		return
	}
	prev, first := st.LastSuccessAt, f.LastSuccessAt.IsZero()
	times := slices.Clone(st.ItemTimes)
	if len(times) == 0 && !st.NewestItemAt.IsZero() {
		times = append(times, st.NewestItemAt)
	}
	unknown := 0
	for _, t := range r.Found.New {
		switch {
		case !t.IsZero() && !t.After(r.At) && (first || t.After(prev)):
			times = append(times, t)
		case !first:
			unknown++
		}
	}
	for i := range unknown {
		times = append(times, r.At.Add(-r.At.Sub(prev)/time.Duration(unknown)*time.Duration(unknown-1-i)))
	}
	slices.SortFunc(times, time.Time.Compare)
	if times = times[max(0, len(times)-timesKept):]; len(times) == 0 {
		return
	}
	st.ItemTimes, st.NewestItemAt, st.MedianGap = times, times[len(times)-1], medianGap(times)
}

// medianGap returns the median distance between neighbours of an ordered
// list; 0 if there are fewer than two.
func medianGap(times []time.Time) time.Duration {
	if len(times) < 2 {
		return 0
	}
	gaps := make([]time.Duration, len(times)-1)
	for i := range gaps {
		gaps[i] = times[i+1].Sub(times[i])
	}
	slices.Sort(gaps)
	mid := len(gaps) / 2
	if len(gaps)%2 == 0 {
		return (gaps[mid-1] + gaps[mid]) / 2
	}
	return gaps[mid]
}
