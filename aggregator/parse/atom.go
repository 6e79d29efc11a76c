package parse

import (
	"strings"

	"github.com/mmcdole/gofeed/atom"
)

func (f *feedDoc) fromAtom(a *atom.Feed) {
	f.id, f.title, f.subtitle, f.language = a.ID, a.Title, a.Subtitle, a.Language
	f.rights, f.icon, f.logo, f.updated = a.Rights, a.Icon, a.Logo, a.Updated
	f.version = "atom" + strings.ReplaceAll(a.Version, ".", "")
	switch f.version {
	case "atom", "atom01", "atom02", "atom03", "atom10":
	default:
		f.version = "atom"
	}
	if a.Generator != nil {
		f.generator = a.Generator.Value
	}
	f.image = firstNonEmpty(a.Logo, a.Icon)
	f.updated = firstNonEmpty(f.updated, value(a.Extensions, "dcterms", "modified"), value(a.Extensions, "dc", "date"))
	f.period, f.frequency = value(a.Extensions, "sy", "updatePeriod"), value(a.Extensions, "sy", "updateFrequency")
	f.authors, f.tags = atomPeople(a.Authors), atomTags(a.Categories)
	x := a.Extensions
	f.authors = append(f.authors, authors("", x)...)
	f.title, f.rights = firstNonEmpty(f.title, value(x, "dc", "title")), firstNonEmpty(f.rights, value(x, "dc", "rights"))
	f.tags = moreTags(f.tags, x)
	f.links, f.link, _ = atomLinks(a.Links)
	f.links = append(f.links, licenses(x)...)
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
	e.published = firstNonEmpty(e.published, value(x, "dcterms", "issued"), value(x, "dc", "date"))
	e.updated = firstNonEmpty(e.updated, value(x, "dcterms", "modified"), value(x, "dc", "date"))
	e.authors, e.contributors = atomPeople(a.Authors), atomPeople(a.Contributors)
	e.authors = append(e.authors, authors("", x)...)
	e.contributors = append(e.contributors, people(values(x, "dc", "contributor")...)...)
	e.title, e.rights = firstNonEmpty(e.title, value(x, "dc", "title"), mediaText(x, "title")), firstNonEmpty(e.rights, value(x, "dc", "rights"))
	e.tags = moreTags(atomTags(a.Categories), x)
	e.links, e.link, e.enclosures = atomLinks(a.Links)
	e.links = append(e.links, licenses(x)...)
	e.guidIsLink = true
	if c := a.Content; c != nil && c.Value != "" {
		e.content = []Content{{Value: c.Value, Type: atomType(c.Type)}}
	}
	if encoded := value(x, "content", "encoded"); encoded != "" && len(e.content) == 0 {
		e.content = []Content{{Value: encoded, Type: "text/html"}}
	}
	e.other = firstNonEmpty(value(x, "dc", "description"), value(x, "itunes", "summary"), mediaText(x, "description"))
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
		ts = addTag(ts, Tag{Term: c.Term, Scheme: c.Scheme, Label: c.Label})
	}
	return ts
}

// atomLinks returns all links, the one to the page and those to files. An
// HTML alternate goes before others.
func atomLinks(as []*atom.Link) (links []Link, page string, files []Link) {
	best := 0
	for _, a := range as {
		l := Link{URL: strings.TrimSuffix(strings.TrimSpace(a.Href), "%20"), Type: a.Type, Length: a.Length, Rel: relation(a.Rel), Title: a.Title}
		if l.URL == "" {
			continue
		}
		if l.Type == "" { // what these lead to unless they say else
			switch l.Rel {
			case "alternate":
				l.Type = "text/html"
			case "self":
				l.Type = "application/atom+xml"
			}
		}
		links = append(links, l)
		switch l.Rel {
		case "alternate":
			rank := 1
			if strings.Contains(l.Type, "html") {
				rank = 2
			}
			if rank > best {
				page, best = l.URL, rank
			}
		case "enclosure":
			files = append(files, l)
		}
	}
	return links, page, files
}

// relation returns the short name of a link's relation.
func relation(rel string) string {
	rel = strings.TrimPrefix(strings.TrimSpace(rel), "http://www.iana.org/assignments/relation/")
	if rel == "" || strings.EqualFold(rel, "alternate") {
		return "alternate"
	}
	return rel
}
