package store

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"
	"time"

	"topicwire/aggregator"
)

const (
	keyWindow     = 14 * 24 * time.Hour // how long items find each other by keys
	maxCandidates = 8                   // that are read in full and compared
)

// filedIn says where an item is filed.
type filedIn struct {
	story     aggregator.StoryID
	published bool // the story has a public id
	company   bool // the story has other items
	isNew     bool // the item was filed in this batch
	moved     bool // into another story, in this batch
	link      aggregator.Link
}

// mayMove: what is in company stays.
func (f *filedIn) mayMove() bool { return f == nil || !f.company }

// file gives every item of the batch its story.
func (b *batch) file(ctx context.Context) error {
	if err := b.readFiled(ctx); err != nil {
		return err
	}
	if err := b.countNamed(ctx); err != nil {
		return err
	}
	candidates, err := b.candidates(ctx)
	if err != nil {
		return err
	}
	var want []aggregator.ItemID
	for id, cs := range candidates {
		want = append(append(want, id), cs...)
	}
	if err := b.read(ctx, want); err != nil {
		return err
	}
	if err := b.disbelieve(ctx); err != nil {
		return err
	}
	stories, err := b.storiesOf(ctx, want)
	if err != nil {
		return err
	}
	var founded, left []any
	joined := make(map[aggregator.StoryID]bool)
	for _, p := range b.live {
		was := b.filed[p.Item]
		if was != nil && joined[was.story] {
			was.company = true
		}
		link, story := b.bestLink(p.Item, candidates[p.Item], stories)
		if story != 0 && was != nil && was.published && story != was.story {
			if ok, err := b.mayFold(ctx, was.story, story); err != nil {
				return err
			} else if !ok {
				story = 0
			}
		}
		switch {
		case story != 0 && was == nil:
			b.filed[p.Item] = &filedIn{story: story, isNew: true, link: link}
		case story != 0 && was.story != story:
			if was.published {
				b.folds = append(b.folds, fold{was.story, story})
			} else {
				left = append(left, int64(was.story))
			}
			b.filed[p.Item] = &filedIn{story: story, moved: true, link: link}
		case was == nil:
			story = aggregator.StoryID(p.Item)
			b.filed[p.Item] = &filedIn{story: story, isNew: true, link: aggregator.Link{Reason: aggregator.LinkFounder, Strength: 1}}
			founded = append(founded, int64(story), b.now)
			b.saved.Stories++
		}
		if f := b.filed[p.Item]; f != was {
			joined[f.story] = joined[f.story] || story != aggregator.StoryID(p.Item)
		}
		stories[p.Item] = b.filed[p.Item].story
	}
	if err := b.insert(ctx, `INSERT INTO story (id, created_at)`, ``, 2, founded); err != nil {
		return err
	}
	if err := b.saveFiled(ctx); err != nil {
		return err
	}
	if err := execIn(ctx, b.tx, `DELETE FROM story WHERE id IN (%s)`, nil, left); err != nil {
		return err
	}
	for _, f := range b.folds {
		if err := b.fold(ctx, f); err != nil {
			return err
		}
	}
	return b.saveKeys(ctx)
}

// readFiled reads where the batch's items are filed already.
func (b *batch) readFiled(ctx context.Context) error {
	b.filed = make(map[aggregator.ItemID]*filedIn, len(b.live))
	ids := make([]aggregator.ItemID, len(b.live))
	for i, p := range b.live {
		ids[i] = p.Item
	}
	return eachIn(ctx, b, `SELECT l.item_id, l.story_id, l.reason, l.strength, l.to_item, s.public_id <> '',
			EXISTS (SELECT 1 FROM filed o WHERE o.story_id = l.story_id AND o.item_id <> l.item_id)
		FROM filed l JOIN story s ON s.id = l.story_id WHERE l.item_id IN (%s)`, nil, ids, func(r *sql.Rows) error {
		var id aggregator.ItemID
		f := new(filedIn)
		err := r.Scan(&id, &f.story, &f.link.Reason, &f.link.Strength, &f.link.To, &f.published, &f.company)
		b.filed[id] = f
		return err
	})
}

