package publish

import (
	"encoding/xml"
	"strconv"
	"time"

	"github.com/gorilla/feeds"
)

type atomFeed struct {
	*feeds.AtomFeed
	XMLName   xml.Name         `xml:"feed"`
	Lang      string           `xml:"xml:lang,attr"`
	Media     string           `xml:"xmlns:media,attr"`
	DC        string           `xml:"xmlns:dc,attr"`
	History   string           `xml:"xmlns:fh,attr,omitempty"`
	Generator string           `xml:"generator"`
	Icon      string           `xml:"icon"`
	Logo      string           `xml:"logo"`
	Links     []feeds.AtomLink `xml:"link"`
	Archive   *struct{}        `xml:"fh:archive"`
	Entries   []atomEntry      `xml:"entry"`
}

type atomEntry struct {
	*feeds.AtomEntry
	XMLName    xml.Name           `xml:"entry"`
	Lang       string             `xml:"xml:lang,attr,omitempty"`
	Authors    []feeds.AtomPerson `xml:"author"`
	Categories []atomCategory     `xml:"category"`
	Source     *atomSource        `xml:"source"`
	Evidence   []string           `xml:"dc:coverage"`
	postMedia
}

type atomCategory struct {
	Term string `xml:"term,attr"`
}

type atomSource struct {
	ID      string           `xml:"id"`
	Title   string           `xml:"title"`
	Updated string           `xml:"updated"`
	Links   []feeds.AtomLink `xml:"link"`
}

const rfc3339ms = "2006-01-02T15:04:05.000Z"

func renderAtom(is *issue) ([]byte, error) {
	f := atomFeed{
		AtomFeed: &feeds.AtomFeed{
			Xmlns: nsAtom, Title: is.title, Id: is.id, Updated: is.updated.Format(rfc3339ms), Subtitle: is.description,
		},
		Lang: is.language, Media: nsMedia, DC: nsDC, History: is.historySpace(), Generator: generator,
		Icon: is.icon, Logo: is.icon, Archive: is.archive(),
		Links: []feeds.AtomLink{{Href: is.page, Rel: "alternate", Type: "text/html"}},
	}
	for _, l := range is.links("application/atom+xml") {
		f.Links = append(f.Links, feeds.AtomLink{Href: l.Href, Rel: l.Rel, Type: l.Type})
	}
	for i := range is.posts {
		f.Entries = append(f.Entries, atomEntryOf(is, &is.posts[i]))
	}
	return writeXML(is, f)
}

func atomEntryOf(is *issue, p *post) atomEntry {
	e := atomEntry{
		AtomEntry: &feeds.AtomEntry{
			Title: p.title, Id: p.id,
			Published: p.published.Format(time.RFC3339), Updated: p.stamp.Format(rfc3339ms),
			Links:   []feeds.AtomLink{{Href: p.link, Rel: "alternate"}},
			Content: &feeds.AtomContent{Type: "html", Content: p.html},
		},
		Lang: p.language, postMedia: p.media(), Evidence: p.matched(),
	}
	if p.page != p.link {
		e.Links = append(e.Links, feeds.AtomLink{Href: p.page, Rel: "related", Type: "text/html"})
	}
	for _, m := range p.enclosures {
		l := feeds.AtomLink{Href: m.URL, Rel: "enclosure", Type: m.Type}
		if m.Length > 0 {
			l.Length = strconv.FormatInt(m.Length, 10)
		}
		e.Links = append(e.Links, l)
	}
	if p.summary != "" {
		e.Summary = &feeds.AtomSummary{Type: "text", Content: p.summary}
	}
	for _, a := range p.authors {
		e.Authors = append(e.Authors, feeds.AtomPerson{Name: a})
	}
	for _, c := range p.categories {
		e.Categories = append(e.Categories, atomCategory{Term: c})
	}
	if p.source.feed != "" {
		e.Source = &atomSource{
			ID: p.source.id, Title: p.source.title, Updated: p.published.Format(time.RFC3339),
			Links: []feeds.AtomLink{{Href: p.source.feed, Rel: "self"}},
		}
		if p.source.site != "" {
			e.Source.Links = append(e.Source.Links, feeds.AtomLink{Href: p.source.site, Rel: "alternate"})
		}
	}
	return e
}
