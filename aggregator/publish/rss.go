package publish

import (
	"bytes"
	"encoding/xml"
	"strconv"
	"time"

	"github.com/gorilla/feeds"
)

// Namespaces that feed readers and the W3C validator know. Why an entry
// matched is said in media:category for that reason: a namespace of our own
// would be "unknown" to them.
const (
	nsAtom  = "http://www.w3.org/2005/Atom"
	nsDC    = "http://purl.org/dc/elements/1.1/"
	nsMedia = "http://search.yahoo.com/mrss/"
)

type rssRoot struct {
	*feeds.RssFeedXml
	XMLName xml.Name   `xml:"rss"`
	Atom    string     `xml:"xmlns:atom,attr"`
	DC      string     `xml:"xmlns:dc,attr"`
	Media   string     `xml:"xmlns:media,attr"`
	Channel rssChannel `xml:"channel"`
}

type rssChannel struct {
	*feeds.RssFeed
	XMLName xml.Name   `xml:"channel"`
	Links   []atomLink `xml:"atom:link"`
	Items   []rssItem  `xml:"item"`
}

type rssItem struct {
	*feeds.RssItem
	XMLName    xml.Name       `xml:"item"`
	Creators   []string       `xml:"dc:creator"`
	Language   string         `xml:"dc:language,omitempty"`
	Categories []string       `xml:"category"`
	Source     *rssSource     `xml:"source"`
	Updated    string         `xml:"atom:updated"`
	Image      *mediaContent  `xml:"media:content"`
	Evidence   []mediaMatched `xml:"media:category"`
}

type rssSource struct {
	URL   string `xml:"url,attr"`
	Title string `xml:",chardata"`
}

type mediaContent struct {
	URL    string `xml:"url,attr"`
	Medium string `xml:"medium,attr"`
}

// mediaMatched says that a term of the topic's query was found.
type mediaMatched struct {
	Scheme string `xml:"scheme,attr"`
	Label  string `xml:"label,attr,omitempty"`
	Term   string `xml:",chardata"`
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
		Links: []atomLink{{Href: is.self, Rel: "self", Type: "application/rss+xml"}},
	}
	if is.hub != "" {
		ch.Links = append(ch.Links, atomLink{Href: is.hub, Rel: "hub"})
	}
	for i := range is.posts {
		ch.Items = append(ch.Items, rssItemOf(is, &is.posts[i]))
	}
	return writeXML(is, rssRoot{
		RssFeedXml: &feeds.RssFeedXml{Version: "2.0", ContentNamespace: "http://purl.org/rss/1.0/modules/content/"},
		Atom:       nsAtom, DC: nsDC, Media: nsMedia, Channel: ch,
	})
}

func rssItemOf(is *issue, p *post) rssItem {
	it := rssItem{
		RssItem: &feeds.RssItem{
			Title: p.title, Link: p.link, Description: p.html,
			Guid:    &feeds.RssGuid{Id: p.id, IsPermaLink: "false"},
			PubDate: p.published.Format(rfc822),
		},
		Creators: p.authors, Language: p.language, Categories: p.categories,
		Updated: p.updated.Format(time.RFC3339), Evidence: p.matched(is),
	}
	if p.full {
		it.Content = &feeds.RssContent{Content: p.html}
		it.Description = paragraphs(orText(p.summary, p.title))
	}
	if p.source.feed != "" {
		it.Source = &rssSource{URL: p.source.feed, Title: p.source.title}
	}
	if p.image != "" {
		it.Image = &mediaContent{URL: p.image, Medium: "image"}
	}
	for _, m := range p.enclosures { // RSS 2.0 has room for one, of known length
		if m.Length > 0 {
			it.Enclosure = &feeds.RssEnclosure{Url: m.URL, Length: strconv.FormatInt(m.Length, 10), Type: m.Type}
			break
		}
	}
	return it
}

// matched says why the post is in the topic.
func (p *post) matched(is *issue) (out []mediaMatched) {
	for _, ev := range p.evidence {
		label := ev.Field
		if ev.Alias != "" {
			label += ": " + ev.Alias
		}
		out = append(out, mediaMatched{Scheme: is.page + "#evidence", Label: label, Term: ev.Term})
	}
	return out
}

func writeXML(is *issue, root any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	e := xml.NewEncoder(&b)
	e.Indent("", " ")
	sheet := xml.ProcInst{Target: "xml-stylesheet", Inst: []byte(`type="text/xsl" href="` + is.stylesheet + `"`)}
	if err := e.EncodeToken(sheet); err != nil {
		return nil, err
	}
	if err := e.Encode(root); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}
