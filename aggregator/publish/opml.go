package publish

import (
	"bytes"
	"encoding/xml"
	"time"

	"topicwire/aggregator"
)

type opml struct {
	XMLName  xml.Name  `xml:"opml"`
	Version  string    `xml:"version,attr"`
	Title    string    `xml:"head>title"`
	Modified string    `xml:"head>dateModified,omitempty"`
	Outlines []outline `xml:"body>outline"`
}

type outline struct {
	Type        string `xml:"type,attr"`
	Text        string `xml:"text,attr"`
	Title       string `xml:"title,attr"`
	Description string `xml:"description,attr,omitempty"`
	XMLURL      string `xml:"xmlUrl,attr"`
	HTMLURL     string `xml:"htmlUrl,attr"`
}

// OPML renders the list of topics as OPML 2.0, in the order given. Private
// topics are left out. It fails only if baseURL is no absolute address.
func OPML(title, baseURL string, topics []aggregator.Topic) (*Document, error) {
	base, err := checkBase(baseURL)
	if err != nil {
		return nil, err
	}
	doc := opml{Version: "2.0", Title: orText(plain(title, 200), "Topics")}
	var modified time.Time
	for i := range topics {
		t := &topics[i]
		if t.Private {
			continue
		}
		name := orText(plain(t.Title, 200), plain(t.Slug, 200))
		doc.Outlines = append(doc.Outlines, outline{
			Type: "rss", Text: name, Title: name, Description: plain(t.Description, 500),
			XMLURL: FeedURL(base, t, "atom"), HTMLURL: TopicURL(base, t),
		})
		modified = newest(modified, t.ChangedAt)
	}
	modified = plausible(modified)
	if modified.Unix() > 0 {
		doc.Modified = modified.Format(rfc822)
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	e := xml.NewEncoder(&b)
	e.Indent("", " ")
	if err := e.Encode(doc); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return finish(b.Bytes(), "text/x-opml; charset=utf-8", modified)
}
