// Package pipeline joins the stages in the order in which an item passes them.
//
//	Ingest:   fetch → parse → dedup (identity) → save       one transaction per polled feed
//	Process:  claim → match → enrich → match → story → save item by item, leased
//
// In go feeds that are due (poll decides when) and items that wait in the
// store; out come items, articles, stories, matches and entries, all of them
// rows. The pipeline keeps no state of its own but counters: what a crash
// interrupts, a lease's end gives back. A broken feed or page is data, saved
// on its row; the errors returned here are the store's, or the end of the
// context. When to poll is left to poll, what is published to publish and web.
package pipeline

import (
	"context"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/dedup"
	"topicwire/aggregator/fetch"
	"topicwire/aggregator/match"
)

// Store is the part of the store that carries feeds and items through.
type Store interface {
	KnownBlocks(ctx context.Context, id aggregator.FeedID) ([]uint64, error)
	RecordPoll(ctx context.Context, r aggregator.PollRecord) (aggregator.PollSaved, error)
	ClaimWork(ctx context.Context, c aggregator.WorkClaim) ([]aggregator.ClaimedItem, error)
	RecordProcessed(ctx context.Context, batch []aggregator.Processed, link aggregator.Linker) (aggregator.ProcessedSaved, error)
	NextWorkAt(ctx context.Context) (time.Time, error)
}

// Options configures a Pipeline. Store, Fetch, Next and Topics are required.
type Options struct {
	Store Store
	Fetch *fetch.Client
	// Next computes a feed's state after a poll (poll.Schedule.Next).
	Next func(*aggregator.Feed, *aggregator.PollReport) (aggregator.PollState, *aggregator.HostPause)
	// Topics returns the topics as compiled now. It is called once per batch.
	Topics func() *match.Set
	// Access returns what a feed's requests carry beyond the common; nil: nothing.
	Access func(f *aggregator.Feed) Access
	// ParserSince is when parse.Version was first seen with this database:
	// feeds read by an older parser are asked for their whole document within
	// a day from then. Zero: long ago.
	ParserSince time.Time
	Enrich      aggregator.EnrichMode // of feeds that set none; empty: auto
	// PageHost groups pages that must not be fetched at the same time
	// (fetch.HostKey).
	PageHost func(pageURL string) string
	Parsers  int // documents parsed, and pages read, at once; 0: one per core
	Pages    int // article pages fetched at once; 0: 16
	Now      func() time.Time
	Logger   *slog.Logger
}

// Access is what the editor set for one feed's requests. It comes from the
// configuration and is never stored.
type Access struct {
	User, Password string
	Headers        map[string]string
	Delta          bool // ask for what is new only (F-12)
	HTTP1          bool // no HTTP/2 (F-24)
	Insecure       bool // the certificate is not verified (F-26)
}

// Pipeline carries feeds and items through the stages. Its methods are safe
// for use by several goroutines.
type Pipeline struct {
	opts    Options
	log     *slog.Logger
	parsing chan struct{} // bounds the documents and pages in memory as trees
	large   chan struct{} // of size 1: a large page is being read
	waiting chan struct{} // of size 1: there may be items to match
	pages   chan struct{} // of size 1: there may be pages to read
	enrich  atomic.Value  // aggregator.EnrichMode
	stats   Stats
}

// New returns a pipeline that does nothing until one of its methods is called.
func New(o Options) *Pipeline {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Parsers <= 0 {
		o.Parsers = runtime.GOMAXPROCS(0)
	}
	if o.Pages <= 0 {
		o.Pages = 16
	}
	if o.Access == nil {
		o.Access = func(*aggregator.Feed) Access { return Access{} }
	}
	p := &Pipeline{
		opts:    o,
		log:     o.Logger,
		parsing: make(chan struct{}, o.Parsers),
		large:   make(chan struct{}, 1),
		waiting: make(chan struct{}, 1),
		pages:   make(chan struct{}, 1),
	}
	p.SetEnrich(o.Enrich)
	return p
}

// SetEnrich changes which pages are fetched, for feeds that do not say.
func (p *Pipeline) SetEnrich(mode aggregator.EnrichMode) {
	if mode == "" {
		mode = aggregator.EnrichAuto
	}
	p.enrich.Store(mode)
}

// Ingest polls one claimed feed: it fetches the document, parses what is new
// in it, gives each item its identity, and saves items and the feed's new
// state in one transaction. A feed that cannot be read is recorded, not
// returned; the error is the store's.
func (p *Pipeline) Ingest(ctx context.Context, f *aggregator.Feed) error {
	v := p.visit(f)
	res, err := p.fetchFeed(ctx, v)
	if ctx.Err() != nil {
		res.Release()
		return ctx.Err() // stopping: the lease ends by itself, the feed has done nothing wrong
	}
	return p.ingest(ctx, v, res, err)
}

// Process carries one batch of waiting items through a stage, or all pages that
// may be read within two minutes, and returns how many there were. Items whose lease passed to another worker are left to it.
func (p *Pipeline) Process(ctx context.Context, stage aggregator.Stage) (int, error) {
	if stage == aggregator.StageEnrich {
		return p.readPages(ctx, ctx, true)
	}
	items, err := p.claim(ctx, aggregator.StageMatch, matchBatch, nil)
	if err != nil || len(items) == 0 {
		return 0, err
	}
	return len(items), p.save(ctx, p.matchAll(items))
}

// save files a batch under its stories and saves it.
func (p *Pipeline) save(ctx context.Context, batch []aggregator.Processed) error {
	start := time.Now()
	// A finished step is saved even if we are stopping.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	saved, err := p.opts.Store.RecordProcessed(ctx, batch, dedup.Link)
	if err != nil {
		return err
	}
	p.stats.publish.since(start)
	p.stats.count(saved)
	if saved.Lost > 0 {
		p.log.Warn("items were processed by another worker too", "items", saved.Lost)
	}
	return nil
}
