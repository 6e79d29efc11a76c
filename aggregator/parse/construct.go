package parse

import (
	"bytes"
	"encoding/base64"
	"html"
	"strings"
	"unicode/utf8"
)

// construct says how the text of an element is to be read. gofeed does not
// tell the attributes of titles, summaries and rights.
type construct struct {
	kind, mode, base, lang string
	found, empty           bool // empty: without attributes
}

func constructOf(body []byte, names ...string) construct {
	for _, name := range names {
		attrs, _, ok := nextTag(body, name)
		if !ok {
			continue
		}
		if bytes.IndexByte(attrs, '=') < 0 {
			return construct{found: true, empty: true}
		}
		return construct{
			kind: strings.ToLower(strings.TrimSpace(attr(attrs, "type"))), mode: strings.ToLower(attr(attrs, "mode")),
			base: attr(attrs, "xml:base"), lang: attr(attrs, "xml:lang"), found: true,
		}
	}
	return construct{}
}

// plain tells if the text holds no markup.
func (c construct) plain() bool {
	return c.kind == "" || c.kind == "text" || c.kind == "text/plain"
}

// html returns the text that gofeed read as HTML.
func (c construct) html(s string) string {
	switch {
	case s == "":
		return ""
	case c.mode == "base64" || c.kind == "application/octet-stream":
		s = unbase64(s)
		if c.kind == "application/octet-stream" {
			return s
		}
	case c.mode == "escaped" && c.kind == "":
		s = html.UnescapeString(s)
	}
	if c.plain() {
		return textAsHTML(s)
	}
	if strings.Contains(c.kind, "xhtml") {
		s = withoutDiv(withoutPrefix(s))
	}
	if c.base != "" {
		s, _ = absolutize(s, c.base)
	}
	return s
}

// withoutDiv takes off the element that XHTML is wrapped in, which is no part
// of it.
func withoutDiv(s string) string {
	t := strings.TrimSpace(s)
	open, closed := strings.HasPrefix(t, "<div>") || strings.HasPrefix(t, "<div "), strings.HasSuffix(t, "</div>")
	if !open || !closed {
		return s
	}
	end := tagEnd([]byte(t[:min(len(t), 4096)]), 1)
	if end < 0 || end > len(t)-len("</div>") {
		return s
	}
	inner := t[end : len(t)-len("</div>")]
	depth := 0
	for rest := inner; ; {
		i := strings.Index(rest, "div")
		if i < 0 {
			break
		}
		switch {
		case strings.HasSuffix(rest[:i], "</"):
			if depth--; depth < 0 { // it ends before
				return s
			}
		case strings.HasSuffix(rest[:i], "<"):
			depth++
		}
		rest = rest[i+len("div"):]
	}
	return strings.TrimSpace(inner)
}

// withoutPrefix writes <h:p> as <p>, as HTML has it; what is of another
// vocabulary is for the sanitiser to drop.
func withoutPrefix(s string) string {
	i := strings.IndexByte(s, ':')
	if i < 0 || strings.LastIndexByte(s[:i], '<') < 0 {
		return s
	}
	var w strings.Builder
	for {
		lt := strings.IndexByte(s, '<')
		if lt < 0 {
			return w.String() + s
		}
		n := lt + 1
		if strings.HasPrefix(s[n:], "/") {
			n++
		}
		w.WriteString(s[:n])
		s = s[n:]
		name := s[:min(len(s), 80)]
		if end := strings.IndexAny(name, " \t\r\n/>"); end >= 0 {
			name = name[:end]
		}
		if colon := strings.IndexByte(name, ':'); colon >= 0 {
			s = s[colon+1:]
		}
	}
}

func unbase64(s string) string {
	b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil || !utf8.Valid(b) {
		return s
	}
	return string(b)
}

// textAsHTML writes plain text as HTML; what looks like markup is left, for
// feeds that say text and mean HTML.
func textAsHTML(s string) string {
	if looksLikeHTML(s) {
		return s
	}
	return html.EscapeString(html.UnescapeString(s))
}

