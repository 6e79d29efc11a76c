package parse

import (
	"bytes"
	"html"
	"strconv"
	"strings"
)

const (
	minLift = 128 // bytes of a text that is worth it
	token   = "text-lifted-"
)

// liftable are the elements whose text may be long.
var liftable = [][]byte{[]byte("content:encoded"), []byte("description"), []byte("content"), []byte("summary")}

// lift returns the document with no items but those given, and in these tokens
// for their long texts, which no XML parser needs to look at: a CDATA section,
// or escaped text. The texts are those of each item, in the order of tokens.
func lift(doc []byte, o *outline, blocks []block, whole bool) (short []byte, texts [][]string) {
	if bytes.Contains(doc, []byte(baseName)) { // gofeed resolves addresses by it
		return shorten(doc, o, blocks), nil
	}
	size := len(doc)
	for _, b := range o.blocks {
		size -= b.end - b.start
	}
	out := make([]byte, 0, size+1024*len(blocks))
	texts = make([][]string, len(blocks))
	from, next := 0, 0
	for _, b := range o.blocks {
		out = append(out, doc[from:b.start]...)
		from = b.end
		if next < len(blocks) && blocks[next].start == b.start {
			out, texts[next] = liftBlock(out, doc[b.start:b.end], whole)
			next++
		}
	}
	return append(out, doc[from:]...), texts
}

// liftBlock appends an item, its long texts replaced, and unless the whole is
// asked for without what only Inspect shows.
func liftBlock(out, item []byte, whole bool) (_ []byte, texts []string) {
	isEntry, from := bytes.HasPrefix(item, []byte("<entry")), 0
	for i := 0; ; {
		lt := bytes.IndexByte(item[i:], '<')
		if lt < 0 {
			break
		}
		i += lt
		start, end := i, markupEnd(item, i)
		if end < 0 {
			break
		}
		tag := item[i:end]
		i = end
		if len(tag) < len("<summary>") || tag[1] == '/' || tag[1] == '!' || tag[1] == '?' || tag[len(tag)-2] == '/' {
			continue
		}
		name := tagName(tag[1:])
		switch {
		case isLiftable(name):
			if isEntry && !liftsAtom(tag[1+len(name):]) {
				continue
			}
			if to, text, ok := longText(item, i, name); ok {
				out = append(append(out, item[from:i]...), token...)
				out = strconv.AppendInt(out, int64(len(texts)), 10)
				texts = append(texts, text)
				from, i = to, to
			}
		case !whole && isIdle(name):
			n := bytes.IndexByte(item[i:], '<')
			if n >= 0 && endsWith(item[i+n:], name) {
				out = append(out, item[from:start]...)
				from = i + n + len("</>") + len(name)
				i = from
			}
		}
	}
	return append(out, item[from:]...), texts
}

// isIdle tells of elements of RSS that they do not matter to an item.
func isIdle(name []byte) bool {
	switch string(name) {
	case "comments", "slash:comments", "wfw:commentRss", "wfw:comment", "post-id", "thr:total":
		return true
	}
	return false
}

func isLiftable(name []byte) bool {
	for _, l := range liftable {
		if bytes.Equal(name, l) {
			return true
		}
	}
	return false
}

// liftsAtom tells if the attributes of a text in Atom say that it is text or
// HTML, by no other way than being escaped.
func liftsAtom(attrs []byte) bool {
	if bytes.Contains(attrs, []byte("mode")) {
		return false
	}
	switch attr(attrs, "type") {
	case "", "text", "html", "text/html", "text/plain":
		return true
	}
	return false
}

// longText reads the text that begins at i, up to the end tag, if it is one
// CDATA section or no markup at all.
func longText(item []byte, i int, name []byte) (to int, text string, ok bool) {
	rest := item[i:]
	blank := spaces(rest)
	if inner, ok := bytes.CutPrefix(rest[blank:], []byte("<![CDATA[")); ok {
		n := bytes.Index(inner, []byte("]]>"))
		if n < minLift || !endsWith(inner[n+len("]]>"):], name) {
			return 0, "", false
		}
		return i + blank + len("<![CDATA[") + n + len("]]>"), string(inner[:n]), true
	}
	n := bytes.IndexByte(rest, '<')
	if n < minLift || !endsWith(rest[n:], name) || !wellReferred(rest[:n]) {
		return 0, "", false
	}
	return i + n, unescape(string(bytes.TrimSpace(rest[:n]))), true
}

// endsWith tells if the end tag of name comes next.
func endsWith(rest, name []byte) bool {
	rest = rest[spaces(rest):]
	return len(rest) > len(name)+2 && rest[0] == '<' && rest[1] == '/' && bytes.HasPrefix(rest[2:], name) && rest[2+len(name)] == '>'
}

// wellReferred tells if each "&" in a text begins a reference that ends and is
// known. What HTML takes for one without its end, XML does not.
func wellReferred(text []byte) bool {
	for {
		amp := bytes.IndexByte(text, '&')
		if amp < 0 {
			return true
		}
		text = text[amp:]
		n := bytes.IndexByte(text[:min(len(text), 12)], ';')
		if n < 2 {
			return false
		}
		switch ref := string(text[:n+1]); ref {
		case "&lt;", "&gt;", "&amp;", "&quot;", "&apos;", "&#39;", "&#160;", "&nbsp;":
		default:
			if strings.HasSuffix(html.UnescapeString(ref), ";") {
				return false
			}
		}
		text = text[n+1:]
	}
}

// put writes the texts of an item back where their tokens are; false: one of
// them is nowhere.
func (e *entry) put(texts []string) bool {
	for i, text := range texts {
		t, found := token+strconv.Itoa(i), false
		for _, p := range []*string{&e.summary, &e.other} {
			if *p == t {
				*p, found = text, true
			}
		}
		for j := range e.content {
			if e.content[j].Value == t {
				e.content[j].Value, found = text, true
			}
		}
		if !found && strings.TrimSpace(text) != "" {
			return false
		}
	}
	return true
}
