package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"topicwire/aggregator"
)

const claimWork = `WITH due AS MATERIALIZED (
		SELECT item_id FROM work WHERE stage = $4 AND run_at <= $2 AND lease_until <= $2 {hosts}
		ORDER BY run_at, item_id LIMIT $3 {skip})
	UPDATE work SET lease_until = $1, fence = fence + 1, attempts = attempts + 1
	WHERE item_id IN (SELECT item_id FROM due) RETURNING item_id, stage, run_at, lease_until, fence, attempts, last_error`

// ClaimWork leases items that wait for a stage to the caller, those waiting
// longest first.
func (s *Store) ClaimWork(ctx context.Context, c aggregator.WorkClaim) (items []aggregator.ClaimedItem, err error) {
	args := []any{c.Now.Add(c.Lease).Unix(), c.Now.Unix(), max(c.Limit, 0), string(c.Stage)}
	hosts := ""
	if len(c.ExcludeHosts) > 0 {
		list := padded(c.ExcludeHosts)
		hosts = `AND host NOT IN (` + params(len(args)+1, len(list)) + `)`
		args = append(args, list...)
	}
	q := strings.NewReplacer("{hosts}", hosts, "{skip}", s.dialect.skipLocked).Replace(claimWork)
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		items = items[:0]
		return scanAll(ctx, t, q, args, func(r *sql.Rows) error {
			var ci aggregator.ClaimedItem
			w := &ci.Work
			err := r.Scan(&w.Item, &w.Stage, (*instant)(&w.RunAt), (*instant)(&w.Lease.Until), &w.Lease.Fence, &w.Attempts, &w.LastError)
			items = append(items, ci)
			return err
		})
	})
	if err != nil || len(items) == 0 {
		return nil, err
	}
	return s.describe(ctx, items)
}

// describe adds to claims what is known of their items. Items that are gone
// are left out.
func (s *Store) describe(ctx context.Context, items []aggregator.ClaimedItem) ([]aggregator.ClaimedItem, error) {
	slices.SortFunc(items, func(a, b aggregator.ClaimedItem) int {
		if d := a.Work.RunAt.Compare(b.Work.RunAt); d != 0 {
			return d
		}
		return int(a.Work.Item - b.Work.Item)
	})
	ids := make([]aggregator.ItemID, len(items))
	for i := range items {
		ids[i] = items[i].Work.Item
	}
	rows, err := loadItems(ctx, s, ids)
	if err != nil {
		return nil, s.ours(err)
	}
	for i := range items {
		ci := &items[i]
		if row := rows[ci.Work.Item]; row != nil {
			ci.StoryItem, ci.Backfill, ci.FeedEnrich, ci.Selector = row.StoryItem, row.backfill, row.enrich, row.selector
		}
	}
	return slices.DeleteFunc(items, func(ci aggregator.ClaimedItem) bool { return ci.ID == 0 }), nil
}

// NextWorkAt returns when an item may be claimed next; it may be in the past,
// and is zero if no item waits.
func (s *Store) NextWorkAt(ctx context.Context) (time.Time, error) {
	var at sql.NullInt64
	err := s.row(ctx, `SELECT MIN(CASE WHEN lease_until > run_at THEN lease_until ELSE run_at END) FROM work`).Scan(&at)
	return earliest(at), s.ours(err)
}

// PendingWork returns how many items wait for a stage.
func (s *Store) PendingWork(ctx context.Context) (n int, err error) {
	err = s.row(ctx, `SELECT COUNT(*) FROM work`).Scan(&n)
	return n, s.ours(err)
}
