package store

import "context"

// maxNaming is how many items may name one address as their page's own. A
// site whose pages all name the same means nothing by it (BEHAVIOUR S-10).
const maxNaming = 3

// countNamed finds out which addresses that the batch's pages name are named
// by too many items. Nothing is looked for, or filed, under those.
func (b *batch) countNamed(ctx context.Context) error {
	for _, p := range b.live {
		for _, k := range p.Keys {
			if _, err := b.isCrowded(ctx, k.Page); err != nil {
				return err
			}
		}
	}
	return nil
}

// disbelieve takes from the items read what their pages name, if too many
// others name it by now. What was joined before stays.
func (b *batch) disbelieve(ctx context.Context) error {
	for _, row := range b.rows {
		if row == nil || row.Article == nil || row.Article.CanonicalURL == row.CanonicalURL {
			continue
		}
		crowded, err := b.isCrowded(ctx, row.Article.CanonicalURL)
		if err != nil {
			return err
		}
		if crowded {
			row.Article.CanonicalURL = ""
		}
	}
	return nil
}

func (b *batch) isCrowded(ctx context.Context, address string) (bool, error) {
	crowded, known := b.crowded[address]
	if known || address == "" {
		return crowded, nil
	}
	var n int
	err := b.row(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM article WHERE canonical_url = $1 AND canonical_url <> '' LIMIT $2) named`,
		address, maxNaming+1).Scan(&n)
	b.crowded[address] = n > maxNaming
	return n > maxNaming, err
}
