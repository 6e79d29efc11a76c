package enrich

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/text"

	"golang.org/x/net/html"
	"golang.org/x/net/publicsuffix"
)

// facts are what a page states about itself, gathered in one walk.
type facts struct {
	nodes       int
	meta        map[string]string // by name or property, lower case; the first wins
	robots      []string
	h1          []string
	titleTag    string
	canonical   string
	lang        string
	times       []string // datetime attributes, in order; those marked as published first
	itemprop    map[string]string
	byline      string // of rel=author or a byline class
	visibleDate string // text of an element whose class says date
	visible     string // the page's first words
	ld          linked

	title, site  string
	image        string
	authors      []string
	published    time.Time
	modified     time.Time
	body         string // JSON-LD articleBody
	descriptions []string
}

func readFacts(doc *html.Node, base *url.URL, p Page) *facts {
	f := &facts{meta: map[string]string{}, itemprop: map[string]string{}}
	var scripts []string
	var walk func(n *html.Node, depth int)
	walk = func(n *html.Node, depth int) {
		f.nodes++
		if depth > 600 || f.nodes > 4*maxNodes {
			return
		}
		if n.Type == html.ElementNode {
			for i := range n.Attr {
				if a := &n.Attr[i]; len(a.Val) > maxAttribute && a.Key != "content" {
					a.Val = ""
				}
			}
			f.element(n, &scripts)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, depth+1)
		}
	}
	walk(doc, 0)
	f.visible = visibleWords(doc)
	for _, s := range scripts {
		f.ld.read(s)
	}
	f.settle(base, p)
	return f
}

func (f *facts) element(n *html.Node, scripts *[]string) {
	switch n.Data {
	case "html":
		f.lang = attr(n, "lang")
		if f.lang == "" {
			f.lang = attr(n, "xml:lang")
		}
	case "meta":
		f.metaElement(n)
	case "title":
		if f.titleTag == "" && !within(n, "svg") {
			f.titleTag = nodeText(n)
		}
	case "h1":
		if len(f.h1) < 5 {
			f.h1 = append(f.h1, nodeText(n))
		}
	case "link":
		if f.canonical == "" && hasToken(attr(n, "rel"), "canonical") && !within(n, "body") {
			f.canonical = attr(n, "href")
		}
	case "script":
		if len(*scripts) < 20 && strings.Contains(strings.ToLower(attr(n, "type")), "ld+json") && n.FirstChild != nil {
			*scripts = append(*scripts, n.FirstChild.Data)
		}
	case "time":
		if dt := attr(n, "datetime"); dt != "" && len(f.times) < 10 {
			f.times = append(f.times, dt)
		}
	}
	f.byAttributes(n)
}

func (f *facts) metaElement(n *html.Node) {
	content := strings.TrimSpace(attr(n, "content"))
	if content == "" {
		return
	}
	for _, key := range []string{"name", "property", "itemprop"} {
		name := strings.ToLower(attr(n, key))
		if name == "" {
			continue
		}
		if name == "robots" || name == "topicwire" {
			f.robots = append(f.robots, content)
		}
		if _, have := f.meta[name]; !have {
			f.meta[name] = content
		}
	}
}

func (f *facts) byAttributes(n *html.Node) {
	class := ""
	for _, a := range n.Attr {
		switch a.Key {
		case "itemprop":
			if _, have := f.itemprop[a.Val]; !have {
				v := attr(n, "content")
				if v == "" {
					v = attr(n, "datetime")
				}
				if v == "" && (a.Val == "author" || a.Val == "name" || a.Val == "headline" || a.Val == "datePublished") {
					v = nodeText(n)
				}
				f.itemprop[a.Val] = v
			}
		case "rel":
			if a.Val == "author" && f.byline == "" {
				f.byline = nodeText(n)
			}
		case "class":
			class = a.Val
		}
	}
	if class == "" || f.byline != "" && f.visibleDate != "" {
		return
	}
	class = strings.ToLower(class)
	if f.byline == "" && (strings.Contains(class, "author") || strings.Contains(class, "byline") || strings.Contains(class, "penulis")) {
		if t := nodeText(n); len(t) < 80 {
			f.byline = t
		}
	}
	if f.visibleDate == "" && (strings.Contains(class, "date") || strings.Contains(class, "time") || strings.Contains(class, "tanggal")) {
		if t := nodeText(n); len(t) < 80 && strings.ContainsAny(t, "0123456789") {
			f.visibleDate = t
		}
	}
}

// settle decides each fact in the order that measured best: JSON-LD, then
// OpenGraph and meta, microdata, the page itself.
func (f *facts) settle(base *url.URL, p Page) {
	f.site = plain(first(f.meta["og:site_name"], f.ld.publisher, f.meta["application-name"]))
	f.title = f.chooseTitle(p)
	f.lang = normLang(first(f.lang, f.ld.language, f.meta["og:locale"], f.meta["language"], f.meta["content-language"]))
	f.body = paragraphs(f.ld.body)
	f.published = firstDate(f.ld.published, f.meta["article:published_time"], f.meta["og:article:published_time"],
		f.meta["datepublished"], f.meta["pubdate"], f.meta["publishdate"], f.meta["date"], f.meta["dc.date.issued"], f.meta["dcterms.created"], f.meta["dc.date"],
		f.meta["parsely-pub-date"], f.meta["sailthru.date"], f.meta["cxenseparse:recs:publishtime"], f.meta["publish-date"], f.itemprop["datePublished"])
	if f.published.IsZero() {
		f.published = firstDate(append(slices.Clone(f.times), f.visibleDate)...)
	}
	f.modified = firstDate(f.ld.modified, f.meta["article:modified_time"], f.meta["og:updated_time"], f.meta["last-modified"], f.itemprop["dateModified"])
	f.image = f.chooseImage(base)
	f.authors = f.chooseAuthors()
	for _, d := range []string{f.meta["og:description"], f.meta["description"], f.ld.description, f.meta["twitter:description"]} {
		if d = plain(d); d != "" && !slices.Contains(f.descriptions, d) {
			f.descriptions = append(f.descriptions, d)
		}
	}
	f.canonical = canonicalAddress(p.Header, f.canonical, f.meta["og:url"], base)
}

