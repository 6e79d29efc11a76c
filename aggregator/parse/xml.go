package parse

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/metrics"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/mmcdole/gofeed/atom"
	"github.com/mmcdole/gofeed/rss"
)

// readXML reads RSS, RDF, Atom and CDF.
func (d *parsed) readXML(text []byte) error {
	doc, broken := clean(fromRoot(text))
	d.mended = broken || junkBefore(text[:len(text)-len(fromRoot(text))])
	doc = rename(plainSpaces(doc))
	o, serr := scan(doc)
	if serr != nil {
		return serr
	}
	d.warning = o.warning()
	if len(o.edits) > 0 {
		doc, o = mended(doc, o, d.whole)
	}
	if err := feedRoot(o.root, text); err != nil {
		return err
	}
	o.space = attr(doc[o.rootStart:o.rootTag], "xmlns")
	if based := absoluteBases(doc, d.in.base()); len(based) != len(doc) {
		space := o.space
		doc, o = based, rescan(based, o)
		o.space = space
	}
	o.netscape = bytes.Contains(text[:min(len(text), 1024)], []byte("/rss-0.91.dtd"))
	p := d.divide(doc, o)
	if d.inChunks(doc, o, p) {
		return nil
	}
	if err := d.readPart(doc, o, p); err != nil {
		return errorf("unparsable", "the feed could not be read: %v", err)
	}
	if d.total == 0 {
		d.total = len(d.feed.entries)
	}
	return nil
}

// part is some of the items of a document, their places in it and hashes.
type part struct {
	blocks []block
	places []int
	hashes []uint64
}

func (p part) slice(from, to int) part {
	return part{p.blocks[from:to], p.places[from:to], p.hashes[from:to]}
}

// readPart reads a document with only some of its items.
func (d *parsed) readPart(doc []byte, o *outline, p part) error {
	d.fresh = p.hashes
	blocks, places := p.blocks, p.places
	if err := d.parseLifted(doc, o, p); err != nil {
		if blocks, places, err = d.salvage(doc, o, blocks, places); err != nil {
			return err
		}
	}
	if d.feed.version == "rss091u" && o.netscape {
		d.feed.version = "rss091n"
	}
	d.feed.fromHead(doc[:o.rootTag], doc[o.rootTag:o.headEnd(len(doc))])
	if len(d.feed.entries) != len(blocks) {
		d.fresh = nil
		return nil
	}
	for i, b := range blocks {
		d.feed.entries[i].fromBlock(doc[b.start:b.tag], doc[b.tag:b.end])
		d.feed.entries[i].level = d.levels[places[i]]
	}
	return nil
}

// parseLifted parses without the long texts of items, and puts them back.
func (d *parsed) parseLifted(doc []byte, o *outline, p part) error {
	read := func(short []byte) error {
		if !d.whole {
			short = plainZones(short)
		}
		return d.parse(short, o)
	}
	short, texts := lift(doc, o, p.blocks, d.whole)
	if texts == nil || strings.EqualFold(o.root, "channel") {
		return read(shorten(doc, o, p.blocks))
	}
	if err := read(short); err != nil {
		return err
	}
	back := len(d.feed.entries) == len(texts)
	for i := 0; back && i < len(texts); i++ {
		back = d.feed.entries[i].put(texts[i])
	}
	if back {
		return nil
	}
	d.feed = feedDoc{}
	return read(shorten(doc, o, p.blocks))
}

const chunk = 256 << 10 // bytes of items that are read at a time

const (
	hugeFeed   = 8 << 20  // bytes of a document that is worth collecting garbage for
	maxGarbage = 12 << 20 // bytes that reading it may leave behind
)

// allocated returns how many bytes the program has allocated so far.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// inChunks reads a large document some items at a time, so that no more of it
// is in memory twice; false: it cannot be read so, and nothing was.
func (d *parsed) inChunks(doc []byte, o *outline, p part) bool {
	outside := len(doc)
	for _, b := range o.blocks {
		outside -= b.end - b.start
	}
	if len(doc) < 4*chunk || outside > chunk/2 || len(p.blocks) < 2 {
		return false
	}
	collected := allocated()
	for from := 0; from < len(p.blocks); {
		to, size := from, 0
		for to < len(p.blocks) {
			if size += p.blocks[to].end - p.blocks[to].start; size > chunk && to > from {
				break
			}
			to++
		}
		one := &parsed{in: d.in, whole: d.whole, levels: d.levels}
		err := one.readPart(doc, o, p.slice(from, to))
		if from == 0 {
			if err != nil || len(one.feed.entries) != to {
				return false
			}
			d.feed = one.feed
		}
		from = to
		if d.warn(one.warning); err != nil {
			d.warn("the document is not well-formed; what could be read of it was kept")
			continue
		}
		d.feed.entries, d.fresh = one.feed.entries, one.fresh
		d.flush()
		// The collector would wait until the heap has doubled.
		if len(doc) > hugeFeed && allocated()-collected > maxGarbage {
			runtime.GC()
			collected = allocated()
		}
	}
	return true
}

