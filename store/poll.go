package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"time"

	"topicwire/aggregator"
)

// KnownBlocks returns the hashes of the items in a feed's document as last
// read, in its order.
func (s *Store) KnownBlocks(ctx context.Context, id aggregator.FeedID) ([]uint64, error) {
	var b []byte
	err := s.row(ctx, `SELECT hashes FROM feed_blocks WHERE feed_id = $1`, id).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return unpackHashes(b), s.ours(err)
}

func unpackHashes(b []byte) []uint64 {
	out := make([]uint64, len(b)/8)
	for i := range out {
		out[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return out
}

func packHashes(hashes []uint64) []byte {
	b := make([]byte, 0, 8*len(hashes))
	for _, h := range hashes {
		b = binary.LittleEndian.AppendUint64(b, h)
	}
	return b
}

func unpackTimes(b []byte) []time.Time {
	if len(b) == 0 {
		return nil
	}
	out := make([]time.Time, len(b)/8)
	for i := range out {
		out[i] = fromUnix(int64(binary.LittleEndian.Uint64(b[8*i:])))
	}
	return out
}

func packTimes(times []time.Time) []byte {
	b := make([]byte, 0, 8*len(times))
	for _, t := range times {
		b = binary.LittleEndian.AppendUint64(b, uint64(toUnix(t)))
	}
	return b
}

// RecordPoll saves the outcome of one poll in one transaction: the feed's new
// state, its new and changed items, what they wait for, and the end of the
// lease. It returns aggregator.ErrConflict if the lease has passed to another
// worker; nothing is saved then.
func (s *Store) RecordPoll(ctx context.Context, r aggregator.PollRecord) (saved aggregator.PollSaved, err error) {
	write := s.write
	if len(r.Items) == 0 && r.Document == nil && r.Blocks == nil {
		write = s.writeTogether // a 304, most often
	}
	save := func(ctx context.Context, t *tx) (err error) {
		var found aggregator.PollFound
		if saved, found, err = saveItems(ctx, t, &r); err != nil {
			return err
		}
		if r.Fetch.Status == http.StatusServiceUnavailable {
			if found.Failing, err = failingBeside(ctx, t, &r); err != nil {
				return err
			}
		}
		state, pause := r.Next(found)
		if err := s.saveVerdict(ctx, t, &r, &state, &saved); err != nil || pause == nil {
			return err
		}
		_, err = t.exec(ctx, `INSERT INTO host_pause (host, paused_until, reason) VALUES ($1, $2, $3)
			ON CONFLICT (host) DO UPDATE SET paused_until = excluded.paused_until, reason = excluded.reason
			WHERE excluded.paused_until > host_pause.paused_until`, pause.Host, pause.Until.Unix(), clean(pause.Reason))
		return err
	}
	if err = write(ctx, save); errors.Is(err, aggregator.ErrExists) {
		err = write(ctx, save) // somebody subscribed, a moment ago, to the URL that the feed was to have
	}
	if errors.Is(err, aggregator.ErrConflict) {
		err = fmt.Errorf("feed %d: lease %d: %w", r.Feed, r.Lease.Fence, err)
	}
	return saved, err
}

// saveVerdict saves what a poll makes of its feed.
func (s *Store) saveVerdict(ctx context.Context, t *tx, r *aggregator.PollRecord, state *aggregator.PollState, saved *aggregator.PollSaved) error {
	if err := clearWay(ctx, t, r.Feed, state); err != nil {
		return err
	}
	if err := saveState(ctx, t, r, state); err != nil {
		return err
	}
	saved.MovedTo, saved.DuplicateOf = state.AdoptURL, state.DuplicateOf
	if state.AdoptURL != "" {
		if err := s.moveFeed(ctx, t, r.Feed, state.AdoptURL); err != nil {
			return err
		}
	}
	if saved.Relinked = state.LinkIdentity && !r.LinkIdentity; saved.Relinked {
		if err := relink(ctx, t, r.Feed); err != nil {
			return err
		}
	}
	if r.Document != nil {
		if err := saveDocument(ctx, t, r.Feed, r.Document, state); err != nil {
			return err
		}
	}
	if r.Blocks == nil {
		return nil
	}
	_, err := t.exec(ctx, `INSERT INTO feed_blocks (feed_id, hashes) VALUES ($1, $2)
		ON CONFLICT (feed_id) DO UPDATE SET hashes = excluded.hashes`, r.Feed, packHashes(r.Blocks))
	return err
}

// overloadWindow is how long a 503 counts against its host (F-35).
const overloadWindow = 10 * time.Minute

// failingBeside counts the other feeds of a host whose last answer was 503, a
// moment ago.
func failingBeside(ctx context.Context, t *tx, r *aggregator.PollRecord) (n int, err error) {
	err = t.row(ctx, `SELECT COUNT(*) FROM feed WHERE host = (SELECT host FROM feed WHERE id = $1) AND id <> $1
		AND last_status = 503 AND last_poll_at >= $2 AND removed_at = 0`, r.Feed, r.At.Add(-overloadWindow).Unix()).Scan(&n)
	return n, err
}

func saveState(ctx context.Context, t *tx, r *aggregator.PollRecord, p *aggregator.PollState) error {
	n, err := t.exec(ctx, `UPDATE feed SET lease_until = 0, next_poll_at = $3, state = $4, etag = $5, last_modified = $6, body_hash = $7,
		last_poll_at = $8, last_success_at = $9, next_poll_reason = $10, last_status = $11, last_error = $12,
		failures = $13, failing_since = $14, same_bodies = $15, gone_at = $16, moved_to = $17, moved_since = $18, moved_polls = $19,
		median_gap = $20, newest_item_at = $21, max_age = $22, ttl = $23, skip_hours = $24, skip_days = $25,
		steady = $26, validators_url = $27, parser = $28, plain_body = $29, moved_known = $30, duplicate_of = $31,
		item_times = $32, whole_at = $33, away_since = $34, link_identity = $35, regenerated = $36
		WHERE id = $1 AND fence = $2`,
		r.Feed, r.Lease.Fence, toUnix(p.NextPollAt), p.State, []byte(p.ETag), []byte(p.LastModified), p.BodyHash,
		toUnix(p.LastPollAt), toUnix(p.LastSuccessAt), p.NextPollReason, p.LastStatus, clean(p.LastError),
		p.Failures, toUnix(p.FailingSince), p.SameBodies, toUnix(p.GoneAt), clean(p.MovedTo), toUnix(p.MovedSince), p.MovedPolls,
		toSeconds(p.MedianGap), toUnix(p.NewestItemAt), toSeconds(p.MaxAge), toSeconds(p.TTL), int64(p.SkipHours), int64(p.SkipDays),
		flag(p.Failures == 0), clean(p.ValidatorsURL), p.Parser, flag(p.PlainBody), flag(p.MovedKnown), clean(p.DuplicateOf),
		packTimes(p.ItemTimes), toUnix(p.WholeAt), toUnix(p.AwaySince), flag(p.LinkIdentity), p.Regenerated)
	if err == nil && n == 0 {
		return aggregator.ErrConflict
	}
	return err
}

// saveDocument saves what a document says of its feed. Of one that may be
// another feed's, the id is not taken: it is to be compared with (F-50).
func saveDocument(ctx context.Context, t *tx, id aggregator.FeedID, d *aggregator.FeedDocument, state *aggregator.PollState) error {
	if !state.AwaySince.IsZero() && !state.MovedKnown && state.AdoptURL == "" {
		_, err := t.exec(ctx, `UPDATE feed SET title = $2, site_url = $3, declared_language = $4
			WHERE id = $1 AND (title <> $2 OR site_url <> $3 OR declared_language <> $4)`,
			id, clean(d.Title), clean(d.SiteURL), clean(d.Language))
		return err
	}
	_, err := t.exec(ctx, `UPDATE feed SET title = $2, site_url = $3, declared_language = $4, document_id = $5
		WHERE id = $1 AND (title <> $2 OR site_url <> $3 OR declared_language <> $4 OR document_id <> $5)`,
		id, clean(d.Title), clean(d.SiteURL), clean(d.Language), clean(d.ID))
	return err
}

// guidHash stands for a GUID in indexes: 8 bytes in place of an address. It is
// cut from a cryptographic hash, so that no feed can make two meet.
func guidHash(guid string) int64 {
	sum := sha256.Sum256([]byte(guid))
	return int64(binary.LittleEndian.Uint64(sum[:8]))
}

// saveItems saves what is new or changed among a document's items.
func saveItems(ctx context.Context, t *tx, r *aggregator.PollRecord) (saved aggregator.PollSaved, found aggregator.PollFound, err error) {
	if len(r.Items) == 0 {
		return saved, found, nil
	}
	byGUID := make(map[int64]*aggregator.Item, len(r.Items))
	order := make([]int64, 0, len(r.Items))
	for i := range r.Items {
		h := guidHash(r.Items[i].GUID)
		if byGUID[h] == nil {
			byGUID[h] = &r.Items[i]
			order = append(order, h)
		}
	}
	known, changed, err := knownItems(ctx, t, r.Feed, byGUID, order)
	if err != nil {
		return saved, found, err
	}
	if found.Shared, err = shared(ctx, t, r, order); err != nil {
		return saved, found, err
	}
	if found.Regenerated, err = adoptItems(ctx, t, r, byGUID, order, known, changed); err != nil {
		return saved, found, err
	}
	var args []any
	undated := 0
	for _, h := range order {
		if !known[h] {
			it := byGUID[h]
			seen := r.At.Unix()
			if it.Published.IsZero() { // F-64: the order of the document is kept
				seen -= min(int64(undated), int64(aggregator.OrderSpan/time.Second))
				undated++
			}
			args = appendItem(args, r, h, seen, it)
			found.New = append(found.New, it.Published)
			saved.New++
		}
	}
	var ids []aggregator.ItemID
	err = t.eachInsert(insertItem, `RETURNING id`, itemWidth, args, func(q string, args []any) error {
		return scanAll(ctx, t, q, args, func(rows *sql.Rows) error {
			var id aggregator.ItemID
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		})
	})
	if err != nil {
		return saved, found, err
	}
	for id, it := range changed {
		if err := changeItem(ctx, t, id, it); err != nil {
			return saved, found, err
		}
		ids = append(ids, id)
		saved.Updated++
	}
	return saved, found, queue(ctx, t, ids, r.At)
}

// knownItems tells which GUIDs need no new row, and which rows have another
// content than the document. Items that were pruned count as known.
func knownItems(ctx context.Context, t *tx, feed aggregator.FeedID, byGUID map[int64]*aggregator.Item, order []int64) (known map[int64]bool, changed map[aggregator.ItemID]*aggregator.Item, err error) {
	known = make(map[int64]bool)
	changed = make(map[aggregator.ItemID]*aggregator.Item)
	err = eachIn(ctx, t, `SELECT id, guid_hash, content_hash FROM item WHERE feed_id = $1 AND guid_hash IN (%s)`, []any{feed}, order, func(rows *sql.Rows) error {
		var id aggregator.ItemID
		var h int64
		var content string
		if err := rows.Scan(&id, &h, &content); err != nil {
			return err
		}
		known[h] = true
		if content != byGUID[h].ContentHash {
			changed[id] = byGUID[h]
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	err = eachIn(ctx, t, `SELECT guid_hash FROM tombstone WHERE feed_id = $1 AND guid_hash IN (%s)`, []any{feed}, order, func(rows *sql.Rows) error {
		var h int64
		err := rows.Scan(&h)
		known[h] = true
		return err
	})
	return known, changed, err
}

const (
	insertItem = `INSERT INTO item (feed_id, guid_hash, first_seen, published_at, updated_at, block_hash, backfill, content_hash,
		guid, url, canonical_url, title, summary, authors, categories, language, image_url, enclosures, source_url, source_title, content)`
	itemWidth = 21
)

func appendItem(args []any, r *aggregator.PollRecord, h, seen int64, it *aggregator.Item) []any {
	return append(args, int64(r.Feed), h, seen, toUnix(it.Published), toUnix(it.Updated), int64(it.BlockHash), r.Backfill, it.ContentHash,
		clean(it.GUID), clean(it.URL), clean(it.CanonicalURL), clean(it.Title), clean(it.Summary), toList(it.Authors), toList(it.Categories),
		clean(it.Language), clean(it.ImageURL), toJSON(it.Enclosures), clean(it.SourceURL), clean(it.SourceTitle), clean(it.Content))
}

func changeItem(ctx context.Context, t *tx, id aggregator.ItemID, it *aggregator.Item) error {
	_, err := t.exec(ctx, `UPDATE item SET published_at = $2, updated_at = $3, block_hash = $4, content_hash = $5, url = $6, canonical_url = $7,
		title = $8, summary = $9, authors = $10, categories = $11, language = $12, image_url = $13, enclosures = $14,
		source_url = $15, source_title = $16, content = $17 WHERE id = $1`,
		id, toUnix(it.Published), toUnix(it.Updated), int64(it.BlockHash), it.ContentHash, clean(it.URL), clean(it.CanonicalURL),
		clean(it.Title), clean(it.Summary), toList(it.Authors), toList(it.Categories), clean(it.Language), clean(it.ImageURL),
		toJSON(it.Enclosures), clean(it.SourceURL), clean(it.SourceTitle), clean(it.Content))
	return err
}

// queue makes items wait for matching. Whoever works on one at this moment
// loses the lease: it worked on what the item was before.
//
// A fence starts at a number no earlier row of the item has reached, so that
// the lease of a row long gone is stale too.
func queue(ctx context.Context, t *tx, ids []aggregator.ItemID, at time.Time) error {
	args := make([]any, 0, 4*len(ids))
	for _, id := range ids {
		args = append(args, int64(id), string(aggregator.StageMatch), at.Unix(), at.Unix()*1000)
	}
	return t.insert(ctx, `INSERT INTO work (item_id, stage, run_at, fence)`,
		`ON CONFLICT (item_id) DO UPDATE SET stage = excluded.stage, run_at = excluded.run_at, lease_until = 0,
			fence = CASE WHEN work.fence < excluded.fence THEN excluded.fence ELSE work.fence + 1 END, attempts = 0, last_error = '', host = ''`,
		4, args)
}
