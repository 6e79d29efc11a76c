package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"

	"topicwire/aggregator"
)

// maxSources bounds the items of a story that an entry is composed of.
const maxSources = 64

// touched are the topics and stories whose entries may have to change.
type touched map[entryKey]bool

type entryKey struct {
	topic aggregator.TopicID
	story aggregator.StoryID
}

func (t touched) add(topic aggregator.TopicID, story aggregator.StoryID) {
	t[entryKey{topic, story}] = true
}

// entryRow is an entry as it is in its table.
type entryRow struct {
	entryKey
	publicID            string
	published, updated  int64
	backfill            bool
	best                aggregator.ItemID
	fingerprint, digest string
}

func loadEntries(ctx context.Context, q querier, stories []aggregator.StoryID, each func(entryRow)) error {
	return eachIn(ctx, q, `SELECT topic_id, story_id, public_id, published_at, updated_at, backfill, best_item, fingerprint, digest
		FROM entry WHERE story_id IN (%s)`, nil, stories, func(r *sql.Rows) error {
		var e entryRow
		err := r.Scan(&e.topic, &e.story, &e.publicID, &e.published, &e.updated, &e.backfill, &e.best, &e.fingerprint, &e.digest)
		each(e)
		return err
	})
}

// publish brings the entries of the stories touched up to date, and with them
// the entries of all topics that a story of the batch is published in.
func (b *batch) publish(ctx context.Context, t touched) error {
	stories := make(map[aggregator.StoryID]bool)
	for key := range t {
		stories[key.story] = true
	}
	for _, p := range b.live {
		// A story founded here is in no entry yet.
		if f := b.filed[p.Item]; !f.isNew || f.link.Reason != aggregator.LinkFounder {
			stories[f.story] = true
		}
	}
	for _, f := range b.folds {
		stories[f.from] = true
	}
	if len(stories) == 0 {
		return nil
	}
	ids := sortedKeys(stories)
	have := make(map[entryKey]entryRow)
	err := loadEntries(ctx, b, ids, func(e entryRow) {
		have[e.entryKey] = e
		t[e.entryKey] = true
	})
	if err != nil || len(t) == 0 {
		return err
	}
	p := publisher{batch: b, have: have}
	if err := p.read(ctx, t); err != nil {
		return err
	}
	keys := make([]entryKey, 0, len(t))
	for key := range t {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(x, y entryKey) int { return cmp.Or(cmp.Compare(x.story, y.story), cmp.Compare(x.topic, y.topic)) })
	for _, key := range keys {
		if err := p.entry(ctx, key); err != nil {
			return fmt.Errorf("publish story %d: %w", key.story, err)
		}
	}
	return p.bump(ctx)
}

// publisher composes entries from what it has read of their stories.
type publisher struct {
	*batch
	have    map[entryKey]entryRow
	topics  map[aggregator.TopicID]*aggregator.Topic
	ids     map[aggregator.StoryID]string // public ids
	members map[aggregator.StoryID][]aggregator.ItemID
	matches map[aggregator.ItemID]matchByTopic
	changed map[aggregator.TopicID]bool
}

