package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"topicwire/aggregator"
)

const topicColumns = `id, slug, title, description, query, languages, feeds, tags, threshold, entry_limit, max_age, publish,
	private, token, since, declared, created_at, revision, changed_at, pending`

func scanTopic(r scanner) (t aggregator.Topic, err error) {
	err = r.Scan(&t.ID, &t.Slug, &t.Title, &t.Description, &t.Query, (*list)(&t.Languages), (*list)(&t.Feeds), (*list)(&t.Tags),
		&t.Threshold, &t.Limit, (*seconds)(&t.MaxAge), &t.Publish, &t.Private, &t.Token, (*instant)(&t.Since), &t.Declared,
		(*instant)(&t.CreatedAt), &t.Revision, (*instant)(&t.ChangedAt), &t.Pending)
	return t, err
}

// SaveTopic changes the topic with the given ID, or adds one if that is 0. A
// topic that was removed comes back under its id. Whatever changes what it
// matches makes it Pending. It returns aggregator.ErrExists if another topic
// has the slug, aggregator.ErrNotFound if there is none with the ID.
func (s *Store) SaveTopic(ctx context.Context, topic aggregator.Topic) (id aggregator.TopicID, err error) {
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		if topic.ID != 0 {
			id = topic.ID
			return s.changeTopic(ctx, t, id, &topic)
		}
		var added bool
		if id, added, err = s.addTopic(ctx, t, &topic); err == nil && !added {
			err = aggregator.ErrExists
		}
		return err
	})
	return id, err
}

// addTopic adds or revives a topic. A live one is left as it is.
func (s *Store) addTopic(ctx context.Context, t *tx, topic *aggregator.Topic) (id aggregator.TopicID, added bool, err error) {
	if topic.Slug == "" {
		return 0, false, errors.New("a topic needs a slug")
	}
	var removed int64
	err = t.row(ctx, `SELECT id, removed_at FROM topic WHERE slug = $1`, topic.Slug).Scan(&id, &removed)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		err = t.row(ctx, `INSERT INTO topic (slug, created_at, revision, query_rev) VALUES ($1, $2, 0, 0) RETURNING id`, topic.Slug, s.now()).Scan(&id)
	case err != nil || removed == 0:
		return id, false, err
	default:
		_, err = t.exec(ctx, `UPDATE topic SET removed_at = 0, pending = TRUE WHERE id = $1`, int64(id))
	}
	if err != nil {
		return 0, false, err
	}
	return id, true, s.changeTopic(ctx, t, id, topic)
}

// changeTopic writes a topic's settings if they differ from what is there.
func (s *Store) changeTopic(ctx context.Context, t *tx, id aggregator.TopicID, topic *aggregator.Topic) error {
	was, err := scanTopic(t.row(ctx, `SELECT `+topicColumns+` FROM topic WHERE id = $1 AND removed_at = 0`, id))
	if err != nil {
		return err
	}
	token := was.Token
	if topic.Private && token == "" {
		token = strings.ToLower(rand.Text()) // 26 characters
	}
	query := was.Revision == 0 || was.Query != topic.Query || was.Threshold != topic.Threshold || !slices.Equal(was.Languages, topic.Languages) ||
		!slices.Equal(was.Feeds, topic.Feeds) || !slices.Equal(was.Tags, topic.Tags)
	if !query && sameTopic(&was, topic) {
		return nil
	}
	_, err = t.exec(ctx, `UPDATE topic SET slug = $2, title = $3, description = $4, query = $5, languages = $6, feeds = $7, tags = $8,
		threshold = $9, entry_limit = $10, max_age = $11, publish = $12, private = $13, token = $14, since = $15, declared = $16,
		revision = revision + 1, changed_at = $17, pending = pending OR $18,
		query_rev = CASE WHEN $18 THEN revision + 1 ELSE query_rev END WHERE id = $1`,
		int64(id), clean(topic.Slug), clean(topic.Title), clean(topic.Description), clean(topic.Query), toList(topic.Languages),
		toList(topic.Feeds), toList(topic.Tags), topic.Threshold, topic.Limit, toSeconds(topic.MaxAge), string(topic.Publish),
		topic.Private, token, toUnix(topic.Since), string(topic.Declared), s.now(), query)
	return err
}

func sameTopic(a, b *aggregator.Topic) bool {
	return a.Slug == b.Slug && a.Title == b.Title && a.Description == b.Description && a.Limit == b.Limit &&
		toSeconds(a.MaxAge) == toSeconds(b.MaxAge) && a.Publish == b.Publish && a.Private == b.Private &&
		toUnix(a.Since) == toUnix(b.Since) && a.Declared == b.Declared
}

func (s *Store) syncTopics(ctx context.Context, t *tx, topics []aggregator.Topic) error {
	have := make(map[aggregator.TopicID]bool)
	err := scanAll(ctx, t, `SELECT id FROM topic WHERE declared = 'file' AND removed_at = 0`, nil, func(r *sql.Rows) error {
		var id aggregator.TopicID
		err := r.Scan(&id)
		have[id] = true
		return err
	})
	if err != nil {
		return err
	}
	for i := range topics {
		topic := topics[i]
		topic.Declared = aggregator.InFile
		id, added, err := s.addTopic(ctx, t, &topic)
		if err == nil && !added {
			err = s.changeTopic(ctx, t, id, &topic)
		}
		if err != nil {
			return err
		}
		delete(have, id)
	}
	for id := range have {
		if _, err := t.exec(ctx, removeTopic+`id = $1`, int64(id), s.now()); err != nil {
			return err
		}
	}
	return nil
}

