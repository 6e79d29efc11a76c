package publish

import (
	"bytes"
	"encoding/xml"
	"strconv"
	"time"

	"github.com/gorilla/feeds"
)

// Namespaces that feed readers and the W3C validator know. Why an entry
// matched is said in dc:coverage, what it is about: a namespace of our own
// would be "unknown" to them, and of dc:subject and media:category readers
// make categories.
const (
	nsAtom  = "http://www.w3.org/2005/Atom"
	nsDC    = "http://purl.org/dc/elements/1.1/"
	nsMedia = "http://search.yahoo.com/mrss/"

	nsHistory = "http://purl.org/syndication/history/1.0"
)

type rssRoot struct {
	*feeds.RssFeedXml
	XMLName xml.Name   `xml:"rss"`
	Atom    string     `xml:"xmlns:atom,attr"`
	DC      string     `xml:"xmlns:dc,attr"`
	Media   string     `xml:"xmlns:media,attr"`
	History string     `xml:"xmlns:fh,attr,omitempty"`
	Channel rssChannel `xml:"channel"`
}

type rssChannel struct {
	*feeds.RssFeed
	XMLName xml.Name   `xml:"channel"`
	Image   rssImage   `xml:"image"`
	Links   []atomLink `xml:"atom:link"`
	Archive *struct{}  `xml:"fh:archive"`
	Items   []rssItem  `xml:"item"`
}

type rssItem struct {
	*feeds.RssItem
	XMLName    xml.Name   `xml:"item"`
	Creators   []string   `xml:"dc:creator"`
	Language   string     `xml:"dc:language,omitempty"`
	Categories []string   `xml:"category"`
	Source     *rssSource `xml:"source"`
	Updated    string     `xml:"atom:updated"`
	Evidence   []string   `xml:"dc:coverage"`
	postMedia
}

// postMedia is what Media RSS says of an item or an entry.
type postMedia struct {
	Contents  []mediaContent  `xml:"media:content"`
	Thumbnail *mediaThumbnail `xml:"media:thumbnail"`
}

type rssImage struct {
	URL    string `xml:"url"`
	Title  string `xml:"title"`
	Link   string `xml:"link"`
	Width  int    `xml:"width"`
	Height int    `xml:"height"`
}

type rssSource struct {
	URL   string `xml:"url,attr"`
	Title string `xml:",chardata"`
}

type mediaContent struct {
	URL    string `xml:"url,attr"`
	Type   string `xml:"type,attr,omitempty"`
	Size   int64  `xml:"fileSize,attr,omitempty"`
	Medium string `xml:"medium,attr,omitempty"`
}

type mediaThumbnail struct {
	URL string `xml:"url,attr"`
}

type atomLink struct {
	Href string `xml:"href,attr"`
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr,omitempty"`
}

const rfc822 = "Mon, 02 Jan 2006 15:04:05 GMT"

func renderRSS(is *issue) ([]byte, error) {
	ch := rssChannel{
		RssFeed: &feeds.RssFeed{
			Title: is.title, Link: is.page, Description: is.description, Language: is.language,
			LastBuildDate: is.updated.Format(rfc822), Generator: generator,
			Docs: "https://www.rssboard.org/rss-specification", Ttl: int(TTL / time.Minute),
		},
		Image: rssImage{URL: is.icon, Title: is.title, Link: is.page, Width: iconSide, Height: iconSide},
		Links: is.links("application/rss+xml"), Archive: is.archive(),
	}
	for i := range is.posts {
		ch.Items = append(ch.Items, rssItemOf(is, &is.posts[i]))
	}
	return writeXML(is, rssRoot{
		RssFeedXml: &feeds.RssFeedXml{Version: "2.0", ContentNamespace: "http://purl.org/rss/1.0/modules/content/"},
		Atom:       nsAtom, DC: nsDC, Media: nsMedia, History: is.historySpace(), Channel: ch,
	})
}

// links are those of the feed as a document: its own address, its hub, and
// the way to its history (RFC 5005).
func (is *issue) links(mediaType string) []atomLink {
	links := []atomLink{{Href: is.self, Rel: "self", Type: mediaType}}
	add := func(rel, href, typ string) {
		if href != "" {
			links = append(links, atomLink{Href: href, Rel: rel, Type: typ})
		}
	}
	if is.current == "" { // what is in an archive is news to nobody
		add("hub", is.hub, "")
	}
	add("current", is.current, mediaType)
	add("prev-archive", is.older, mediaType)
	add("next", is.older, mediaType)
	return links
}

// archive marks a page of the history.
func (is *issue) archive() *struct{} {
	if is.current == "" {
		return nil
	}
	return &struct{}{}
}

func (is *issue) historySpace() string {
	if is.current == "" {
		return ""
	}
	return nsHistory
}

func rssItemOf(is *issue, p *post) rssItem {
	it := rssItem{
		RssItem: &feeds.RssItem{
			Title: p.title, Link: p.link, Description: p.html,
			Guid:    &feeds.RssGuid{Id: p.id, IsPermaLink: "false"},
			PubDate: p.published.Format(rfc822),
		},
		Creators: p.authors, Language: p.language, Categories: p.categories,
		Updated: p.updated.Format(time.RFC3339), postMedia: p.media(), Evidence: p.matched(),
	}
	if p.full {
		it.Content = &feeds.RssContent{Content: p.html}
		it.Description = paragraphs(orText(p.summary, p.title))
	}
	if p.source.feed != "" {
		it.Source = &rssSource{URL: p.source.feed, Title: p.source.title}
	}
	for _, m := range p.enclosures { // RSS 2.0 has room for one, of known length
		if m.Length > 0 && it.Enclosure == nil {
			it.Enclosure = &feeds.RssEnclosure{Url: m.URL, Length: strconv.FormatInt(m.Length, 10), Type: m.Type}
			continue
		}
		it.Contents = append(it.Contents, mediaContent{URL: m.URL, Type: m.Type, Size: m.Length})
	}
	return it
}

// media is the picture.
func (p *post) media() (m postMedia) {
	if p.image != "" {
		m.Contents = []mediaContent{{URL: p.image, Medium: "image"}}
		m.Thumbnail = &mediaThumbnail{URL: p.image}
	}
	return m
}

// matched says why the post is in the topic: "country:ru (title: Russia)".
func (p *post) matched() (out []string) {
	for _, ev := range p.evidence {
		where := ev.Field
		if ev.Alias != "" {
			where += ": " + ev.Alias
		}
		out = append(out, ev.Term+" ("+where+")")
	}
	return out
}

func writeXML(is *issue, root any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	e := xml.NewEncoder(&b)
	sheet := xml.ProcInst{Target: "xml-stylesheet", Inst: []byte(`type="text/css" href="` + is.stylesheet + `"`)}
	if err := e.EncodeToken(sheet); err != nil {
		return nil, err
	}
	if err := e.Flush(); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	e.Indent("", " ")
	if err := e.Encode(root); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}