// parse reads a document in the shape of o.
func (d *parsed) parse(doc []byte, o *outline) error {
	switch strings.ToLower(o.root) {
	case "feed":
		return d.readAtom(atomSpace(doc, o.space))
	case "channel":
		return d.readCDF(doc)
	}
	return d.readRSS(doc)
}

// warning says what is wrong with a document; empty if nothing is.
func (o *outline) warning() string {
	switch {
	case o.over:
		return fmt.Sprintf("the feed has more than %d items; the rest was left out", maxItems)
	case o.cut:
		return "the document is cut off; what came before the break was read"
	case len(o.edits) > 0:
		return "the document is not well-formed; it was repaired"
	}
	return ""
}

// headEnd returns where the first item begins.
func (o *outline) headEnd(end int) int {
	if len(o.blocks) > 0 {
		end = o.blocks[0].start
	}
	return max(o.rootTag, end)
}

// base returns the address that links in the document are relative to.
func (in *Input) base() string {
	base := in.URL
	if cl := in.Header.Get("Content-Location"); cl != "" {
		base = resolve(base, cl)
	}
	return base
}

// rename gives RSS 1.1, whose root is its channel, the shape of RSS 1.0, and
// an entry without a feed a feed.
func rename(doc []byte) []byte {
	if bytes.HasPrefix(doc, []byte("<entry")) {
		return append(append([]byte(`<feed xmlns="http://www.w3.org/2005/Atom">`), doc...), "</feed>"...)
	}
	if !bytes.HasPrefix(doc, []byte("<Channel")) {
		return doc
	}
	end := tagEnd(doc, 1)
	if end < 0 || !bytes.Contains(doc[:end], []byte("rss1.1")) {
		return doc
	}
	out := append([]byte(`<rss version="1.1" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><channel`), doc[len("<Channel"):]...)
	for _, q := range []string{`"`, "'"} {
		out = bytes.Replace(out, []byte("xmlns="+q+"http://purl.org/net/rss1.1#"+q), nil, 1)
	}
	out = bytes.Replace(out, []byte("</Channel>"), []byte("</channel></rss>"), 1)
	if attrs, _, ok := nextTag(out, "items"); ok {
		out = bytes.Replace(out, append([]byte("<items"), append(bytes.Clone(attrs), '>')...), nil, 1)
		out = bytes.Replace(out, []byte("</items>"), nil, 1)
	}
	return out
}

// divide tells which items of a document are not known, and takes the hashes
// and identities of all.
func (d *parsed) divide(doc []byte, o *outline) (fresh part) {
	d.total = len(o.blocks)
	ids := make([]identity, len(o.blocks))
	d.hashes = make([]uint64, len(o.blocks))
	for i, b := range o.blocks {
		d.hashes[i], ids[i] = xxhash.Sum64(doc[b.start:b.end]), blockIdentity(doc[b.start:b.tag], doc[b.tag:b.end])
		if d.whole || d.in.Known == nil || !d.in.Known(d.hashes[i]) {
			fresh.blocks, fresh.places = append(fresh.blocks, b), append(fresh.places, i)
			fresh.hashes = append(fresh.hashes, d.hashes[i])
		}
	}
	d.identify(ids)
	return fresh
}

// fromRoot drops what stands before the root element: the declaration, which
// names an encoding that is no longer true, a DOCTYPE, stray text.
func fromRoot(text []byte) []byte {
	head := text[:min(len(text), 256<<10)]
	for i := 0; i < len(head); i++ {
		lt := bytes.IndexByte(head[i:], '<')
		if lt < 0 {
			break
		}
		i += lt
		if bytes.HasPrefix(head[i:], []byte("<!--")) || bytes.HasPrefix(head[i:], []byte("<?")) { // they may speak of tags
			if end := markupEnd(head, i); end > 0 {
				i = end - 1
				continue
			}
		}
		switch strings.ToLower(string(local(tagName(head[i+1 : min(i+40, len(head))])))) {
		case "rss", "feed", "rdf", "channel", "entry":
			return text[i:]
		}
	}
	return text
}

