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

// visit is one poll of a feed.
type visit struct {
	feed  *aggregator.Feed
	start time.Time
	whole bool // the document is asked for without validators
	full  bool // all of it is read, whatever is known
}

// visit decides what is asked of a feed (BEHAVIOUR F-07). Validators are kept
// for ever; they are left out only if somebody says so, if a server seems
// to be stuck, or if the document should be read anew.
func (p *Pipeline) visit(f *aggregator.Feed) *visit {
	v := &visit{feed: f, start: p.opts.Now()}
	outdated := f.BodyHash != "" && f.Parser != parse.Version
	v.full = f.Forced || outdated
	v.whole = f.Forced || f.Stuck(v.start) || outdated && !v.start.Before(p.opts.ParserSince.Add(shareOfDay(f.ID)))
	return v
}

// shareOfDay spreads the feeds over a day.
func shareOfDay(id aggregator.FeedID) time.Duration {
	const steps = 1 << 16
	return 24 * time.Hour / steps * time.Duration(uint64(id)*0x9e3779b97f4a7c15>>48)
}

func (p *Pipeline) fetchFeed(ctx context.Context, v *visit) (*fetch.Response, error) {
	start := time.Now()
	defer p.stats.fetch.since(start)
	f := v.feed
	a := p.opts.Access(f)
	req := fetch.Request{
		URL: f.URL, PlainBody: f.PlainBody, Delta: a.Delta && !v.full, HTTP1: a.HTTP1, Insecure: a.Insecure,
		User: a.User, Password: a.Password, Headers: a.Headers,
	}
	if !v.whole {
		req.ETag, req.LastModified, req.ValidatorsURL = f.ETag, f.LastModified, f.ValidatorsURL
	}
	return p.opts.Fetch.Feed(ctx, req)
}

// ingest reads what a fetch brought and saves it.
func (p *Pipeline) ingest(ctx context.Context, v *visit, res *fetch.Response, fetchErr error) error {
	f := v.feed
	rec := aggregator.PollRecord{Feed: f.ID, Lease: f.Lease, Backfill: f.LastSuccessAt.IsZero(), LinkIdentity: f.LinkIdentity}
	// The room of a large body is kept until its items are saved: they take as
	// much again.
	defer res.Release()
	report, err := p.read(ctx, v, res, fetchErr, &rec)
	if err != nil {
		return fmt.Errorf("poll feed %d %s: %w", f.ID, redacted(f.URL), err)
	}
	report.At = p.opts.Now()
	rec.At, rec.Fetch, rec.Outcome = report.At, report.Fetch, report.Outcome
	rec.SharedBefore = sharedBefore(f, report)
	var state aggregator.PollState
	rec.Next = func(found aggregator.PollFound) (aggregator.PollState, *aggregator.HostPause) {
		report.Found = found
		var pause *aggregator.HostPause
		state, pause = p.opts.Next(f, report)
		return state, pause
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
	p.logPoll(v, report, &state, saved)
	if saved.New+saved.Updated > 0 {
		p.Wake()
	}
	return nil
}

// read turns the outcome of a fetch into a report for scheduling, and fills
// the record with the items that are not known by their bytes. The error is
// the store's.
func (p *Pipeline) read(ctx context.Context, v *visit, res *fetch.Response, fetchErr error, rec *aggregator.PollRecord) (*aggregator.PollReport, error) {
	f := v.feed
	report := &aggregator.PollReport{Outcome: aggregator.PollFailed, Whole: v.whole, Fetch: aggregator.Fetch{URL: f.URL}}
	if res != nil {
		report.Fetch, report.Truncated = res.Fetch, res.Truncated
	}
	if fetchErr != nil {
		report.Err, report.ErrKind = fetchErr.Error(), errorKind(fetchErr)
		return report, nil
	}
	if res.Status == 304 {
		report.Outcome = aggregator.PollNotModified
		return report, nil
	}
	if !res.Truncated && !res.Delta {
		sum := sha256.Sum256(res.Body)
		report.BodyHash = hex.EncodeToString(sum[:16])
		report.Shared = report.BodyHash == f.BodyHash && f.AwaySince.IsZero()
		if report.BodyHash == f.BodyHash && !v.full {
			report.Outcome = aggregator.PollUnchanged
			return report, nil
		}
	}
	known, err := p.opts.Store.KnownBlocks(ctx, f.ID)
	if err != nil {
		return nil, fmt.Errorf("look up known items: %w", err)
	}
	doc, err := p.parse(res, known, v.full)
	if err != nil {
		report.Err, report.ErrKind = err.Error(), errorKind(err)
		return report, nil
	}
	p.note(v, res, doc, known, report, rec)
	return report, nil
}

// note fills report and record from a document that was read.
func (p *Pipeline) note(v *visit, res *fetch.Response, doc *parse.Result, known []uint64, report *aggregator.PollReport, rec *aggregator.PollRecord) {
	f := v.feed
	report.Outcome, report.Document, report.Err = aggregator.PollRead, &doc.Document, doc.Warning
	if res.Truncated && report.Err == "" {
		report.Err = "the answer broke off before its end; what came was kept"
	}
	if (v.full || len(known) == 0) && !res.Truncated && !res.Delta {
		report.Parser = parse.Version
	}
	report.Shared = report.Shared || f.AwaySince.IsZero() && anyKnown(doc.BlockHashes, known)
	for i := range doc.Items {
		it := &doc.Items[i]
		it.Feed, it.CanonicalURL = f.ID, dedup.CanonicalURL(it.URL)
	}
	report.OneGUID = oneGUID(doc)
	for i := range doc.Items {
		it := &doc.Items[i]
		if f.LinkIdentity && it.CanonicalURL != "" {
			it.GUID = aggregator.LinkGUID(it.CanonicalURL)
		}
	}
	rec.Document, rec.Items, rec.Total = &doc.Document, doc.Items, doc.Total
	if doc.Total == 0 { // F-55: an empty document takes nothing away
		return
	}
	marks, familiar := linkMarks(doc, known)
	rec.FamiliarLinks = familiar
	rec.Blocks = append(doc.BlockHashes, marks...)
	if doc.BlockHashes == nil || res.Truncated || res.Delta { // what is missing is not gone
		rec.Blocks = withKnown(rec.Blocks, known)
	}
}

// parse reads a document, at most one per core at a time. Nothing but the
// marks is known if all of it is to be read.
func (p *Pipeline) parse(res *fetch.Response, known []uint64, full bool) (*parse.Result, error) {
	p.parsing <- struct{}{}
	defer func() { <-p.parsing }()
	start := time.Now()
	defer p.stats.parse.since(start)
	in := parse.Input{
		Body: res.Body, ContentType: res.Header.Get("Content-Type"), Header: res.Header,
		URL: res.FinalURL, Now: p.opts.Now(),
	}
	if len(known) > 0 {
		in.Saved = known
		sorted := slices.Sorted(slices.Values(known))
		in.Known = func(h uint64) bool {
			_, ok := slices.BinarySearch(sorted, h)
			return ok && (!full || parse.Mark(h))
		}
	}
	return parse.Feed(in)
}
