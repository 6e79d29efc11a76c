package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"topicwire/aggregator"
)

const feedColumns = `id, lease_until, fence, next_poll_at, state, url, outlet, language, tags, enrich, publish,
	poll_interval, selector, declared, origin_url, title, site_url, declared_language, created_at,
	etag, last_modified, body_hash, last_poll_at, last_success_at, next_poll_reason, last_status, last_error,
	failures, failing_since, same_bodies, gone_at, moved_to, moved_since, moved_polls,
	median_gap, newest_item_at, max_age, ttl, skip_hours, skip_days,
	validators_url, parser, plain_body, document_id, moved_known, duplicate_of, item_times, pushed_until, link_identity, regenerated,
	whole_at, away_since`

// scanner is a *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

func scanFeed(r scanner) (f aggregator.Feed, err error) {
	var etag, modified, times []byte
	err = r.Scan(&f.ID, (*instant)(&f.Lease.Until), &f.Lease.Fence, (*instant)(&f.NextPollAt), &f.State, &f.URL, &f.Outlet, &f.Language,
		(*list)(&f.Tags), &f.Enrich, &f.Publish, (*seconds)(&f.Interval), &f.Selector, &f.Declared, &f.OriginURL,
		&f.Title, &f.SiteURL, &f.DeclaredLanguage, (*instant)(&f.CreatedAt),
		&etag, &modified, &f.BodyHash, (*instant)(&f.LastPollAt), (*instant)(&f.LastSuccessAt), &f.NextPollReason,
		&f.LastStatus, &f.LastError, &f.Failures, (*instant)(&f.FailingSince), &f.SameBodies, (*instant)(&f.GoneAt),
		&f.MovedTo, (*instant)(&f.MovedSince), &f.MovedPolls, (*seconds)(&f.MedianGap), (*instant)(&f.NewestItemAt),
		(*seconds)(&f.MaxAge), (*seconds)(&f.TTL), &f.SkipHours, &f.SkipDays,
		&f.ValidatorsURL, &f.Parser, &f.PlainBody, &f.DocumentID, &f.MovedKnown, &f.DuplicateOf, &times,
		(*instant)(&f.PushedUntil), &f.LinkIdentity, &f.Regenerated, (*instant)(&f.WholeAt), (*instant)(&f.AwaySince))
	f.ETag, f.LastModified, f.ItemTimes = string(etag), string(modified), unpackTimes(times)
	return f, err
}

// AddFeed adds a feed, due at once. A feed that was removed comes back with
// its items and its new settings. It returns aggregator.ErrExists if there is
// one with that URL.
func (s *Store) AddFeed(ctx context.Context, fs aggregator.FeedSettings, d aggregator.Declared) (id aggregator.FeedID, err error) {
	var added bool
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		id, added, err = s.addFeed(ctx, t, &fs, d)
		return err
	})
	if err == nil && !added {
		err = aggregator.ErrExists
	}
	return id, err
}

// AddFeeds adds all feeds that are not there, in one transaction, and returns
// how many those were.
func (s *Store) AddFeeds(ctx context.Context, feeds []aggregator.FeedSettings) (added int, err error) {
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		added = 0
		for i := range feeds {
			_, isNew, err := s.addFeed(ctx, t, &feeds[i], aggregator.InDatabase)
			if err != nil {
				return err
			}
			if isNew {
				added++
			}
		}
		return nil
	})
	return added, err
}

// addFeed adds or revives a feed. A live one is left as it is, but that it will
// not go back to where it was subscribed before, if it moved to the URL.
func (s *Store) addFeed(ctx context.Context, t *tx, fs *aggregator.FeedSettings, d aggregator.Declared) (id aggregator.FeedID, added bool, err error) {
	feedURL := aggregator.FeedURL(fs.URL)
	if feedURL == "" {
		return 0, false, errors.New("a feed needs a URL")
	}
	var removed, moved int64
	err = t.row(ctx, `SELECT id, removed_at, CASE WHEN url = $1 AND origin_url <> '' THEN 1 ELSE 0 END FROM feed
		WHERE url = $1 OR origin_url = $1 AND origin_url <> '' ORDER BY removed_at, id LIMIT 1`, feedURL).Scan(&id, &removed, &moved)
	if err == nil && moved != 0 {
		_, err = t.exec(ctx, `UPDATE feed SET origin_url = '' WHERE id = $1`, id)
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		err = t.row(ctx, `INSERT INTO feed (url, host, created_at, next_poll_at) VALUES ($1, $2, $3, $3) RETURNING id`,
			feedURL, s.opts.HostKey(feedURL), s.now()).Scan(&id)
	case err != nil || removed == 0:
		return id, false, err
	default:
		_, err = t.exec(ctx, `UPDATE feed SET removed_at = 0, state = 'active', next_poll_at = $2, failures = 0, last_error = '',
			failing_since = 0, gone_at = 0 WHERE id = $1`, id, s.now())
	}
	if err != nil {
		return 0, false, err
	}
	return id, true, saveSettings(ctx, t, id, fs, d)
}

