package store

import (
	"context"
	"time"
)

// clockTolerance is how far a stored time may lie ahead before the clock is
// taken to have been set back (BEHAVIOUR F-40).
const clockTolerance = 5 * time.Minute

// longestLease, in seconds, is more than anyone claims a row for.
const longestLease = 24 * 60 * 60

// SettleClock is for after a clock that ran ahead was set right: what was
// scheduled by it would wait for that time to come again, for years perhaps.
// A poll that lies in the future is taken to have been made now, and all that
// was to follow keeps its distance from it. It returns how far the clock was
// set back; 0: it was not.
func (s *Store) SettleClock(ctx context.Context) (step time.Duration, err error) {
	now := s.now()
	ahead := now + int64(clockTolerance/time.Second)
	var latest int64
	err = s.row(ctx, `SELECT COALESCE(MAX(last_poll_at), 0) FROM feed WHERE removed_at = 0`).Scan(&latest)
	if err != nil || latest <= ahead {
		return 0, s.ours(err)
	}
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		for _, u := range []struct {
			query string
			args  []any
		}{
			{`UPDATE feed SET next_poll_at = CASE WHEN next_poll_at > $1 THEN next_poll_at - last_poll_at + $1 ELSE next_poll_at END,
				last_success_at = CASE WHEN last_success_at > $1 THEN $1 ELSE last_success_at END,
				last_poll_at = $1 WHERE last_poll_at > $2`, []any{now, ahead}},
			{`UPDATE host_pause SET paused_until = paused_until - $2 WHERE paused_until > $1`, []any{now, latest - now}},
			{`UPDATE page_host SET next_page_at = next_page_at - $2 WHERE next_page_at > $1`, []any{now, latest - now}},
			{`UPDATE page_host SET held_until = 0 WHERE held_until > $1`, []any{now}},
			{`UPDATE robots SET good_until = 0, retry_at = 0, failing_since = 0 WHERE good_until > $1 OR retry_at > $1 OR failing_since > $1`, []any{now + longestLease}},
			{`UPDATE work SET run_at = $1 WHERE run_at > $2`, []any{now, ahead}},
			{`UPDATE work SET lease_until = $1 WHERE lease_until > $2`, []any{now, now + longestLease}},
			{`UPDATE feed SET lease_until = $1 WHERE lease_until > $2`, []any{now, now + longestLease}},
		} {
			if _, err := t.exec(ctx, u.query, u.args...); err != nil {
				return err
			}
		}
		return nil
	})
	return time.Duration(latest-now) * time.Second, err
}
