package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"topicwire/aggregator"
)

// Story keys are spread evenly, and a table in their order would have nearly
// every key of a batch on a page of its own, each of them written to the log.
// So keys are filed in generations, in order of key within each: the newest
// fits a few hundred pages. Older ones are asked only where their Bloom
// filter says that they may know a key.
const (
	generationKeys = 32 << 10
	generationAge  = 24 * time.Hour // a day's keys are pruned together
	filterBits     = 512 << 10      // 16 a key: 3 look-ups in 1,000 are in vain
	filterProbes   = 4
	// maxSharers bounds what one hash may bring up: a text that more items
	// share is furniture, such as a standing notice.
	maxSharers = 64
)

// keyFilter is a Bloom filter of hashes.
type keyFilter []byte

func (f keyFilter) probe(hash int64, visit func(at int, bit byte) bool) bool {
	h := uint64(hash) * 0x9E3779B97F4A7C15
	h ^= h >> 32
	step := h>>17 | 1
	for range filterProbes {
		at := h % filterBits
		if !visit(int(at/8), 1<<(at%8)) {
			return false
		}
		h += step * 0x2545F4914F6CDD1D
	}
	return true
}

func (f keyFilter) add(hash int64) {
	f.probe(hash, func(at int, bit byte) bool { f[at] |= bit; return true })
}

func (f keyFilter) mayHave(hash int64) bool {
	return f.probe(hash, func(at int, bit byte) bool { return f[at]&bit != 0 })
}

// generation is a row of its table.
type generation struct {
	id                    int64
	keys, firstAt, lastAt int64
	sealed                bool
}

// keyCache keeps filters in memory: of sealed generations, which no longer
// change, and of the newest as of a number of keys. If another process has
// filed keys since, that number has grown.
type keyCache struct {
	sealed map[[2]int64]keyFilter // by id and number of keys
	open   keyFilter
	openID int64
	keys   int64
}

// sharer is an item filed under a hash.
type sharer struct {
	item  aggregator.ItemID
	exact bool
}

type sharers map[int64][]sharer

func (s sharers) add(hash int64, sh sharer) {
	have := s[hash]
	if slices.Contains(have, sh) || len(have) >= maxSharers && !sh.exact {
		return
	}
	s[hash] = append(have, sh)
}

