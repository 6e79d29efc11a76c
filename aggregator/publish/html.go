package publish

import (
	"strconv"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// policy is what republished HTML may consist of (BEHAVIOUR X-10).
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd",
		"blockquote", "pre", "code", "em", "strong", "b", "i", "u", "s", "sub", "sup", "small", "figure", "figcaption",
		"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "div", "span", "abbr", "cite", "q", "del", "ins")
	p.AllowAttrs("href", "title").OnElements("a")
	p.AllowAttrs("src", "alt", "title", "width", "height").OnElements("img")
	p.AllowAttrs("colspan", "rowspan").Matching(bluemonday.Integer).OnElements("td", "th")
	p.AllowAttrs("dir").Matching(bluemonday.Direction).OnElements("p", "div", "span", "blockquote", "ul", "ol", "table")
	p.RequireParseableURLs(true)
	p.AllowURLSchemes("http", "https", "mailto")
	return p
})

// sanitise returns an HTML fragment fit for publication: allowed elements
// only, properly nested, links absolute. Nothing is left of trackers.
func sanitise(fragment string) string {
	fragment = policy().Sanitize(legal(fragment))
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(fragment), body)
	if err != nil {
		return ""
	}
	for _, n := range nodes {
		body.AppendChild(n)
	}
	settle(body, 0)
	var b strings.Builder
	for n := body.FirstChild; n != nil; n = n.NextSibling {
		if err := html.Render(&b, n); err != nil {
			return ""
		}
	}
	return strings.TrimSpace(legal(b.String()))
}

const maxDepth = 100

// settle makes the links below n absolute ASCII and drops what has none.
func settle(n *html.Node, depth int) {
	var next *html.Node
	for c := n.FirstChild; c != nil; c = next {
		next = c.NextSibling
		if c.Type != html.TextNode && c.Type != html.ElementNode || depth > maxDepth {
			n.RemoveChild(c)
			continue
		}
		settle(c, depth+1)
		switch {
		case c.DataAtom == atom.A && !settleURL(c, "href"):
			for k := c.FirstChild; k != nil; k = c.FirstChild {
				c.RemoveChild(k)
				n.InsertBefore(k, c)
			}
			n.RemoveChild(c)
		case c.DataAtom == atom.Img && (pixel(c) || !settleURL(c, "src")):
			n.RemoveChild(c)
		}
	}
}

func settleURL(n *html.Node, key string) bool {
	for i := range n.Attr {
		if n.Attr[i].Key == key {
			v := n.Attr[i].Val
			if key == "href" && strings.HasPrefix(strings.ToLower(v), "mailto:") {
				v = "mailto:" + strings.TrimLeft(escapeURL(v[len("mailto:"):]), "/")
			} else {
				v = asciiURL(v)
			}
			n.Attr[i].Val = v
			return v != "" && v != "mailto:"
		}
	}
	return false
}

// pixel tells whether an image is there to be fetched, not to be seen.
func pixel(n *html.Node) bool {
	for _, a := range n.Attr {
		if a.Key == "width" || a.Key == "height" {
			if v, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(a.Val), "px")); err == nil && v <= 1 {
				return true
			}
		}
	}
	return false
}

// paragraphs returns a plain text as HTML, a paragraph a line.
func paragraphs(text string) string {
	var b strings.Builder
	for line := range strings.Lines(legal(text)) {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString("<p>" + html.EscapeString(line) + "</p>")
		}
	}
	return b.String()
}
