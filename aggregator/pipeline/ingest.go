package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/dedup"
	"topicwire/aggregator/fetch"
	"topicwire/aggregator/parse"
)

// saveTimeout bounds the saving of a finished step when we are stopping.
const saveTimeout = 20 * time.Second

func (p *Pipeline) fetchFeed(ctx context.Context, f *aggregator.Feed) (*fetch.Response, error) {
	start := time.Now()
	defer p.stats.fetch.since(start)
	a := p.opts.Access(f)
	return p.opts.Fetch.Feed(ctx, fetch.Request{
		URL: f.URL, ETag: f.ETag, LastModified: f.LastModified,
		User: a.User, Password: a.Password, Headers: a.Headers,
		Delta: a.Delta, HTTP1: a.HTTP1, Insecure: a.Insecure,
	})
}

// ingest reads what a fetch brought and saves it.
func (p *Pipeline) ingest(ctx context.Context, f *aggregator.Feed, res *fetch.Response, fetchErr error, start time.Time) error {
	rec := aggregator.PollRecord{Feed: f.ID, Lease: f.Lease, Backfill: f.LastSuccessAt.IsZero()}
	report := p.read(ctx, f, res, fetchErr, &rec)
	report.At = p.opts.Now()
	rec.At, rec.Fetch, rec.Outcome = report.At, report.Fetch, report.Outcome
	rec.Next = func(newItems []time.Time) (aggregator.PollState, *aggregator.HostPause) {
		report.NewItems = newItems
		return p.opts.Next(f, report)
	}

	saving := time.Now()
	// What was read is saved even if we are stopping.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	saved, err := p.opts.Store.RecordPoll(ctx, rec)
	p.stats.save.since(saving)
	switch {
	case errors.Is(err, aggregator.ErrConflict):
		p.log.Warn("feed was polled by another worker too", "feed", f.ID, "url", redacted(f.URL))
		return nil
	case err != nil:
		return fmt.Errorf("poll feed %d %s: %w", f.ID, redacted(f.URL), err)
	}
	p.stats.polled(report, saved)
	p.logPoll(f, report, saved, start)
	if saved.New+saved.Updated > 0 {
		p.Wake()
	}
	return nil
}

// read turns the outcome of a fetch into a report for scheduling, and fills
// the record with the items that are not known by their bytes.
func (p *Pipeline) read(ctx context.Context, f *aggregator.Feed, res *fetch.Response, fetchErr error, rec *aggregator.PollRecord) *aggregator.PollReport {
	report := &aggregator.PollReport{Outcome: aggregator.PollFailed, Fetch: aggregator.Fetch{URL: f.URL}}
	if res != nil {
		report.Fetch = res.Fetch
	}
	if fetchErr != nil {
		report.Err, report.ErrKind = fetchErr.Error(), errorKind(fetchErr)
		return report
	}
	if res.Status == 304 {
		report.Outcome = aggregator.PollNotModified
		return report
	}
	sum := sha256.Sum256(res.Body)
	report.BodyHash = hex.EncodeToString(sum[:16])
	if report.BodyHash == f.BodyHash {
		report.Outcome = aggregator.PollUnchanged
		return report
	}
	doc, err := p.parse(ctx, f, res)
	if err != nil {
		report.Err, report.ErrKind = err.Error(), errorKind(err)
		return report
	}
	report.Outcome, report.Document, report.Err = aggregator.PollRead, &doc.Document, doc.Warning
	if res.Truncated && report.Err == "" {
		report.Err = "the answer broke off before its end; what came was kept"
	}
	for i := range doc.Items {
		it := &doc.Items[i]
		it.Feed, it.CanonicalURL = f.ID, dedup.CanonicalURL(it.URL)
	}
	rec.Document, rec.Items, rec.Blocks = &doc.Document, doc.Items, doc.BlockHashes
	return report
}

// parse reads a document, at most one per core at a time, and drops its bytes.
func (p *Pipeline) parse(ctx context.Context, f *aggregator.Feed, res *fetch.Response) (*parse.Result, error) {
	known, err := p.opts.Store.KnownBlocks(ctx, f.ID)
	if err != nil {
		return nil, fmt.Errorf("look up known items: %w", err)
	}
	p.parsing <- struct{}{}
	defer func() { <-p.parsing }()
	start := time.Now()
	defer p.stats.parse.since(start)
	in := parse.Input{
		Body: res.Body, ContentType: res.Header.Get("Content-Type"), Header: res.Header,
		URL: res.FinalURL, Now: p.opts.Now(),
	}
	if len(known) > 0 {
		in.Saved = slices.Clone(known)
		slices.Sort(known)
		in.Known = func(h uint64) bool { _, ok := slices.BinarySearch(known, h); return ok }
	}
	return parse.Feed(in)
}

func (p *Pipeline) logPoll(f *aggregator.Feed, r *aggregator.PollReport, saved aggregator.PollSaved, start time.Time) {
	log := p.log.With("feed", f.ID, "url", redacted(f.URL))
	dur := p.opts.Now().Sub(start).Round(time.Millisecond)
	if r.Outcome == aggregator.PollFailed {
		log.Warn("poll failed", "status", r.Fetch.Status, "kind", r.ErrKind, "err", r.Err, "dur", dur)
		return
	}
	log.Info("polled", "outcome", r.Outcome, "status", r.Fetch.Status, "new", saved.New, "updated", saved.Updated,
		"bytes", r.Fetch.WireBytes, "dur", dur)
}
