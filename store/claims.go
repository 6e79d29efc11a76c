package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"time"

	"topicwire/aggregator"
)

// claimFeeds picks what is due and leases it, in one statement that both
// engines run without claiming a row twice. What stands in braces is filled in.
const claimFeeds = `WITH due AS MATERIALIZED (
		SELECT id FROM feed WHERE removed_at = 0 AND lease_until <= $2 {where}
		ORDER BY {order} LIMIT $3 {skip})
	UPDATE feed SET lease_until = $1, fence = fence + 1,
		sweep = CASE WHEN $4 = 0 THEN sweep ELSE $4 END WHERE id IN (SELECT id FROM due) RETURNING ` + feedColumns

// ClaimDueFeeds leases feeds to poll to the caller, those due longest first.
func (s *Store) ClaimDueFeeds(ctx context.Context, c aggregator.FeedClaim) (feeds []aggregator.Feed, err error) {
	now := c.Now.Unix()
	args := []any{c.Now.Add(c.Lease).Unix(), now, max(c.Limit, 0), c.Sweep}
	where, order := "", "next_poll_at, id"
	and := func(condition string, more ...any) {
		where += " AND " + condition
		args = append(args, more...)
	}
	switch {
	case c.Force:
		order = "id"
	case c.All:
		order = "id"
		// What the server asked for, as poll.Schedule words it.
		and(`NOT (next_poll_at > $2 AND (next_poll_reason LIKE 'Retry-After%' OR next_poll_reason = 'rate limit'))`)
	default:
		and(`next_poll_at <= $2`)
	}
	if !c.Force {
		and(`NOT EXISTS (SELECT 1 FROM host_pause p WHERE p.host = feed.host AND p.paused_until > $2)`)
	}
	if c.Lane != "" {
		and(`steady = ` + strconv.Itoa(int(flag(c.Lane == aggregator.LaneSteady))))
	}
	if c.After != 0 {
		and(`id > `+params(len(args)+1, 1), c.After)
	}
	if c.OnlyFeed != 0 {
		and(`id = `+params(len(args)+1, 1), c.OnlyFeed)
	}
	if c.OnlyFeed == 0 || !c.Force {
		and(`state NOT IN ('gone', 'disabled')`)
	}
	and(`(sweep <> $4 OR $4 = 0)`)
	if len(c.ExcludeHosts) > 0 {
		list := padded(c.ExcludeHosts)
		and(`host NOT IN (`+params(len(args)+1, len(list))+`)`, list...)
	}
	if len(c.OnlyHosts) > 0 {
		list := padded(c.OnlyHosts)
		and(`host IN (`+params(len(args)+1, len(list))+`)`, list...)
	}
	q := strings.NewReplacer("{where}", where, "{order}", order, "{skip}", s.dialect.skipLocked).Replace(claimFeeds)
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		feeds = feeds[:0]
		return scanAll(ctx, t, q, args, func(r *sql.Rows) error {
			f, err := scanFeed(r)
			f.Forced = c.Force
			feeds = append(feeds, f)
			return err
		})
	})
	slices.SortFunc(feeds, func(a, b aggregator.Feed) int {
		if order == "id" {
			return int(a.ID - b.ID)
		}
		if d := a.NextPollAt.Compare(b.NextPollAt); d != 0 {
			return d
		}
		return int(a.ID - b.ID)
	})
	return feeds, err
}

// CrowdedHosts returns the hosts, at most limit, that have at least so many
// feeds, those with the most first.
func (s *Store) CrowdedHosts(ctx context.Context, feeds, limit int) (hosts []string, err error) {
	err = scanAll(ctx, s, `SELECT host FROM feed WHERE removed_at = 0 GROUP BY host HAVING COUNT(*) >= $1 ORDER BY COUNT(*) DESC, host LIMIT $2`,
		[]any{feeds, limit}, func(r *sql.Rows) error {
			var host string
			err := r.Scan(&host)
			hosts = append(hosts, host)
			return err
		})
	return hosts, s.ours(err)
}

// padded returns arguments for a list, their number rounded up so that few
// texts are prepared.
func padded(hosts []string) []any {
	size := 8
	for size < len(hosts) {
		size *= 4
	}
	list := make([]any, size)
	for i := range list {
		list[i] = hosts[min(i, len(hosts)-1)]
	}
	return list
}

// mayBePolled is true of feeds that no pause, lease or state keeps from being
// polled at $1, if they are due.
const mayBePolled = `removed_at = 0 AND state NOT IN ('gone', 'disabled') AND lease_until <= $1
	AND NOT EXISTS (SELECT 1 FROM host_pause p WHERE p.host = feed.host AND p.paused_until > $1)`

// NextDueAt returns when a feed may be claimed next; it may be in the past,
// and is zero if nothing is scheduled. Feeds that are leased now do not count.
func (s *Store) NextDueAt(ctx context.Context) (time.Time, error) {
	now := s.now()
	var steady, shaky, paused sql.NullInt64
	err := s.row(ctx, `SELECT
		(SELECT next_poll_at FROM feed WHERE steady = 1 AND `+mayBePolled+` ORDER BY next_poll_at, id LIMIT 1),
		(SELECT next_poll_at FROM feed WHERE steady = 0 AND `+mayBePolled+` ORDER BY next_poll_at, id LIMIT 1),
		(SELECT MIN(paused_until) FROM host_pause WHERE paused_until > $1)`, now).Scan(&steady, &shaky, &paused)
	if err != nil {
		return time.Time{}, s.ours(err)
	}
	return earliest(steady, shaky, paused), nil
}

func earliest(times ...sql.NullInt64) (first time.Time) {
	for _, t := range times {
		if at := fromUnix(t.Int64); t.Valid && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// ReleaseFeeds gives claims back that were not used.
func (s *Store) ReleaseFeeds(ctx context.Context, ids []aggregator.FeedID) error {
	if len(ids) == 0 {
		return nil
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		return execIn(ctx, t, `UPDATE feed SET lease_until = 0, sweep = 0 WHERE id IN (%s)`, nil, ids)
	})
}

// SpreadOverdue puts feeds that have been due for long off over a window,
// those due longest first: for after a stop, when many are (BEHAVIOUR F-37).
// The window is cut to the time for which the first has been due, so that none
// follow each other closer than they would have. Feeds that were never polled,
// and those of hosts that spare is true of, are left alone. It returns how
// many were put off.
func (s *Store) SpreadOverdue(ctx context.Context, window time.Duration, spare func(host string) bool) (n int, err error) {
	now := s.now()
	type overdue struct{ id, due int64 }
	var feeds []overdue
	err = scanAll(ctx, s, `SELECT id, host, next_poll_at FROM feed WHERE next_poll_at < $1 AND last_poll_at > 0 AND `+mayBePolled+`
		ORDER BY next_poll_at, id`, []any{now}, func(r *sql.Rows) error {
		var f overdue
		var host string
		err := r.Scan(&f.id, &host, &f.due)
		if !spare(host) {
			feeds = append(feeds, f)
		}
		return err
	})
	if err != nil || len(feeds) < 2 {
		return 0, s.ours(err)
	}
	span := min(int64(window/time.Second), now-feeds[0].due)
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		for i, f := range feeds {
			at := now + int64(i)*span/int64(len(feeds))
			_, err := t.exec(ctx, `UPDATE feed SET next_poll_at = $2, next_poll_reason = 'overdue, spread after a stop'
				WHERE id = $1 AND next_poll_at = $3 AND lease_until <= $4`, f.id, at, f.due, now)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return len(feeds), err
}
