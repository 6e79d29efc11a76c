package fetch

import (
	"context"
	"sync"
	"time"
)

// The room that bodies may take in memory, all of them together (BEHAVIOUR
// F-57). A body waits there until it is parsed, so that it is not enough to
// bound each of them.
const (
	chunkBytes  = 64 << 10
	freeBytes   = 512 << 10 // decoded bytes that need no permission
	smallBytes  = 4 << 20
	smallBodies = 4
	largeBodies = 1
	// A Brotli decoder takes up to 4 MiB for the window that we allow and 3 MiB
	// for tables, whatever comes out of it. Bodies that have come in full only
	// need it for as long as they take to decode; the others have their own.
	brotliAtOnce = 2
	brotliSlow   = 1

	keepBuffers = time.Minute
)

// budget shares out that room. Who holds a place of one kind may wait for one
// of those below it here, never for one above: nobody waits in a circle.
type budget struct {
	brotli, slowBrotli *tier
	small, large       *tier
}

func newBudget() *budget {
	return &budget{
		brotli: newTier(brotliAtOnce, 0), slowBrotli: newTier(brotliSlow, 0),
		small: newTier(smallBodies, smallBytes),
		large: newTier(largeBodies, maxDecodedBytes+1), // one byte more shows that there are too many
	}
}

// tier is a number of places, each with a buffer if it has a size. The buffers
// are made once, in no sync.Pool: that would make several for each place.
type tier struct {
	places chan []byte // those that are free; nil: its buffer is yet to be made
	size   int
	unused *time.Timer // ends with the buffers
}

func newTier(places, size int) *tier {
	t := &tier{places: make(chan []byte, places), size: size}
	for range places {
		t.places <- nil
	}
	t.unused = time.AfterFunc(keepBuffers, t.forget)
	t.unused.Stop()
	return t
}

// take waits for a place. The wait does not count for the exchange; once it
// has its place, it must be quick.
func (t *tier) take(ctx context.Context, c *clock) ([]byte, error) {
	var buf []byte
	select {
	case buf = <-t.places:
	default:
		c.halt()
		select {
		case buf = <-t.places:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		c.goOn()
	}
	c.hurry()
	if buf == nil && t.size > 0 {
		buf = make([]byte, t.size)
	}
	return buf, nil
}

// give frees a place.
func (t *tier) give(buf []byte) {
	t.places <- buf
	if t.size > 0 {
		t.unused.Reset(keepBuffers)
	}
}

// forget lets go of the buffers of free places.
func (t *tier) forget() {
	for range cap(t.places) {
		select {
		case <-t.places:
			t.places <- nil
		default:
		}
	}
}

type chunk [chunkBytes]byte

var chunkPool = sync.Pool{New: func() any { return new(chunk) }}

// gathering is a body as it grows: in chunks while it is free, then in the
// buffer of its tier.
type gathering struct {
	budget *budget
	clock  *clock
	chunks [freeBytes / chunkBytes]*chunk
	tier   *tier // nil: chunks
	big    []byte
	n      int
}

// full tells if more needs a tier.
func (g *gathering) full() bool { return g.tier == nil && g.n == freeBytes }

// room returns where the next bytes go; it may wait for it.
func (g *gathering) room(ctx context.Context) ([]byte, error) {
	if g.full() || g.tier != nil && g.n == len(g.big) {
		if err := g.grow(ctx); err != nil {
			return nil, err
		}
	}
	if g.tier != nil {
		return g.big[g.n:], nil
	}
	i := g.n / chunkBytes
	if g.chunks[i] == nil {
		g.chunks[i] = chunkPool.Get().(*chunk)
	}
	return g.chunks[i][g.n%chunkBytes:], nil
}

func (g *gathering) grow(ctx context.Context) error {
	next := g.budget.small
	if g.tier != nil {
		next = g.budget.large
	}
	if g.tier == next {
		return errTooLarge
	}
	big, err := next.take(ctx, g.clock)
	if err != nil {
		return err
	}
	g.copyTo(big)
	g.drop()
	g.tier, g.big = next, big
	return nil
}

func (g *gathering) copyTo(dst []byte) {
	if g.tier != nil {
		copy(dst, g.big[:g.n])
		return
	}
	for at := 0; at < g.n; at += chunkBytes {
		copy(dst[at:], g.chunks[at/chunkBytes][:min(chunkBytes, g.n-at)])
	}
}

// drop gives back all that the body takes.
func (g *gathering) drop() {
	if g.tier != nil {
		g.tier.give(g.big)
		g.tier, g.big = nil, nil
	}
	for i, c := range g.chunks {
		if c == nil {
			break
		}
		chunkPool.Put(c)
		g.chunks[i] = nil
	}
}

// keep returns the bytes, and what gives their room back; nil: they hold none
// of the budget. The gathering is empty then.
func (g *gathering) keep() (body []byte, release func()) {
	if t, big := g.tier, g.big; t != nil {
		g.tier, g.big = nil, nil
		return big[:g.n:g.n], func() { t.give(big) }
	}
	body = make([]byte, g.n)
	g.copyTo(body)
	g.drop()
	return body, nil
}
