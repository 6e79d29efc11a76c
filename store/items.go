package store

import (
	"context"
	"database/sql"
	"time"

	"topicwire/aggregator"
)

// itemColumns are an item and what its feed and its story add to it.
const itemColumns = `i.id, i.feed_id, i.first_seen, i.published_at, i.updated_at, i.block_hash, i.backfill, i.content_hash, i.guid, i.url,
	i.canonical_url, i.title, i.summary, i.authors, i.categories, i.language, i.image_url, i.enclosures, i.source_url, i.source_title, i.content,
	f.url, f.outlet, f.title, f.site_url, f.tags, f.publish, f.language, f.declared_language, f.enrich, f.selector,
	COALESCE(l.language, ''), COALESCE(l.reason, ''), COALESCE(l.strength, 0), COALESCE(l.to_item, 0)`

const fromItem = ` FROM item i JOIN feed f ON f.id = i.feed_id LEFT JOIN filed l ON l.item_id = i.id `

// itemRow is an item as read, with what only a claim wants to know.
type itemRow struct {
	aggregator.StoryItem
	backfill bool
	enrich   aggregator.EnrichMode
	selector string
}

func scanItem(r scanner, si *itemRow) error {
	var block int64
	var enclosures, filedLang, declared string
	it := &si.Item
	feed := &aggregator.Feed{}
	err := r.Scan(&it.ID, &it.Feed, (*instant)(&it.FirstSeen), (*instant)(&it.Published), (*instant)(&it.Updated), &block, &si.backfill,
		&it.ContentHash, &it.GUID, &it.URL, &it.CanonicalURL, &it.Title, &it.Summary, (*list)(&it.Authors), (*list)(&it.Categories),
		&it.Language, &it.ImageURL, &enclosures, &it.SourceURL, &it.SourceTitle, &it.Content,
		&feed.URL, &feed.Outlet, &feed.Title, &si.FeedSiteURL, (*list)(&si.FeedTags), &si.FeedPublish, &feed.Language, &declared,
		&si.enrich, &si.selector, &filedLang, &si.Link.Reason, &si.Link.Strength, &si.Link.To)
	if err != nil {
		return err
	}
	it.BlockHash = uint64(block)
	si.Outlet, si.FeedURL, si.FeedTitle = feed.OutletName(), feed.URL, feed.Title
	it.Language = firstKnown(filedLang, it.Language, feed.Language, declared)
	return fromJSON(enclosures, &it.Enclosures)
}

// firstKnown returns the first language that is one.
func firstKnown(langs ...string) string {
	for _, l := range langs {
		if l != "" && l != "und" {
			return l
		}
	}
	return "und"
}