// junkBefore tells if anything but white space, declarations and comments
// stands before the root element.
func junkBefore(head []byte) bool {
	for {
		if head = head[spaces(head):]; len(head) == 0 {
			return false
		}
		end := -1
		if head[0] == '<' && len(head) > 2 && (head[1] == '?' || head[1] == '!') {
			if end = markupEnd(head, 0); head[1] == '!' && head[2] != '-' {
				return bytes.IndexByte(head, '>') < 0 // a document type, with whatever is in it
			}
		}
		if end < 0 {
			return !bytes.HasPrefix(head, []byte("\ufeff"))
		}
		head = head[end:]
	}
}

// mended repairs a document and looks at it again. An item without an end is
// dropped unless the whole document is asked for.
func mended(doc []byte, o *outline, whole bool) ([]byte, *outline) {
	edits := o.edits
	if o.cutItem >= 0 && !whole {
		edits = edits[:0:0]
		for _, e := range o.edits {
			if e.at < o.cutItem {
				edits = append(edits, e)
			}
		}
		doc = doc[:o.cutItem]
		edits = append(edits, edit{at: len(doc), to: len(doc)})
		doc = apply(doc, edits)
		if again, err := scan(doc); err == nil {
			return apply(doc, again.edits), rescan(doc, again)
		}
	}
	doc = apply(doc, edits)
	return doc, rescan(doc, o)
}

// rescan returns the outline of a repaired document; the old one, without its
// items, if that cannot be had.
func rescan(doc []byte, old *outline) *outline {
	o, err := scan(doc)
	if err != nil {
		return &outline{root: old.root, rootTag: old.rootTag, cutItem: -1}
	}
	return o
}

// feedRoot returns an error if the root element is not one of a feed.
func feedRoot(root string, text []byte) error {
	switch strings.ToLower(root) {
	case "rss", "rdf", "feed", "channel":
		return nil
	case "html", "head", "body", "meta", "script", "div", "title", "link", "p", "h1":
		return errorf("not_a_feed", "this is a web page (HTML), not a feed")
	case "":
		if len(text) > 0 && bytes.Contains(bytes.ToLower(text[:min(len(text), 1024)]), []byte("<!doctype html")) {
			return errorf("not_a_feed", "this is a web page (HTML), not a feed")
		}
		return errorf("not_a_feed", "this is neither XML nor JSON, so not a feed")
	}
	return errorf("not_a_feed", "this is XML, but not a feed: its root element is <%.40s>", root)
}

// shorten returns the document with no items but those given.
func shorten(doc []byte, o *outline, fresh []block) []byte {
	if len(o.blocks) == len(fresh) {
		return doc
	}
	size := len(doc)
	for _, b := range o.blocks {
		size -= b.end - b.start
	}
	for _, b := range fresh {
		size += b.end - b.start
	}
	out := make([]byte, 0, size)
	from, next := 0, 0
	for _, b := range o.blocks {
		if next < len(fresh) && fresh[next].start == b.start {
			next++
			continue
		}
		out = append(out, doc[from:b.start]...)
		from = b.end
	}
	return append(out, doc[from:]...)
}

// atomSpace gives a feed in a namespace that nobody knows that of Atom 1.0.
func atomSpace(doc []byte, space string) []byte {
	switch strings.TrimSpace(strings.ToLower(space)) {
	case "", "http://www.w3.org/2005/atom", "http://purl.org/atom/ns#":
		return doc
	}
	for _, q := range []string{`"`, "'"} {
		if old := []byte("xmlns=" + q + space + q); bytes.Contains(doc, old) {
			return bytes.Replace(doc, old, []byte(`xmlns="http://www.w3.org/2005/Atom"`), 1)
		}
	}
	return doc
}

// plainZones writes the zone of "GMT" dates as gofeed reads it fastest.
func plainZones(doc []byte) []byte {
	if !bytes.Contains(doc, []byte(" GMT</pubDate>")) {
		return doc
	}
	return bytes.ReplaceAll(doc, []byte(" GMT</pubDate>"), []byte(" +0000</pubDate>"))
}

func (d *parsed) readRSS(doc []byte) error {
	f, err := (&rss.Parser{}).Parse(bytes.NewReader(doc))
	if err != nil {
		return err
	}
	d.feed.fromRSS(f)
	return nil
}

func (d *parsed) readAtom(doc []byte) error {
	f, err := (&atom.Parser{}).Parse(bytes.NewReader(doc))
	if err != nil {
		return err
	}
	d.feed.fromAtom(f)
	return nil
}
