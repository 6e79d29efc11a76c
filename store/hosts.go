package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"topicwire/aggregator"
)

// hostIdle is how long what hosts wish is kept after the last page.
const hostIdle = 90 * 24 * time.Hour

// UpdateHost changes what is known of a host's pages, by a function that is
// given the row as it stands and tells if it changed it. No other process
// changes the row meanwhile. The function may be called again if the
// transaction has to be begun anew, and must not block.
func (s *Store) UpdateHost(ctx context.Context, host string, change func(*aggregator.HostState) bool) error {
	host = clean(host)
	err := s.writeTogether(ctx, func(ctx context.Context, t *tx) error {
		st, err := lockHost(ctx, t, host, s.dialect)
		if err != nil {
			return err
		}
		if err := addPause(ctx, t, &st, s.now()); err != nil {
			return err
		}
		if !change(&st) {
			return aggregator.ErrConflict // writeTogether's word for: nothing was written
		}
		_, err = t.exec(ctx, `INSERT INTO page_host (host, held_until, next_page_at, reason, refusals, gap, day, today, used_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			ON CONFLICT (host) DO UPDATE SET held_until = excluded.held_until, next_page_at = excluded.next_page_at, reason = excluded.reason,
				refusals = excluded.refusals, gap = excluded.gap, day = excluded.day, today = excluded.today, used_at = excluded.used_at`,
			host, toUnixUp(st.HeldUntil), toUnixUp(st.NextPageAt), clean(st.Reason), st.Refusals, toSeconds(st.Gap+time.Second-1),
			toUnix(st.Day), st.Today, s.now())
		return err
	})
	if errors.Is(err, aggregator.ErrConflict) {
		return nil
	}
	return err
}

// lockHost reads a host's row and keeps it from others until the transaction
// ends. SQLite has one writer at a time; on PostgreSQL there must be a row to
// lock.
func lockHost(ctx context.Context, t *tx, host string, d *dialect) (aggregator.HostState, error) {
	q := `SELECT ` + hostColumns + ` FROM page_host WHERE host = $1`
	if d == postgres {
		q += ` FOR UPDATE`
	}
	for {
		st, found := aggregator.HostState{Host: host}, false
		err := scanAll(ctx, t, q, []any{host}, func(r *sql.Rows) error {
			found = true
			return scanHost(r, &st)
		})
		if err != nil || found || d == sqlite {
			return st, err
		}
		if _, err := t.exec(ctx, `INSERT INTO page_host (host) VALUES ($1) ON CONFLICT (host) DO NOTHING`, host); err != nil {
			return st, err
		}
	}
}

// addPause adds the pause that a host's feeds have earned: it keeps away from
// its pages too.
func addPause(ctx context.Context, t *tx, st *aggregator.HostState, now int64) error {
	return scanAll(ctx, t, `SELECT paused_until, reason FROM host_pause WHERE host = $1 AND paused_until > $2`, []any{st.Host, now}, func(r *sql.Rows) error {
		var until time.Time
		var reason string
		err := r.Scan((*instant)(&until), &reason)
		if until.After(st.NextPageAt) {
			st.NextPageAt, st.Reason = until, "feeds: "+reason
		}
		return err
	})
}

const hostColumns = `host, held_until, next_page_at, reason, refusals, gap, day, today`

func scanHost(r scanner, h *aggregator.HostState) error {
	return r.Scan(&h.Host, (*instant)(&h.HeldUntil), (*instant)(&h.NextPageAt), &h.Reason, &h.Refusals,
		(*seconds)(&h.Gap), (*instant)(&h.Day), &h.Today)
}

// toUnixUp rounds up: what must not be before a time is not.
func toUnixUp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Add(time.Second - 1).Unix()
}

// PageHosts lists the hosts whose pages are not read for now, and why, those
// that wait longest last. The usual gap between two pages is no pause.
func (s *Store) PageHosts(ctx context.Context) ([]aggregator.HostPause, error) {
	var out []aggregator.HostPause
	err := scanAll(ctx, s, `SELECT host, next_page_at, reason FROM page_host WHERE reason <> '' AND next_page_at > $1 ORDER BY next_page_at, host`,
		[]any{s.now()}, func(r *sql.Rows) error {
			var p aggregator.HostPause
			err := r.Scan(&p.Host, (*instant)(&p.Until), &p.Reason)
			out = append(out, p)
			return err
		})
	return out, s.ours(err)
}

// Robots returns the robots.txt of an origin as last saved, or
// aggregator.ErrNotFound.
func (s *Store) Robots(ctx context.Context, origin string) (aggregator.RobotsState, error) {
	st := aggregator.RobotsState{Origin: origin}
	var known int64
	var etag, modified []byte
	err := s.row(ctx, `SELECT rules, known, etag, last_modified, good_until, retry_at, failing_since FROM robots WHERE origin = $1`, clean(origin)).
		Scan(&st.Rules, &known, &etag, &modified, (*instant)(&st.GoodUntil), (*instant)(&st.RetryAt), (*instant)(&st.FailingSince))
	st.Known, st.ETag, st.LastModified = known != 0, string(etag), string(modified)
	return st, s.ours(err)
}

// SaveRobots saves the robots.txt of an origin.
func (s *Store) SaveRobots(ctx context.Context, st aggregator.RobotsState) error {
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO robots (origin, known, etag, last_modified, good_until, retry_at, failing_since, used_at, rules)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			ON CONFLICT (origin) DO UPDATE SET known = excluded.known, etag = excluded.etag, last_modified = excluded.last_modified,
				good_until = excluded.good_until, retry_at = excluded.retry_at, failing_since = excluded.failing_since,
				used_at = excluded.used_at, rules = excluded.rules`,
			clean(st.Origin), flag(st.Known), []byte(st.ETag), []byte(st.LastModified), toUnix(st.GoodUntil), toUnixUp(st.RetryAt),
			toUnix(st.FailingSince), s.now(), clean(st.Rules))
		return err
	})
}

// pruneHosts forgets hosts that no page has been read of for long, and wish
// nothing any more.
func pruneHosts(ctx context.Context, t *tx, now time.Time) error {
	before := now.Add(-hostIdle).Unix()
	if _, err := t.exec(ctx, `DELETE FROM page_host WHERE used_at < $1 AND next_page_at < $2`, before, now.Unix()); err != nil {
		return err
	}
	_, err := t.exec(ctx, `DELETE FROM robots WHERE used_at < $1 AND good_until < $2`, before, now.Unix())
	return err
}