// chooseTitle takes the headline that the page's own h1 confirms, else the
// first, without the outlet's tail.
func (f *facts) chooseTitle(p Page) string {
	cands := []string{f.ld.headline, f.meta["og:title"], f.meta["twitter:title"], f.itemprop["headline"]}
	if len(f.h1) > 0 {
		cands = append(cands, f.h1[0])
	}
	cands = append(cands, f.titleTag)
	for _, h := range f.h1 {
		h = plain(h)
		if len(h) < 12 {
			continue
		}
		for _, c := range cands[:4] {
			if c = plain(c); c != "" && (c == h || strings.HasPrefix(c, h) || strings.HasSuffix(c, h)) {
				return cutTail(h, f.site, p.URL)
			}
		}
	}
	return cutTail(plain(first(cands...)), f.site, p.URL)
}

func (f *facts) chooseImage(base *url.URL) string {
	for _, s := range []string{f.meta["og:image"], f.meta["og:image:url"], f.meta["og:image:secure_url"], f.ld.image, f.meta["twitter:image"], f.meta["twitter:image:src"]} {
		s = absolute(s, base)
		low := strings.ToLower(s)
		if s == "" || strings.Contains(low, "logo") || strings.Contains(low, "favicon") || strings.Contains(low, "placeholder") || strings.HasSuffix(low, ".svg") {
			continue
		}
		return s
	}
	return ""
}

func (f *facts) chooseAuthors() []string {
	lists := [][]string{
		f.ld.authors,
		{f.meta["content_author"]}, {f.meta["article:author"]}, {f.meta["author"]}, {f.meta["dc.creator"]}, {f.meta["parsely-author"]}, {f.meta["byl"]},
		{f.itemprop["author"]}, {f.byline},
	}
	for _, l := range lists {
		var out []string
		for _, s := range l {
			for _, name := range splitNames(s) {
				if f.isName(name) && !slices.Contains(out, name) && len(out) < 10 {
					out = append(out, name)
				}
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

func (f *facts) fill(a *aggregator.Article) {
	a.Title, a.ImageURL, a.Authors = f.title, f.image, f.authors
	a.Published, a.Modified = f.published, f.modified
	a.CanonicalURL, a.SiteName, a.Paywalled = f.canonical, f.site, f.ld.paywalled
	if f.lang != "" {
		a.Language = f.lang
	}
}

// summarize writes the summary, as far as the page lets itself be quoted.
func (f *facts) summarize(a *aggregator.Article, p Page, body string, d directives) {
	if d.noSnippet {
		return
	}
	tmp := *a
	tmp.Text = body
	limit := SummaryLength
	if d.maxSnippet > 0 {
		limit = min(d.maxSnippet, limit)
	}
	a.Summary = summarize(f.title, append([]string{p.Summary}, f.descriptions...), &tmp, limit)
}

// believable returns a canonical address that names this page and no other:
// of the same site, and not the front page (BEHAVIOUR S-10).
func believable(raw string, base *url.URL) string {
	abs := absolute(raw, base)
	u, err := url.Parse(abs)
	if err != nil || u.Host == "" || strings.Trim(u.Path, "/") == "" && u.RawQuery == "" {
		return ""
	}
	if base.Host != "" && !sameSite(u.Hostname(), base.Hostname()) {
		return ""
	}
	return abs
}

func sameSite(a, b string) bool {
	if strings.EqualFold(a, b) {
		return true
	}
	x, err := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(a))
	y, err2 := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(b))
	return err == nil && err2 == nil && x == y
}

func absolute(raw string, base *url.URL) string {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return ""
	}
	u, err := base.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.String()
}

func first(list ...string) string {
	for _, s := range list {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}

func plain(s string) string {
	if strings.ContainsAny(s, "<&") {
		s = text.PlainText(s)
	}
	return strings.Join(strings.Fields(s), " ")
}

func paragraphs(s string) string {
	if strings.ContainsAny(s, "<&") {
		s = text.PlainText(s)
	}
	var out []string
	for l := range strings.SplitSeq(s, "\n") {
		if l = strings.Join(strings.Fields(l), " "); l != "" {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

// normLang writes a language tag as BCP 47 does: en_GB becomes en-GB.
func normLang(s string) string {
	s = strings.ReplaceAll(strings.TrimSpace(s), "_", "-")
	base, rest, ok := strings.Cut(s, "-")
	if base = strings.ToLower(base); len(base) < 2 || len(base) > 3 {
		return ""
	}
	if ok && len(rest) == 2 {
		return base + "-" + strings.ToUpper(rest)
	}
	return base
}