func looksLikeHTML(s string) bool {
	return strings.Contains(s, "</") || strings.Contains(s, "<br") || strings.Contains(s, "<img") || strings.Contains(s, "<p>")
}

// fromHead adds what gofeed does not tell of a feed: base, language and how
// its texts are to be read.
func (f *feedDoc) fromHead(root, head []byte) {
	f.base, f.xmlLang = firstNonEmpty(attr(root, "xml:base"), f.base), attr(root, "xml:lang")
	if channel, _, ok := nextTag(head, "channel"); ok {
		f.base, f.xmlLang = firstNonEmpty(attr(channel, "xml:base"), f.base), firstNonEmpty(attr(channel, "xml:lang"), f.xmlLang)
	}
	if !strings.HasPrefix(f.version, "atom") {
		f.fromRSSHead(root, head)
		return
	}
	head = withoutSource(head)
	f.id = firstNonEmpty(rawText(head, "id"), f.id, rawText(head, "guid"))
	f.subtitle = firstNonEmpty(f.subtitle, rawText(head, "description"), rawText(head, "dc:description"))
	f.link = firstNonEmpty(f.link, httpOnly(rawText(head, "link")))
	if attrs, rest, ok := nextTag(head, "author"); ok && len(f.authors) == 0 {
		f.authors = rawPeople(attrs, rest)
	}
	f.tags = bareCategories(f.tags, head)
	f.published = firstNonEmpty(f.published, rawText(head, "published"), rawText(head, "issued"))
	c := constructOf(head, "title")
	f.title = c.html(f.title)
	if c.plain() && !looksLikeHTML(f.title) {
		f.title = html.EscapeString(html.UnescapeString(f.title))
	}
	f.subtitle = constructOf(head, "subtitle", "tagline").html(f.subtitle)
	f.rights = constructOf(head, "rights", "copyright").html(f.rights)
}

func (f *feedDoc) fromRSSHead(root, head []byte) {
	if c := constructOf(head, "description"); c.base != "" {
		f.subtitle, _ = absolutize(f.subtitle, c.base)
	}
	if bytes.Contains(root, []byte("netscape.com/rdf/simple/0.9")) {
		f.version = "rss090"
	}
	if attrs, rest, ok := nextTag(head, "author"); ok {
		f.authors = append(rawPeople(attrs, rest), f.authors...)
	}
	if id := rawText(head, "guid"); f.id == "" && id != "" {
		f.id = id
		if c, _, _ := nextTag(head, "guid"); f.link == "" && isHTTP(id) && !strings.EqualFold(attr(c, "isPermaLink"), "false") {
			f.link = id
		}
	}
	f.subtitle = firstNonEmpty(f.subtitle, rawText(head, "tagline"))
}

// rawPeople reads an author that stands in the channel, which RSS does not
// have: a line of text, or elements as in Atom.
func rawPeople(attrs, rest []byte) []Person {
	if bytes.HasSuffix(attrs, []byte("/")) {
		return nil
	}
	inner, _, _ := bytes.Cut(rest, []byte("</author"))
	if bytes.Contains(inner, []byte("<name")) || bytes.Contains(inner, []byte("<email")) {
		return []Person{{Name: oneLine(rawText(inner, "name")), Email: oneLine(rawText(inner, "email")), URL: firstNonEmpty(rawText(inner, "uri"), rawText(inner, "url"))}}
	}
	return people(unescape(string(inner)))
}

// bareCategories adds those that an Atom feed writes as RSS does.
func bareCategories(ts []Tag, body []byte) []Tag {
	for range maxList {
		attrs, rest, ok := nextTag(body, "category")
		if !ok {
			break
		}
		body = rest
		if !bytes.HasSuffix(attrs, []byte("/")) {
			term, _, _ := bytes.Cut(rest, []byte("<"))
			ts = addTag(ts, Tag{Term: unescape(string(term))})
		}
	}
	return ts
}

