package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"topicwire/aggregator"
	"topicwire/aggregator/fetch"
	"topicwire/aggregator/match"
	"topicwire/aggregator/pipeline"
	"topicwire/aggregator/poll"
	"topicwire/aggregator/web"
	"topicwire/config"
	"topicwire/store"
)

// The store serves every stage; each asks for no more than it needs.
var (
	_ poll.Store             = roomyStore{}
	_ pipeline.Store         = roomyStore{}
	_ pipeline.Archive       = (*store.Store)(nil)
	_ pipeline.Subscriptions = (*store.Store)(nil)
	_ web.Store              = (*store.Store)(nil)
)

// errDamaged is what db check reports.
var errDamaged = aggregator.ErrDamaged

// app is everything that runs, joined.
type app struct {
	*env
	store  *store.Store
	room   *room
	tick   tick // of the scheduler
	fetch  *fetch.Client
	pipe   *pipeline.Pipeline
	sched  *poll.Scheduler
	unlock func()

	baseURL   string
	authority string

	replacing sync.Mutex // held while live is replaced
	live      atomic.Pointer[live]
}

// live is what a reload of the configuration or an edit of a topic replaces.
type live struct {
	cfg         *config.Config
	vocabulary  match.Vocabulary
	access      accessByURL
	topics      *match.Set
	definitions string // of the topics compiled, to notice a change
}

// openOptions says what a command needs.
type openOptions struct {
	polling bool // the polling lock: the only process that polls on schedule
}

// open loads the configuration and joins everything.
func (e *env) open(o openOptions) (*app, error) {
	cfg, err := e.loadConfig()
	if err != nil {
		return nil, err
	}
	return e.openWith(cfg, o)
}

// openWith joins everything by a configuration.
func (e *env) openWith(cfg *config.Config, o openOptions) (a *app, err error) {
	tuneMemory() // commands that parse nothing do not come here
	st, err := openStore(e, cfg)
	if err != nil {
		return nil, err
	}
	a = &app{env: e, store: st, unlock: func() {}}
	defer func() {
		if err != nil {
			a.close()
		}
	}()
	if a.room, err = a.newRoom(); err != nil {
		return a, err
	}
	if o.polling {
		if a.unlock, err = st.LockPolling(); err != nil {
			a.unlock = func() {}
			return a, err
		}
		// Whoever polled before us is gone: what it had claimed is free.
		if err := st.ReleaseLeases(e.ctx); err != nil {
			return a, err
		}
		if err := a.settleClock(e.ctx); err != nil {
			return a, err
		}
	}
	if err := a.identify(cfg); err != nil {
		return a, err
	}
	if err := e.declare(st, cfg); err != nil {
		return a, err
	}
	none, _ := match.NewSet(nil, nil)
	a.live.Store(&live{cfg: cfg, vocabulary: match.Vocabulary(cfg.Vocabulary), access: accessOf(cfg), topics: none})
	if err := a.compileTopics(e.ctx); err != nil {
		return a, err
	}
	return a, a.join(cfg)
}

// join builds the stages.
func (a *app) join(cfg *config.Config) (err error) {
	if a.fetch, err = newFetchClient(a.env, cfg, a.store); err != nil {
		return err
	}
	hostKey := hostKeys(cfg)
	since, err := a.parserSince()
	if err != nil {
		return err
	}
	a.pipe = pipeline.New(pipeline.Options{
		ParserSince: since,
		Store:       roomyStore{Store: a.store, room: a.room}, Fetch: a.fetch, Next: newSchedule(cfg, hostKey).Next,
		Topics: func() *match.Set { return a.live.Load().topics },
		Access: func(f *aggregator.Feed) pipeline.Access { return a.live.Load().access.of(f) },
		Enrich: aggregator.EnrichMode(cfg.Enrich), PageHost: hostKey,
		Now: a.now, Logger: a.log,
	})
	a.sched = poll.New(pollOptions(a, cfg, hostKey))
	return nil
}

// close ends what open began; the WAL is checkpointed.
func (a *app) close() {
	a.unlock()
	if err := a.store.Close(); err != nil {
		a.log.Error("close the database", "err", err)
	}
}

// identify settles the base URL of published links, and the authority of
// published ids: frozen in the database at first start, so that ids survive a
// new base URL (DESIGN.md §5).
func (a *app) identify(cfg *config.Config) error {
	a.baseURL = baseURLOf(cfg)
	stored, err := a.store.SetMetaOnce(a.ctx, "id_authority", authorityOf(cfg, a.now()))
	if err != nil {
		return err
	}
	a.authority = stored
	if cfg.IDAuthority != "" && cfg.IDAuthority != stored {
		a.log.Warn("id_authority of the configuration is not used: published ids are frozen to the one of the first start",
			"configured", cfg.IDAuthority, "frozen", stored)
	}
	return nil
}

func (a *app) vocabulary() match.Vocabulary { return a.live.Load().vocabulary }

// compileTopics reads the topics and compiles them, if any has changed.
func (a *app) compileTopics(ctx context.Context) error {
	topics, err := a.store.Topics(ctx)
	if err != nil {
		return err
	}
	a.replacing.Lock()
	defer a.replacing.Unlock()
	was := a.live.Load()
	now := *was
	now.definitions = definitions(topics)
	if now.definitions == was.definitions {
		return nil
	}
	set, bad := match.NewSet(topics, was.vocabulary)
	for _, b := range bad {
		a.log.Error("topic left out: its query does not parse", "topic", b.Topic.Slug, "err", b.Err)
	}
	now.topics = set
	a.live.Store(&now)
	return nil
}

// definitions tells if topics are to be compiled anew.
func definitions(topics []aggregator.Topic) string {
	var b strings.Builder
	for i := range topics {
		t := &topics[i]
		fmt.Fprintf(&b, "%d %q %q %q %q %q %v\n", t.ID, t.Slug, t.Query, t.Languages, t.Feeds, t.Tags, t.Threshold)
	}
	return b.String()
}

// rematch matches the history against topics that are new or changed.
func (a *app) rematch(ctx context.Context) error {
	return pipeline.RematchPending(ctx, a.store, a.vocabulary(), a.now)
}
