package web

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"topicwire/aggregator"
)

// lookEvery is how often the shelf asks for topic revisions. What is
// processed is published within two seconds.
const lookEvery = 500 * time.Millisecond

// topicShelf holds every topic as it was rendered last. Readers take what is
// there without waiting; the watcher swaps whole issues (BEHAVIOUR P-10).
type topicShelf struct {
	server *Server
	store  Store
	shown  atomic.Pointer[shelfContent]

	archive sync.Mutex // held while a page of history is rendered

	mu sync.Mutex // held while rendering; readers do not take it
}

// shelfContent is never changed once it is shown.
type shelfContent struct {
	byID      map[aggregator.TopicID]*issue
	bySlug    map[string]*issue    // public topics only
	byToken   map[tokenHash]*issue // private topics only
	listed    []*issue             // public topics, by title
	revisions map[aggregator.TopicID]int64
	complete  bool // all topics are here, or failed
}

// tokenHash is what a token is looked up by, so that the time it takes says
// nothing about how much of it was right (BEHAVIOUR P-09).
type tokenHash [sha256.Size]byte

func hashToken(token string) tokenHash { return sha256.Sum256([]byte(token)) }

// issue is one topic as rendered at one revision.
type issue struct {
	topic   aggregator.Topic
	cards   []card            // newest first
	feeds   map[string]*ready // by format
	live    int               // entries in them
	expires time.Time         // when the oldest card grows too old; zero: never
}

func newTopicShelf(s *Server) *topicShelf {
	sh := &topicShelf{server: s, store: s.opts.Store}
	sh.shown.Store(indexIssues(nil, nil, false))
	return sh
}

