package parse

import (
	"slices"
	"strings"

	ext "github.com/mmcdole/gofeed/extensions"
	"github.com/mmcdole/gofeed/rss"
)

func (f *feedDoc) fromRSS(r *rss.Feed) {
	f.title, f.link, f.subtitle, f.language = r.Title, r.Link, r.Description, r.Language
	f.rights, f.generator, f.ttl = r.Copyright, r.Generator, r.TTL
	f.published, f.updated = r.PubDate, r.LastBuildDate
	f.skipHours, f.skipDays = r.SkipHours, r.SkipDays
	f.version = rssVersion(r.Version)
	x := r.Extensions
	f.title = firstNonEmpty(f.title, value(x, "dc", "title"))
	f.subtitle = firstNonEmpty(f.subtitle, value(x, "dc", "description"), value(x, "itunes", "subtitle"), value(x, "itunes", "summary"))
	f.language = firstNonEmpty(f.language, value(x, "dc", "language"))
	f.rights = firstNonEmpty(f.rights, value(x, "dc", "rights"))
	f.updated = firstNonEmpty(f.updated, value(x, "dcterms", "modified"), value(x, "dc", "date"))
	f.published = firstNonEmpty(f.published, value(x, "dcterms", "issued"), value(x, "dcterms", "created"))
	f.period, f.frequency = value(x, "sy", "updatePeriod"), value(x, "sy", "updateFrequency")
	if r.Image != nil {
		f.image = r.Image.URL
	}
	f.image = firstNonEmpty(f.image, attribute(x, "itunes", "image", "href"))
	for _, c := range r.Categories {
		f.tags = append(f.tags, Tag{Term: c.Value, Scheme: c.Domain})
	}
	for _, s := range values(x, "dc", "subject") {
		f.tags = append(f.tags, Tag{Term: s})
	}
	f.authors = people(append([]string{r.ManagingEditor}, values(x, "dc", "creator")...)...)
	if len(f.authors) == 0 {
		f.authors = people(value(x, "itunes", "author"), r.WebMaster)
	}
	for _, e := range x["atom"]["link"] {
		f.links = append(f.links, extLink(e))
	}
	f.entries = make([]entry, len(r.Items))
	for i, it := range r.Items {
		f.entries[i].fromRSS(it)
	}
}

func rssVersion(v string) string {
	v = strings.ReplaceAll(strings.TrimSpace(v), ".", "")
	switch v {
	case "":
		return "rss"
	case "090", "091", "092", "093", "094", "10", "20":
		return "rss" + v
	}
	return "rss20"
}

func (e *entry) fromRSS(r *rss.Item) {
	x := r.Extensions
	e.title = firstNonEmpty(r.Title, value(x, "dc", "title"), value(x, "media", "title"))
	e.link, e.comments = r.Link, r.Comments
	e.summary = firstNonEmpty(r.Description, value(x, "dc", "description"), value(x, "itunes", "summary"), value(x, "media", "description"))
	if c := firstNonEmpty(r.Content, value(x, "atom", "content"), r.Custom["body"], r.Custom["fullitem"]); c != "" {
		e.content = []Content{{Value: c, Type: "text/html"}}
	}
	if r.GUID != nil {
		e.id, e.guidIsLink = strings.TrimSpace(r.GUID.Value), !strings.EqualFold(r.GUID.IsPermalink, "false")
	}
	e.published = firstNonEmpty(r.PubDate, value(x, "dcterms", "issued"), value(x, "dcterms", "created"), value(x, "atom", "published"), value(x, "dc", "date"))
	e.updated = firstNonEmpty(value(x, "dcterms", "modified"), value(x, "atom", "updated"))
	e.authors = people(append([]string{r.Author}, values(x, "dc", "creator")...)...)
	if len(e.authors) == 0 {
		e.authors = people(firstNonEmpty(value(x, "itunes", "author"), child(x, "atom", "author", "name")))
	}
	e.contributors = people(values(x, "dc", "contributor")...)
	for _, c := range r.Categories {
		e.tags = append(e.tags, Tag{Term: c.Value, Scheme: c.Domain})
	}
	for _, s := range values(x, "dc", "subject") {
		e.tags = append(e.tags, Tag{Term: s})
	}
	for s := range strings.SplitSeq(value(x, "itunes", "keywords"), ",") {
		if s = strings.TrimSpace(s); s != "" {
			e.tags = append(e.tags, Tag{Term: s})
		}
	}
	for _, c := range r.Enclosures {
		e.enclosures = append(e.enclosures, Link{URL: c.URL, Type: c.Type, Length: c.Length})
	}
	e.media(x)
	e.language, e.rights = value(x, "dc", "language"), value(x, "dc", "rights")
	if r.Source != nil {
		e.source = &Source{Title: r.Source.Title, URL: r.Source.URL}
	}
	for _, l := range x["atom"]["link"] {
		e.links = append(e.links, extLink(l))
	}
}

// media reads Media RSS: enclosures and the lead image.
func (e *entry) media(x ext.Extensions) {
	m := x["media"]
	if m == nil {
		e.image = attribute(x, "itunes", "image", "href")
		return
	}
	contents, thumbs := m["content"], m["thumbnail"]
	for _, g := range m["group"] {
		contents = append(slices.Clip(contents), g.Children["content"]...)
		thumbs = append(slices.Clip(thumbs), g.Children["thumbnail"]...)
	}
	for _, c := range contents {
		u := c.Attrs["url"]
		if u == "" {
			continue
		}
		kind := c.Attrs["type"]
		if c.Attrs["medium"] == "image" || strings.HasPrefix(kind, "image/") {
			e.image = firstNonEmpty(e.image, u)
		}
		if len(e.enclosures) < maxList {
			e.enclosures = append(e.enclosures, Link{URL: u, Type: kind, Length: c.Attrs["fileSize"]})
		}
		thumbs = append(slices.Clip(thumbs), c.Children["thumbnail"]...)
	}
	for _, t := range thumbs {
		e.image = firstNonEmpty(e.image, t.Attrs["url"])
	}
	e.image = firstNonEmpty(e.image, attribute(x, "itunes", "image", "href"))
}

func extLink(e ext.Extension) Link {
	rel := firstNonEmpty(e.Attrs["rel"], "alternate")
	return Link{URL: e.Attrs["href"], Rel: rel, Type: e.Attrs["type"], Title: e.Attrs["title"], Length: e.Attrs["length"]}
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

func child(x ext.Extensions, ns, name, kid string) string {
	for _, e := range x[ns][name] {
		for _, c := range e.Children[kid] {
			return c.Value
		}
	}
	return ""
}

// people reads "Name", "mail (Name)", "Name <mail>" and "mail".
func people(ss ...string) (ps []Person) {
	for _, s := range ss {
		if s = oneLine(s); s == "" || len(ps) >= maxList {
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
	if strings.Contains(s, "@") && !strings.ContainsAny(s, " /") {
		return Person{Email: strings.TrimPrefix(s, "mailto:")}
	}
	return Person{Name: s}
}
