package store

import (
	"context"
	"database/sql"
	"slices"

	"topicwire/aggregator"
)

// RecordProcessed saves the outcome of one step for a batch of items in one
// transaction: languages, articles, matches, what remains to be done, the
// story each item is in, and the entries that follow. An item is filed under
// the story of an item it shares keys with and that link confirms; without
// one it founds a story. Items whose lease has passed to another worker are
// counted as lost, and left to it.
func (s *Store) RecordProcessed(ctx context.Context, done []aggregator.Processed, link aggregator.Linker) (saved aggregator.ProcessedSaved, err error) {
	if len(done) == 0 {
		return saved, nil
	}
	// One batch at a time, as in the database; what is known of the newest
	// generation of keys holds as long.
	s.filing.Lock()
	defer s.filing.Unlock()
	var b *batch
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		b = &batch{tx: t, now: s.now(), link: link, rows: make(map[aggregator.ItemID]*itemRow), crowded: make(map[string]bool), cache: &s.keys, hostKey: s.opts.HostKey}
		if s.dialect.storyLock != "" {
			if _, err := t.exec(ctx, s.dialect.storyLock); err != nil {
				return err
			}
		}
		err := b.save(ctx, done, s.dialect.skipLocked)
		saved = b.saved
		return err
	})
	if err == nil {
		b.keysSaved()
	}
	return saved, err
}

// batch is the saving of one batch of processed items.
type batch struct {
	*tx
	now     int64
	link    aggregator.Linker
	hostKey func(rawURL string) string
	saved   aggregator.ProcessedSaved

	live  []*aggregator.Processed            // still leased to the caller, and not unchanged
	filed map[aggregator.ItemID]*filedIn     // where live items are filed
	rows  map[aggregator.ItemID]*itemRow     // items read so far
	old   map[aggregator.ItemID]matchByTopic // matches before this batch
	folds []fold                             // published stories that joined others

	crowded map[string]bool // addresses looked up: do too many pages name them?

	cache *keyCache
	open  generation // the one that new keys go into
}

type matchByTopic map[aggregator.TopicID]aggregator.Match

func (b *batch) save(ctx context.Context, done []aggregator.Processed, skipLocked string) error {
	held, err := b.held(ctx, done, skipLocked)
	if err != nil {
		return err
	}
	for _, p := range held {
		if !p.Unchanged {
			b.live = append(b.live, p)
		}
	}
	for _, p := range b.live {
		if p.Article != nil {
			if err := saveArticle(ctx, b.tx, p.Item, p.Article); err != nil {
				return err
			}
		}
	}
	if err := b.file(ctx); err != nil {
		return err
	}
	touched, err := b.saveMatches(ctx)
	if err != nil {
		return err
	}
	if err := b.noticeChangedTopics(ctx); err != nil {
		return err
	}
	if err := b.publish(ctx, touched); err != nil {
		return err
	}
	return b.saveWork(ctx, held)
}

// held returns what is still leased to the caller, by item, each item once.
func (b *batch) held(ctx context.Context, done []aggregator.Processed, skipLocked string) ([]*aggregator.Processed, error) {
	ids := make([]aggregator.ItemID, len(done))
	for i := range done {
		ids[i] = done[i].Item
	}
	fences := make(map[aggregator.ItemID]int64, len(done))
	err := eachIn(ctx, b, `SELECT item_id, fence FROM work WHERE item_id IN (%s) `+skipLocked, nil, ids, func(r *sql.Rows) error {
		var id aggregator.ItemID
		var fence int64
		err := r.Scan(&id, &fence)
		fences[id] = fence
		return err
	})
	if err != nil {
		return nil, err
	}
	held := make([]*aggregator.Processed, 0, len(done))
	for i := range done {
		p := &done[i]
		if fence, ok := fences[p.Item]; !ok || fence != p.Work.Lease.Fence {
			b.saved.Lost++
			continue
		}
		delete(fences, p.Item)
		held = append(held, p)
	}
	return held, nil
}

