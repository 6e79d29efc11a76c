package poll_test

import (
	"slices"
	"testing"
	"time"

	"topicwire/aggregator"
)

// every returns n times that end some time before noon, oldest first.
func every(gap time.Duration, n int, last time.Duration) []time.Time {
	times := make([]time.Time, n)
	for i := range times {
		times[i] = noon.Add(-last - time.Duration(n-1-i)*gap)
	}
	return times
}

func undated(n int) []time.Time { return make([]time.Time, n) }

// TestF31HistoriesGiveIntervals: the first document alone gives a feed its
// rhythm.
func TestF31HistoriesGiveIntervals(t *testing.T) {
	const week = 7 * day
	for _, tt := range []struct {
		name  string
		items []time.Time
		gap   time.Duration
		want  time.Duration
	}{
		{"no dates", undated(30), 0, 6 * time.Hour},
		{"no items", nil, 0, 6 * time.Hour},
		{"40 items over a week", every(week/40, 40, 0), week / 40, week / 80},
		{"every minute", every(time.Minute, 30, 0), time.Minute, time.Hour},
		{"hourly", every(time.Hour, 24, 0), time.Hour, time.Hour},
		{"every three hours", every(3*time.Hour, 20, time.Hour), 3 * time.Hour, 90 * time.Minute},
		{"daily", every(day, 10, 2*time.Hour), day, 12 * time.Hour},
		{"daily, two days late", every(day, 10, 2*day), day, day},
		{"weekly", every(week, 10, day), week, day},
		{"asleep for ten hours", every(time.Minute, 30, 10*time.Hour), time.Minute, 5 * time.Hour},
		{"dead for a year", every(time.Hour, 30, 365*day), time.Hour, day},
		{"a single item, five hours old", every(0, 1, 5*time.Hour), 0, 150 * time.Minute},
		{"two items", every(8*time.Hour, 2, 0), 8 * time.Hour, 4 * time.Hour},
		{"twenty at once, daily before", append(every(day, 5, day), every(0, 20, 2*time.Hour)...), 0, time.Hour},
		{"the newest twenty count", append(every(day, 100, 10*day), every(4*time.Hour, 20, 0)...), 4 * time.Hour, 2 * time.Hour},
		{"half of them undated", append(every(6*time.Hour, 10, 0), undated(10)...), 6 * time.Hour, 3 * time.Hour},
		{"dates of the future", append(every(-time.Hour, 5, -time.Hour), every(10*time.Hour, 5, 0)...), 10 * time.Hour, 5 * time.Hour},
		{"new and old in turn", []time.Time{noon.Add(-30 * day), noon, noon.Add(-2 * day), noon.Add(-day)}, day, 12 * time.Hour},
	} {
		r := read("e", "")
		r.Found.New = tt.items
		st, _ := plain.Next(feed(), r)
		if got := st.NextPollAt.Sub(noon); got != tt.want || st.NextPollReason != "adaptive" {
			t.Errorf("%s: next in %v (%s), want %v", tt.name, got, st.NextPollReason, tt.want)
		}
		if st.MedianGap != tt.gap || len(st.ItemTimes) > 20 || !slices.IsSortedFunc(st.ItemTimes, time.Time.Compare) {
			t.Errorf("%s: median gap %v of %v, want %v", tt.name, st.MedianGap, st.ItemTimes, tt.gap)
		}
	}
}

// TestF31TimesOfLaterItems: dates are believed between two polls; what appears
// otherwise is spread over that time.
func TestF31TimesOfLaterItems(t *testing.T) {
	at := func(h float64) time.Time { return noon.Add(time.Duration(h * float64(time.Hour))) }
	for _, tt := range []struct {
		name  string
		items []time.Time
		want  []time.Time
	}{
		{"dated", []time.Time{at(-1), at(-3)}, []time.Time{at(-3), at(-1)}},
		{"undated", undated(3), []time.Time{at(-4), at(-2), at(0)}},
		{"older than the poll before", []time.Time{at(-100)}, []time.Time{at(0)}},
		{"of the future", []time.Time{at(0.1), {}}, []time.Time{at(-3), at(0)}},
		{"both", []time.Time{at(-1), {}}, []time.Time{at(-1), at(0)}},
	} {
		f := feed()
		f.LastPollAt, f.LastSuccessAt, f.BodyHash = at(-6), at(-6), "before"
		f.ItemTimes, f.NewestItemAt = []time.Time{at(-10)}, at(-10)
		r := read("e", "")
		r.Found.New = tt.items
		st, _ := plain.Next(f, r)
		if want := append([]time.Time{at(-10)}, tt.want...); !slices.EqualFunc(st.ItemTimes, want, time.Time.Equal) {
			t.Errorf("%s: times %v, want %v", tt.name, st.ItemTimes, want)
		}
	}
}

// TestF31RhythmIsLearnt: four undated items every six hours are one each 90
// minutes, whatever the feed did before.
func TestF31RhythmIsLearnt(t *testing.T) {
	f := feed()
	at := noon
	for i := range 6 {
		r := read("e", "")
		r.At = at
		if r.Found.New = undated(4); i == 0 {
			r.Found.New = undated(40)
		}
		f.PollState, _ = plain.Next(f, r)
		at = at.Add(6 * time.Hour)
	}
	if f.MedianGap != 90*time.Minute || len(f.ItemTimes) != 20 {
		t.Errorf("MedianGap = %v of %d, want 90 minutes of 20", f.MedianGap, len(f.ItemTimes))
	}
	r := notModified()
	r.At = at
	if st, _ := plain.Next(f, r); st.MedianGap != f.MedianGap || len(st.ItemTimes) != 20 {
		t.Errorf("after a 304: MedianGap = %v of %d", st.MedianGap, len(st.ItemTimes))
	}
}

// TestF31RowsOfBefore: a row that knows a median, and no times, learns on.
func TestF31RowsOfBefore(t *testing.T) {
	f := feed()
	f.LastPollAt, f.LastSuccessAt = noon.Add(-time.Hour), noon.Add(-time.Hour)
	f.MedianGap, f.NewestItemAt = 5*time.Hour, noon.Add(-8*time.Hour)
	r := read("e", "")
	r.Found.New = undated(1)
	if st, _ := plain.Next(f, r); st.MedianGap != 8*time.Hour || len(st.ItemTimes) != 2 {
		t.Errorf("MedianGap = %v of %v, want 8 h", st.MedianGap, st.ItemTimes)
	}
	st, _ := plain.Next(f, &aggregator.PollReport{Outcome: aggregator.PollNotModified, At: noon, Fetch: aggregator.Fetch{Status: 304}})
	if got := st.NextPollAt.Sub(noon); got != 4*time.Hour {
		t.Errorf("next in %v, want half the time since the newest item", got)
	}
}

// TestF31ManyUndatedItemsAfterYears: the times between two polls far apart do
// not overflow.
func TestF31ManyUndatedItemsAfterYears(t *testing.T) {
	f := feed()
	f.LastSuccessAt = noon.Add(-400 * day)
	r := read("e", "")
	r.Found.New = make([]time.Time, 2000)
	st, _ := plain.Next(f, r)
	if gap := st.MedianGap; !st.NewestItemAt.Equal(noon) || gap < 4*time.Hour || gap > 5*time.Hour {
		t.Errorf("newest %v, median gap %v, want %v and 4.8 h", st.NewestItemAt, st.MedianGap, noon)
	}
}
