package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"topicwire/aggregator"
)

// Meta returns what is stored under a key; empty: nothing.
func (s *Store) Meta(ctx context.Context, key string) (value string, err error) {
	err = s.row(ctx, `SELECT value FROM meta WHERE key = $1`, key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, s.ours(err)
}

// SetMetaOnce stores a value unless there is one, and returns what is stored.
func (s *Store) SetMetaOnce(ctx context.Context, key, value string) (stored string, err error) {
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.exec(ctx, `INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING`, key, value); err != nil {
			return err
		}
		return t.row(ctx, `SELECT value FROM meta WHERE key = $1`, key).Scan(&stored)
	})
	return stored, err
}

// ProbeWrite writes a row, to tell if the database can be written to.
func (s *Store) ProbeWrite(ctx context.Context) error {
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO meta (key, value) VALUES ('probe', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
			fmt.Sprint(s.now()))
		return err
	})
}

// Stats are counts for an operator.
type Stats struct {
	Feeds   map[aggregator.FeedState]int
	Overdue int // feeds due that may be polled and that nobody has claimed
	// Lag is how long the one of them has waited that is due longest.
	Lag      time.Duration
	Pending  int // items that wait
	Bytes    int64
	WALBytes int64 // of a SQLite database's log, which is not counted in Bytes
}

// Stats counts feeds by state, what waits, and the size of the database.
func (s *Store) Stats(ctx context.Context, now time.Time) (st Stats, err error) {
	st.Feeds = make(map[aggregator.FeedState]int)
	err = scanAll(ctx, s, `SELECT state, COUNT(*) FROM feed WHERE removed_at = 0 GROUP BY state`, nil, func(r *sql.Rows) error {
		var state aggregator.FeedState
		var n int
		err := r.Scan(&state, &n)
		st.Feeds[state] = n
		return err
	})
	if err != nil {
		return st, s.ours(err)
	}
	var since sql.NullInt64
	err = s.row(ctx, `SELECT COUNT(*), MIN(NULLIF(next_poll_at, 0)) FROM feed WHERE next_poll_at <= $1 AND `+mayBePolled, now.Unix()).Scan(&st.Overdue, &since)
	if err != nil {
		return st, s.ours(err)
	}
	if since.Valid {
		st.Lag = now.Sub(fromUnix(since.Int64))
	}
	if st.Pending, err = s.PendingWork(ctx); err != nil {
		return st, err
	}
	if s.dialect == sqlite {
		st.Bytes, st.WALBytes = fileSize(s.path), fileSize(s.path+"-wal")
		return st, nil
	}
	st.Bytes, err = s.bytes(ctx)
	return st, err
}

func (s *Store) bytes(ctx context.Context) (n int64, err error) {
	if s.dialect != sqlite {
		err = s.row(ctx, `SELECT pg_database_size(current_database())`).Scan(&n)
		return n, s.ours(err)
	}
	return fileSize(s.path) + fileSize(s.path+"-wal"), nil
}

// fileSize returns the size of a file; 0 if there is none.
func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// ItemsPerDay counts a feed's items by the day they were first seen, for the
// given number of days; the last number is today's (UTC).
func (s *Store) ItemsPerDay(ctx context.Context, id aggregator.FeedID, days int) ([]int, error) {
	out := make([]int, max(days, 0))
	const day = 24 * 60 * 60
	first := s.now()/day - int64(days) + 1
	err := scanAll(ctx, s, `SELECT first_seen / 86400, COUNT(*) FROM item WHERE feed_id = $1 AND first_seen >= $2 GROUP BY first_seen / 86400`,
		[]any{id, first * day}, func(r *sql.Rows) error {
			var on int64
			var n int
			err := r.Scan(&on, &n)
			if i := on - first; i >= 0 && i < int64(len(out)) {
				out[i] = n
			}
			return err
		})
	return out, s.ours(err)
}

var tables = []string{"feed", "feed_blocks", "host_pause", "item", "tombstone", "work", "article", "story", "story_alias", "filed", "key_generation", "story_key",
	"topic", "match", "entry", "meta"}

