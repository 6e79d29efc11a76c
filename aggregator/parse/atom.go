package parse

import (
	"bytes"
	"html"
	"strings"

	"github.com/mmcdole/gofeed/atom"
)

func (f *feedDoc) fromAtom(a *atom.Feed) {
	f.id, f.title, f.subtitle, f.language = a.ID, a.Title, a.Subtitle, a.Language
	f.rights, f.icon, f.logo, f.updated = a.Rights, a.Icon, a.Logo, a.Updated
	f.version = "atom" + strings.ReplaceAll(a.Version, ".", "")
	if a.Generator != nil {
		f.generator = a.Generator.Value
	}
	f.image = firstNonEmpty(a.Logo, a.Icon)
	f.period, f.frequency = value(a.Extensions, "sy", "updatePeriod"), value(a.Extensions, "sy", "updateFrequency")
	f.authors, f.tags = atomPeople(a.Authors), atomTags(a.Categories)
	f.links, f.link, _ = atomLinks(a.Links)
	f.entries = make([]entry, len(a.Entries))
	for i, e := range a.Entries {
		f.entries[i].fromAtom(e)
		if len(f.entries[i].authors) == 0 {
			f.entries[i].authors = f.authors
		}
	}
}

func (e *entry) fromAtom(a *atom.Entry) {
	e.id, e.title, e.summary, e.rights = a.ID, a.Title, a.Summary, a.Rights
	e.published, e.updated = a.Published, a.Updated
	x := a.Extensions
	e.published = firstNonEmpty(e.published, value(x, "dcterms", "issued"), value(x, "dc", "date"), e.updated)
	e.authors, e.contributors = atomPeople(a.Authors), atomPeople(a.Contributors)
	if len(e.authors) == 0 {
		e.authors = people(values(x, "dc", "creator")...)
	}
	e.tags = atomTags(a.Categories)
	for _, s := range values(x, "dc", "subject") {
		e.tags = append(e.tags, Tag{Term: s})
	}
	e.links, e.link, e.enclosures = atomLinks(a.Links)
	e.guidIsLink = true
	if c := a.Content; c != nil && c.Value != "" {
		e.content = []Content{{Value: c.Value, Type: atomType(c.Type)}}
		if c.Type == "" || c.Type == "text" || c.Type == "text/plain" {
			e.content[0].Value = textAsHTML(c.Value)
		}
	}
	if s := a.Source; s != nil {
		e.source = &Source{Title: s.Title}
		links, link, _ := atomLinks(s.Links)
		e.source.URL = link
		for _, l := range links {
			if l.Rel == "self" {
				e.source.URL = l.URL
			}
		}
		e.source.URL = firstNonEmpty(e.source.URL, s.ID)
	}
	e.media(x)
}

// textAsHTML writes plain text as HTML; what looks like markup is left, for
// feeds that say text and mean HTML.
func textAsHTML(s string) string {
	if strings.Contains(s, "</") || strings.Contains(s, "<br") || strings.Contains(s, "<img") {
		return s
	}
	return html.EscapeString(html.UnescapeString(s))
}

func atomType(t string) string {
	switch t {
	case "", "text":
		return "text/plain"
	case "html":
		return "text/html"
	case "xhtml":
		return "application/xhtml+xml"
	}
	return t
}

func atomPeople(as []*atom.Person) (ps []Person) {
	for _, a := range as {
		if a.Name != "" || a.Email != "" || a.URI != "" {
			ps = append(ps, Person{Name: oneLine(a.Name), Email: oneLine(a.Email), URL: a.URI})
		}
	}
	return ps
}

func atomTags(cs []*atom.Category) (ts []Tag) {
	for _, c := range cs {
		if c.Term != "" || c.Label != "" {
			ts = append(ts, Tag{Term: c.Term, Scheme: c.Scheme, Label: c.Label})
		}
	}
	return ts
}

// atomLinks returns all links, the one to the page and those to files. An
// HTML alternate goes before others.
func atomLinks(as []*atom.Link) (links []Link, page string, files []Link) {
	best := 0
	for _, a := range as {
		l := Link{URL: a.Href, Type: a.Type, Length: a.Length, Rel: a.Rel, Title: a.Title}
		links = append(links, l)
		switch a.Rel {
		case "alternate", "":
			rank := 1
			if a.Type == "" || strings.Contains(a.Type, "html") {
				rank = 2
			}
			if rank > best {
				page, best = a.Href, rank
			}
		case "enclosure":
			files = append(files, l)
		}
	}
	return links, page, files
}

// fromBlock adds what gofeed does not tell: the entry's own base, language and
// the spelling of its id.
func (e *entry) fromBlock(tag, body []byte) {
	e.base = attr(tag, "xml:base")
	if l := attr(tag, "xml:lang"); l != "" {
		e.language = l
	}
	if e.id == "" {
		e.id = attr(tag, "rdf:about")
		e.guidIsLink = true
	}
	if !bytes.HasPrefix(tag, []byte("<entry")) {
		return
	}
	before, _, _ := bytes.Cut(body, []byte("<source"))
	if _, after, ok := bytes.Cut(before, []byte("<id>")); ok {
		if id, _, ok := bytes.Cut(after, []byte("</id>")); ok && len(id) < 2048 && bytes.IndexByte(id, '<') < 0 {
			e.id = strings.TrimSpace(unescape(string(id)))
		}
	}
}

func unescape(s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	return html.UnescapeString(s)
}
