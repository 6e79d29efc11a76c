package validate

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// element is an XML element with its children in order.
type element struct {
	name     string // "atom:link"; elements of the format itself have no prefix
	attrs    map[string]string
	text     string
	children []*element
}

func (e *element) all(name string) (out []*element) {
	for _, k := range e.children {
		if k.name == name {
			out = append(out, k)
		}
	}
	return out
}

func (e *element) first(name string) *element {
	if l := e.all(name); len(l) > 0 {
		return l[0]
	}
	return nil
}

func (e *element) value(name string) string {
	if k := e.first(name); k != nil {
		return strings.TrimSpace(k.text)
	}
	return ""
}

// namespaces that the W3C validator knows, of those that we might use, with
// the prefixes that it expects.
var namespaces = map[string]string{
	"": "", "http://www.w3.org/2005/Atom": "atom:", "http://purl.org/dc/elements/1.1/": "dc:",
	"http://purl.org/rss/1.0/modules/content/": "content:", "http://search.yahoo.com/mrss/": "media:",
	"http://purl.org/syndication/history/1.0": "fh:", "http://www.w3.org/XML/1998/namespace": "xml:", "xml": "xml:",
}

const maxElements, maxNesting = 200_000, 32

// parse reads the document, or says why it is no XML.
func (c *checker) parse(doc []byte) *element {
	if !utf8.Valid(doc) {
		c.add("UnicodeError", "not UTF-8")
		return nil
	}
	c.characters(string(doc))
	d := xml.NewDecoder(bytes.NewReader(doc))
	root := &element{}
	stack := []*element{root}
	for n := 0; ; n++ {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || n > maxElements || len(stack) > maxNesting {
			c.add("SAXError", "%v", err)
			return nil
		}
		top := stack[len(stack)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			e := c.open(tok)
			top.children = append(top.children, e)
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(tok)
		case xml.Directive:
			c.add("UnexpectedDoctype", "<!%.40s", tok)
		}
	}
	if len(root.children) != 1 {
		c.add("SAXError", "%d root elements", len(root.children))
		return nil
	}
	c.walkText(root.children[0])
	return root.children[0]
}

func (c *checker) open(tok xml.StartElement) *element {
	e := &element{attrs: map[string]string{}}
	prefix, ok := namespaces[tok.Name.Space]
	if !ok {
		c.add("UnknownNamespace", "%s on %s", tok.Name.Space, tok.Name.Local)
	}
	e.name = prefix + tok.Name.Local
	for _, a := range tok.Attr {
		if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" && a.Name.Space == "" {
			if _, ok := namespaces[a.Value]; !ok {
				c.add("UnknownNamespace", "%s", a.Value)
			} else if a.Name.Space == "xmlns" && namespaces[a.Value] != a.Name.Local+":" {
				c.add("NonstdPrefix", "%s for %s", a.Name.Local, a.Value)
			}
			continue
		}
		name := namespaces[a.Name.Space] + a.Name.Local
		if _, twice := e.attrs[name]; twice {
			c.add("SAXError", "attribute %s twice", name)
		}
		e.attrs[name] = a.Value
	}
	return e
}

// walkText applies what holds for all texts, decoded.
func (c *checker) walkText(e *element) {
	c.characters(e.text)
	for _, v := range e.attrs {
		c.characters(v)
	}
	if lang, ok := e.attrs["xml:lang"]; ok {
		c.language(e.name, lang)
	}
	for _, k := range e.children {
		c.walkText(k)
	}
}

func (c *checker) characters(s string) {
	for _, r := range s {
		if r < 0x20 && r != '\n' && r != '\t' && r != '\r' || r >= 0x7f && r <= 0x9f || r == utf8.RuneError || r&0xfffe == 0xfffe {
			c.add("BadCharacters", "%U", r)
			return
		}
	}
}

// children checks which elements stand in e, and how many of each: "1" is
// exactly one, "?" at most one, "+" at least one, "*" any number.
func (c *checker) childrenOf(e *element, allowed map[string]string) {
	n := map[string]int{}
	for _, k := range e.children {
		n[k.name]++
		if allowed[k.name] == "" {
			c.add("UndefinedElement", "%s in %s", k.name, e.name)
		}
	}
	for name, many := range allowed {
		if n[name] == 0 && (many == "1" || many == "+") {
			c.add("MissingElement", "%s in %s", name, e.name)
		}
		if n[name] > 1 && (many == "1" || many == "?") {
			c.add("DuplicateElement", "%s in %s", name, e.name)
		}
	}
	if len(e.children) > 0 && strings.TrimSpace(e.text) != "" {
		c.add("UnexpectedText", "in %s", e.name)
	}
}

func (c *checker) attrsOf(e *element, allowed ...string) {
next:
	for name := range e.attrs {
		for _, a := range append(allowed, "xml:lang") {
			if name == a {
				continue next
			}
		}
		c.add("UnexpectedAttribute", "%s on %s", name, e.name)
	}
}