// candidates finds, for every item that may be filed anew, the items it
// shares an exact key or two anchors with, the likeliest first. Items of one
// batch find those before them.
func (b *batch) candidates(ctx context.Context) (map[aggregator.ItemID][]aggregator.ItemID, error) {
	under, err := b.sharers(ctx)
	if err != nil {
		return nil, err
	}
	type shared struct{ exact, anchors int }
	out := make(map[aggregator.ItemID][]aggregator.ItemID)
	for _, p := range b.live {
		if b.filed[p.Item].mayMove() && len(p.Keys) > 0 {
			counts := make(map[aggregator.ItemID]shared)
			for _, k := range p.Keys {
				if b.crowded[k.Page] {
					continue
				}
				for _, sh := range under[k.Hash] {
					c := counts[sh.item]
					if k.Exact && sh.exact {
						c.exact++
					} else if k.Exact == sh.exact {
						c.anchors++
					}
					counts[sh.item] = c
				}
			}
			delete(counts, p.Item)
			var found []aggregator.ItemID
			for id, c := range counts {
				if c.exact > 0 || c.anchors >= 2 {
					found = append(found, id)
				}
			}
			slices.SortFunc(found, func(x, y aggregator.ItemID) int {
				cx, cy := counts[x], counts[y]
				return cmp.Or(cmp.Compare(cy.exact, cx.exact), cmp.Compare(cy.anchors, cx.anchors), cmp.Compare(x, y))
			})
			if len(found) > 0 {
				out[p.Item] = found[:min(len(found), maxCandidates)]
			}
		}
		for _, k := range p.Keys {
			if !b.crowded[k.Page] {
				under.add(k.Hash, sharer{p.Item, k.Exact})
			}
		}
	}
	return out, nil
}

// bestLink asks the linker about an item's candidates, and returns the
// strongest link with the story it leads to; 0: there is none.
func (b *batch) bestLink(id aggregator.ItemID, candidates []aggregator.ItemID, stories map[aggregator.ItemID]aggregator.StoryID) (best aggregator.Link, story aggregator.StoryID) {
	a := b.rows[id]
	if a == nil || b.link == nil || !b.filed[id].mayMove() {
		return best, 0
	}
	for _, c := range candidates {
		other := b.rows[c]
		if other == nil || stories[c] == 0 || other.FirstSeen.Unix() < b.now-int64(keyWindow/time.Second) {
			continue
		}
		link, ok := b.link(&a.StoryItem, &other.StoryItem)
		if ok && (story == 0 || rung(link.Reason) < rung(best.Reason) || rung(link.Reason) == rung(best.Reason) && link.Strength > best.Strength) {
			best, story = link, stories[c]
			best.To = c
		}
		if ok && link.Reason == aggregator.LinkURL {
			break // there is no stronger one
		}
	}
	return best, story
}

func rung(r aggregator.LinkReason) int {
	return slices.Index([]aggregator.LinkReason{aggregator.LinkURL, aggregator.LinkTitle, aggregator.LinkText}, r)
}

// read adds items to those read so far, in the language they were matched in.
func (b *batch) read(ctx context.Context, ids []aggregator.ItemID) error {
	var missing []aggregator.ItemID
	for _, id := range ids {
		if _, ok := b.rows[id]; !ok {
			b.rows[id] = nil
			missing = append(missing, id)
		}
	}
	rows, err := loadItems(ctx, b, missing)
	if err != nil {
		return err
	}
	maps.Copy(b.rows, rows)
	for _, p := range b.live {
		if row := b.rows[p.Item]; row != nil && p.Language != "" {
			row.Language = p.Language
		}
	}
	return nil
}

func (b *batch) storiesOf(ctx context.Context, items []aggregator.ItemID) (map[aggregator.ItemID]aggregator.StoryID, error) {
	out := make(map[aggregator.ItemID]aggregator.StoryID, len(items)+len(b.live))
	err := eachIn(ctx, b, `SELECT item_id, story_id FROM filed WHERE item_id IN (%s)`, nil, items, func(r *sql.Rows) error {
		var id aggregator.ItemID
		var story aggregator.StoryID
		err := r.Scan(&id, &story)
		out[id] = story
		return err
	})
	return out, err
}

// saveFiled writes where the batch's items are filed, and their languages.
func (b *batch) saveFiled(ctx context.Context) error {
	var args []any
	for _, p := range b.live {
		f := b.filed[p.Item]
		args = append(args, int64(p.Item), int64(f.story), int64(f.link.To), clean(p.Language), string(f.link.Reason), f.link.Strength)
	}
	return b.insert(ctx, `INSERT INTO filed (item_id, story_id, to_item, language, reason, strength)`,
		`ON CONFLICT (item_id) DO UPDATE SET story_id = excluded.story_id, to_item = excluded.to_item,
			language = CASE WHEN excluded.language = '' THEN filed.language ELSE excluded.language END,
			reason = excluded.reason, strength = excluded.strength`, 6, args)
}
