package parse

import (
	"errors"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	xhtml "golang.org/x/net/html"
)

const maxShown = 1 << 20 // bytes of a text

// Inspection is what `topicwire inspect feed` prints.
type Inspection struct {
	Error    string          `json:"error,omitempty"`
	Encoding string          `json:"encoding,omitempty"`
	Version  string          `json:"version,omitempty"`
	Feed     *InspectedFeed  `json:"feed,omitempty"`
	Items    []InspectedItem `json:"items,omitempty"`
}

// NotAFeed tells if nothing could be read.
func (i Inspection) NotAFeed() bool { return i.Feed == nil }

// InspectedFeed is a feed in an [Inspection].
type InspectedFeed struct {
	ID           string   `json:"id,omitempty"`
	Title        string   `json:"title,omitempty"`
	Link         string   `json:"link,omitempty"`
	Subtitle     string   `json:"subtitle,omitempty"`
	Language     string   `json:"language,omitempty"`
	Authors      []Person `json:"authors,omitempty"`
	Published    string   `json:"published,omitempty"`
	PublishedRaw string   `json:"published_raw,omitempty"`
	Updated      string   `json:"updated,omitempty"`
	UpdatedRaw   string   `json:"updated_raw,omitempty"`
	Rights       string   `json:"rights,omitempty"`
	Tags         []Tag    `json:"tags,omitempty"`
	Image        string   `json:"image,omitempty"`
	Generator    string   `json:"generator,omitempty"`
	TTL          string   `json:"ttl,omitempty"`
	Icon         string   `json:"icon,omitempty"`
	Logo         string   `json:"logo,omitempty"`
	Links        []Link   `json:"links,omitempty"`
}

// InspectedItem is an item in an [Inspection]. Without a summary of its own it
// has its content for one.
type InspectedItem struct {
	ID           string    `json:"id,omitempty"`
	Title        string    `json:"title,omitempty"`
	Link         string    `json:"link,omitempty"`
	Summary      string    `json:"summary,omitempty"`
	Content      []Content `json:"content,omitempty"`
	Authors      []Person  `json:"authors,omitempty"`
	Contributors []Person  `json:"contributors,omitempty"`
	Published    string    `json:"published,omitempty"`
	PublishedRaw string    `json:"published_raw,omitempty"`
	Updated      string    `json:"updated,omitempty"`
	UpdatedRaw   string    `json:"updated_raw,omitempty"`
	Tags         []Tag     `json:"tags,omitempty"`
	Enclosures   []Link    `json:"enclosures,omitempty"`
	Language     string    `json:"language,omitempty"`
	Links        []Link    `json:"links,omitempty"`
	Source       *Source   `json:"source,omitempty"`
	Comments     string    `json:"comments,omitempty"`
	Rights       string    `json:"rights,omitempty"`
}

// Person is an author or contributor.
type Person struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	URL   string `json:"url,omitempty"`
}

// Tag is a category.
type Tag struct {
	Term   string `json:"term,omitempty"`
	Scheme string `json:"scheme,omitempty"`
	Label  string `json:"label,omitempty"`
}

// Link is a link or an enclosure.
type Link struct {
	URL    string `json:"url,omitempty"`
	Type   string `json:"type,omitempty"`
	Length string `json:"length,omitempty"`
	Rel    string `json:"rel,omitempty"`
	Title  string `json:"title,omitempty"`
}

// Content is one form of an item's body: sanitised HTML, but for text/plain.
type Content struct {
	Value string `json:"value,omitempty"`
	Type  string `json:"type,omitempty"`
}

// Source is the feed that an item was taken from.
type Source struct {
	Title string `json:"title,omitempty"`
	URL   string `json:"url,omitempty"`
}

// Inspect reads a feed document whole and returns all that it says.
func Inspect(in Input) Inspection {
	in.Known = nil
	var items []InspectedItem
	cut := false
	d, err := read(in, true, func(e *entry, _ uint64) {
		items = append(items, e.inspected())
		cut = cut || len(e.summary) > maxShown || slices.ContainsFunc(e.content, func(c Content) bool { return len(c.Value) > maxShown })
	})
	if err != nil {
		var pe *Error
		errors.As(err, &pe)
		return Inspection{Error: pe.Msg}
	}
	if cut {
		d.warn(fmt.Sprintf("a text of more than %d MB was cut", maxShown>>20))
	}
	if d.mended {
		d.warn("the document is not well-formed; it was repaired")
	}
	f := &d.feed
	return Inspection{Error: d.warning, Encoding: d.encoding, Version: f.version, Items: items, Feed: &InspectedFeed{
		ID: f.id, Title: titleText(beginning(f.title, maxShown)), Link: f.link, Subtitle: shown(f.subtitle, f.base), Language: f.language,
		Authors: f.authors, Published: rfc3339(f.published), PublishedRaw: f.published,
		Updated: rfc3339(f.updated), UpdatedRaw: f.updated, Rights: shown(f.rights, f.base), Tags: f.tags, Image: f.image,
		Generator: f.generator, TTL: f.ttl, Icon: f.icon, Logo: f.logo, Links: f.links,
	}}
}

func (e *entry) inspected() InspectedItem {
	it := InspectedItem{
		ID: e.id, Title: e.titleText(), Link: e.link, Summary: shown(e.summary, e.base), Authors: e.authors,
		Contributors: e.contributors, Published: rfc3339(e.published), PublishedRaw: e.published,
		Updated: rfc3339(e.updated), UpdatedRaw: e.updated, Tags: e.tags, Enclosures: e.enclosures,
		Language: e.language, Links: e.links, Source: e.source, Comments: e.comments, Rights: shown(e.rights, e.base),
	}
	for _, c := range e.content {
		value := shown(c.Value, e.base)
		if strings.HasPrefix(c.Type, "text/") || c.Type == "application/xhtml+xml" {
			it.Summary = firstNonEmpty(it.Summary, value)
		}
		if t := html.UnescapeString(lineBreaks.Replace(value)); c.Type == "text/plain" && strings.IndexByte(lineBreaks.Replace(value), '<') < 0 && !active(t) {
			value = t
		}
		it.Content = append(it.Content, Content{Value: value, Type: c.Type})
	}
	return it
}

// lineBreaks undoes how plain text is written as HTML.
var lineBreaks = strings.NewReplacer("<br>\n", "\n", "<br/>\n", "\n")

// shown is [Sanitize] for a document whose address may not be known: relative
// addresses are left then.
func shown(s, base string) string {
	s = beginning(s, maxShown)
	if !isHTTP(base) && strings.IndexByte(s, '<') >= 0 {
		s, _ = absolutize(notDeclared(s), base)
		return applied(relativePolicy(), s)
	}
	return Sanitize(s, base)
}

// active tells if plain text would do something where it is taken for HTML.
func active(s string) bool {
	z := xhtml.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case xhtml.ErrorToken:
			return false
		case xhtml.StartTagToken, xhtml.SelfClosingTagToken:
			name, attrs := z.TagName()
			if attrs {
				return true
			}
			switch string(name) {
			case "script", "style", "iframe", "object", "embed", "svg", "math", "form", "base", "meta", "link", "plaintext", "xmp", "textarea", "title", "template", "noscript":
				return true
			}
		}
	}
}

func rfc3339(raw string) string {
	t, ok := parseDate(raw)
	if !ok {
		return ""
	}
	return strings.Replace(t.Format(time.RFC3339), "+00:00", "Z", 1)
}
