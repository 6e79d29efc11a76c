package demo

import (
	"encoding/json"
	"encoding/xml"
	"time"
)

// feed renders an outlet's feed in its format.
func (n *Newsroom) feed(o *outlet) (document, error) {
	d := document{modified: o.Reports[0].At}
	var err error
	switch o.Format {
	case "rss":
		d.contentType = "application/rss+xml; charset=utf-8"
		d.body, err = xml.MarshalIndent(n.rss(o), "", " ")
	case "atom":
		d.contentType = "application/atom+xml; charset=utf-8"
		d.body, err = xml.MarshalIndent(n.atom(o), "", " ")
	default:
		d.contentType = "application/feed+json; charset=utf-8"
		d.body, err = json.MarshalIndent(n.json(o), "", " ")
	}
	if o.Format != "json" {
		d.body = append([]byte(xml.Header), d.body...)
	}
	return d, err
}

// guid stays when the newsroom moves to another port.
func (r *report) guid() string { return "tag:demo.invalid,2026:" + r.Outlet.Slug + "/" + r.Slug }

// content is what the feed carries of the text: its first paragraph, unless
// the outlet wants its page visited.
func (r *report) content() string {
	if r.Outlet.Teaser {
		return ""
	}
	return "<p>" + r.Summary + "</p>"
}

type rssFeed struct {
	XMLName xml.Name `xml:"rss"`
	Version string   `xml:"version,attr"`
	Media   string   `xml:"xmlns:media,attr"`
	DC      string   `xml:"xmlns:dc,attr"`
	Channel struct {
		Title       string    `xml:"title"`
		Link        string    `xml:"link"`
		Description string    `xml:"description"`
		Language    string    `xml:"language"`
		Items       []rssItem `xml:"item"`
	} `xml:"channel"`
}

type rssItem struct {
	Title       string   `xml:"title"`
	Link        string   `xml:"link"`
	GUID        rssGUID  `xml:"guid"`
	Description string   `xml:"description"`
	Creator     string   `xml:"dc:creator,omitempty"`
	Category    string   `xml:"category,omitempty"`
	PubDate     string   `xml:"pubDate"`
	Picture     rssMedia `xml:"media:content"`
}

type rssGUID struct {
	PermaLink string `xml:"isPermaLink,attr"`
	ID        string `xml:",chardata"`
}

type rssMedia struct {
	URL    string `xml:"url,attr"`
	Medium string `xml:"medium,attr"`
	Type   string `xml:"type,attr"`
}

func (n *Newsroom) rss(o *outlet) rssFeed {
	f := rssFeed{Version: "2.0", Media: "http://search.yahoo.com/mrss/", DC: "http://purl.org/dc/elements/1.1/"}
	f.Channel.Title, f.Channel.Link = o.Name, n.base+"/"+o.Slug+"/"
	f.Channel.Description, f.Channel.Language = o.Tagline, o.Language
	for _, r := range o.Reports {
		f.Channel.Items = append(f.Channel.Items, rssItem{
			Title: r.Title, Link: n.base + r.path(), GUID: rssGUID{"false", r.guid()},
			Description: r.Summary, Creator: r.Author, Category: r.Section, PubDate: r.At.Format(time.RFC1123Z),
			Picture: rssMedia{n.base + r.image(), "image", "image/png"},
		})
	}
	return f
}

type atomFeed struct {
	XMLName  xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Language string      `xml:"xml:lang,attr"`
	ID       string      `xml:"id"`
	Title    string      `xml:"title"`
	Subtitle string      `xml:"subtitle"`
	Updated  string      `xml:"updated"`
	Links    []atomLink  `xml:"link"`
	Entries  []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID        string       `xml:"id"`
	Title     string       `xml:"title"`
	Published string       `xml:"published"`
	Updated   string       `xml:"updated"`
	Author    string       `xml:"author>name"`
	Link      atomLink     `xml:"link"`
	Summary   string       `xml:"summary"`
	Content   *atomContent `xml:"content"`
}

type atomContent struct {
	Type string `xml:"type,attr"`
	HTML string `xml:",chardata"`
}

func (n *Newsroom) atom(o *outlet) atomFeed {
	f := atomFeed{
		Language: o.Language, ID: "tag:demo.invalid,2026:" + o.Slug, Title: o.Name, Subtitle: o.Tagline,
		Updated: o.Reports[0].At.Format(time.RFC3339),
		Links: []atomLink{
			{"self", "application/atom+xml", n.base + o.feedPath()},
			{"alternate", "text/html", n.base + "/" + o.Slug + "/"},
		},
	}
	for _, r := range o.Reports {
		at := r.At.Format(time.RFC3339)
		e := atomEntry{
			ID: r.guid(), Title: r.Title, Published: at, Updated: at, Author: r.Author,
			Link: atomLink{"alternate", "text/html", n.base + r.path()}, Summary: r.Summary,
		}
		if html := r.content(); html != "" {
			e.Content = &atomContent{"html", html}
		}
		f.Entries = append(f.Entries, e)
	}
	return f
}

type jsonFeed struct {
	Version  string     `json:"version"`
	Title    string     `json:"title"`
	HomePage string     `json:"home_page_url"`
	FeedURL  string     `json:"feed_url"`
	Language string     `json:"language"`
	Items    []jsonItem `json:"items"`
}

type jsonItem struct {
	ID        string       `json:"id"`
	URL       string       `json:"url"`
	Title     string       `json:"title"`
	Summary   string       `json:"summary"`
	Text      string       `json:"content_text"`
	Image     string       `json:"image"`
	Published string       `json:"date_published"`
	Authors   []jsonAuthor `json:"authors"`
	Tags      []string     `json:"tags,omitempty"`
}

type jsonAuthor struct {
	Name string `json:"name"`
}

func (n *Newsroom) json(o *outlet) jsonFeed {
	f := jsonFeed{
		Version: "https://jsonfeed.org/version/1.1", Title: o.Name, HomePage: n.base + "/" + o.Slug + "/",
		FeedURL: n.base + o.feedPath(), Language: o.Language,
	}
	for _, r := range o.Reports {
		f.Items = append(f.Items, jsonItem{
			ID: r.guid(), URL: n.base + r.path(), Title: r.Title, Summary: r.Summary, Text: r.Summary,
			Image: n.base + r.image(), Published: r.At.Format(time.RFC3339),
			Authors: []jsonAuthor{{r.Author}}, Tags: list(r.Section),
		})
	}
	return f
}
