package validate

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

var (
	voidElements = strings.Fields("area br col hr img source track wbr")
	htmlElements = strings.Fields("a abbr address b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em " +
		"figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp small span strong sub summary sup " +
		"table tbody td tfoot th thead time tr u ul var wbr")
	risky = strings.Fields("applet base body embed form frame frameset head html iframe input link meta object script style title svg math noscript template")
)

// html checks an HTML fragment as the reader gets it.
func (c *checker) html(where, s string) {
	z := html.NewTokenizer(strings.NewReader(s))
	var open []string
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				c.add("NotHtml", "%s: %v left open", where, open)
			}
			return
		case html.TextToken:
			c.htmlText(where, string(z.Raw()))
		case html.CommentToken, html.DoctypeToken:
			c.add("NotHtml", "%s: %s", where, z.Raw())
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			c.tag(where, &t)
			if !slices.Contains(voidElements, t.Data) {
				open = append(open, t.Data)
			}
		case html.EndTagToken:
			t := z.Token()
			if len(open) == 0 || open[len(open)-1] != t.Data {
				c.add("NotHtml", "%s: </%s> closes %v", where, t.Data, open)
				return
			}
			open = open[:len(open)-1]
		}
	}
}

func (c *checker) htmlText(where, raw string) {
	if strings.ContainsAny(raw, "<>") {
		c.add("NotHtml", "%s: bare angle bracket in %q", where, raw)
	}
	c.characters(html.UnescapeString(raw))
	for rest := raw; ; {
		_, after, ok := strings.Cut(rest, "&")
		if !ok {
			return
		}
		name, _, ok := strings.Cut(after, ";")
		if !ok || html.UnescapeString("&"+name+";") == "&"+name+";" {
			c.add("NotHtml", "%s: bare ampersand in %q", where, raw)
			return
		}
		rest = after
	}
}

func (c *checker) tag(where string, t *html.Token) {
	switch {
	case slices.Contains(risky, t.Data):
		c.add("SecurityRisk", "%s: %s", where, t.Data)
	case !slices.Contains(htmlElements, t.Data):
		c.add("NotHtml", "%s: %s", where, t.Data)
	}
	seen := map[string]bool{}
	for _, a := range t.Attr {
		key := strings.ToLower(a.Key)
		if seen[key] {
			c.add("NotHtml", "%s: %s twice on %s", where, key, t.Data)
		}
		seen[key] = true
		switch {
		case key == "style":
			c.add("DangerousStyleAttr", "%s: %s", where, a.Val)
		case strings.HasPrefix(key, "on"), key == "srcdoc", key == "action", key == "formaction":
			c.add("SecurityRiskAttr", "%s: %s", where, key)
		case key == "href" || key == "src" || key == "cite":
			c.ref(where, a.Val)
		}
	}
	if t.Data == "img" && !seen["src"] {
		c.add("NotHtml", "%s: img without src", where)
	}
}

func (c *checker) ref(where, s string) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme == "":
		c.add("ContainsRelRef", "%s: %q", where, s)
	case u.Scheme == "mailto":
	case u.Scheme == "http" || u.Scheme == "https":
		c.link(where, s)
	default:
		c.add("SecurityRiskAttr", "%s: %q", where, s)
	}
}
