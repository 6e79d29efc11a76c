package parse

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/mmcdole/gofeed/atom"
	"github.com/mmcdole/gofeed/rss"
)

// readXML reads RSS, RDF and Atom.
func readXML(text []byte, in Input, whole bool) (*parsed, error) {
	doc := clean(fromRoot(text))
	o, serr := scan(doc)
	if serr != nil {
		return nil, serr
	}
	d := &parsed{}
	if o.over {
		d.warning = fmt.Sprintf("the feed has more than %d items; the rest was left out", maxItems)
	} else if o.cut {
		d.warning = "the document is cut off; what came before the break was read"
	} else if len(o.edits) > 0 {
		d.warning = "the document is not well-formed; it was repaired"
	}
	if len(o.edits) > 0 {
		doc, o = mended(doc, o, whole)
	}
	if err := feedRoot(o.root, text); err != nil {
		return nil, err
	}
	fresh, ids, places := d.divide(doc, o, in, whole)
	short := shorten(doc, o, fresh)
	short = baseDirs(short)
	if !whole {
		short = plainZones(short)
	}
	var err error
	if strings.EqualFold(o.root, "feed") {
		err = d.readAtom(atomSpace(short, attr(doc[:o.rootTag], "xmlns")))
	} else {
		err = d.readRSS(short)
	}
	if err != nil {
		return nil, errorf("unparsable", "the feed could not be read: %v", err)
	}
	if len(d.feed.entries) != len(fresh) {
		d.fresh = nil
	} else {
		for i, b := range fresh {
			d.feed.entries[i].fromBlock(doc[b.start:b.tag], doc[b.tag:b.end])
		}
	}
	d.identify(ids, places, in)
	d.feed.base, d.feed.xmlLang = attr(doc[:o.rootTag], "xml:base"), attr(doc[:o.rootTag], "xml:lang")
	if d.total == 0 {
		d.total = len(d.feed.entries)
	}
	return d, nil
}

// divide tells which items of a document are not known, and their places in
// it, and takes the hashes and identities of all.
func (d *parsed) divide(doc []byte, o *outline, in Input, whole bool) (fresh []block, ids []identity, places []int) {
	d.total = len(o.blocks)
	d.hashes, ids = make([]uint64, len(o.blocks)), make([]identity, len(o.blocks))
	for i, b := range o.blocks {
		d.hashes[i], ids[i] = xxhash.Sum64(doc[b.start:b.end]), blockIdentity(doc[b.start:b.tag], doc[b.tag:b.end])
		if whole || in.Known == nil || !in.Known(d.hashes[i]) {
			fresh, places = append(fresh, b), append(places, i)
			d.fresh = append(d.fresh, d.hashes[i])
		}
	}
	return fresh, ids, places
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
		name := tagName(head[i+1 : min(i+40, len(head))])
		switch strings.ToLower(string(name)) {
		case "rss", "feed", "rdf:rdf", "rdf", "atom:feed", "a:feed":
			return text[i:]
		}
	}
	return text
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
	case "rss", "rdf", "feed":
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
	out := make([]byte, 0, len(doc))
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

// baseDirs cuts the file names off xml:base, which gofeed takes for
// directories.
func baseDirs(doc []byte) []byte {
	const name = "xml:base="
	if !bytes.Contains(doc, []byte(name)) {
		return doc
	}
	out := make([]byte, 0, len(doc))
	for {
		before, after, ok := bytes.Cut(doc, []byte(name))
		out = append(out, before...)
		if !ok {
			return out
		}
		out = append(out, name...)
		doc = after
		if len(after) == 0 || (after[0] != '"' && after[0] != '\'') {
			continue
		}
		end := bytes.IndexByte(after[1:], after[0])
		if end < 0 {
			continue
		}
		out = append(append(out, after[0]), dirOf(after[1:1+end])...)
		doc = after[1+end:]
	}
}

func dirOf(base []byte) []byte {
	from := 0
	if i := bytes.Index(base, []byte("://")); i >= 0 {
		if from = i + 3; bytes.IndexByte(base[from:], '/') < 0 {
			return base
		}
	}
	path, _, _ := bytes.Cut(base[from:], []byte("?"))
	return base[:from+bytes.LastIndexByte(path, '/')+1]
}

// plainZones writes the zone of " GMT</" dates as gofeed reads it fastest.
func plainZones(doc []byte) []byte {
	return bytes.ReplaceAll(doc, []byte(" GMT</"), []byte(" +0000</"))
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

// attr returns the value of an attribute in a start tag.
func attr(tag []byte, name string) string {
	i := bytes.Index(tag, []byte(name))
	if i <= 0 || tag[i-1] > ' ' {
		return ""
	}
	rest := bytes.TrimLeft(tag[i+len(name):], " \t\r\n")
	if len(rest) == 0 || rest[0] != '=' {
		return ""
	}
	rest = bytes.TrimLeft(rest[1:], " \t\r\n")
	if len(rest) < 2 || (rest[0] != '"' && rest[0] != '\'') {
		return ""
	}
	v, _, _ := bytes.Cut(rest[1:], rest[:1])
	return unescape(string(v))
}
