package enrich

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// block is a run of text that is shown as a line or paragraph of its own.
type block struct {
	text      string
	low       string // in small letters, of lines short enough to be furniture
	runes     int
	link      int // runes of text within links
	pieces    []string
	in        *elem      // the paragraph, or what holds the line
	leaf      *html.Node // of the first piece of text
	item      *elem      // the li, tr or article around it
	href      string     // of the link it opens with, if to another page
	furniture bool       // nav, aside, footer, form, caption
	kept      bool
}

// tag is that of the paragraph.
func (b *block) tag() string { return b.in.tag }

func (b *block) linked() float64 { return float64(b.link) / float64(max(1, b.runes)) }

var inline = set("a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q ruby rb rt rp s samp small span strike strong sub sup time tt u var wbr")
var ignored = set("script style noscript template svg math iframe object embed select option textarea button head audio video canvas map input rt rp")
var furniture = set("nav aside footer figure figcaption dialog menu")

func set(words string) map[string]bool {
	m := make(map[string]bool)
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

// cutter cuts a tree into blocks.
type cutter struct {
	out    []*block
	cur    *block
	buf    strings.Builder
	anchor *html.Node
	in     *elem
	elems  []*elem
	item   *elem
	hidden int
	kinds  map[string]kinds // by class and id, which repeat
}

func cutBlocks(doc *html.Node) []*block {
	c := &cutter{in: &elem{tag: "#document"}, kinds: map[string]kinds{}}
	c.walk(doc)
	c.flush()
	weigh(c.elems, c.out)
	return c.out
}

func (c *cutter) walk(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		c.text(n)
		return
	case html.ElementNode:
		if ignored[n.Data] || hasAttr(n, "data-nosnippet") {
			return
		}
	default:
		c.children(n)
		return
	}
	if furniture[n.Data] {
		c.hidden++
		defer func() { c.hidden-- }()
	}
	if !inline[n.Data] || n.Data == "span" && c.kindsOf(n)&isCaption != 0 {
		c.block(n)
		return
	}
	if n.Data == "a" && c.anchor == nil {
		c.anchor = n
		defer func() { c.anchor = nil }()
	}
	c.children(n)
}

func (c *cutter) children(n *html.Node) {
	for k := n.FirstChild; k != nil; k = k.NextSibling {
		c.walk(k)
	}
}

// block walks an element that starts a new line.
func (c *cutter) block(n *html.Node) {
	c.flush()
	in, item := c.in, c.item
	c.in = c.enter(n)
	if n.Data == "li" || n.Data == "tr" || n.Data == "article" {
		c.item = c.in
	}
	c.children(n)
	c.flush()
	c.in, c.item = in, item
}

func (c *cutter) enter(n *html.Node) *elem {
	e := &elem{up: c.in, tag: n.Data, class: attr(n, "class"), kinds: c.kindsOf(n)}
	if n.Data == "form" {
		e.kinds |= isBox
	}
	e.inner = e.named() && c.in.classed(e.class)
	c.elems = append(c.elems, e)
	return e
}

func (c *cutter) kindsOf(n *html.Node) kinds {
	class, id := attr(n, "class"), attr(n, "id")
	if class == "" && id == "" {
		return 0
	}
	key := class + " " + id
	k, ok := c.kinds[key]
	if !ok {
		k = kindsOf(key)
		c.kinds[key] = k
	}
	return k
}

func (c *cutter) text(n *html.Node) {
	s := n.Data
	if isSpace(s) {
		if c.cur != nil {
			c.buf.WriteByte(' ')
		}
		return
	}
	if c.cur == nil {
		c.cur = &block{in: c.in, leaf: n, item: c.item, furniture: c.hidden > 0}
		if c.anchor != nil {
			c.cur.href = attr(c.anchor, "href")
		}
	}
	c.buf.WriteString(s)
	c.cur.pieces = append(c.cur.pieces, s)
	if c.anchor != nil {
		c.cur.link += utf8.RuneCountInString(strings.TrimSpace(s))
	}
}

func (c *cutter) flush() {
	if c.cur == nil {
		return
	}
	c.cur.text = strings.Join(strings.Fields(c.buf.String()), " ")
	c.cur.runes = utf8.RuneCountInString(c.cur.text)
	if c.cur.runes <= longestFurniture {
		c.cur.low = strings.ToLower(c.cur.text)
	}
	c.buf.Reset()
	if c.cur.runes > 0 && len(c.cur.text) <= maxParagraph {
		c.out = append(c.out, c.cur)
	}
	c.cur = nil
}

func isSpace(s string) bool {
	return strings.TrimFunc(s, unicode.IsSpace) == ""
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return strings.TrimSpace(a.Val)
		}
	}
	return ""
}

func hasAttr(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

func within(n *html.Node, tag string) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Data == tag {
			return true
		}
	}
	return false
}

// nodeText returns the first characters of an element's text.
func nodeText(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if b.Len() > 600 || n.Type == html.ElementNode && (n.Data == "script" || n.Data == "style") {
			return
		}
		if n.Type == html.TextNode {
			b.WriteString(n.Data[:min(len(n.Data), 1000)])
			b.WriteByte(' ')
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(n)
	return strings.ToValidUTF8(strings.Join(strings.Fields(b.String()), " "), "")
}

// headOnly reads the head of a page that is too large, or nested too deeply,
// to be parsed.
func headOnly(src string) *html.Node {
	const most, some = 512 << 10, 16 << 10
	head := src[:min(len(src), most)]
	if end := strings.Index(strings.ToLower(head), "</head>"); end >= 0 {
		head = head[:end]
	} else {
		head = head[:min(len(head), some)]
	}
	doc, err := html.Parse(strings.NewReader(strings.ToValidUTF8(head, "")))
	if err != nil {
		return &html.Node{Type: html.DocumentNode}
	}
	return doc
}

// withoutScripts cuts out scripts, but for those that state facts.
func withoutScripts(src string) string {
	var b strings.Builder
	for {
		i := strings.Index(src, "<script")
		if i < 0 {
			break
		}
		open := strings.IndexByte(src[i:], '>')
		end := strings.Index(src[i:], "</script>")
		if open < 0 || end < open {
			break
		}
		end += i + len("</script>")
		if strings.Contains(src[i:i+open], "ld+json") {
			b.WriteString(src[:end])
		} else {
			b.WriteString(src[:i])
		}
		src = src[end:]
	}
	b.WriteString(src)
	return b.String()
}

// countTags counts what may open an element.
func countTags(src string) (n int) {
	for i := strings.IndexByte(src, '<'); i >= 0 && i+1 < len(src); {
		if c := src[i+1] | 0x20; c >= 'a' && c <= 'z' {
			n++
		}
		j := strings.IndexByte(src[i+1:], '<')
		if j < 0 {
			break
		}
		i += 1 + j
	}
	return n
}

// visibleWords returns the first words that a page shows, noscript included.
func visibleWords(doc *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		switch {
		case b.Len() > 1500, n.Type == html.ElementNode && (n.Data == "script" || n.Data == "style" || n.Data == "title"):
			return
		case n.Type == html.TextNode && !isSpace(n.Data):
			b.WriteString(n.Data[:min(len(n.Data), 1500)])
			b.WriteByte(' ')
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(doc)
	return strings.ToValidUTF8(strings.Join(strings.Fields(b.String()), " "), "")
}