// invariants are counts of what must not be.
var invariants = []struct{ text, query string }{
	{"items are in no story and wait for nothing", `SELECT COUNT(*) FROM item i WHERE NOT EXISTS (SELECT 1 FROM filed l WHERE l.item_id = i.id)
		AND NOT EXISTS (SELECT 1 FROM work w WHERE w.item_id = i.id)`},
	{"items have no feed", `SELECT COUNT(*) FROM item i WHERE NOT EXISTS (SELECT 1 FROM feed f WHERE f.id = i.feed_id)`},
	{"items carry the GUID of another of their feed", `SELECT COUNT(*) FROM (SELECT feed_id, guid FROM item GROUP BY feed_id, guid HAVING COUNT(*) > 1) d`},
	{"rows wait for an item that is gone", `SELECT COUNT(*) FROM work w WHERE NOT EXISTS (SELECT 1 FROM item i WHERE i.id = w.item_id)`},
	{"articles belong to no item", `SELECT COUNT(*) FROM article a WHERE NOT EXISTS (SELECT 1 FROM item i WHERE i.id = a.item_id)`},
	{"filed rows name no item", `SELECT COUNT(*) FROM filed l WHERE NOT EXISTS (SELECT 1 FROM item i WHERE i.id = l.item_id)`},
	{"filed rows name no story", `SELECT COUNT(*) FROM filed l WHERE NOT EXISTS (SELECT 1 FROM story s WHERE s.id = l.story_id)`},
	{"stories have no items", `SELECT COUNT(*) FROM story s WHERE NOT EXISTS (SELECT 1 FROM filed l WHERE l.story_id = s.id)`},
	{"folded stories lead nowhere", `SELECT COUNT(*) FROM story_alias a WHERE NOT EXISTS (SELECT 1 FROM story s WHERE s.id = a.story_id)`},
	{"matches name no item", `SELECT COUNT(*) FROM match m WHERE NOT EXISTS (SELECT 1 FROM item i WHERE i.id = m.item_id)`},
	{"entries name no story", `SELECT COUNT(*) FROM entry e WHERE NOT EXISTS (SELECT 1 FROM story s WHERE s.id = e.story_id AND s.public_id = e.public_id)`},
	{"entries have no topic", `SELECT COUNT(*) FROM entry e WHERE NOT EXISTS (SELECT 1 FROM topic t WHERE t.id = e.topic_id)`},
}

// Check examines the whole database, the engine's rules and ours, and changes
// nothing.
func (s *Store) Check(ctx context.Context) (r aggregator.CheckReport, err error) {
	r = aggregator.CheckReport{Engine: s.dialect.name, Problems: []string{}, Counts: make(map[string]int)}
	if s.dialect == sqlite {
		if err := pragmaCheck(ctx, s.readDB, `PRAGMA integrity_check(1)`); err != nil {
			r.Problems = append(r.Problems, err.Error())
			return r, nil
		}
	}
	if r.Schema, err = s.schemaVersion(ctx); err != nil {
		return r, s.ours(err)
	}
	for _, table := range tables {
		var n int
		if err := s.row(ctx, `SELECT COUNT(*) FROM `+table).Scan(&n); err != nil {
			return r, fmt.Errorf("count %s: %w", table, s.ours(err))
		}
		r.Counts[plural[table]] = n
	}
	for _, rule := range invariants {
		var n int
		if err := s.row(ctx, rule.query).Scan(&n); err != nil {
			return r, fmt.Errorf("check that no %s: %w", rule.text, s.ours(err))
		}
		if n > 0 {
			r.Problems = append(r.Problems, fmt.Sprintf("%d %s", n, rule.text))
		}
	}
	r.OK = len(r.Problems) == 0
	r.Bytes, err = s.bytes(ctx)
	return r, err
}

// plural is how a report names a table.
var plural = map[string]string{"feed": "feeds", "feed_blocks": "feed_blocks", "host_pause": "host_pauses", "item": "items", "story_alias": "story_aliases",
	"tombstone": "tombstones", "work": "work", "article": "articles", "story": "stories", "filed": "filed", "key_generation": "key_generations", "story_key": "story_keys",
	"topic": "topics", "match": "matches", "entry": "entries", "meta": "meta"}
