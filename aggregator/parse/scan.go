package parse

import (
	"bytes"
	"slices"
	"strings"
)

// block is the raw bytes of one item in a document.
type block struct {
	start, end int
	tag        int // end of the start tag
}

// edit replaces doc[at:to] by text.
type edit struct {
	at, to int
	text   string
}

// outline is the shape of an XML document.
type outline struct {
	root      string // local name, as written
	rootStart int
	rootTag   int    // end of the root's start tag
	space     string // its default namespace
	netscape  bool   // the document type is Netscape's RSS 0.91
	blocks    []block
	edits     []edit // that would make it whole
	cut       bool   // the document ends before its root does
	cutItem   int    // where an item begins that has no end; -1: none does
	over      bool   // there are items beyond the limit
}

type openTag struct {
	name   []byte // as written
	spaces int
	pieces int
}

type scanner struct {
	doc      []byte
	out      outline
	stack    []openTag
	elements int
	memory   int // bytes that reading the elements would take, about
	spaces   int
	work     int // sum over elements of the namespaces in scope
	item     int // depth of the open item; 0: none
	cur      block
	done     bool // the root has ended
}

// scan walks over the tags of a document without reading what they say. It
// returns an error if reading it all would take too much.
func scan(doc []byte) (*outline, *Error) {
	s := &scanner{doc: doc, out: outline{cutItem: -1}}
	for i := 0; i < len(doc) && !s.done; {
		lt := bytes.IndexByte(doc[i:], '<')
		if lt < 0 {
			break
		}
		i += lt
		next, err := s.markup(i)
		if err != nil {
			return nil, err
		}
		if next < 0 { // the document ends within markup
			s.out.cut = true
			s.out.edits = append(s.out.edits, edit{at: i, to: len(doc)})
			break
		}
		if len(s.out.edits) > maxEdits {
			return nil, errorf("unparsable", "the feed is not XML: more than %d of its tags do not fit", maxEdits)
		}
		i = next
	}
	s.finish()
	return &s.out, nil
}

// markup handles what begins with the "<" at i and returns where it ends;
// -1 if the document ends first.
func (s *scanner) markup(i int) (int, *Error) {
	rest := s.doc[i:]
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		return s.skip(i, 4, "-->")
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		return s.skip(i, 9, "]]>")
	case bytes.HasPrefix(rest, []byte("<?")):
		return s.skip(i, 2, "?>")
	case bytes.HasPrefix(rest, []byte("<!")):
		return s.doctype(i), nil
	}
	end := tagEnd(s.doc, i+1)
	if end < 0 {
		return -1, nil
	}
	if bytes.HasPrefix(rest, []byte("</")) {
		s.close(i, end)
		return end, nil
	}
	return end, s.open(i, end)
}

func (s *scanner) skip(i, n int, until string) (int, *Error) {
	if len(s.stack) > 0 {
		top := &s.stack[len(s.stack)-1]
		if top.pieces++; top.pieces > maxPieces {
			return 0, errorf("too_large", "the feed has more than %d comments or CDATA sections in one element", maxPieces)
		}
	}
	j := bytes.Index(s.doc[i+n:], []byte(until))
	if j < 0 {
		return -1, nil
	}
	return i + n + j + len(until), nil
}

// doctype passes over a declaration with its internal subset.
func (s *scanner) doctype(i int) int {
	depth := 0
	for j := i + 2; j < len(s.doc); j++ {
		switch s.doc[j] {
		case '[':
			depth++
		case ']':
			depth--
		case '>':
			if depth <= 0 {
				if len(s.stack) > 0 {
					s.out.edits = append(s.out.edits, edit{at: i, to: j + 1})
				}
				return j + 1
			}
		}
	}
	return -1
}

// tagEnd returns the index after the ">" that ends a tag; quoted ones do not
// end it unless the quote is never closed.
func tagEnd(doc []byte, i int) int {
	for j := i; j < len(doc); j++ {
		switch c := doc[j]; c {
		case '>':
			return j + 1
		case '"', '\'':
			if j == i || (doc[j-1] != '=' && doc[j-1] > ' ') {
				continue
			}
			q := bytes.IndexByte(doc[j+1:], c)
			if q < 0 {
				continue
			}
			j += q + 1
		}
	}
	return -1
}

func tagName(tag []byte) []byte {
	for j, c := range tag {
		if c <= ' ' || c == '>' || c == '/' {
			return tag[:j]
		}
	}
	return tag
}

func local(name []byte) []byte {
	if _, after, found := bytes.Cut(name, []byte(":")); found {
		return after
	}
	return name
}

func isItem(name []byte) bool {
	switch string(name) {
	case "item", "entry", "rss:item", "atom:entry", "ITEM", "Item":
		return true
	}
	return false
}

