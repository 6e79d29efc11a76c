package parse

import (
	"bytes"
	"html"
	"strings"
)

// salvage reads a document that no XML parser takes: with its tags written
// anew, else each of its items by itself. It returns what was read of fresh
// and places.
func (d *parsed) salvage(doc []byte, o *outline, fresh []block, places []int) ([]block, []int, error) {
	if err := d.parse(quoted(shorten(doc, o, fresh)), o); err == nil {
		d.warn("the document is not well-formed; it was repaired")
		return fresh, places, nil
	}
	open, end := doc[o.rootStart:o.rootTag], "</"+string(tagName(doc[o.rootStart+1:o.rootTag]))+">"
	if !strings.EqualFold(o.root, "feed") {
		open, end = append(bytes.Clone(open), "<channel>"...), "</channel>"+end
	}
	firstErr := d.parse(quoted(shorten(doc, o, nil)), o)
	budget := 4*len(doc) + 1<<20
	var entries []entry
	var kept []block
	var at []int
	var hashes []uint64
	for i, b := range fresh {
		if budget -= len(open) + b.end - b.start; budget < 0 {
			break
		}
		one := &parsed{}
		err := one.parse(quoted(append(append(bytes.Clone(open), doc[b.start:b.end]...), end...)), o)
		if err != nil || len(one.feed.entries) != 1 {
			continue
		}
		if d.feed.version == "" {
			d.feed.version = one.feed.version
		}
		entries, kept, at, hashes = append(entries, one.feed.entries[0]), append(kept, b), append(at, places[i]), append(hashes, d.fresh[i])
	}
	if firstErr != nil && len(entries) == 0 {
		return nil, nil, firstErr
	}
	d.feed.entries, d.fresh = entries, hashes
	d.warn("the document is not well-formed; what could be read of it was kept")
	return kept, at, nil
}

// warn keeps the first thing that was wrong.
func (d *parsed) warn(s string) {
	if d.warning == "" {
		d.warning = s
	}
}

// quoted writes the attributes of all start tags anew, as XML has them.
func quoted(doc []byte) []byte {
	out := make([]byte, 0, len(doc)+len(doc)/8)
	for i := 0; i < len(doc); {
		lt := bytes.IndexByte(doc[i:], '<')
		if lt < 0 {
			return append(out, doc[i:]...)
		}
		out = append(out, doc[i:i+lt]...)
		i += lt
		end := markupEnd(doc, i)
		if end < 0 {
			return append(append(out, "&lt;"...), doc[i+1:]...)
		}
		tag := doc[i:end]
		i = end
		if tag[1] == '/' || tag[1] == '!' || tag[1] == '?' {
			out = append(out, tag...)
			continue
		}
		out = appendTag(out, tag)
	}
	return out
}

func appendTag(out, tag []byte) []byte {
	name := tagName(tag[1:])
	rest := bytes.TrimSuffix(tag[1+len(name):], []byte(">"))
	rest, closed := bytes.CutSuffix(rest, []byte("/"))
	out = append(append(out, '<'), name...)
	for {
		if rest = bytes.TrimLeft(rest, " \t\r\n/\"'"); len(rest) == 0 {
			break
		}
		n := bytes.IndexAny(rest, "= \t\r\n")
		if n < 0 {
			n = len(rest)
		}
		key := rest[:n]
		rest = bytes.TrimLeft(rest[n:], " \t\r\n")
		var val []byte
		if len(rest) > 0 && rest[0] == '=' {
			val, rest = attrText(bytes.TrimLeft(rest[1:], " \t\r\n"))
		}
		if !isName(key) {
			continue
		}
		out = append(append(append(out, ' '), key...), `="`...)
		out = append(append(out, html.EscapeString(unescape(string(val)))...), '"')
	}
	if closed {
		out = append(out, '/')
	}
	return append(out, '>')
}

func attrText(s []byte) (val, rest []byte) {
	if len(s) > 0 && (s[0] == '"' || s[0] == '\'') {
		if n := bytes.IndexByte(s[1:], s[0]); n >= 0 {
			return s[1 : 1+n], s[2+n:]
		}
		s = s[1:]
	}
	n := bytes.IndexAny(s, " \t\r\n")
	if n < 0 {
		n = len(s)
	}
	return s[:n], s[n:]
}

func isName(key []byte) bool {
	for i, c := range key {
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80:
		case i > 0 && (c >= '0' && c <= '9' || c == '-' || c == '.' || c == ':'):
		default:
			return false
		}
	}
	return len(key) > 0
}
