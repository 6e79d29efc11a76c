package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/match"
	"topicwire/aggregator/parse"
	"topicwire/aggregator/pipeline"
	"topicwire/aggregator/web"
	"topicwire/config"
)

// newSite builds the pages and topic feeds.
func (a *app) newSite(cfg *config.Config) (*web.Server, error) {
	return web.New(web.Options{
		Store: a.store, BaseURL: cfg.BaseURL, ListenURL: "http://" + cfg.Listen, Authority: a.authority,
		HostKey: hostKeys(cfg), Version: buildVersion(), AdminPassword: string(cfg.Admin.Password),
		Registry: a.newRegistry(), Logger: a.log, Now: a.now,
		Ready: func() error { return a.probe(a.ready) },
		Alive: func() error { return a.probe(a.alive) },
		Actions: web.Actions{
			AddFeed:    a.subscribe,
			ImportOPML: a.importOPML,
			PollFeed:   a.pollByHand,
			ReviveFeed: a.reviveFeed,
			RemoveFeed: a.store.RemoveFeed,
			SaveTopic:  a.saveTopic,
			RemoveTopic: func(ctx context.Context, slug string) error {
				defer a.sched.Wake()
				return a.store.RemoveTopic(ctx, slug)
			},
			TestQuery:   a.testQuery,
			ItemsPerDay: a.store.ItemsPerDay,
		},
	})
}

// probe runs a check under a bound of its own.
func (a *app) probe(check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(a.ctx), 5*time.Second)
	defer cancel()
	return check(ctx)
}

func (a *app) importOPML(ctx context.Context, opml io.Reader) (web.Imported, error) {
	list, err := parse.ReadOPML(opml)
	if err != nil {
		return web.Imported{}, err
	}
	defer a.sched.Wake()
	added, err := a.store.AddFeeds(ctx, list.Feeds)
	return web.Imported{Added: added, NoWeb: list.NoWeb, WithPassword: list.WithPassword}, err
}

// saveTopic saves a topic made in the pages; watchRows compiles it and
// matches the history.
func (a *app) saveTopic(ctx context.Context, t aggregator.Topic) error {
	if _, err := match.Compile(t.Query, a.vocabulary()); err != nil {
		return err
	}
	t.Declared = aggregator.InDatabase
	_, err := a.store.SaveTopic(ctx, t)
	return err
}

// testWindow is how far back the query editor looks.
const testWindow = 30 * 24 * time.Hour

// testQuery evaluates a draft on stored history for the query editor.
func (a *app) testQuery(ctx context.Context, draft aggregator.Topic) (*aggregator.Backtest, error) {
	live := &draft
	if draft.Slug != "" {
		t, err := a.store.Topic(ctx, draft.Slug)
		switch {
		case err == nil:
			live = t
		case !errors.Is(err, aggregator.ErrNotFound):
			return nil, fmt.Errorf("look up topic %s: %w", draft.Slug, err)
		}
	}
	return pipeline.TestTopic(ctx, a.store, live, &draft, a.vocabulary(), a.now().Add(-testWindow), 20)
}
