package store

import (
	"context"
	"database/sql"
	"math"
	"time"

	"topicwire/aggregator"
)

const (
	pruneBatch   = 500
	tombstoneAge = 400 * 24 * time.Hour // more than F-65 asks for
)

// Prune deletes what retention does not keep: items that are old, not
// published in an entry, not among the newest of their feed, and no longer in
// its document. Their GUIDs stay known. It also deletes keys by which items no
// longer find each other, and pauses that have ended. It works in small
// transactions and may be stopped at any time.
func (s *Store) Prune(ctx context.Context, r aggregator.Retention) error {
	if err := s.pruneKeys(ctx, r.Now.Add(-min(keyWindow, max(r.MaxAge, time.Hour))).Unix()); err != nil {
		return err
	}
	err := s.write(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.exec(ctx, `DELETE FROM host_pause WHERE paused_until <= $1`, r.Now.Unix()); err != nil {
			return err
		}
		if err := pruneHosts(ctx, t, r.Now); err != nil {
			return err
		}
		_, err := t.exec(ctx, `DELETE FROM tombstone WHERE pruned_at < $1`, r.Now.Add(-tombstoneAge).Unix())
		return err
	})
	if err != nil || r.MaxAge <= 0 {
		return err
	}
	var feeds []aggregator.FeedID
	err = scanAll(ctx, s, `SELECT id FROM feed ORDER BY id`, nil, func(rows *sql.Rows) error {
		var id aggregator.FeedID
		err := rows.Scan(&id)
		feeds = append(feeds, id)
		return err
	})
	if err != nil {
		return s.ours(err)
	}
	total := 0
	for _, id := range feeds {
		n, err := s.pruneFeed(ctx, id, &r)
		if err != nil {
			return err
		}
		total += n
	}
	if total > 0 {
		s.log.Info("pruned", "items", total)
	}
	return nil
}

// pruneKeys deletes generations of keys that nobody asks any more, each in a
// transaction of its own.
func (s *Store) pruneKeys(ctx context.Context, before int64) error {
	var old []int64
	err := scanAll(ctx, s, `SELECT id FROM key_generation WHERE last_at < $1 ORDER BY id`, []any{before}, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		old = append(old, id)
		return err
	})
	if err != nil {
		return s.ours(err)
	}
	for _, id := range old {
		err := s.write(ctx, func(ctx context.Context, t *tx) error {
			if _, err := t.exec(ctx, `DELETE FROM story_key WHERE generation = $1`, id); err != nil {
				return err
			}
			_, err := t.exec(ctx, `DELETE FROM key_generation WHERE id = $1 AND last_at < $2`, id, before)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) pruneFeed(ctx context.Context, id aggregator.FeedID, r *aggregator.Retention) (int, error) {
	ids, err := s.prunable(ctx, id, r)
	if err != nil {
		return 0, s.ours(err)
	}
	for rest := ids; len(rest) > 0; {
		n := min(len(rest), pruneBatch)
		err := s.write(ctx, func(ctx context.Context, t *tx) error { return prune(ctx, t, rest[:n], r.Now.Unix()) })
		if err != nil {
			return 0, err
		}
		rest = rest[n:]
	}
	return len(ids), nil
}

// prunable lists a feed's items that may go.
func (s *Store) prunable(ctx context.Context, id aggregator.FeedID, r *aggregator.Retention) ([]aggregator.ItemID, error) {
	var newest sql.NullInt64 // the oldest item that is kept for being new
	err := s.row(ctx, `SELECT MIN(id) FROM (SELECT id FROM item WHERE feed_id = $1 ORDER BY id DESC LIMIT $2) n`, id, max(r.PerFeed, 0)).Scan(&newest)
	if err != nil {
		return nil, err
	}
	keepFrom := int64(math.MaxInt64)
	if newest.Valid {
		keepFrom = newest.Int64
	}
	known, err := s.KnownBlocks(ctx, id)
	if err != nil {
		return nil, err
	}
	inDocument := make(map[uint64]bool, len(known))
	for _, h := range known {
		inDocument[h] = true
	}
	var ids []aggregator.ItemID
	err = scanAll(ctx, s, `SELECT i.id, i.block_hash FROM item i WHERE i.feed_id = $1 AND i.id < $2 AND i.first_seen < $3
		AND NOT EXISTS (SELECT 1 FROM work w WHERE w.item_id = i.id)
		AND NOT EXISTS (SELECT 1 FROM filed l JOIN entry e ON e.story_id = l.story_id WHERE l.item_id = i.id)
		ORDER BY i.id`, []any{id, keepFrom, r.Now.Add(-r.MaxAge).Unix()}, func(rows *sql.Rows) error {
		var item aggregator.ItemID
		var block int64
		err := rows.Scan(&item, &block)
		if !inDocument[uint64(block)] {
			ids = append(ids, item)
		}
		return err
	})
	return ids, err
}

// prune deletes items with all that hangs on them, unless they were published
// or queued since they were chosen, and leaves their tombstones.
func prune(ctx context.Context, t *tx, ids []aggregator.ItemID, now int64) error {
	var gone []aggregator.ItemID
	stories := make(map[aggregator.StoryID]bool)
	err := eachIn(ctx, t, `SELECT i.id, COALESCE(l.story_id, 0) FROM item i LEFT JOIN filed l ON l.item_id = i.id
		WHERE NOT EXISTS (SELECT 1 FROM work w WHERE w.item_id = i.id)
		AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.story_id = l.story_id) AND i.id IN (%s)`, nil, ids, func(r *sql.Rows) error {
		var id aggregator.ItemID
		var story aggregator.StoryID
		err := r.Scan(&id, &story)
		gone = append(gone, id)
		stories[story] = true
		return err
	})
	if err != nil {
		return err
	}
	for _, q := range []string{
		`INSERT INTO tombstone (feed_id, guid_hash, pruned_at) SELECT feed_id, guid_hash, $1 FROM item WHERE id IN (%s)
			ON CONFLICT (feed_id, guid_hash) DO UPDATE SET pruned_at = excluded.pruned_at`,
		`DELETE FROM match WHERE item_id IN (%s)`,
		`DELETE FROM article WHERE item_id IN (%s)`,
		`DELETE FROM filed WHERE item_id IN (%s)`,
		`DELETE FROM item WHERE id IN (%s)`,
	} {
		var args []any
		if q[0] == 'I' {
			args = []any{now}
		}
		if err := execIn(ctx, t, q, args, gone); err != nil {
			return err
		}
	}
	// A published story keeps its id, for the entry that may come back, as
	// long as it has items.
	if err := execIn(ctx, t, `DELETE FROM story WHERE NOT EXISTS (SELECT 1 FROM filed l WHERE l.story_id = story.id) AND id IN (%s)`, nil, sortedKeys(stories)); err != nil {
		return err
	}
	return execIn(ctx, t, `DELETE FROM story_alias WHERE NOT EXISTS (SELECT 1 FROM story s WHERE s.id = story_alias.story_id) AND story_id IN (%s)`, nil, sortedKeys(stories))
}