// sharers reads which items of the last days are filed under the batch's keys.
func (b *batch) sharers(ctx context.Context) (sharers, error) {
	var hashes []int64
	keys := 0
	for _, p := range b.live {
		keys += len(p.Keys)
		if b.filed[p.Item].mayMove() {
			for _, k := range p.Keys {
				hashes = append(hashes, k.Hash)
			}
		}
	}
	if keys == 0 {
		return make(sharers), nil
	}
	slices.Sort(hashes) // the order of the rows
	hashes = slices.Compact(hashes)
	generations, err := b.generations(ctx)
	if err != nil {
		return nil, err
	}
	out := make(sharers, len(hashes))
	for _, g := range generations {
		f, err := b.filter(ctx, g)
		if err != nil {
			return nil, err
		}
		var ask []int64
		for _, h := range hashes {
			if f.mayHave(h) {
				ask = append(ask, h)
			}
		}
		err = eachIn(ctx, b, `SELECT hash, item_id, exact FROM story_key WHERE generation = $1 AND hash IN (%s)`, []any{g.id}, ask, func(r *sql.Rows) error {
			var hash int64
			var sh sharer
			err := r.Scan(&hash, &sh.item, &sh.exact)
			out.add(hash, sh)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// generations lists those within the window, and makes sure that the last one
// takes keys.
func (b *batch) generations(ctx context.Context) ([]generation, error) {
	var all []generation
	err := scanAll(ctx, b, `SELECT id, keys, first_at, last_at, sealed FROM key_generation WHERE last_at >= $1 ORDER BY id`,
		[]any{b.now - int64(keyWindow/time.Second)}, func(r *sql.Rows) error {
			var g generation
			err := r.Scan(&g.id, &g.keys, &g.firstAt, &g.lastAt, &g.sealed)
			all = append(all, g)
			return err
		})
	if err != nil {
		return nil, err
	}
	if n := len(all); n > 0 && !all[n-1].sealed {
		g := &all[n-1]
		if g.keys < generationKeys && b.now-g.firstAt < int64(generationAge/time.Second) {
			b.open = *g
			return all, nil
		}
		if err := b.seal(ctx, g); err != nil {
			return nil, err
		}
	}
	b.open = generation{firstAt: b.now, lastAt: b.now}
	err = b.row(ctx, `INSERT INTO key_generation (first_at, last_at) VALUES ($1, $1) RETURNING id`, b.now).Scan(&b.open.id)
	return append(all, b.open), err
}

// seal closes a generation and keeps its filter.
func (b *batch) seal(ctx context.Context, g *generation) error {
	f, err := b.filter(ctx, *g)
	if err != nil {
		return err
	}
	g.sealed = true
	_, err = b.exec(ctx, `UPDATE key_generation SET sealed = TRUE, filter = $2 WHERE id = $1`, g.id, []byte(f))
	return err
}

// filter returns a generation's filter: from memory, its row, or its keys.
func (b *batch) filter(ctx context.Context, g generation) (keyFilter, error) {
	c := b.cache
	if !g.sealed {
		if c.openID == g.id && c.keys == g.keys {
			return c.open, nil
		}
		f := make(keyFilter, filterBits/8)
		err := scanAll(ctx, b, `SELECT hash FROM story_key WHERE generation = $1`, []any{g.id}, func(r *sql.Rows) error {
			var h int64
			err := r.Scan(&h)
			f.add(h)
			return err
		})
		if err == nil {
			c.open, c.openID, c.keys = f, g.id, g.keys
		}
		return f, err
	}
	key := [2]int64{g.id, g.keys}
	if f := c.sealed[key]; f != nil {
		return f, nil
	}
	var f []byte
	err := b.row(ctx, `SELECT filter FROM key_generation WHERE id = $1`, g.id).Scan(&f)
	if err != nil {
		return nil, err
	}
	if len(f) != filterBits/8 {
		f = slices.Repeat([]byte{0xff}, filterBits/8) // asks for every key
	}
	if c.sealed == nil || len(c.sealed) >= maxFilters {
		c.sealed = make(map[[2]int64]keyFilter)
	}
	c.sealed[key] = f
	return f, nil
}

// maxFilters bounds the filters in memory, 64 KiB each: those of some 400,000
// items.
const maxFilters = 256

// saveKeys files the batch's items under their keys, in the order of the rows.
// The keys of what an item said before stay until they are pruned.
func (b *batch) saveKeys(ctx context.Context) error {
	type row struct {
		aggregator.StoryKey
		item aggregator.ItemID
	}
	var rows []row
	for _, p := range b.live {
		for _, k := range p.Keys {
			if !b.crowded[k.Page] {
				rows = append(rows, row{k, p.Item})
			}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	slices.SortFunc(rows, func(x, y row) int { return cmp.Or(cmp.Compare(x.Hash, y.Hash), cmp.Compare(x.item, y.item)) })
	rows = slices.CompactFunc(rows, func(x, y row) bool { return x.Hash == y.Hash && x.item == y.item })
	f, err := b.filter(ctx, b.open)
	if err != nil {
		return err
	}
	args := make([]any, 0, 4*len(rows))
	for _, r := range rows {
		args = append(args, b.open.id, r.Hash, int64(r.item), r.Exact)
		f.add(r.Hash) // a filter may say yes too often
	}
	b.open.keys += int64(len(rows))
	err = b.insert(ctx, `INSERT INTO story_key (generation, hash, item_id, exact)`, `ON CONFLICT (generation, hash, item_id) DO NOTHING`, 4, args)
	if err != nil {
		return err
	}
	_, err = b.exec(ctx, `UPDATE key_generation SET keys = $2, last_at = $3 WHERE id = $1`, b.open.id, b.open.keys, b.now)
	return err
}

// keysSaved notes, after the commit, that the filter in memory has the
// batch's keys.
func (b *batch) keysSaved() {
	if b.open.id != 0 && b.cache.openID == b.open.id {
		b.cache.keys = b.open.keys
	}
}