// watch renders what changed until ctx ends. A failing store or topic leaves
// the last good issue in place.
func (sh *topicShelf) watch(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	var lastErr string
	for {
		err := sh.refresh(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			lastErr = ""
		case err.Error() != lastErr: // once, not twice a second
			lastErr = err.Error()
			sh.server.log.Error("topic feeds not renewed", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// refresh renders the topics whose revision moved or whose oldest entry grew
// too old.
func (sh *topicShelf) refresh(ctx context.Context) error {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	revisions, err := sh.store.TopicRevisions(ctx)
	if err != nil {
		return fmt.Errorf("topic revisions: %w", err)
	}
	shown := sh.shown.Load()
	now := sh.server.now()
	if shown.complete && maps.Equal(revisions, shown.revisions) && !shown.anyExpired(now) {
		return nil
	}
	topics, err := sh.store.Topics(ctx)
	if err != nil {
		return fmt.Errorf("topics: %w", err)
	}
	issues := make([]*issue, 0, len(topics))
	rendered := make(map[aggregator.TopicID]int64, len(topics))
	var failures []error
	for i := range topics {
		t := &topics[i]
		old := shown.byID[t.ID]
		if old != nil && old.fresh(t, now) {
			issues = append(issues, old)
			rendered[t.ID] = t.Revision
			continue
		}
		is, err := sh.render(ctx, t)
		if err != nil {
			failures = append(failures, err)
			if old != nil {
				issues = append(issues, old)
			}
			continue // not in rendered: tried again at the next look
		}
		issues = append(issues, is)
		rendered[t.ID] = t.Revision
	}
	sh.shown.Store(indexIssues(issues, rendered, true))
	return errors.Join(failures...)
}

func (c *shelfContent) anyExpired(now time.Time) bool {
	for _, is := range c.byID {
		if is.expired(now) {
			return true
		}
	}
	return false
}

func (is *issue) expired(now time.Time) bool { return !is.expires.IsZero() && !now.Before(is.expires) }

func (is *issue) fresh(t *aggregator.Topic, now time.Time) bool {
	return is.topic.Revision == t.Revision && !is.expired(now)
}

func indexIssues(issues []*issue, revisions map[aggregator.TopicID]int64, complete bool) *shelfContent {
	c := &shelfContent{
		byID: map[aggregator.TopicID]*issue{}, bySlug: map[string]*issue{}, byToken: map[tokenHash]*issue{},
		revisions: revisions, complete: complete,
	}
	for _, is := range issues {
		c.byID[is.topic.ID] = is
		switch {
		case !is.topic.Private:
			c.bySlug[is.topic.Slug] = is
			c.listed = append(c.listed, is)
		case is.topic.Token != "":
			c.byToken[hashToken(is.topic.Token)] = is
		}
	}
	slices.SortFunc(c.listed, func(a, b *issue) int {
		if n := strings.Compare(strings.ToLower(a.topic.Title), strings.ToLower(b.topic.Title)); n != 0 {
			return n
		}
		return strings.Compare(a.topic.Slug, b.topic.Slug)
	})
	return c
}

// public returns the issue of a public topic. One that the watcher has not
// seen yet is rendered at once.
func (sh *topicShelf) public(ctx context.Context, slug string) (*issue, error) {
	if is := sh.shown.Load().bySlug[slug]; is != nil {
		return is, nil
	}
	t, err := sh.store.Topic(ctx, slug)
	if err != nil {
		return nil, err
	}
	if t.Private {
		return nil, aggregator.ErrNotFound
	}
	return sh.now(ctx, t)
}

// private returns the issue of the private topic with the token.
func (sh *topicShelf) private(ctx context.Context, token string) (*issue, error) {
	if token == "" {
		return nil, aggregator.ErrNotFound
	}
	if is := sh.shown.Load().byToken[hashToken(token)]; is != nil {
		return is, nil
	}
	t, err := sh.store.TopicByToken(ctx, token)
	if err != nil {
		return nil, err
	}
	if !t.Private || hashToken(t.Token) != hashToken(token) {
		return nil, aggregator.ErrNotFound
	}
	return sh.now(ctx, t)
}

// now renders a topic for a request that came before the watcher. Requests
// for it wait for one another, and the later ones find it done.
func (sh *topicShelf) now(ctx context.Context, t *aggregator.Topic) (*issue, error) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	shown := sh.shown.Load()
	if is := shown.byID[t.ID]; is != nil && is.fresh(t, sh.server.now()) {
		return is, nil
	}
	is, err := sh.render(ctx, t)
	if err != nil {
		return nil, err
	}
	issues := []*issue{is}
	for id, other := range shown.byID {
		if id != t.ID {
			issues = append(issues, other)
		}
	}
	revisions := maps.Clone(shown.revisions)
	if revisions == nil {
		revisions = map[aggregator.TopicID]int64{}
	}
	revisions[t.ID] = t.Revision
	sh.shown.Store(indexIssues(issues, revisions, shown.complete))
	return is, nil
}

// listed returns the public topics by title, rendering them if nothing was
// rendered yet.
func (sh *topicShelf) listed(ctx context.Context) (*shelfContent, error) {
	if c := sh.shown.Load(); c.complete {
		return c, nil
	}
	err := sh.refresh(ctx)
	c := sh.shown.Load()
	if len(c.byID) > 0 {
		err = nil // some topics are better than none
	}
	return c, err
}

// render reads a topic's entries and makes all that is served of them.
func (sh *topicShelf) render(ctx context.Context, t *aggregator.Topic) (*issue, error) {
	start := time.Now()
	defer func() { sh.server.metrics.builds.Observe(time.Since(start).Seconds()) }()
	now := sh.server.now()
	maxAge := t.MaxAge
	if maxAge <= 0 {
		maxAge = aggregator.DefaultMaxAge
	}
	since := now.Add(-maxAge)
	if t.Since.After(since) {
		since = t.Since
	}
	limit := t.Limit
	if limit <= 0 {
		limit = aggregator.DefaultLimit
	}
	entries, err := sh.store.Entries(ctx, aggregator.EntryFilter{Topic: t.ID, Limit: limit, Since: since})
	if err != nil {
		return nil, fmt.Errorf("entries of topic %s: %w", t.Slug, err)
	}
	is := &issue{topic: *t, cards: make([]card, 0, len(entries))}
	kept := entries[:0]
	for i := range entries {
		e := &entries[i]
		end := e.Published.Add(maxAge)
		if !end.After(now) {
			continue
		}
		if is.expires.IsZero() || end.Before(is.expires) {
			is.expires = end
		}
		is.cards = append(is.cards, newCard(t, e))
		kept = append(kept, *e)
	}
	channel := sh.server.channel(t)
	channel.Entries, is.live = kept, len(kept)
	if channel.Older, err = sh.server.newestArchive(ctx, &channel, is.live); err != nil {
		return nil, fmt.Errorf("history of topic %s: %w", t.Slug, err)
	}
	if is.feeds, err = sh.server.renderFeeds(channel); err != nil {
		return nil, fmt.Errorf("render topic %s: %w", t.Slug, err)
	}
	return is, nil
}
