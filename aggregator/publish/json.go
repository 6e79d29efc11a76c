package publish

import (
	"bytes"
	"encoding/json"
	"math"
	"time"

	"github.com/gorilla/feeds"

	"topicwire/aggregator"
)

type jsonFeed struct {
	*feeds.JSONFeed
	Items []jsonItem `json:"items"`
}

type jsonItem struct {
	*feeds.JSONItem
	BannerImage string           `json:"-"`
	Published   string           `json:"date_published"`
	Modified    string           `json:"date_modified"`
	Language    string           `json:"language,omitempty"`
	Attachments []jsonAttachment `json:"attachments,omitempty"`
	Topicwire   jsonTopicwire    `json:"_topicwire"`
}

type jsonAttachment struct {
	URL  string `json:"url"`
	Type string `json:"mime_type"`
	Size int64  `json:"size_in_bytes,omitempty"`
}

// jsonTopicwire is what the other formats have no words for.
type jsonTopicwire struct {
	Story     string                `json:"story"`
	Page      string                `json:"page"`
	Source    *jsonSource           `json:"source,omitempty"`
	Outlets   []carrier             `json:"outlets"`
	Evidence  []aggregator.Evidence `json:"evidence"`
	Score     float64               `json:"score"`
	Threshold float64               `json:"threshold"`
	Backfill  bool                  `json:"backfill"`
}

type jsonSource struct {
	Title string `json:"title"`
	Feed  string `json:"feed_url"`
	Site  string `json:"site_url,omitempty"`
}

func renderJSON(is *issue) ([]byte, error) {
	f := jsonFeed{
		JSONFeed: &feeds.JSONFeed{
			Version: "https://jsonfeed.org/version/1.1", Title: is.title, Language: is.language,
			HomePageUrl: is.page, FeedUrl: is.self, Description: is.description,
		},
		Items: []jsonItem{},
	}
	f.Icon, f.Favicon, f.NextUrl = is.icon, is.icon, is.older
	if is.hub != "" && is.current == "" {
		f.Hubs = []*feeds.JSONHub{{Type: "WebSub", Url: is.hub}}
	}
	for i := range is.posts {
		f.Items = append(f.Items, jsonItemOf(&is.posts[i]))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(f); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func jsonItemOf(p *post) jsonItem {
	it := jsonItem{
		JSONItem: &feeds.JSONItem{
			Id: p.id, Url: p.link, Title: p.title, ContentHTML: p.html, Summary: p.summary, Image: p.image, Tags: p.categories,
		},
		Published: p.published.Format(time.RFC3339), Modified: p.updated.Format(time.RFC3339), Language: p.language,
		Topicwire: jsonTopicwire{
			Story: p.entry.PublicID, Page: p.page, Outlets: p.carriers, Evidence: p.evidence,
			Score: finite(p.entry.Match.Score), Threshold: finite(p.entry.Match.Threshold), Backfill: p.entry.Backfill,
		},
	}
	if it.Topicwire.Evidence == nil {
		it.Topicwire.Evidence = []aggregator.Evidence{}
	}
	if p.source.feed != "" {
		it.Topicwire.Source = &jsonSource{Title: p.source.title, Feed: p.source.feed, Site: p.source.site}
	}
	for _, a := range p.authors {
		it.Authors = append(it.Authors, &feeds.JSONAuthor{Name: a})
	}
	for _, m := range p.enclosures {
		it.Attachments = append(it.Attachments, jsonAttachment{URL: m.URL, Type: m.Type, Size: m.Length})
	}
	return it
}

func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return math.Round(f*1000) / 1000
}