func saveSettings(ctx context.Context, t *tx, id aggregator.FeedID, fs *aggregator.FeedSettings, d aggregator.Declared) error {
	_, err := t.exec(ctx, `UPDATE feed SET outlet = $2, language = $3, tags = $4, enrich = $5, publish = $6,
		poll_interval = $7, selector = $8, declared = $9 WHERE id = $1`,
		id, clean(fs.Outlet), clean(fs.Language), toList(fs.Tags), fs.Enrich, fs.Publish,
		int64(fs.Interval/time.Second), clean(fs.Selector), d)
	return err
}

// RemoveFeed hides a feed and polls it no more; its items stay. It returns
// aggregator.ErrNotFound if there is none with that URL.
func (s *Store) RemoveFeed(ctx context.Context, url string) error {
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		return found(t.exec(ctx, `UPDATE feed SET removed_at = $2 WHERE (url = $1 OR origin_url = $1 AND origin_url <> '') AND removed_at = 0`,
			aggregator.FeedURL(url), s.now()))
	})
}

// ReviveFeed polls a feed again that is gone, dead or switched off.
func (s *Store) ReviveFeed(ctx context.Context, id aggregator.FeedID) error {
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		return found(t.exec(ctx, `UPDATE feed SET state = 'active', failures = 0, failing_since = 0, gone_at = 0, last_error = '',
			next_poll_at = $2, next_poll_reason = 'revived' WHERE id = $1 AND removed_at = 0`, id, s.now()))
	})
}

// PushFeed notes until when a hub announces the changes of a feed; the zero
// time: it does not. The feed is polled rarely meanwhile (BEHAVIOUR F-39).
func (s *Store) PushFeed(ctx context.Context, id aggregator.FeedID, until time.Time) error {
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		return found(t.exec(ctx, `UPDATE feed SET pushed_until = $2 WHERE id = $1 AND removed_at = 0`, id, toUnix(until)))
	})
}

// clearWay looks if the URL that a poll would make a feed's own is free. If
// another feed is subscribed there, the feed stays where it is and names that
// one; of a feed that was removed, the URL is left alone. A URL that is too
// long to be looked for is nobody's.
func clearWay(ctx context.Context, t *tx, id aggregator.FeedID, state *aggregator.PollState) error {
	if state.AdoptURL = indexed(state.AdoptURL); state.AdoptURL == "" {
		return nil
	}
	var taken string
	var removed int64
	err := t.row(ctx, `SELECT url, removed_at FROM feed WHERE (url = $1 OR origin_url = $1 AND origin_url <> '') AND id <> $2
		ORDER BY removed_at, id LIMIT 1`, state.AdoptURL, id).Scan(&taken, &removed)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		state.MovedTo, state.MovedSince, state.MovedPolls, state.MovedKnown = "", time.Time{}, 0, false
		state.AwaySince, state.DuplicateOf = time.Time{}, ""
		return nil
	case err != nil:
		return err
	}
	state.AdoptURL, state.DuplicateOf = "", taken
	if removed != 0 {
		state.DuplicateOf = ""
	}
	return nil
}

// moveFeed makes a URL the feed's own. The one it was subscribed at stays
// known, until the feed is back there.
func (s *Store) moveFeed(ctx context.Context, t *tx, id aggregator.FeedID, url string) error {
	_, err := t.exec(ctx, `UPDATE feed SET url = $2, host = $3,
		origin_url = CASE WHEN origin_url = '' THEN url WHEN origin_url = $2 THEN '' ELSE origin_url END
		WHERE id = $1 AND url <> $2`, id, url, s.opts.HostKey(url))
	return err
}

// found turns "no row was changed" into aggregator.ErrNotFound.
func found(n int64, err error) error {
	if err == nil && n == 0 {
		return aggregator.ErrNotFound
	}
	return err
}

// Feeds lists feeds by id, with the number of their items.
func (s *Store) Feeds(ctx context.Context, f aggregator.FeedFilter) (feeds []aggregator.Feed, err error) {
	limit := f.Limit
	if limit <= 0 || f.Tag != "" {
		limit = 1 << 30
	}
	err = scanAll(ctx, s, `SELECT `+feedColumns+` FROM feed WHERE removed_at = 0 AND ($1 = '' OR state = $1) ORDER BY id LIMIT $2`,
		[]any{string(f.State), limit}, func(r *sql.Rows) error {
			feed, err := scanFeed(r)
			if f.Tag == "" || slices.Contains(feed.Tags, f.Tag) {
				feeds = append(feeds, feed)
			}
			return err
		})
	if err != nil {
		return nil, s.ours(err)
	}
	if f.Limit > 0 && len(feeds) > f.Limit {
		feeds = feeds[:f.Limit]
	}
	counts := make(map[aggregator.FeedID]int, len(feeds))
	err = scanAll(ctx, s, `SELECT feed_id, COUNT(*) FROM item GROUP BY feed_id`, nil, func(r *sql.Rows) error {
		var id aggregator.FeedID
		var n int
		err := r.Scan(&id, &n)
		counts[id] = n
		return err
	})
	for i := range feeds {
		feeds[i].Items = counts[feeds[i].ID]
	}
	return feeds, s.ours(err)
}

