package store

import (
	"context"
	"database/sql"

	"topicwire/aggregator"
)

// Feeds that make up new GUIDs for old items are seen by the links of those
// (BEHAVIOUR F-63). The items are looked for only if the document is
// suspicious: nine of ten of its GUIDs are new, and most of the links are not.
const (
	fewestRegenerated = 3
	relinkAtMost      = 5000 // the newest items of a feed; older ones do not come back
)

// row is what is needed of a stored item to know it again.
type row struct {
	id             aggregator.ItemID
	title, content string
}

// adoptItems gives the stored items their new GUIDs, if the document comes
// with new ones for items that it had before. They count as known then, and as
// changed if they say something else. Otherwise it changes nothing.
func adoptItems(ctx context.Context, t *tx, r *aggregator.PollRecord, byGUID map[int64]*aggregator.Item, order []int64,
	known map[int64]bool, changed map[aggregator.ItemID]*aggregator.Item,
) (bool, error) {
	fresh := 0
	byLink := make(map[string]int64, len(order)) // 0: several items have the link
	for _, h := range order {
		if known[h] {
			continue
		}
		fresh++
		link := byGUID[h].CanonicalURL
		if _, twice := byLink[link]; twice {
			h = 0
		}
		byLink[link] = h
	}
	delete(byLink, "")
	if !r.FamiliarLinks || r.LinkIdentity || fresh < fewestRegenerated || 10*fresh < 9*r.Total {
		return false, nil
	}
	rows, err := rowsByLink(ctx, t, r.Feed, byLink, byGUID)
	if err != nil {
		return false, err
	}
	// New items at old addresses, such as a daily forecast, have new titles.
	same := 0
	for h, old := range rows {
		if old.title == clean(byGUID[h].Title) {
			same++
		}
	}
	if len(rows) < fewestRegenerated || 2*len(rows) < fresh || 2*same < len(rows) {
		return false, nil
	}
	for h, old := range rows {
		if _, err := t.exec(ctx, `UPDATE item SET guid = $2, guid_hash = $3 WHERE id = $1`, old.id, clean(byGUID[h].GUID), h); err != nil {
			return false, err
		}
		known[h] = true
		if old.content != byGUID[h].ContentHash {
			changed[old.id] = byGUID[h]
		}
	}
	return true, nil
}

// rowsByLink returns, by the new GUID's hash, the newest stored item of each
// link that the document no longer has under its old GUID.
func rowsByLink(ctx context.Context, t *tx, feed aggregator.FeedID, byLink map[string]int64, byGUID map[int64]*aggregator.Item) (map[int64]row, error) {
	rows := make(map[int64]row, len(byLink))
	err := scanAll(ctx, t, `SELECT id, guid_hash, canonical_url, title, content_hash FROM item WHERE feed_id = $1`, []any{feed}, func(r *sql.Rows) error {
		var old row
		var guid int64
		var link string
		if err := r.Scan(&old.id, &guid, &link, &old.title, &old.content); err != nil {
			return err
		}
		h := byLink[link]
		if h == 0 || byGUID[guid] != nil || rows[h].id > old.id {
			return nil
		}
		rows[h] = old
		return nil
	})
	return rows, err
}

// relink makes a feed's newest items known by their links. Of several with one
// link, the newest is.
func relink(ctx context.Context, t *tx, feed aggregator.FeedID) error {
	type item struct {
		id   aggregator.ItemID
		link string
	}
	var items []item
	taken := make(map[int64]bool)
	err := scanAll(ctx, t, `SELECT id, guid_hash, canonical_url FROM item WHERE feed_id = $1 ORDER BY id DESC LIMIT $2`, []any{feed, relinkAtMost}, func(r *sql.Rows) error {
		var it item
		var guid int64
		err := r.Scan(&it.id, &guid, &it.link)
		taken[guid] = true
		items = append(items, it)
		return err
	})
	if err != nil {
		return err
	}
	for _, it := range items {
		guid := aggregator.LinkGUID(it.link)
		h := guidHash(guid)
		if it.link == "" || taken[h] {
			continue
		}
		taken[h] = true
		if _, err := t.exec(ctx, `UPDATE item SET guid = $2, guid_hash = $3 WHERE id = $1`, it.id, guid, h); err != nil {
			return err
		}
	}
	return nil
}

// shared tells if the feed had one of the document's items, by GUID or link,
// before the time that the record asks for (F-50).
func shared(ctx context.Context, t *tx, r *aggregator.PollRecord, guids []int64) (found bool, err error) {
	if r.SharedBefore.IsZero() {
		return false, nil
	}
	yes := func(*sql.Rows) error { found = true; return nil }
	args := []any{r.Feed, r.SharedBefore.Unix()}
	err = eachIn(ctx, t, `SELECT id FROM item WHERE feed_id = $1 AND first_seen < $2 AND guid_hash IN (%s)`, args, guids, yes)
	if err != nil || found {
		return found, err
	}
	var links []string
	for i := range r.Items {
		if l := r.Items[i].CanonicalURL; l != "" {
			links = append(links, l)
		}
	}
	err = eachIn(ctx, t, `SELECT id FROM item WHERE feed_id = $1 AND first_seen < $2 AND canonical_url IN (%s)`, args, links, yes)
	return found, err
}
