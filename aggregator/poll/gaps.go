package poll

import (
	"time"

	"topicwire/aggregator"
)

// noteGaps learns a feed's rhythm from the first-seen times of its new items.
// Items seen in one poll count as spread over the time since the last new
// one. The row keeps one number, so the median of the last 20 gaps is followed
// rather than computed: each gap moves it by a share.
func noteGaps(st *aggregator.PollState, newItems []time.Time) {
	if len(newItems) == 0 {
		return
	}
	last := st.NewestItemAt
	newest := newItems[0]
	for _, t := range newItems {
		if t.After(newest) {
			newest = t
		}
	}
	if newest.After(last) {
		st.NewestItemAt = newest
	}
	if last.IsZero() {
		return
	}
	gap := max(time.Second, newest.Sub(last)/time.Duration(len(newItems)))
	if st.MedianGap <= 0 {
		st.MedianGap = gap
		return
	}
	share := min(1, float64(len(newItems))*2/gapsKept)
	st.MedianGap += time.Duration(share * float64(gap-st.MedianGap))
}
