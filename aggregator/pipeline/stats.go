package pipeline

import (
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
}

// Counts is a copy of the counters at one moment. Times are sums over all
// workers, not wall time.
type Counts struct {
	Read, NotModified, Unchanged, Failed       int64
	NewItems, UpdatedItems                     int64
	Pages, Matches, Stories, Entries           int64
	WireBytes, Bytes                           int64
	Fetch, Parse, Save, Enrich, Match, Publish time.Duration
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
