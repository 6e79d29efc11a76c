package pipeline

import (
	"cmp"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"topicwire/aggregator"
)

// Stats counts what a pipeline has done since it was made.
type Stats struct {
	read, notModified, unchanged, failed       atomic.Int64
	newItems, updatedItems                     atomic.Int64
	pages, matches, stories, entries           atomic.Int64
	wireBytes, bytes                           atomic.Int64
	fetch, parse, save, enrich, match, publish span
	outcomes, pageOutcomes                     tally
	durations                                  histogram
}

// Counts is a copy of the counters at one moment. Times are sums over all
// workers, not wall time.
type Counts struct {
	Read, NotModified, Unchanged, Failed       int64
	NewItems, UpdatedItems                     int64
	Pages, Matches, Stories, Entries           int64
	WireBytes, Bytes                           int64
	Fetch, Parse, Save, Enrich, Match, Publish time.Duration
	Outcomes                                   map[string]int64 // polls by outcome; those that failed by aggregator.PollReport.ErrKind
	Durations                                  Histogram        // of the fetches of feeds
	// PageOutcomes are the pages asked for, by fetch.PageOutcome, and "wall"
	// for those that turned out to be one.
	PageOutcomes map[string]int64
}

// Counts returns the counters as they are now.
func (p *Pipeline) Counts() Counts {
	s := &p.stats
	return Counts{
		Read: s.read.Load(), NotModified: s.notModified.Load(), Unchanged: s.unchanged.Load(), Failed: s.failed.Load(),
		NewItems: s.newItems.Load(), UpdatedItems: s.updatedItems.Load(),
		Pages: s.pages.Load(), Matches: s.matches.Load(), Stories: s.stories.Load(), Entries: s.entries.Load(),
		WireBytes: s.wireBytes.Load(), Bytes: s.bytes.Load(),
		Fetch: s.fetch.total(), Parse: s.parse.total(), Save: s.save.total(),
		Enrich: s.enrich.total(), Match: s.match.total(), Publish: s.publish.total(),
		Outcomes: s.outcomes.counts(), Durations: s.durations.counts(),
		PageOutcomes: s.pageOutcomes.counts(),
	}
}

func (s *Stats) polled(r *aggregator.PollReport, saved aggregator.PollSaved) {
	switch r.Outcome {
	case aggregator.PollRead:
		s.read.Add(1)
	case aggregator.PollNotModified:
		s.notModified.Add(1)
	case aggregator.PollUnchanged:
		s.unchanged.Add(1)
	case aggregator.PollFailed:
		s.failed.Add(1)
	}
	outcome := string(r.Outcome)
	if r.Outcome == aggregator.PollFailed {
		outcome = cmp.Or(r.ErrKind, "internal")
	}
	s.outcomes.add(outcome)
	s.durations.add(r.Fetch.Duration)
	s.newItems.Add(int64(saved.New))
	s.updatedItems.Add(int64(saved.Updated))
	s.wireBytes.Add(r.Fetch.WireBytes)
	s.bytes.Add(r.Fetch.Bytes)
}

func (s *Stats) count(saved aggregator.ProcessedSaved) {
	s.matches.Add(int64(saved.Matches))
	s.stories.Add(int64(saved.Stories))
	s.entries.Add(int64(saved.Entries))
}

// span sums the time spent in a stage.
type span struct{ ns atomic.Int64 }

func (s *span) since(start time.Time) { s.ns.Add(int64(time.Since(start))) }
func (s *span) total() time.Duration  { return time.Duration(s.ns.Load()) }

// tally counts by word. The words are few and fixed.
type tally struct {
	mu sync.Mutex
	n  map[string]int64
}

func (t *tally) add(word string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n == nil {
		t.n = make(map[string]int64)
	}
	t.n[word]++
}

func (t *tally) counts() map[string]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.n)
}

// Histogram counts durations: below each bound of Buckets, and all.
type Histogram struct {
	Count   uint64
	Sum     time.Duration
	Buckets map[float64]uint64 // upper bound in seconds → how many are at most that long
}

// buckets are the bounds of a fetch's duration; the last is the timeout.
var buckets = [...]time.Duration{
	50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second, 20 * time.Second, time.Minute,
}

type histogram struct {
	mu  sync.Mutex
	n   [len(buckets)]uint64
	all uint64
	sum time.Duration
}

func (h *histogram) add(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all++
	h.sum += d
	for i, bound := range buckets {
		if d <= bound {
			h.n[i]++
			return
		}
	}
}

func (h *histogram) counts() Histogram {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := Histogram{Count: h.all, Sum: h.sum, Buckets: make(map[float64]uint64, len(buckets))}
	below := uint64(0)
	for i, bound := range buckets {
		below += h.n[i]
		out.Buckets[bound.Seconds()] = below
	}
	return out
}
