package parse

import (
	"slices"
	"strings"

	"github.com/mmcdole/gofeed/atom"
	ext "github.com/mmcdole/gofeed/extensions"
	"github.com/mmcdole/gofeed/rss"
)

func (f *feedDoc) fromRSS(r *rss.Feed) {
	f.title, f.link, f.subtitle, f.language = r.Title, r.Link, r.Description, r.Language
	f.rights, f.generator, f.ttl = r.Copyright, wordsOf(r.Generator), r.TTL
	f.published, f.updated = r.PubDate, r.LastBuildDate
	f.skipHours, f.skipDays = r.SkipHours, r.SkipDays
	f.version = rssVersion(r.Version)
	x := r.Extensions
	f.title = firstNonEmpty(f.title, value(x, "dc", "title"))
	f.subtitle = firstNonEmpty(f.subtitle, value(x, "dc", "description"), value(x, "itunes", "subtitle"), value(x, "itunes", "summary"))
	f.language = firstNonEmpty(f.language, value(x, "dc", "language"))
	f.rights = firstNonEmpty(f.rights, value(x, "dc", "rights"), value(x, "atom", "rights"))
	f.updated = firstNonEmpty(f.updated, value(x, "dcterms", "modified"), value(x, "dc", "date"))
	f.published = firstNonEmpty(f.published, value(x, "dcterms", "issued"), value(x, "dcterms", "created"))
	f.period, f.frequency = value(x, "sy", "updatePeriod"), value(x, "sy", "updateFrequency")
	if r.Image != nil {
		f.image = r.Image.URL
	}
	f.image = firstNonEmpty(f.image, attribute(x, "itunes", "image", "href"), attribute(x, "itunes", "link", "href"))
	f.title = firstNonEmpty(f.title, value(x, "atom", "title"), value(x, "media", "title"))
	f.subtitle = firstNonEmpty(f.subtitle, value(x, "media", "description"))
	f.id = value(x, "atom", "id")
	f.subtitle, f.generator = firstNonEmpty(f.subtitle, value(x, "atom", "subtitle")), firstNonEmpty(f.generator, value(x, "atom", "generator"))
	f.icon, f.logo = value(x, "atom", "icon"), value(x, "atom", "logo")
	f.published = firstNonEmpty(f.published, value(x, "atom", "published"))
	f.updated = firstNonEmpty(f.updated, value(x, "atom", "updated"))
	f.tags = moreTags(rssTags(r.Categories), x)
	f.authors = authors(r.ManagingEditor, x)
	f.links = rssLinks(r.Links)
	more, page, _ := extLinks(x)
	f.links, f.link = append(f.links, more...), firstNonEmpty(f.link, page)
	f.links = append(f.links, licenses(x)...)
	f.entries = make([]entry, len(r.Items))
	for i, it := range r.Items {
		f.entries[i].fromRSS(it)
	}
}

func rssLinks(urls []string) (ls []Link) {
	for _, u := range urls[:min(len(urls), maxList)] {
		if u != "" {
			ls = append(ls, Link{URL: u, Rel: "alternate", Type: "text/html"})
		}
	}
	return ls
}

func rssVersion(v string) string {
	v = strings.ReplaceAll(strings.TrimSpace(v), ".", "")
	switch v {
	case "":
		return "rss"
	case "091":
		return "rss091u"
	case "090", "092", "093", "094", "10", "11", "20":
		return "rss" + v
	}
	if strings.HasPrefix(v, "2") && len(v) > 1 {
		return "rss20"
	}
	return "rss"
}

