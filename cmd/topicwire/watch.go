package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/match"
	"topicwire/config"
)

// rowsEvery is how soon the daemon notices what a command changed.
const rowsEvery = time.Second

// watchRows notices what commands and pages change in the database: topics are
// compiled anew and matched against the history, feeds that became due are
// polled, waiting items processed.
func (a *app) watchRows(ctx context.Context) error {
	tick := time.NewTicker(rowsEvery)
	defer tick.Stop()
	last := a.now()
	for {
		now := a.now()
		if step := now.Round(0).Sub(last.Round(0)) - now.Sub(last); step.Abs() > time.Minute {
			a.log.Warn("the clock was set", "by", step.Round(time.Second).String())
			if err := a.settleClock(ctx); err != nil && ctx.Err() == nil {
				a.log.Error("settle what was scheduled by the old clock", "err", err)
			}
			a.sched.Resume()
		}
		last = now
		if err := a.lookAtRows(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("look for changes in the database", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// settleClock puts right what a clock that ran ahead has scheduled, and warns
// of a clock that cannot be right (BEHAVIOUR O-12, F-40).
func (a *app) settleClock(ctx context.Context) error {
	if now := a.now(); now.Year() < 2025 {
		a.log.Warn("the clock is wrong: times of items and polls will be, too", "now", now.UTC().Format(time.RFC3339))
	}
	step, err := a.store.SettleClock(ctx)
	if step > 0 {
		a.log.Warn("the clock was set back since the last poll: polls that lay ahead count as made now", "by", step.String())
	}
	return err
}

func (a *app) lookAtRows(ctx context.Context) error {
	if err := a.compileTopics(ctx); err != nil {
		return err
	}
	if err := a.rematch(ctx); err != nil {
		return err
	}
	due, err := a.store.NextDueAt(ctx)
	if err == nil && !due.IsZero() && !due.After(a.now()) {
		a.sched.Wake()
	}
	return err
}

// watchConfig re-reads the configuration when the file changes or SIGHUP
// arrives. A bad file keeps the old configuration and says so.
func (a *app) watchConfig(ctx context.Context, path string) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	changed := make(chan struct{}, 1)
	if path != "" {
		done := make(chan error, 1)
		go func() {
			done <- config.Watch(ctx, path, a.live.Load().cfg, func() {
				select {
				case changed <- struct{}{}:
				default:
				}
			})
		}()
		defer func() {
			if err := <-done; err != nil && ctx.Err() == nil {
				a.log.Warn("cannot watch the configuration file; SIGHUP still reloads it", "err", err)
			}
		}()
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hup:
		case <-changed:
		}
		notifyReloading()
		a.reload(ctx, path)
		notifySystemd("READY=1")
	}
}

// reload applies what a running daemon can take over: feeds, topics,
// vocabulary and what pages are fetched.
func (a *app) reload(ctx context.Context, path string) {
	if path == "" {
		a.log.Info("nothing to reload: no configuration file is in use")
		return
	}
	cfg, err := a.readConfig(path)
	if info, statErr := os.Stat(path); err == nil && statErr == nil && info.Size() == 0 {
		// Written by halves, or to a full disk: not the wish to drop all feeds.
		err = fmt.Errorf("%s is empty", path)
	}
	if err != nil {
		a.log.Error("configuration not taken over; the old one stays in force", "err", err)
		return
	}
	was := a.live.Load()
	if err := a.store.SyncDeclared(ctx, declaredFeeds(cfg), declaredTopics(cfg)); err != nil {
		a.log.Error("configuration not taken over; the old one stays in force", "err", err)
		return
	}
	a.replacing.Lock()
	now := *a.live.Load()
	now.cfg, now.vocabulary, now.access = cfg, match.Vocabulary(cfg.Vocabulary), accessOf(cfg)
	now.definitions = "" // compile anew: a vocabulary may have changed
	a.live.Store(&now)
	a.replacing.Unlock()
	a.pipe.SetEnrich(aggregator.EnrichMode(cfg.Enrich))
	if err := a.compileTopics(ctx); err != nil {
		a.log.Error("compile topics", "err", err)
	}
	a.sched.Wake()
	a.log.Info("configuration reloaded", "feeds", len(cfg.Feeds), "topics", len(cfg.Topics))
	for _, key := range config.NeedsRestart(was.cfg, cfg) {
		a.log.Warn("this change takes effect after a restart", "key", key)
	}
}

// alive tells if the scheduler looks for what is due, and asks the database
// for something small.
func (a *app) alive(ctx context.Context) error {
	if d := a.tick.stands(); d > standstill {
		return fmt.Errorf("the scheduler has looked for nothing for %s", d.Round(time.Second))
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := a.store.Meta(ctx, "id_authority")
	return err
}