func (p *publisher) read(ctx context.Context, t touched) error {
	stories, topics := make(map[aggregator.StoryID]bool), make(map[aggregator.TopicID]bool)
	for key := range t {
		stories[key.story], topics[key.topic] = true, true
	}
	p.changed = make(map[aggregator.TopicID]bool)
	p.topics = make(map[aggregator.TopicID]*aggregator.Topic)
	err := eachIn(ctx, p, `SELECT `+topicColumns+` FROM topic WHERE removed_at = 0 AND id IN (%s)`, nil, sortedKeys(topics), func(r *sql.Rows) error {
		t, err := scanTopic(r)
		p.topics[t.ID] = &t
		return err
	})
	if err != nil {
		return err
	}
	p.ids = make(map[aggregator.StoryID]string)
	err = eachIn(ctx, p, `SELECT id, public_id FROM story WHERE id IN (%s)`, nil, sortedKeys(stories), func(r *sql.Rows) error {
		var id aggregator.StoryID
		var public string
		err := r.Scan(&id, &public)
		p.ids[id] = public
		return err
	})
	if err != nil {
		return err
	}
	var items []aggregator.ItemID
	if p.members, items, err = storyMembers(ctx, p, sortedKeys(stories)); err != nil {
		return err
	}
	if err := p.batch.read(ctx, items); err != nil {
		return err
	}
	p.matches = make(map[aggregator.ItemID]matchByTopic)
	return loadMatches(ctx, p, items, func(m aggregator.Match) {
		if p.matches[m.Item] == nil {
			p.matches[m.Item] = make(matchByTopic)
		}
		p.matches[m.Item][m.Topic] = m
	})
}

// storyMembers returns the items of stories, the first maxSources of each.
func storyMembers(ctx context.Context, q querier, stories []aggregator.StoryID) (map[aggregator.StoryID][]aggregator.ItemID, []aggregator.ItemID, error) {
	members := make(map[aggregator.StoryID][]aggregator.ItemID, len(stories))
	var items []aggregator.ItemID
	err := eachIn(ctx, q, `SELECT story_id, item_id FROM filed WHERE story_id IN (%s) ORDER BY story_id, item_id`, nil, stories, func(r *sql.Rows) error {
		var story aggregator.StoryID
		var item aggregator.ItemID
		if err := r.Scan(&story, &item); err != nil {
			return err
		}
		if len(members[story]) < maxSources {
			members[story] = append(members[story], item)
			items = append(items, item)
		}
		return nil
	})
	return members, items, err
}

// entry brings one entry up to date: it appears with the first item that
// matches, and goes with the last one.
func (p *publisher) entry(ctx context.Context, key entryKey) error {
	topic := p.topics[key.topic]
	if topic == nil {
		return nil // removed: its entries wait for its return
	}
	was, published := p.have[key]
	all, matching, backfill := p.items(key)
	best, _, ok := aggregator.ComposeEntry(topic, matching)
	if !ok {
		if published {
			p.changed[key.topic] = true
			p.saved.Entries++
			_, err := p.exec(ctx, `DELETE FROM entry WHERE story_id = $1 AND topic_id = $2`, int64(key.story), int64(key.topic))
			return err
		}
		return nil
	}
	_, sources, _ := aggregator.ComposeEntry(topic, all)
	e := entryRow{entryKey: key, best: best.ID, fingerprint: aggregator.Fingerprint(&best)}
	e.digest = digest(sources, &best, p.matches[best.ID][key.topic])
	if published {
		e.publicID, e.published, e.updated, e.backfill = was.publicID, was.published, was.updated, was.backfill
		if e.fingerprint != was.fingerprint {
			e.updated = max(p.now, was.updated)
		}
		if e == was {
			return nil
		}
	} else {
		public, err := p.publicID(ctx, key.story, &sources[0])
		if err != nil {
			return err
		}
		e.publicID, e.published, e.backfill = public, sources[0].Date().Unix(), backfill
		e.updated = e.published
	}
	p.changed[key.topic] = true
	p.saved.Entries++
	return saveEntry(ctx, p.tx, &e)
}

// items returns the items of a story, and those of them that match the topic;
// backfill tells if all of these matched as history.
func (p *publisher) items(key entryKey) (all, matching []aggregator.StoryItem, backfill bool) {
	backfill = true
	for _, id := range p.members[key.story] {
		row := p.rows[id]
		if row == nil {
			continue
		}
		all = append(all, row.StoryItem)
		if m, ok := p.matches[id][key.topic]; ok {
			matching = append(matching, row.StoryItem)
			backfill = backfill && m.Backfill
		}
	}
	return all, matching, backfill
}