func (e *entry) fromRSS(r *rss.Item) {
	x := r.Extensions
	e.title = firstNonEmpty(r.Title, value(x, "dc", "title"), mediaText(x, "title"), value(x, "atom", "title"))
	e.link, e.comments = r.Link, r.Comments
	e.summary = firstNonEmpty(r.Description, value(x, "dc", "description"), value(x, "itunes", "summary"), mediaText(x, "description"), value(x, "atom", "summary"), r.Custom["summary"])
	if own := r.Custom["summary"]; own != "" && r.Description != "" { // then that is the content
		e.summary = own
		e.content = []Content{{Value: r.Description, Type: "text/html"}}
	}
	if c := firstNonEmpty(r.Content, value(x, "atom", "content"), r.Custom["body"], r.Custom["fullitem"]); c != "" {
		e.content = []Content{{Value: c, Type: "text/html"}}
	}
	if r.GUID != nil {
		e.id, e.guidIsLink = strings.TrimSpace(r.GUID.Value), strings.EqualFold(strings.TrimSpace(r.GUID.IsPermalink), "true")
	}
	if id := value(x, "atom", "id"); e.id == "" && id != "" {
		e.id, e.guidIsLink = id, true
	}
	e.rights = r.Custom["copyright"]
	e.published = firstNonEmpty(r.PubDate, value(x, "dcterms", "issued"), value(x, "dcterms", "created"), value(x, "atom", "published"), value(x, "dc", "date"))
	e.updated = firstNonEmpty(value(x, "dcterms", "modified"), value(x, "atom", "updated"), value(x, "dc", "date"), r.Custom["lastBuildDate"], r.Custom["lastbuilddate"])
	if strings.HasPrefix(r.Author, "<name") || strings.HasPrefix(r.Author, "<email") { // as in Atom
		e.authors = rawPeople(nil, []byte(r.Author))
	} else {
		e.authors = authors(r.Author, x)
	}
	e.contributors = append(people(values(x, "dc", "contributor")...), extPeople(x["atom"]["contributor"])...)
	e.tags = moreTags(rssTags(r.Categories), x)
	e.links = rssLinks(r.Links)
	for _, c := range r.Enclosures {
		e.enclosures = append(e.enclosures, Link{URL: c.URL, Type: c.Type, Length: c.Length})
		e.links = append(e.links, Link{URL: c.URL, Type: c.Type, Length: c.Length, Rel: "enclosure"})
	}
	e.media(x)
	e.language, e.rights = value(x, "dc", "language"), firstNonEmpty(e.rights, value(x, "dc", "rights"), value(x, "atom", "rights"))
	if r.Source != nil {
		e.source = &Source{Title: r.Source.Title, URL: r.Source.URL}
	}
	more, page, files := extLinks(x)
	e.links, e.link = append(e.links, more...), firstNonEmpty(e.link, page)
	for _, l := range files {
		l.Rel = ""
		e.enclosures = append(e.enclosures, l)
	}
	e.links = append(e.links, licenses(x)...)
}

func rssTags(cs []*rss.Category) (ts []Tag) {
	for _, c := range cs {
		ts = addTag(ts, Tag{Term: c.Value, Scheme: c.Domain})
	}
	return ts
}

// moreTags adds what other namespaces say: dc:subject, iTunes, Media RSS.
func moreTags(ts []Tag, x ext.Extensions) []Tag {
	const itunes, media = "http://www.itunes.com/", "http://search.yahoo.com/mrss/category_schema"
	for _, c := range x["atom"]["category"] {
		ts = addTag(ts, Tag{Term: c.Attrs["term"], Scheme: c.Attrs["scheme"], Label: c.Attrs["label"]})
	}
	for _, s := range values(x, "dc", "subject") {
		ts = addTag(ts, Tag{Term: s})
	}
	for _, c := range x["itunes"]["category"] {
		ts = addTag(ts, Tag{Term: c.Attrs["text"], Scheme: itunes})
		for _, sub := range c.Children["category"] {
			ts = addTag(ts, Tag{Term: sub.Attrs["text"], Scheme: itunes})
		}
	}
	for s := range strings.SplitSeq(value(x, "itunes", "keywords"), ",") {
		ts = addTag(ts, Tag{Term: s, Scheme: itunes})
	}
	for _, c := range x["media"]["category"] {
		ts = addTag(ts, Tag{Term: c.Value, Scheme: firstNonEmpty(c.Attrs["scheme"], media), Label: c.Attrs["label"]})
	}
	for s := range strings.SplitSeq(value(x, "media", "keywords"), ",") {
		ts = addTag(ts, Tag{Term: s})
	}
	return ts
}

// addTag adds a tag that is not there yet.
func addTag(ts []Tag, t Tag) []Tag {
	if t.Term = wordsOf(t.Term); t.Term == "" && t.Label == "" || len(ts) >= maxList || slices.Contains(ts, t) {
		return ts
	}
	return append(ts, t)
}

// authors reads an element of RSS, else what other namespaces say.
func authors(own string, x ext.Extensions) []Person {
	ps := people(append([]string{own}, values(x, "dc", "creator")...)...)
	if len(ps) == 0 {
		ps = people(values(x, "dc", "author")...)
	}
	ps = append(ps, extPeople(x["atom"]["author"])...)
	for _, p := range people(value(x, "itunes", "author")) {
		if !slices.ContainsFunc(ps, func(q Person) bool { return strings.EqualFold(p.Name, q.Name) }) {
			ps = append(ps, p)
		}
	}
	for _, o := range x["itunes"]["owner"] {
		if p := (Person{Name: oneLine(childOf(o, "name")), Email: oneLine(childOf(o, "email"))}); len(ps) == 0 && p != (Person{}) {
			ps = append(ps, p)
		}
	}
	return ps
}

// extPeople reads the persons of Atom in RSS.
func extPeople(es []ext.Extension) (ps []Person) {
	for _, a := range head(es) {
		if p := (Person{Name: oneLine(childOf(a, "name")), Email: oneLine(childOf(a, "email")), URL: firstNonEmpty(childOf(a, "uri"), childOf(a, "url"))}); p != (Person{}) {
			ps = append(ps, p)
		}
	}
	return ps
}

