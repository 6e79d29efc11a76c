package parse

import (
	"bytes"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

// Sanitize returns HTML that is safe to republish: no active content, only
// absolute http, https and mailto addresses, no tracking images. Relative
// addresses are resolved against base.
func Sanitize(html, base string) string {
	s, _ := sanitize(html, base)
	return s
}

// sanitize also returns the address of the first image.
func sanitize(s, base string) (clean, image string) {
	if strings.IndexByte(s, '<') < 0 {
		if strings.IndexByte(s, '&') < 0 && !strings.ContainsAny(s, "\x00>'\"") {
			return strings.TrimSpace(s), ""
		}
		return strings.TrimSpace(policy().Sanitize(s)), ""
	}
	if clean, image, ok := sanitizeSimple(s, base); ok {
		return clean, image
	}
	s, image = absolutize(notDeclared(s), base)
	return applied(policy(), s), image
}

// applied is p.Sanitize, in memory of about the size of s.
func applied(p *bluemonday.Policy, s string) string {
	var w strings.Builder
	w.Grow(len(s) + len(s)/8)
	if err := p.SanitizeReaderToWriter(strings.NewReader(s), &w); err != nil {
		return "" // it never fails on a string
	}
	return strings.TrimSpace(w.String())
}

// notDeclared writes a "<!" that begins neither a comment nor a declaration as
// text: browsers would hide what follows.
func notDeclared(s string) string {
	i := strings.Index(s, "<!")
	if i < 0 {
		return s
	}
	var w strings.Builder
	for ; i >= 0; i = strings.Index(s, "<!") {
		w.WriteString(s[:i])
		s = s[i+2:]
		if s != "" && (s[0] == '-' || s[0] == '[' || s[0]|0x20 == 'd') {
			w.WriteString("<!")
		} else {
			w.WriteString("&lt;!")
		}
	}
	return w.String() + s
}

// policy is what republished HTML may hold.
var policy = sync.OnceValue(newPolicy)

// relativePolicy is policy, with relative addresses.
var relativePolicy = sync.OnceValue(func() *bluemonday.Policy { return newPolicy().AllowRelativeURLs(true) })

func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "div", "span", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "code",
		"em", "strong", "b", "i", "u", "s", "small", "sub", "sup", "del", "ins", "mark", "abbr", "cite", "q", "kbd", "samp", "var",
		"ul", "ol", "li", "dl", "dt", "dd", "figure", "figcaption", "section", "article", "header", "footer", "aside", "main",
		"table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th", "details", "summary", "time", "address", "ruby", "rt", "rp", "bdi", "bdo", "wbr")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("src", "alt").OnElements("img")
	p.AllowAttrs("title").OnElements("a", "abbr")
	p.AllowAttrs("width", "height").Matching(bluemonday.Integer).OnElements("img")
	p.AllowAttrs("cite").OnElements("blockquote", "q", "del", "ins")
	p.AllowAttrs("colspan", "rowspan").Matching(bluemonday.Integer).OnElements("td", "th")
	p.AllowAttrs("dir").Matching(bluemonday.Direction).Globally()
	p.AllowAttrs("datetime").Matching(bluemonday.ISO8601).OnElements("time", "del", "ins")
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(false)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(false)
	p.SkipElementsContent("script", "style", "noscript", "iframe", "object", "embed", "svg", "math", "template", "noembed", "noframes", "xmp", "plaintext", "form", "select", "textarea", "button", "title", "head")
	return p
}

// absolutize resolves the addresses in HTML against base and drops tracking
// images. It returns the address of the first image that remains.
func absolutize(s, base string) (out, image string) {
	b, err := url.Parse(base)
	if err != nil || base == "" {
		b = nil
	}
	var w strings.Builder
	w.Grow(len(s) + len(s)/16)
	z := html.NewTokenizer(strings.NewReader(s))
	z.SetMaxBuf(1 << 20)
	for {
		switch z.Next() {
		case html.ErrorToken:
			return w.String(), image
		case html.StartTagToken, html.SelfClosingTagToken:
			raw := z.Raw()
			if !mayHoldAddress(raw) {
				w.Write(raw)
				continue
			}
			if b == nil && isImage(raw) && !bytes.Contains(raw, []byte(":")) && !bytes.Contains(raw, []byte("&")) {
				continue // its address is none
			}
			t := z.Token()
			if !address(&t, b, &image) {
				continue
			}
			w.WriteString(t.String())
		default:
			w.Write(z.Raw())
		}
	}
}

// isImage tells of a tag with attributes that it is an image's.
func isImage(tag []byte) bool {
	return len(tag) > 5 && tag[1]|0x20 == 'i' && tag[2]|0x20 == 'm' && tag[3]|0x20 == 'g' && (tag[4] <= ' ' || tag[4] == '/')
}

func mayHoldAddress(tag []byte) bool {
	if len(tag) < 4 {
		return false
	}
	switch tag[1] | 0x20 {
	case 'a', 'i', 'q', 'b', 'd':
		return bytes.IndexByte(tag, '=') >= 0
	}
	return false
}

// address resolves the addresses of one tag; false: leave the tag out.
func address(t *html.Token, base *url.URL, image *string) bool {
	for i := range t.Attr {
		a := &t.Attr[i]
		if a.Key != "href" && a.Key != "src" && a.Key != "cite" {
			continue
		}
		a.Val = strings.TrimSpace(a.Val)
		u, err := url.Parse(a.Val)
		if err != nil {
			a.Val = ""
			continue
		}
		if base != nil && !u.IsAbs() {
			a.Val = base.ResolveReference(u).String()
		}
	}
	if t.Data != "img" {
		return true
	}
	src, tiny := "", false
	for _, a := range t.Attr {
		switch a.Key {
		case "src":
			src = a.Val
		case "width", "height":
			n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(a.Val), "px"))
			tiny = tiny || err == nil && n <= 1
		case "style":
			tiny = tiny || hiddenStyle(a.Val)
		}
	}
	if tiny || !isHTTP(src) || isTracker(src) {
		return false
	}
	if *image == "" {
		*image = httpOnly(src)
	}
	return true
}

func hiddenStyle(s string) bool {
	s = strings.ReplaceAll(strings.ToLower(s), " ", "")
	return strings.Contains(s, "display:none") || strings.Contains(s, "visibility:hidden") ||
		strings.Contains(s+";", "width:1px;") || strings.Contains(s+";", "width:0;") ||
		strings.Contains(s+";", "height:1px;") || strings.Contains(s+";", "height:0;")
}

// trackers are hosts, or ends of hosts, that serve images to count readers.
var trackers = []string{
	"feeds.feedburner.com/~r", "feedsportal.com", "pixel.wp.com", "stats.wordpress.com", "doubleclick.net", "google-analytics.com",
	"scorecardresearch.com", "pixel.quantserve.com", "feedads.g.doubleclick.net", "da.feedsportal.com", "rss.buysellads.com",
	"b.scorecardresearch.com", "pixel.facebook.com", "facebook.com/tr", "counter.theconversation.com", "counter.theconversation.edu.au",
	"googletagmanager.com", "mc.yandex.ru", "counter.yadro.ru", "top-fwz1.mail.ru", "hits.informer.com", "piwik.php", "matomo.php",
}

func isTracker(src string) bool {
	_, rest, _ := strings.Cut(src, "://")
	rest, _, _ = strings.Cut(rest, "?")
	for _, t := range trackers {
		if strings.Contains(rest, t) {
			return true
		}
	}
	return false
}
