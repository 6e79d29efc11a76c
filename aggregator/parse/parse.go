// Package parse turns the bytes of a feed into items.
//
// In: a body as it came, the response's header and the document's address.
// Out: a [Result] in our own words: plain titles and summaries, sanitised HTML
// with absolute links, dates that can be believed, an identity for each item.
// RSS 0.90 to 2.0, RDF, Atom 0.3 and 1.0, CDF, JSON Feed 1.0 and 1.1 are read;
// the reading itself is gofeed's (but for CDF), on bytes that were decoded,
// checked against the limits and repaired before, and without the long texts
// of items, which need no XML parser. testdata/compare holds it to what another
// parser reads.
//
// Guaranteed: no input makes it panic, hang or grow without bound, and what is
// whole in a broken document is kept. An item whose bytes are known is not
// read again.
//
// Not here: fetching, storing, deciding what is new, duplicates.
package parse

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"

	"topicwire/aggregator"
)

// Bounds of a document. A document beyond them is refused, but for items:
// those after maxItems are left out.
const (
	maxBody     = 20 << 20 // bytes, decoded
	maxItems    = 2000
	maxDepth    = 200
	maxElements = 200_000
	maxEdits    = 20_000 // repairs
	maxPieces   = 1000   // comments and CDATA sections in one element
	maxSpaces   = 500    // namespace declarations in scope

	elementCost   = 1536 // bytes that an element takes to read, about
	attributeCost = 448
)

// Input is a feed document and what is known about it.
type Input struct {
	Body        []byte
	ContentType string
	URL         string                      // after redirects: the base of relative links
	Header      http.Header                 // may be nil
	Known       func(blockHash uint64) bool // nil: nothing is known
	Saved       []uint64                    // BlockHashes of the last Result, which Known knows; nil: none
	Now         time.Time                   // zero: no date is in the future
}

// Result is what a document holds.
type Result struct {
	Document aggregator.FeedDocument
	// Items are those whose block is not known. Feed, ID, FirstSeen and
	// CanonicalURL are left zero.
	Items []aggregator.Item
	// BlockHashes are those of all items in the document, in order, and after
	// them what is to be remembered of items and guids; nil if the document
	// could not be divided into items.
	BlockHashes []uint64
	Total       int    // items in the document, known ones included
	Format      string // rss090, rss091u (UserLand), rss091n (Netscape), rss092, rss10, rss20, atom03, atom10, cdf, json1, json11 …
	Warning     string // what was wrong with a document read in part; else empty
}

// Error says why a document is no feed.
type Error struct {
	Kind string // not_a_feed, unparsable or too_large
	Msg  string
}

func (e *Error) Error() string { return e.Msg }

func errorf(kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Msg: fmt.Sprintf(format, args...)}
}

// Feed reads a feed document. The error is always an *Error.
func Feed(in Input) (*Result, error) {
	res := &Result{}
	seen := map[string]bool{}
	d, err := read(in, false, func(e *entry, hash uint64) {
		it := e.item(in.Now)
		if it.BlockHash = hash; !seen[it.GUID] {
			seen[it.GUID] = true
			res.Items = append(res.Items, it)
		}
	})
	if err != nil {
		return nil, err
	}
	res.Document, res.BlockHashes, res.Total = d.feed.document(), d.hashes, d.total
	res.Format, res.Warning = d.feed.version, d.warning
	return res, nil
}

// parsed is a document read, before it is put into the words of a caller.
type parsed struct {
	feed     feedDoc
	encoding string
	hashes   []uint64 // of all items, and what is to be remembered
	fresh    []uint64 // of the items read, in order; nil if unsure
	levels   []int    // of all items: how they are identified
	total    int
	warning  string
	mended   bool // it was not XML, in ways that lose nothing

	in    Input
	whole bool                        // nothing is cut and dates keep the feed's own spelling
	emit  func(e *entry, hash uint64) // takes each entry that is read
	begun bool                        // the feed itself is settled
}

// read decodes, checks, repairs and parses. Entries are handed to emit, in
// order, and not kept.
func read(in Input, whole bool, emit func(*entry, uint64)) (d *parsed, err error) {
	defer func() {
		if r := recover(); r != nil {
			d, err = nil, errorf("unparsable", "the feed could not be read: %v", r)
		}
	}()
	if len(in.Body) > maxBody {
		return nil, errorf("too_large", "the feed is larger than %d MB", maxBody>>20)
	}
	if len(bytes.TrimSpace(in.Body)) == 0 {
		return nil, errorf("not_a_feed", "the answer is empty (%d bytes)", len(in.Body))
	}
	text, enc := decode(&in)
	if len(text) > 2*maxBody {
		return nil, errorf("too_large", "the feed is larger than %d MB", maxBody>>20)
	}
	d = &parsed{encoding: enc, in: in, whole: whole, emit: emit}
	trimmed := bytes.TrimLeft(text, " \t\r\n\ufeff")
	if len(trimmed) > 0 && trimmed[0] == '{' {
		err = d.readJSON(trimmed)
	} else {
		err = d.readXML(text)
	}
	if err != nil {
		return nil, err
	}
	d.flush()
	return d, nil
}

// flush hands on the entries that were read so far.
func (d *parsed) flush() {
	f := &d.feed
	if !d.begun {
		d.begun = true
		if f.language == "" {
			first, _, _ := strings.Cut(d.in.Header.Get("Content-Language"), ",")
			f.language = language(first)
		}
		f.settle(d.in.base())
	}
	for i := range f.entries {
		e := &f.entries[i]
		e.settle(f.base, f)
		var hash uint64
		if i < len(d.fresh) {
			hash = d.fresh[i]
		}
		d.emit(e, hash)
		*e = entry{}
	}
	f.entries, d.fresh = nil, nil
}