// media reads Media RSS: enclosures and the lead image.
func (e *entry) media(x ext.Extensions) {
	m := x["media"]
	if m == nil {
		e.image = attribute(x, "itunes", "image", "href")
		return
	}
	contents, thumbs := slices.Clone(head(m["content"])), slices.Clone(head(m["thumbnail"]))
	for _, g := range head(m["group"]) {
		contents = append(contents, head(g.Children["content"])...)
		thumbs = append(thumbs, head(g.Children["thumbnail"])...)
	}
	for _, c := range contents {
		u := c.Attrs["url"]
		if u == "" {
			continue
		}
		kind := c.Attrs["type"]
		isImage := c.Attrs["medium"] == "image" || strings.HasPrefix(kind, "image/")
		if isImage { // it illustrates the item and is no file of it
			e.image = firstNonEmpty(e.image, u)
		}
		if !isImage && len(e.enclosures) < maxList && !slices.ContainsFunc(e.enclosures, func(l Link) bool { return l.URL == u }) {
			e.enclosures = append(e.enclosures, Link{URL: u, Type: kind, Length: c.Attrs["fileSize"]})
		}
		thumbs = append(thumbs, head(c.Children["thumbnail"])...)
	}
	for _, t := range thumbs {
		e.image = firstNonEmpty(e.image, t.Attrs["url"])
	}
	e.image = firstNonEmpty(e.image, attribute(x, "itunes", "image", "href"))
}

// head returns no more of a list than an item keeps.
func head(list []ext.Extension) []ext.Extension { return list[:min(len(list), maxList)] }

// extLinks reads the links of Atom in RSS: all, that to the page, the files.
func extLinks(x ext.Extensions) (links []Link, page string, files []Link) {
	es := head(x["atom"]["link"])
	as := make([]*atom.Link, len(es))
	for i, e := range es {
		as[i] = &atom.Link{Href: e.Attrs["href"], Rel: e.Attrs["rel"], Type: e.Attrs["type"], Title: e.Attrs["title"], Length: e.Attrs["length"]}
	}
	return atomLinks(as)
}

// licenses reads the two Creative Commons modules.
func licenses(x ext.Extensions) (ls []Link) {
	for _, ns := range []string{"cc", "creativeCommons"} {
		for _, e := range x[ns]["license"] {
			if u := firstNonEmpty(e.Attrs["resource"], e.Value); u != "" {
				ls = append(ls, Link{URL: u, Rel: "license"})
			}
		}
	}
	return ls
}

// mediaText returns what Media RSS says of an item, or of its first group.
func mediaText(x ext.Extensions, name string) string {
	if v := value(x, "media", name); v != "" {
		return v
	}
	for _, g := range x["media"]["group"] {
		if v := childOf(g, name); v != "" {
			return v
		}
	}
	return ""
}

func value(x ext.Extensions, ns, name string) string {
	for _, e := range x[ns][name] {
		if e.Value != "" {
			return e.Value
		}
	}
	return ""
}

func values(x ext.Extensions, ns, name string) (vs []string) {
	for _, e := range x[ns][name] {
		vs = append(vs, e.Value)
	}
	return vs
}

func attribute(x ext.Extensions, ns, name, attr string) string {
	for _, e := range x[ns][name] {
		if v := e.Attrs[attr]; v != "" {
			return v
		}
	}
	return ""
}

func childOf(e ext.Extension, name string) string {
	for _, c := range e.Children[name] {
		return c.Value
	}
	return ""
}

// people reads "Name", "mail (Name)", "Name <mail>" and "mail".
func people(ss ...string) (ps []Person) {
	for _, s := range ss {
		if s = wordsOf(s); s == "" || len(ps) >= maxList {
			continue
		}
		ps = append(ps, person(s))
	}
	return ps
}

func person(s string) Person {
	for _, q := range []string{"()", "<>"} {
		i, j := strings.IndexByte(s, q[0]), strings.LastIndexByte(s, q[1])
		if i < 0 || j < i {
			continue
		}
		in, out := strings.TrimSpace(s[i+1:j]), strings.TrimSpace(s[:i]+s[j+1:])
		if strings.Contains(in, "@") {
			return Person{Name: strings.Trim(out, `"`), Email: strings.TrimPrefix(in, "mailto:")}
		}
		if strings.Contains(out, "@") && !strings.Contains(out, " ") {
			return Person{Name: in, Email: strings.TrimPrefix(out, "mailto:")}
		}
	}
	if mail, name, ok := mailIn(s); ok {
		return Person{Name: name, Email: mail}
	}
	return Person{Name: s}
}

// mailIn finds the one mail address in "a@example.org Name".
func mailIn(s string) (mail, name string, ok bool) {
	if strings.Count(s, "@") != 1 {
		return "", "", false
	}
	words := strings.Fields(s)
	for i, w := range words {
		if local, host, _ := strings.Cut(w, "@"); local != "" && host != "" && !strings.Contains(w, "/") && (len(words) == 1 || strings.Contains(host, ".")) {
			return strings.TrimPrefix(w, "mailto:"), strings.Join(append(words[:i:i], words[i+1:]...), " "), true
		}
	}
	return "", "", false
}