// publicID returns the story's published id, and freezes it the first time.
func (p *publisher) publicID(ctx context.Context, story aggregator.StoryID, first *aggregator.StoryItem) (string, error) {
	if id := p.ids[story]; id != "" {
		return id, nil
	}
	from := *first
	for try := 0; ; try++ {
		id := aggregator.PublicStoryID(&from)
		var other aggregator.StoryID
		err := p.row(ctx, `SELECT id FROM story WHERE public_id = $1 UNION ALL SELECT story_id FROM story_alias WHERE public_id = $1 LIMIT 1`, id).Scan(&other)
		if errors.Is(err, sql.ErrNoRows) {
			_, err = p.exec(ctx, `UPDATE story SET public_id = $2 WHERE id = $1`, int64(story), id)
			p.ids[story] = id
			return id, err
		}
		if err != nil {
			return "", err
		}
		// Another story began at that address: the GUID tells them apart.
		from.CanonicalURL = ""
		if try > 0 {
			from.GUID = first.GUID + "\n" + strconv.Itoa(try)
		}
	}
}

func saveEntry(ctx context.Context, t *tx, e *entryRow) error {
	_, err := t.exec(ctx, `INSERT INTO entry (topic_id, story_id, public_id, published_at, updated_at, backfill, best_item, fingerprint, digest)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (story_id, topic_id) DO UPDATE SET updated_at = excluded.updated_at, best_item = excluded.best_item,
			fingerprint = excluded.fingerprint, digest = excluded.digest`,
		int64(e.topic), int64(e.story), e.publicID, e.published, e.updated, e.backfill, int64(e.best), e.fingerprint, e.digest)
	return err
}

// digest changes with anything that is rendered from an entry: what must be
// rendered anew though a reader would not call it changed.
func digest(sources []aggregator.StoryItem, best *aggregator.StoryItem, m aggregator.Match) string {
	h := fnv.New64a()
	add := func(parts ...string) {
		for _, p := range parts {
			h.Write([]byte(p))
			h.Write([]byte{0})
		}
	}
	for i := range sources {
		si := &sources[i]
		add(strconv.FormatInt(int64(si.ID), 10), si.Title, si.URL, si.Outlet, si.Language, si.ContentHash)
	}
	add(strconv.FormatInt(int64(best.ID), 10), best.EntrySummary(), toJSON(m.Evidence), strconv.FormatFloat(m.Score, 'g', -1, 64))
	if a := best.Article; a != nil {
		add(a.ImageURL, strconv.Itoa(len(a.Text)), strconv.FormatBool(a.NoSnippet), string(a.Status))
	}
	return strconv.FormatUint(h.Sum64(), 16)
}

