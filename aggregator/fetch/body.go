package fetch

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/andybalholm/brotli"
)

// Readers with large buffers are reused: 32 fetches at once hold 32 of them,
// not one per feed.
var (
	bufioPool  = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 8<<10) }}
	gzipPool   = sync.Pool{New: func() any { return new(gzip.Reader) }}
	brotliPool = sync.Pool{New: func() any { return brotli.NewReader(nil) }}
)

const maxCodings = 3

// wireReader reads a body as it comes, counts it, and gives up if it comes
// too slowly or is too long.
type wireReader struct {
	r    io.Reader
	n    int64
	max  int64
	idle *time.Timer
	err  error // what ended the body, other than its end
}

func (w *wireReader) Read(p []byte) (int, error) {
	w.idle.Reset(idleTimeout)
	n, err := w.r.Read(p)
	w.n += int64(n)
	if w.n > w.max {
		n, err = 0, errTooLarge
	}
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// readBody reads and decodes the body within the bounds of the exchange. A
// body that broke off is kept as far as it came.
func (c *Client) readBody(ctx context.Context, x *exchange, resp *http.Response) error {
	if resp.ContentLength > x.wire {
		return errTooLarge
	}
	x.clock.idle = time.AfterFunc(idleTimeout, func() { x.clock.cancel(errIdle) })
	w := &wireReader{r: resp.Body, max: x.wire, idle: x.clock.idle}
	br := bufioPool.Get().(*bufio.Reader)
	br.Reset(w)
	defer func() { br.Reset(nil); bufioPool.Put(br) }()

	body := &gathering{budget: c.budget, clock: &x.clock}
	defer body.drop()
	err := c.decode(ctx, x, br, codings(resp.Header), body)
	x.res.WireBytes = w.n
	switch {
	case err == nil:
	case errors.Is(err, errTooLarge) && x.cutDecoded && body.n > 0:
	case errors.Is(err, errTooLarge), errors.Is(err, errCoding), ctx.Err() != nil, body.n == 0 && w.err != nil:
		return err
	case errors.Is(err, errEncoding):
		return err
	case w.err != nil, errors.Is(err, io.ErrUnexpectedEOF) && body.n > 0:
		x.res.Truncated = true
	default:
		return errors.Join(errEncoding, err)
	}
	x.res.Bytes = int64(body.n)
	x.res.Body, x.res.release = body.keep()
	if x.res.release != nil && !x.hold {
		held := x.res.Body
		x.res.Body = bytes.Clone(held)
		x.res.release()
		x.res.release = nil
	}
	return nil
}

// codings returns the content codings in the order in which they were applied.
func codings(h http.Header) []string {
	var out []string
	for _, line := range h["Content-Encoding"] {
		for c := range strings.SplitSeq(line, ",") {
			if c = strings.ToLower(strings.TrimSpace(c)); c != "" && c != "identity" {
				out = append(out, c)
			}
		}
	}
	return out
}

// decode undoes the codings, the last one first, and gathers what it gets: no
// more than the exchange allows at every step.
func (c *Client) decode(ctx context.Context, x *exchange, wire *bufio.Reader, applied []string, body *gathering) error {
	magic, _ := wire.Peek(2) // whatever it says is seen again by Read
	zipped := len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b
	switch {
	case len(applied) == 0 && zipped: // labelled too little
		applied = []string{"gzip"}
	case len(applied) == 1 && isGzip(applied[0]) && !zipped: // labelled too much
		if !looksPlain(magic) {
			return errEncoding
		}
		applied = nil
	}
	if !decodable(applied) {
		return errCoding
	}
	var r io.Reader = wire
	if slices.Contains(applied, "br") {
		head := &gathered{rest: wire, body: gathering{budget: c.budget, clock: &x.clock}}
		defer head.body.drop()
		place := c.budget.brotli
		if err := head.fill(ctx); err == nil {
			place = c.budget.slowBrotli // there is more to come
		}
		if _, err := place.take(ctx, &x.clock); err != nil {
			return err
		}
		defer place.give(nil)
		r = head
	}
	for _, coding := range slices.Backward(applied) {
		reader, done, err := undo(coding, r)
		if err != nil {
			return err
		}
		defer done()
		r = &limitReader{r: reader, left: x.decoded}
	}
	if len(applied) == 0 {
		r = &limitReader{r: r, left: x.decoded}
	}
	return gather(ctx, r, body)
}

// decodable tells if we offered to decode this. Nobody needs Brotli twice,
// and each decoder takes megabytes.
func decodable(applied []string) bool {
	brotlis := 0
	for _, coding := range applied {
		switch {
		case coding == "br":
			brotlis++
		case !isGzip(coding):
			return false
		}
	}
	return len(applied) <= maxCodings && brotlis <= 1
}

// looksPlain tells if a body that begins so may be XML, HTML or JSON.
func looksPlain(start []byte) bool {
	return len(start) == 0 || bytes.IndexByte([]byte("<{[ \t\r\n\xef\xfe\xff\x00"), start[0]) >= 0
}

// undo returns a reader of what a coding was applied to; done gives it back.
func undo(coding string, r io.Reader) (reader io.Reader, done func(), err error) {
	if coding == "br" {
		zr := brotliPool.Get().(*brotli.Reader)
		err = zr.Reset(&windowReader{r: r})
		return zr, func() { brotliPool.Put(zr) }, err
	}
	zr := gzipPool.Get().(*gzip.Reader)
	if err := zr.Reset(r); err != nil {
		gzipPool.Put(zr)
		return nil, nil, err
	}
	return zr, func() { gzipPool.Put(zr) }, nil
}

func isGzip(coding string) bool { return coding == "gzip" || coding == "x-gzip" }

// gather reads r to its end.
func gather(ctx context.Context, r io.Reader, body *gathering) error {
	for idle := 0; idle < 100; {
		p, err := body.room(ctx)
		if err != nil {
			return err
		}
		n, err := r.Read(p)
		body.n += n
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if idle++; n > 0 {
			idle = 0
		}
	}
	return io.ErrNoProgress
}

// gathered reads the beginning of a body that has come already, then the rest.
type gathered struct {
	body gathering
	read int
	err  error // that ended the beginning; nil: there is more
	rest io.Reader
}

// fill gathers the beginning: as much of it as is free. The error says what
// ended it.
func (g *gathered) fill(ctx context.Context) error {
	for g.err == nil && !g.body.full() {
		p, err := g.body.room(ctx)
		if err != nil {
			return err
		}
		n, err := g.rest.Read(p)
		g.body.n += n
		g.err = err
	}
	return g.err
}

func (g *gathered) Read(p []byte) (int, error) {
	if g.read == g.body.n {
		if g.err != nil {
			return 0, g.err
		}
		return g.rest.Read(p)
	}
	at := g.read % chunkBytes
	n := copy(p, g.body.chunks[g.read/chunkBytes][at:min(chunkBytes, at+g.body.n-g.read)])
	g.read += n
	return n, nil
}

// windowReader refuses Brotli whose window is larger than 4 MiB: those are for
// files larger than what we read, and each costs as much memory as it says.
type windowReader struct {
	r    io.Reader
	seen bool
}

func (w *windowReader) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if n > 0 && !w.seen {
		w.seen = true
		if p[0]&1 == 1 && p[0]>>1&7 >= 6 { // RFC 7932 9.1: 17 plus these bits
			return 0, errWindow
		}
	}
	return n, err
}

// limitReader ends with errTooLarge, where io.LimitReader would pretend that
// the data ends.
type limitReader struct {
	r    io.Reader
	left int64
}

func (l *limitReader) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return n - 1, errTooLarge
	}
	return n, err
}
