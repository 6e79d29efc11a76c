package store

import "context"

// ReleaseLeases ends all claims on the rows of a SQLite database. It is for
// the one process that holds the polling lock, at its start: whoever claimed
// before has died, or will be told aggregator.ErrConflict. On PostgreSQL, where
// others may be at work, it does nothing: leases end by themselves.
func (s *Store) ReleaseLeases(ctx context.Context) error {
	if s.dialect != sqlite {
		return nil
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.exec(ctx, `UPDATE feed SET lease_until = 0, fence = fence + 1 WHERE lease_until > 0`); err != nil {
			return err
		}
		_, err := t.exec(ctx, `UPDATE work SET lease_until = 0, fence = fence + 1 WHERE lease_until > 0`)
		return err
	})
}