func (s *scanner) open(i, end int) *Error {
	name := tagName(s.doc[i+1 : end])
	selfClosed := s.doc[end-2] == '/'
	if len(s.stack) == 0 && s.out.root == "" {
		s.out.root, s.out.rootStart, s.out.rootTag = string(local(name)), i, end
	}
	item := isItem(name) && len(s.stack) > 0
	if item {
		s.surface(i)
		if len(s.out.blocks) == maxItems {
			s.stop(i)
			return nil
		}
	}
	s.elements++
	s.memory += elementCost + attributeCost*attributes(s.doc[i:end])
	if s.elements > maxElements || s.memory > 24<<20+16*len(s.doc) {
		return errorf("too_large", "the feed has too many elements or attributes (%d elements in %d KB)", s.elements, end>>10)
	}
	n := bytes.Count(s.doc[i:end], []byte("xmlns"))
	s.spaces += n
	if s.work += s.spaces; s.spaces > maxSpaces || s.work > 2_000_000+len(s.doc) {
		return errorf("too_large", "the feed declares too many XML namespaces")
	}
	if item {
		s.cur = block{start: i, tag: end}
	}
	if selfClosed {
		s.spaces -= n
		if item {
			s.endItem(end)
		}
		return nil
	}
	if len(s.stack) >= maxDepth {
		return errorf("too_large", "the feed's elements are nested more than %d deep", maxDepth)
	}
	s.stack = append(s.stack, openTag{name: name, spaces: n})
	if item {
		s.item = len(s.stack)
	}
	return nil
}

// attributes counts those of a start tag.
func attributes(tag []byte) (n int) {
	for i := 0; i < len(tag)-1; i++ {
		switch c := tag[i]; {
		case c <= ' ' && tag[i+1] > ' ' && tag[i+1] != '>' && tag[i+1] != '/':
			n++
		case (c == '"' || c == '\'') && tag[i-1] == '=':
			i += max(0, bytes.IndexByte(tag[i+1:], c))
		}
	}
	return n
}

// surface closes whatever is open between an item and its channel: something
// that was never closed.
func (s *scanner) surface(i int) {
	for len(s.stack) > 1 {
		top := string(local(s.stack[len(s.stack)-1].name))
		if strings.EqualFold(top, "channel") {
			return
		}
		s.insertEnd(i)
	}
}

func (s *scanner) insertEnd(i int) {
	name := s.stack[len(s.stack)-1].name
	s.out.edits = append(s.out.edits, edit{at: i, to: i, text: "</" + string(name) + ">"})
	s.pop(i)
}

// pop ends the innermost element; its end tag ends at end.
func (s *scanner) pop(end int) {
	top := s.stack[len(s.stack)-1]
	if s.item == len(s.stack) {
		s.item = 0
		s.endItem(end)
	}
	s.spaces -= top.spaces
	s.stack = s.stack[:len(s.stack)-1]
	s.done = len(s.stack) == 0
}

func (s *scanner) endItem(end int) {
	s.cur.end = end
	s.out.blocks = append(s.out.blocks, s.cur)
}

func (s *scanner) close(i, end int) {
	name := tagName(s.doc[i+2 : end])
	at := -1
	for j, t := range slices.Backward(s.stack) {
		if bytes.Equal(t.name, name) {
			at = j
			break
		}
	}
	if at < 0 { // ends nothing that is open
		s.out.edits = append(s.out.edits, edit{at: i, to: end})
		return
	}
	for len(s.stack) > at+1 {
		s.insertEnd(i)
	}
	s.pop(end)
}

// stop ends the document at i.
func (s *scanner) stop(i int) {
	s.out.over, s.done = true, true
	e := edit{at: i, to: len(s.doc)}
	for _, t := range slices.Backward(s.stack) {
		e.text += "</" + string(t.name) + ">"
	}
	s.out.edits = append(s.out.edits, e)
}

func (s *scanner) finish() {
	if s.done || len(s.stack) == 0 {
		return
	}
	s.out.cut = true
	if s.item > 0 {
		s.out.cutItem = s.cur.start
	}
	if n := len(s.out.edits); n == 0 || s.out.edits[n-1].to < len(s.doc) {
		s.out.edits = append(s.out.edits, edit{at: len(s.doc), to: len(s.doc)})
	}
	last := &s.out.edits[len(s.out.edits)-1]
	if lt := bytes.LastIndex(s.doc[last.at:], []byte("<![CDATA[")); lt == 0 {
		// What is there of a cut CDATA section is text.
		*last = edit{at: len(s.doc), to: len(s.doc), text: "]]>"}
	}
	for _, t := range slices.Backward(s.stack) {
		last.text += "</" + string(t.name) + ">"
	}
}

// apply makes the edits, which are in order and apart.
func apply(doc []byte, edits []edit) []byte {
	out := make([]byte, 0, len(doc)+64*len(edits))
	from := 0
	for _, e := range edits {
		if e.at < from {
			continue
		}
		out = append(append(out, doc[from:e.at]...), e.text...)
		from = e.to
	}
	return append(out, doc[from:]...)
}
