package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"topicwire/aggregator"
	"topicwire/store"
)

// errUserinfo refuses addresses with a password in them: they would be shown,
// exported and logged wherever addresses are (BEHAVIOUR F-25, X-16).
var errUserinfo = errors.New("an address with a user or password in it is not taken, because addresses are shown; " +
	"write the feed into topicwire.yml with user: and password_file: beside its url")

// subscribe adds a feed and processes what it carries.
func (a *app) subscribe(ctx context.Context, s aggregator.FeedSettings) (aggregator.FeedID, error) {
	s.URL = aggregator.FeedURL(s.URL)
	u, err := url.Parse(s.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return 0, usageError{fmt.Errorf("%q is not the address of a feed: it should begin with https://", redacted(s.URL))}
	}
	if u.User != nil {
		return 0, usageError{fmt.Errorf("%s: %w", bare(s.URL), errUserinfo)}
	}
	if err := a.room.check(); err != nil {
		return 0, err
	}
	if err := a.mayAsk(ctx, s.URL); err != nil {
		return 0, err
	}
	id, err := a.pipe.Subscribe(ctx, subscriptions{a.store}, s)
	if err != nil {
		return id, err
	}
	return id, a.matchNow(ctx)
}

// mayAsk refuses to ask for what is subscribed already, or is at a host that
// asked to be left alone (BEHAVIOUR F-28, F-35).
func (a *app) mayAsk(ctx context.Context, url string) error {
	f, err := a.store.FeedByURL(ctx, url)
	if err == nil && f.URL == url {
		return fmt.Errorf("%s is subscribed to already", redacted(url))
	}
	if err != nil && !errors.Is(err, aggregator.ErrNotFound) {
		return err
	}
	p, err := a.pauses(ctx, a.store, hostKeys(a.live.Load().cfg))
	if err != nil {
		return err
	}
	if h := p.hosts[p.hostKey(url)]; h.Until.After(a.now()) {
		return fmt.Errorf("%w: %s asked to be left alone until %s (%s); add the feed then, or import it, and it is first asked for after that",
			aggregator.ErrTooSoon, h.Host, h.Until.Local().Format(time.DateTime), h.Reason)
	}
	return nil
}

// subscriptions refuses what a page announces with a password in it.
type subscriptions struct{ *store.Store }

func (s subscriptions) AddFeed(ctx context.Context, f aggregator.FeedSettings, d aggregator.Declared) (aggregator.FeedID, error) {
	if hasUser(f.URL) {
		return 0, fmt.Errorf("%s: %w", bare(f.URL), errUserinfo)
	}
	return s.Store.AddFeed(ctx, f, d)
}

const (
	// minManualGap is the least time between polls of a feed by hand (BEHAVIOUR F-38).
	minManualGap = 5 * time.Minute
	manualLease  = 5 * time.Minute
)

// pollFeed polls one feed now, as far as politeness allows. By force it minds
// nothing, and revives a feed that is gone, dead or switched off.
func (a *app) pollFeed(ctx context.Context, f *aggregator.Feed, force bool) error {
	if since := a.now().Sub(f.LastPollAt); !force && since >= 0 && since < minManualGap {
		return fmt.Errorf("%w: %s was polled %s ago; wait until five minutes have passed, or use --force",
			aggregator.ErrTooSoon, redacted(f.URL), since.Round(time.Second))
	}
	if err := a.room.check(); err != nil {
		return fmt.Errorf("%s: %w", redacted(f.URL), err)
	}
	if force {
		a.log.Warn("poll forced by hand", "feed", f.ID, "url", redacted(f.URL), "state", f.State)
		if isStopped(f.State) {
			if err := a.store.ReviveFeed(ctx, f.ID); err != nil {
				return err
			}
		}
	}
	claimed, err := a.store.ClaimDueFeeds(ctx, aggregator.FeedClaim{
		Now: a.now(), Limit: 1, Lease: manualLease, All: true, Force: force, OnlyFeed: f.ID,
	})
	if err != nil {
		return err
	}
	if len(claimed) == 0 {
		return a.whyNot(ctx, f, force)
	}
	if err := a.pipe.Ingest(ctx, &claimed[0]); err != nil {
		return err
	}
	return a.matchNow(ctx)
}

// isStopped tells if a feed of that state is polled seldom or never.
func isStopped(s aggregator.FeedState) bool {
	return s == aggregator.FeedGone || s == aggregator.FeedDead || s == aggregator.FeedDisabled
}

// whyNot says why a feed may not be polled by hand now.
func (a *app) whyNot(ctx context.Context, f *aggregator.Feed, force bool) error {
	name := redacted(f.URL)
	if !force && (f.State == aggregator.FeedGone || f.State == aggregator.FeedDisabled) {
		return fmt.Errorf("%w: %s is %s and not polled any more; --force revives it", aggregator.ErrTooSoon, name, f.State)
	}
	p, err := a.pauses(ctx, a.store, hostKeys(a.live.Load().cfg))
	if err != nil {
		return err
	}
	if h := p.hosts[p.hostKey(f.URL)]; !force && h.Until.After(a.now()) {
		return fmt.Errorf("%w: %s asked to be left alone until %s (%s); --force does not mind that",
			aggregator.ErrTooSoon, h.Host, h.Until.Local().Format(time.DateTime), h.Reason)
	}
	if !force && f.NextPollAt.After(a.now()) && !f.Lease.Until.After(a.now()) {
		return fmt.Errorf("%w: %s asked to be left alone until %s (%s); --force does not mind that",
			aggregator.ErrTooSoon, name, f.NextPollAt.Local().Format(time.DateTime), f.NextPollReason)
	}
	return fmt.Errorf("%w: %s is being polled by the daemon just now", aggregator.ErrTooSoon, name)
}

// pollByHand is for the pages: never by force.
func (a *app) pollByHand(ctx context.Context, id aggregator.FeedID) error {
	f, err := a.store.Feed(ctx, id)
	if err != nil {
		return err
	}
	return a.pollFeed(ctx, f, false)
}

// reviveFeed has a feed polled again that is gone, dead or switched off; the
// daemon polls it as it does all that is due.
func (a *app) reviveFeed(ctx context.Context, id aggregator.FeedID) error {
	f, err := a.store.Feed(ctx, id)
	if err != nil {
		return err
	}
	if !isStopped(f.State) {
		return nil
	}
	a.log.Info("feed revived by hand", "feed", f.ID, "url", redacted(f.URL), "state", f.State)
	defer a.sched.Wake()
	return a.store.ReviveFeed(ctx, id)
}

// matchNow processes what waits on the feeds' text; pages are left to the daemon.
func (a *app) matchNow(ctx context.Context) error {
	for {
		n, err := a.pipe.Process(ctx, aggregator.StageMatch)
		if err != nil || n == 0 {
			return err
		}
	}
}