// bump makes the revision of every topic grow whose entries changed.
func (p *publisher) bump(ctx context.Context) error {
	return execIn(ctx, p.tx, `UPDATE topic SET revision = revision + 1, changed_at = $1 WHERE id IN (%s)`, []any{p.now}, sortedKeys(p.changed))
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Entries returns a topic's entries, the newest first, with all their sources.
func (s *Store) Entries(ctx context.Context, f aggregator.EntryFilter) ([]aggregator.Entry, error) {
	limit := f.Limit
	if limit <= 0 {
		limit = aggregator.DefaultLimit
	}
	var entries []aggregator.Entry
	best := make(map[aggregator.StoryID]aggregator.ItemID)
	err := scanAll(ctx, s, `SELECT story_id, public_id, published_at, updated_at, backfill, best_item FROM entry
		WHERE topic_id = $1 AND published_at >= $2 ORDER BY published_at DESC, public_id LIMIT $3 OFFSET $4`,
		[]any{f.Topic, sinceUnix(f), limit, max(f.Offset, 0)}, func(r *sql.Rows) error {
			e := aggregator.Entry{Topic: f.Topic}
			var b aggregator.ItemID
			err := r.Scan(&e.Story, &e.PublicID, (*instant)(&e.Published), (*instant)(&e.Updated), &e.Backfill, &b)
			entries = append(entries, e)
			best[e.Story] = b
			return err
		})
	if err != nil {
		return nil, s.ours(err)
	}
	return entries, s.ours(s.fillEntries(ctx, f.Topic, entries, best))
}

// EntryMarks returns the marks of all entries of a topic in the order of
// Entries. Of the filter it reads Topic and Since.
func (s *Store) EntryMarks(ctx context.Context, f aggregator.EntryFilter) ([]aggregator.EntryMark, error) {
	var marks []aggregator.EntryMark
	err := scanAll(ctx, s, `SELECT public_id, published_at, updated_at, digest FROM entry
		WHERE topic_id = $1 AND published_at >= $2 ORDER BY published_at DESC, public_id`,
		[]any{f.Topic, sinceUnix(f)}, func(r *sql.Rows) error {
			var m aggregator.EntryMark
			var updated int64
			err := r.Scan(&m.PublicID, (*instant)(&m.Published), &updated, &m.Digest)
			m.Digest += "." + strconv.FormatInt(updated, 36)
			marks = append(marks, m)
			return err
		})
	return marks, s.ours(err)
}

func sinceUnix(f aggregator.EntryFilter) int64 {
	if f.Since.IsZero() {
		return -1 << 62
	}
	return f.Since.Unix()
}

// fillEntries adds sources and matches to entries.
func (s *Store) fillEntries(ctx context.Context, topic aggregator.TopicID, entries []aggregator.Entry, best map[aggregator.StoryID]aggregator.ItemID) error {
	members, items, err := storyMembers(ctx, s, sortedKeys(best))
	if err != nil {
		return err
	}
	rows, err := loadItems(ctx, s, items)
	if err != nil {
		return err
	}
	matches := make(map[aggregator.ItemID]aggregator.Match)
	err = loadMatches(ctx, s, items, func(m aggregator.Match) {
		if m.Topic == topic {
			matches[m.Item] = m
		}
	})
	if err != nil {
		return err
	}
	for i := range entries {
		e := &entries[i]
		e.Sources = storyItems(members[e.Story], rows)
		if row := rows[best[e.Story]]; row != nil {
			e.Best = row.StoryItem
		} else if len(e.Sources) > 0 {
			e.Best = e.Sources[0]
		}
		e.Match = matches[e.Best.ID]
	}
	return nil
}

// storyItems returns a story's items in order of date, then id.
func storyItems(ids []aggregator.ItemID, rows map[aggregator.ItemID]*itemRow) []aggregator.StoryItem {
	items := make([]aggregator.StoryItem, 0, len(ids))
	for _, id := range ids {
		if row := rows[id]; row != nil {
			items = append(items, row.StoryItem)
		}
	}
	slices.SortFunc(items, func(a, b aggregator.StoryItem) int {
		return cmp.Or(a.Date().Compare(b.Date()), cmp.Compare(a.CanonicalURL, b.CanonicalURL), cmp.Compare(a.ID, b.ID))
	})
	return items
}

// Story returns the story that is published under an id, or into which that
// one was folded, or aggregator.ErrNotFound.
func (s *Store) Story(ctx context.Context, publicID string) (*aggregator.Story, error) {
	st := new(aggregator.Story)
	err := s.row(ctx, `SELECT id, public_id, created_at FROM story WHERE public_id <> '' AND
		(public_id = $1 OR id = (SELECT story_id FROM story_alias WHERE public_id = $1))`, publicID).Scan(&st.ID, &st.PublicID, (*instant)(&st.CreatedAt))
	if err != nil {
		return nil, s.ours(err)
	}
	members, ids, err := storyMembers(ctx, s, []aggregator.StoryID{st.ID})
	if err != nil {
		return nil, s.ours(err)
	}
	rows, err := loadItems(ctx, s, ids)
	st.Items = storyItems(members[st.ID], rows)
	return st, s.ours(err)
}
