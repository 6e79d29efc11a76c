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
	bodyPool   = sync.Pool{New: func() any { return new(bytes.Buffer) }}
)

const (
	maxCodings = 3
	keepBuffer = 512 << 10 // larger buffers are not pooled
)

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
func readBody(ctx context.Context, cancel context.CancelCauseFunc, x *exchange, resp *http.Response) error {
	if resp.ContentLength > x.wire {
		return errTooLarge
	}
	w := &wireReader{r: resp.Body, max: x.wire, idle: time.AfterFunc(idleTimeout, func() { cancel(errIdle) })}
	defer w.idle.Stop()
	br := bufioPool.Get().(*bufio.Reader)
	br.Reset(w)
	defer func() { br.Reset(nil); bufioPool.Put(br) }()

	buf := bodyPool.Get().(*bytes.Buffer)
	buf.Reset()
	defer func() {
		if buf.Cap() <= keepBuffer {
			bodyPool.Put(buf)
		}
	}()
	err := decode(br, codings(resp.Header), x.decoded, buf)
	x.res.WireBytes = w.n
	switch {
	case err == nil:
	case errors.Is(err, errTooLarge) && x.cutDecoded && buf.Len() > 0:
	case errors.Is(err, errTooLarge), errors.Is(err, errCoding), ctx.Err() != nil, buf.Len() == 0 && w.err != nil:
		return err
	case w.err != nil, errors.Is(err, io.ErrUnexpectedEOF) && buf.Len() > 0:
		x.res.Truncated = true
	default:
		return errors.Join(errEncoding, err)
	}
	x.res.Body = bytes.Clone(buf.Bytes())
	x.res.Bytes = int64(len(x.res.Body))
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

// decode undoes the codings, the last one first, and writes what it gets to
// buf: at most limit bytes at every step.
func decode(br *bufio.Reader, applied []string, limit int64, buf *bytes.Buffer) error {
	magic, _ := br.Peek(2) // whatever it says is seen again by Read
	zipped := len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b
	switch {
	case len(applied) == 0 && zipped: // labelled too little
		applied = []string{"gzip"}
	case len(applied) == 1 && isGzip(applied[0]) && !zipped: // labelled too much
		applied = nil
	case len(applied) > maxCodings:
		return errCoding
	}
	var r io.Reader = br
	for _, c := range slices.Backward(applied) {
		switch {
		case isGzip(c):
			zr := gzipPool.Get().(*gzip.Reader)
			defer gzipPool.Put(zr)
			if err := zr.Reset(r); err != nil {
				return err
			}
			r = zr
		case c == "br":
			zr := brotliPool.Get().(*brotli.Reader)
			defer brotliPool.Put(zr)
			if err := zr.Reset(r); err != nil {
				return err
			}
			r = zr
		default:
			return errCoding
		}
		r = &limitReader{r: r, left: limit}
	}
	if len(applied) == 0 {
		r = &limitReader{r: r, left: limit}
	}
	_, err := buf.ReadFrom(r)
	return err
}

func isGzip(coding string) bool { return coding == "gzip" || coding == "x-gzip" }

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
