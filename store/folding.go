package store

import (
	"context"
	"database/sql"

	"topicwire/aggregator"
)

// fold is a published story whose only item turned out to carry the report of
// another story: two outlets were first, and only their pages showed it.
type fold struct{ from, to aggregator.StoryID }

// mayFold tells if readers can be spared the entries of a published story.
// They can if the other story is published wherever this one is, or nowhere
// yet; else some topic's readers would see what they know under another id.
func (b *batch) mayFold(ctx context.Context, from, to aggregator.StoryID) (bool, error) {
	var only, shared int
	err := b.row(ctx, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN EXISTS (SELECT 1 FROM entry o WHERE o.story_id = $2 AND o.topic_id = e.topic_id) THEN 1 ELSE 0 END), 0)
		FROM entry e WHERE e.story_id = $1`, int64(from), int64(to)).Scan(&only, &shared)
	if err != nil || only == shared {
		return err == nil, err
	}
	public, err := b.publicIDOf(ctx, to)
	return public == "", err
}

// publicIDOf returns a story's published id; empty: it has none.
func (b *batch) publicIDOf(ctx context.Context, story aggregator.StoryID) (public string, err error) {
	err = scanAll(ctx, b, `SELECT public_id FROM story WHERE id = $1`, []any{int64(story)}, func(r *sql.Rows) error {
		return r.Scan(&public)
	})
	return public, err
}

// fold ends a published story. Its id leads to the other story from now on; a
// story that had none takes it over, with the entries.
func (b *batch) fold(ctx context.Context, f fold) error {
	old, err := b.publicIDOf(ctx, f.from)
	if err != nil {
		return err
	}
	public, err := b.publicIDOf(ctx, f.to)
	if err != nil {
		return err
	}
	if _, err := b.exec(ctx, `DELETE FROM story WHERE id = $1`, int64(f.from)); err != nil {
		return err
	}
	if _, err := b.exec(ctx, `UPDATE story_alias SET story_id = $2 WHERE story_id = $1`, int64(f.from), int64(f.to)); err != nil {
		return err
	}
	if public != "" {
		_, err := b.exec(ctx, `INSERT INTO story_alias (public_id, story_id) VALUES ($1, $2)`, old, int64(f.to))
		return err // publish takes the entries away
	}
	if _, err := b.exec(ctx, `UPDATE story SET public_id = $2 WHERE id = $1`, int64(f.to), old); err != nil {
		return err
	}
	_, err = b.exec(ctx, `UPDATE entry SET story_id = $2 WHERE story_id = $1`, int64(f.from), int64(f.to))
	return err
}