// fromBlock adds what gofeed does not tell of an item: its own base, its
// language, the spelling of its id, how its texts are to be read.
func (e *entry) fromBlock(tag, body []byte) {
	e.base = attr(tag, "xml:base")
	e.language = firstNonEmpty(attr(tag, "xml:lang"), e.language)
	if e.id == "" {
		e.id = attr(tag, "rdf:about")
		e.guidIsLink = true
	}
	if !bytes.HasPrefix(tag, []byte("<entry")) {
		e.fromItemBlock(body)
		return
	}
	body = withoutSource(body)
	if id := rawText(body, "id"); id != "" && len(id) < 2048 && strings.IndexByte(id, '<') < 0 {
		e.id = id
	}
	if e.published == e.updated && rawText(body, "published") == "" && rawText(body, "issued") == "" {
		e.published = "" // it was gofeed's guess
	}
	e.id = firstNonEmpty(e.id, rawText(body, "guid"))
	e.summary = firstNonEmpty(e.summary, rawText(body, "description"))
	e.tags = bareCategories(e.tags, body)
	title, summary, content := constructOf(body, "title"), constructOf(body, "summary"), constructOf(body, "content")
	e.title, e.summary = title.html(e.title), summary.html(e.summary)
	e.summary = firstNonEmpty(e.summary, e.other)
	e.rights = constructOf(body, "rights", "copyright").html(e.rights)
	e.published = firstNonEmpty(e.published, rawText(body, "pubDate"))
	if e.link == "" {
		if e.link = httpOnly(rawText(body, "link")); e.link != "" {
			e.links = append(e.links, Link{URL: e.link, Rel: "alternate", Type: "text/html"})
		}
	}
	e.moreContent(body)
	if len(e.authors) == 0 {
		if attrs, rest, ok := nextTag(body, "author"); ok {
			e.authors = rawPeople(attrs, rest)
		}
	}
	for i := range e.content {
		of := content
		if len(e.content) > 1 {
			of.kind = e.content[i].Type
		}
		e.content[i].Value = of.html(e.content[i].Value)
	}
	e.language = firstNonEmpty(e.language, title.lang, content.lang, summary.lang)
}

// moreContent adds all forms of the content but the last, which is there.
func (e *entry) moreContent(body []byte) {
	n := bytes.Count(body, []byte("<content "))
	if n += bytes.Count(body, []byte("<content>")); n < 2 {
		return
	}
	var all []Content
	for range min(n, 10) {
		attrs, rest, ok := nextTag(body, "content")
		if !ok {
			break
		}
		c := constructOf(append([]byte("<content"), append(bytes.Clone(attrs), '>')...), "content")
		inner, after, _ := bytes.Cut(rest, []byte("</content>"))
		value := strings.TrimSpace(string(inner))
		if in, ok := strings.CutPrefix(value, "<![CDATA["); ok {
			value = strings.TrimSuffix(in, "]]>")
		} else if !strings.Contains(c.kind, "xhtml") {
			value = unescape(value)
		}
		if body = after; value != "" && !bytes.HasSuffix(attrs, []byte("/")) {
			all = append(all, Content{Value: value, Type: atomType(c.kind)})
		}
	}
	if len(all) > 1 {
		e.content = append(all[:len(all)-1], e.content...)
	}
}

func (e *entry) fromItemBlock(body []byte) {
	title, description := constructOf(body, "title"), constructOf(body, "description")
	if attrs, _, ok := nextTag(body, "guid"); ok && attr(attrs, "ispermalink") != "" {
		e.guidIsLink = strings.EqualFold(attr(attrs, "ispermalink"), "true")
	}
	if description.base != "" {
		e.summary, _ = absolutize(e.summary, description.base)
	}
	e.language = firstNonEmpty(e.language, title.lang, description.lang)
	if len(e.content) > 0 {
		return
	}
	for _, name := range []string{"xhtml:body", "body", "h:body", "html:body"} {
		if _, rest, ok := nextTag(body, name); ok {
			inner, _, _ := bytes.Cut(rest, []byte("</"+name+">"))
			e.content = []Content{{Value: strings.TrimSpace(string(inner)), Type: "application/xhtml+xml"}}
			return
		}
	}
}

func unescape(s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	return html.UnescapeString(s)
}
