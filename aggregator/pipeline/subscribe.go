package pipeline

import (
	"context"
	"errors"
	"fmt"

	"topicwire/aggregator"
	"topicwire/aggregator/fetch"
	"topicwire/aggregator/parse"
)

// Subscriptions is the part of the store that new feeds go into.
type Subscriptions interface {
	AddFeed(ctx context.Context, s aggregator.FeedSettings, d aggregator.Declared) (aggregator.FeedID, error)
	ClaimDueFeeds(ctx context.Context, c aggregator.FeedClaim) ([]aggregator.Feed, error)
}

// Subscribe adds the feed at the address, or the first feed that the web page
// there announces, and saves the items it carries. One request is made of the
// address given, and one of the feed if that is another (BEHAVIOUR F-28).
// Nothing is added if no feed is found; the error says what was found instead.
func (p *Pipeline) Subscribe(ctx context.Context, subs Subscriptions, s aggregator.FeedSettings) (aggregator.FeedID, error) {
	f := &aggregator.Feed{FeedSettings: s}
	v := p.visit(f)
	res, err := p.fetchFeed(ctx, v)
	defer func() { res.Release() }()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", redacted(f.URL), err)
	}
	perr := probe(res)
	if perr != nil {
		found := fetch.Discover(res.FinalURL, res.Header, res.Body)
		if len(found) == 0 {
			return 0, fmt.Errorf("%s: %w, and it announces none", redacted(s.URL), perr)
		}
		f.URL = found[0].URL
		res.Release()
		if res, err = p.fetchFeed(ctx, v); err != nil {
			return 0, fmt.Errorf("%s, announced by %s: %w", redacted(f.URL), redacted(s.URL), err)
		}
		if perr = probe(res); perr != nil {
			return 0, fmt.Errorf("%s, announced by %s: %w", redacted(f.URL), redacted(s.URL), perr)
		}
	}
	id, err := subs.AddFeed(ctx, f.FeedSettings, aggregator.InDatabase)
	if errors.Is(err, aggregator.ErrExists) {
		return 0, fmt.Errorf("%s is subscribed to already", redacted(f.URL))
	}
	if err != nil {
		return 0, err
	}
	claimed, err := subs.ClaimDueFeeds(ctx, aggregator.FeedClaim{
		Now: p.opts.Now(), Limit: 1, Lease: workLease, Force: true, OnlyFeed: id,
	})
	if err != nil {
		return id, err
	}
	if len(claimed) == 0 {
		return id, nil // the daemon was faster
	}
	v.feed, v.whole = &claimed[0], true
	return id, p.ingest(ctx, v, res, nil)
}

// probe returns nil if the answer is a feed that can be read.
func probe(res *fetch.Response) error {
	_, err := parse.Feed(parse.Input{
		Body: res.Body, ContentType: res.Header.Get("Content-Type"), Header: res.Header, URL: res.FinalURL,
		Known: func(uint64) bool { return true },
	})
	if pe, ok := errors.AsType[*parse.Error](err); ok {
		return pe
	}
	return err
}