// Feed returns a feed, removed or not, or aggregator.ErrNotFound.
func (s *Store) Feed(ctx context.Context, id aggregator.FeedID) (*aggregator.Feed, error) {
	return s.oneFeed(ctx, `SELECT `+feedColumns+` FROM feed WHERE id = $1`, id)
}

// FeedByURL returns the feed that is polled, or was subscribed, at a URL, or
// aggregator.ErrNotFound.
func (s *Store) FeedByURL(ctx context.Context, url string) (*aggregator.Feed, error) {
	return s.oneFeed(ctx, `SELECT `+feedColumns+` FROM feed WHERE (url = $1 OR origin_url = $1 AND origin_url <> '') AND removed_at = 0 ORDER BY id LIMIT 1`,
		aggregator.FeedURL(url))
}

func (s *Store) oneFeed(ctx context.Context, q string, arg any) (*aggregator.Feed, error) {
	f, err := scanFeed(s.row(ctx, q, arg))
	if err != nil {
		return nil, s.ours(err)
	}
	err = s.row(ctx, `SELECT COUNT(*) FROM item WHERE feed_id = $1`, f.ID).Scan(&f.Items)
	return &f, s.ours(err)
}

// Hosts lists the hosts that are paused now.
func (s *Store) Hosts(ctx context.Context) (hosts []aggregator.HostPause, err error) {
	err = scanAll(ctx, s, `SELECT host, paused_until, reason FROM host_pause WHERE paused_until > $1 ORDER BY host LIMIT 100000`,
		[]any{s.now()}, func(r *sql.Rows) error {
			var h aggregator.HostPause
			err := r.Scan(&h.Host, (*instant)(&h.Until), &h.Reason)
			hosts = append(hosts, h)
			return err
		})
	return hosts, s.ours(err)
}

// SyncDeclared makes feeds and topics of the configuration file equal to what
// the file says now. What it no longer names is removed as by RemoveFeed.
func (s *Store) SyncDeclared(ctx context.Context, feeds []aggregator.FeedSettings, topics []aggregator.Topic) error {
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		if err := s.syncFeeds(ctx, t, feeds); err != nil {
			return err
		}
		if err := s.syncHosts(ctx, t); err != nil {
			return err
		}
		return s.syncTopics(ctx, t, topics)
	})
}

// syncHosts writes the host keys of feeds anew: what counts as one host may be
// configured otherwise than when a feed was added.
func (s *Store) syncHosts(ctx context.Context, t *tx) error {
	changed := make(map[int64]string)
	err := scanAll(ctx, t, `SELECT id, url, host FROM feed`, nil, func(r *sql.Rows) error {
		var id int64
		var url, host string
		err := r.Scan(&id, &url, &host)
		if key := s.opts.HostKey(url); key != host {
			changed[id] = key
		}
		return err
	})
	if err != nil {
		return err
	}
	for id, key := range changed {
		if _, err := t.exec(ctx, `UPDATE feed SET host = $2 WHERE id = $1`, id, key); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) syncFeeds(ctx context.Context, t *tx, feeds []aggregator.FeedSettings) error {
	have := make(map[aggregator.FeedID]aggregator.Feed)
	err := scanAll(ctx, t, `SELECT `+feedColumns+` FROM feed WHERE declared = 'file' AND removed_at = 0`, nil, func(r *sql.Rows) error {
		f, err := scanFeed(r)
		have[f.ID] = f
		return err
	})
	if err != nil {
		return err
	}
	for i := range feeds {
		id, added, err := s.addFeed(ctx, t, &feeds[i], aggregator.InFile)
		if err != nil {
			return err
		}
		old, declared := have[id]
		delete(have, id)
		if added || declared && sameSettings(&old.FeedSettings, &feeds[i]) {
			continue
		}
		if err := saveSettings(ctx, t, id, &feeds[i], aggregator.InFile); err != nil {
			return err
		}
	}
	for id := range have {
		if _, err := t.exec(ctx, `UPDATE feed SET removed_at = $2 WHERE id = $1`, id, s.now()); err != nil {
			return err
		}
	}
	return nil
}

func sameSettings(a, b *aggregator.FeedSettings) bool {
	return a.Outlet == b.Outlet && a.Language == b.Language && a.Enrich == b.Enrich && a.Publish == b.Publish &&
		a.Interval == b.Interval.Truncate(time.Second) && a.Selector == b.Selector && slices.Equal(a.Tags, b.Tags)
}