const removeTopic = `UPDATE topic SET removed_at = $2, revision = revision + 1, changed_at = $2 WHERE removed_at = 0 AND `

// RemoveTopic hides a topic; its matches and entries stay for its return. It
// returns aggregator.ErrNotFound if there is none with that slug.
func (s *Store) RemoveTopic(ctx context.Context, slug string) error {
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		return found(t.exec(ctx, removeTopic+`slug = $1`, slug, s.now()))
	})
}

// Topics lists topics by slug, with the number of their entries.
func (s *Store) Topics(ctx context.Context) (topics []aggregator.Topic, err error) {
	err = scanAll(ctx, s, `SELECT `+topicColumns+` FROM topic WHERE removed_at = 0 ORDER BY slug LIMIT 100000`, nil, func(r *sql.Rows) error {
		t, err := scanTopic(r)
		topics = append(topics, t)
		return err
	})
	if err != nil {
		return nil, s.ours(err)
	}
	counts := make(map[aggregator.TopicID]int)
	err = scanAll(ctx, s, `SELECT topic_id, COUNT(*) FROM entry GROUP BY topic_id`, nil, func(r *sql.Rows) error {
		var id aggregator.TopicID
		var n int
		err := r.Scan(&id, &n)
		counts[id] = n
		return err
	})
	for i := range topics {
		topics[i].Entries = counts[topics[i].ID]
	}
	return topics, s.ours(err)
}

// Topic returns the topic with that slug, or aggregator.ErrNotFound.
func (s *Store) Topic(ctx context.Context, slug string) (*aggregator.Topic, error) {
	t, err := scanTopic(s.row(ctx, `SELECT `+topicColumns+` FROM topic WHERE slug = $1 AND removed_at = 0`, slug))
	return &t, s.ours(err)
}

// TopicByToken returns the private topic with that token, or
// aggregator.ErrNotFound.
func (s *Store) TopicByToken(ctx context.Context, token string) (*aggregator.Topic, error) {
	t, err := scanTopic(s.row(ctx, `SELECT `+topicColumns+` FROM topic WHERE token = $1 AND token <> '' AND private AND removed_at = 0`, token))
	return &t, s.ours(err)
}

// TopicRevisions returns the revisions of all topics.
func (s *Store) TopicRevisions(ctx context.Context) (map[aggregator.TopicID]int64, error) {
	out := make(map[aggregator.TopicID]int64)
	err := scanAll(ctx, s, `SELECT id, revision FROM topic WHERE removed_at = 0 ORDER BY id LIMIT 100000`, nil, func(r *sql.Rows) error {
		var id aggregator.TopicID
		var revision int64
		err := r.Scan(&id, &revision)
		out[id] = revision
		return err
	})
	return out, s.ours(err)
}

// RecordRematch saves what a topic's query found in items of the history. It
// returns aggregator.ErrConflict if the topic's query has changed since the
// revision given, or the topic was removed; nothing is saved then. New entries
// do not count as a change, though they make the revision grow.
func (s *Store) RecordRematch(ctx context.Context, r aggregator.Rematch) error {
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		if s.dialect.storyLock != "" {
			if _, err := t.exec(ctx, s.dialect.storyLock); err != nil {
				return err
			}
		}
		var queryRev int64
		err := t.row(ctx, `SELECT query_rev FROM topic WHERE id = $1 AND removed_at = 0`, r.Topic).Scan(&queryRev)
		if errors.Is(err, sql.ErrNoRows) || err == nil && queryRev > r.Revision {
			return aggregator.ErrConflict
		}
		if err != nil {
			return err
		}
		b := &batch{tx: t, now: s.now(), rows: make(map[aggregator.ItemID]*itemRow)}
		if err := b.rematch(ctx, &r); err != nil {
			return err
		}
		if r.Done {
			_, err = t.exec(ctx, `UPDATE topic SET pending = FALSE WHERE id = $1`, int64(r.Topic))
		}
		return err
	})
}

// rematch replaces the topic's matches among the items evaluated.
func (b *batch) rematch(ctx context.Context, r *aggregator.Rematch) error {
	old := make(map[aggregator.ItemID]aggregator.Match)
	err := loadMatches(ctx, b, r.Items, func(m aggregator.Match) {
		if m.Topic == r.Topic {
			old[m.Item] = m
		}
	})
	if err != nil {
		return err
	}
	stories, err := b.storiesOf(ctx, r.Items)
	if err != nil {
		return err
	}
	out := make(touched)
	for i := range r.Matches {
		m := r.Matches[i]
		m.Topic = r.Topic
		if was, had := old[m.Item]; had {
			m.At, m.Backfill = was.At, was.Backfill
			delete(old, m.Item)
		}
		if err := saveMatch(ctx, b.tx, &m); err != nil {
			return err
		}
		out.add(r.Topic, stories[m.Item])
	}
	for _, id := range sortedKeys(old) {
		if _, err := b.exec(ctx, `DELETE FROM match WHERE item_id = $1 AND topic_id = $2`, int64(id), int64(r.Topic)); err != nil {
			return err
		}
		out.add(r.Topic, stories[id])
	}
	delete(out, entryKey{r.Topic, 0}) // not filed yet: its own step publishes it
	return b.publish(ctx, out)
}