// saveWork deletes what is done and writes what remains.
func (b *batch) saveWork(ctx context.Context, held []*aggregator.Processed) error {
	var finished, pages []aggregator.ItemID
	for _, p := range held {
		switch {
		case p.Next == nil:
			finished = append(finished, p.Item)
		case p.Next.Stage == aggregator.StageEnrich:
			pages = append(pages, p.Item)
		}
	}
	if err := execIn(ctx, b.tx, `DELETE FROM work WHERE item_id IN (%s)`, nil, finished); err != nil {
		return err
	}
	hosts := make(map[aggregator.ItemID]string, len(pages))
	err := eachIn(ctx, b, `SELECT id, url FROM item WHERE id IN (%s)`, nil, pages, func(r *sql.Rows) error {
		var id aggregator.ItemID
		var url string
		err := r.Scan(&id, &url)
		hosts[id] = b.hostKey(url)
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range held {
		if n := p.Next; n != nil {
			_, err := b.exec(ctx, `UPDATE work SET stage = $2, run_at = $3, lease_until = 0, attempts = $4, last_error = $5, host = $6 WHERE item_id = $1`,
				int64(p.Item), string(n.Stage), toUnix(n.RunAt), n.Attempts, clean(n.LastError), hosts[p.Item])
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// saveMatches replaces the matches of the batch's items, and returns the
// topics and stories whose entries may have to change.
func (b *batch) saveMatches(ctx context.Context) (touched, error) {
	ids := make([]aggregator.ItemID, len(b.live))
	for i, p := range b.live {
		ids[i] = p.Item
	}
	b.old = make(map[aggregator.ItemID]matchByTopic)
	err := loadMatches(ctx, b, ids, func(m aggregator.Match) {
		if b.old[m.Item] == nil {
			b.old[m.Item] = make(matchByTopic)
		}
		b.old[m.Item][m.Topic] = m
	})
	if err != nil {
		return nil, err
	}
	topics, err := liveTopics(ctx, b, b.live)
	if err != nil {
		return nil, err
	}
	out := make(touched)
	for _, p := range b.live {
		story := b.filed[p.Item].story
		gone := b.old[p.Item]
		for id := range gone {
			out.add(id, story)
		}
		var keep []aggregator.TopicID
		for _, m := range p.Matches {
			if !topics[m.Topic] {
				continue
			}
			m.Item = p.Item
			was, had := gone[m.Topic]
			if had {
				m.At, m.Backfill = was.At, was.Backfill
			} else {
				b.saved.Matches++
			}
			keep = append(keep, m.Topic)
			out.add(m.Topic, story)
			if err := saveMatch(ctx, b.tx, &m); err != nil {
				return nil, err
			}
		}
		for id := range gone {
			if !slices.Contains(keep, id) {
				if _, err := b.exec(ctx, `DELETE FROM match WHERE item_id = $1 AND topic_id = $2`, p.Item, id); err != nil {
					return nil, err
				}
			}
		}
	}
	return out, nil
}

// noticeChangedTopics has the history matched again against topics that
// changed while the batch was being matched.
func (b *batch) noticeChangedTopics(ctx context.Context) error {
	var stale []aggregator.TopicID
	err := scanAll(ctx, b, `SELECT id, query_rev FROM topic WHERE removed_at = 0 AND pending = FALSE ORDER BY id`, nil, func(r *sql.Rows) error {
		var id aggregator.TopicID
		var rev int64
		if err := r.Scan(&id, &rev); err != nil {
			return err
		}
		if slices.ContainsFunc(b.live, func(p *aggregator.Processed) bool {
			seen, ok := p.Topics[id]
			return p.Topics != nil && (!ok || seen < rev)
		}) {
			stale = append(stale, id)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return execIn(ctx, b.tx, `UPDATE topic SET pending = TRUE WHERE id IN (%s)`, nil, stale)
}

// liveTopics tells which of the topics matched are still there.
func liveTopics(ctx context.Context, q querier, live []*aggregator.Processed) (map[aggregator.TopicID]bool, error) {
	out := make(map[aggregator.TopicID]bool)
	var ids []aggregator.TopicID
	for _, p := range live {
		for _, m := range p.Matches {
			if _, ok := out[m.Topic]; !ok {
				out[m.Topic] = false
				ids = append(ids, m.Topic)
			}
		}
	}
	err := eachIn(ctx, q, `SELECT id FROM topic WHERE removed_at = 0 AND id IN (%s)`, nil, ids, func(r *sql.Rows) error {
		var id aggregator.TopicID
		err := r.Scan(&id)
		out[id] = true
		return err
	})
	return out, err
}

func saveMatch(ctx context.Context, t *tx, m *aggregator.Match) error {
	evidence := make([]aggregator.Evidence, len(m.Evidence))
	for i, e := range m.Evidence {
		e.Term, e.Alias, e.Snippet = clean(e.Term), clean(e.Alias), clean(e.Snippet)
		evidence[i] = e
	}
	_, err := t.exec(ctx, `INSERT INTO match (topic_id, item_id, score, threshold, at, backfill, evidence) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (item_id, topic_id) DO UPDATE SET score = excluded.score, threshold = excluded.threshold, evidence = excluded.evidence`,
		int64(m.Topic), int64(m.Item), m.Score, m.Threshold, toUnix(m.At), m.Backfill, toJSON(evidence))
	return err
}