// loadItems reads items with their articles, in a number of queries that does
// not grow with theirs.
func loadItems(ctx context.Context, q querier, ids []aggregator.ItemID) (map[aggregator.ItemID]*itemRow, error) {
	out := make(map[aggregator.ItemID]*itemRow, len(ids))
	err := eachIn(ctx, q, `SELECT `+itemColumns+fromItem+`WHERE i.id IN (%s)`, nil, ids, func(r *sql.Rows) error {
		row := new(itemRow)
		err := scanItem(r, row)
		out[row.ID] = row
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, loadArticles(ctx, q, ids, func(id aggregator.ItemID) *aggregator.StoryItem {
		if row := out[id]; row != nil {
			return &row.StoryItem
		}
		return nil
	})
}

func loadArticles(ctx context.Context, q querier, ids []aggregator.ItemID, of func(aggregator.ItemID) *aggregator.StoryItem) error {
	return eachIn(ctx, q, `SELECT item_id, url, status, note, title, summary, image_url, authors, published_at, modified_at, fetched_at,
		language, canonical_url, site_name, paywalled, no_snippet, item_hash, etag, last_modified, not_before, body FROM article WHERE item_id IN (%s)`, nil, ids, func(r *sql.Rows) error {
		a := new(aggregator.Article)
		var etag, modified []byte
		err := r.Scan(&a.Item, &a.URL, &a.Status, &a.Note, &a.Title, &a.Summary, &a.ImageURL, (*list)(&a.Authors),
			(*instant)(&a.Published), (*instant)(&a.Modified), (*instant)(&a.FetchedAt),
			&a.Language, &a.CanonicalURL, &a.SiteName, &a.Paywalled, &a.NoSnippet,
			&a.ItemHash, &etag, &modified, (*instant)(&a.NotBefore), &a.Text)
		a.ETag, a.LastModified = string(etag), string(modified)
		if si := of(a.Item); si != nil {
			si.Article = a
		}
		return err
	})
}

func saveArticle(ctx context.Context, t *tx, id aggregator.ItemID, a *aggregator.Article) error {
	_, err := t.exec(ctx, `INSERT INTO article (item_id, url, status, note, title, summary, image_url, authors, published_at, modified_at,
			fetched_at, language, canonical_url, site_name, paywalled, no_snippet, item_hash, etag, last_modified, not_before, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
		ON CONFLICT (item_id) DO UPDATE SET url = excluded.url, status = excluded.status, note = excluded.note, title = excluded.title,
			summary = excluded.summary, image_url = excluded.image_url, authors = excluded.authors, published_at = excluded.published_at,
			modified_at = excluded.modified_at, fetched_at = excluded.fetched_at, language = excluded.language,
			canonical_url = excluded.canonical_url, site_name = excluded.site_name, paywalled = excluded.paywalled,
			no_snippet = excluded.no_snippet, item_hash = excluded.item_hash, etag = excluded.etag,
			last_modified = excluded.last_modified, not_before = excluded.not_before, body = excluded.body`,
		int64(id), clean(a.URL), string(a.Status), clean(a.Note), clean(a.Title), clean(a.Summary), clean(a.ImageURL), toList(a.Authors),
		toUnix(a.Published), toUnix(a.Modified), toUnix(a.FetchedAt), clean(a.Language), indexed(a.CanonicalURL), clean(a.SiteName),
		a.Paywalled, a.NoSnippet, a.ItemHash, []byte(a.ETag), []byte(a.LastModified), toUnixUp(a.NotBefore), clean(a.Text))
	return err
}

// Item returns an item with its feed's facts and its article, or
// aggregator.ErrNotFound.
func (s *Store) Item(ctx context.Context, id aggregator.ItemID) (*aggregator.StoryItem, error) {
	rows, err := loadItems(ctx, s, []aggregator.ItemID{id})
	if err != nil {
		return nil, s.ours(err)
	}
	row := rows[id]
	if row == nil {
		return nil, aggregator.ErrNotFound
	}
	return &row.StoryItem, nil
}

// ItemByURL returns the newest item with that canonical URL, or
// aggregator.ErrNotFound. It reads all items: for commands, not for steps.
func (s *Store) ItemByURL(ctx context.Context, canonical string) (*aggregator.StoryItem, error) {
	var id aggregator.ItemID
	err := s.row(ctx, `SELECT id FROM item WHERE canonical_url = $1 ORDER BY id DESC LIMIT 1`, canonical).Scan(&id)
	if err != nil {
		return nil, s.ours(err)
	}
	return s.Item(ctx, id)
}

// ItemMatches returns the topics an item is about, and why.
func (s *Store) ItemMatches(ctx context.Context, id aggregator.ItemID) (ms []aggregator.Match, err error) {
	err = loadMatches(ctx, s, []aggregator.ItemID{id}, func(m aggregator.Match) { ms = append(ms, m) })
	return ms, s.ours(err)
}

func loadMatches(ctx context.Context, q querier, ids []aggregator.ItemID, each func(aggregator.Match)) error {
	return eachIn(ctx, q, `SELECT m.topic_id, m.item_id, m.score, m.threshold, m.at, m.backfill, m.evidence FROM match m
		JOIN topic t ON t.id = m.topic_id WHERE t.removed_at = 0 AND m.item_id IN (%s) ORDER BY m.item_id, m.topic_id`, nil, ids, func(r *sql.Rows) error {
		var m aggregator.Match
		var evidence string
		if err := r.Scan(&m.Topic, &m.Item, &m.Score, &m.Threshold, (*instant)(&m.At), &m.Backfill, &evidence); err != nil {
			return err
		}
		if err := fromJSON(evidence, &m.Evidence); err != nil {
			return err
		}
		each(m)
		return nil
	})
}

// itemPage bounds what EachItem holds in memory, and for how long it reads.
const itemPage = 250

// EachItem calls fn for every item first seen at or after a time, in order of
// id, until fn returns an error. It holds no transaction while fn runs.
func (s *Store) EachItem(ctx context.Context, since time.Time, fn func(*aggregator.StoryItem) error) error {
	var after aggregator.ItemID
	for {
		page := make([]itemRow, 0, itemPage)
		err := scanAll(ctx, s, `SELECT `+itemColumns+fromItem+`WHERE i.id > $1 AND i.first_seen >= $2 ORDER BY i.id LIMIT $3`,
			[]any{after, toUnix(since), itemPage}, func(r *sql.Rows) error {
				page = append(page, itemRow{})
				return scanItem(r, &page[len(page)-1])
			})
		if err != nil {
			return s.ours(err)
		}
		if len(page) == 0 {
			return nil
		}
		ids := make([]aggregator.ItemID, len(page))
		byID := make(map[aggregator.ItemID]*aggregator.StoryItem, len(page))
		for i := range page {
			ids[i] = page[i].ID
			byID[ids[i]] = &page[i].StoryItem
		}
		err = loadArticles(ctx, s, ids, func(id aggregator.ItemID) *aggregator.StoryItem { return byID[id] })
		if err != nil {
			return s.ours(err)
		}
		for i := range page {
			if err := fn(&page[i].StoryItem); err != nil {
				return err
			}
		}
		after = ids[len(ids)-1]
	}
}
