package web

import (
	"fmt"

	"topicwire/aggregator"
	"topicwire/aggregator/publish"
)

// formats are the formats of a topic feed, in the order readers prefer them.
var formats = []struct {
	ext, mediaType, name string
	render               func(publish.Channel) (*publish.Document, error)
}{
	{"atom", "application/atom+xml", "Atom", publish.Atom},
	{"rss", "application/rss+xml", "RSS", publish.RSS},
	{"json", "application/feed+json", "JSON", publish.JSON},
}

func (s *Server) channel(t *aggregator.Topic) publish.Channel {
	return publish.Channel{Topic: *t, BaseURL: s.feedBase(), Authority: s.opts.Authority, Hub: s.opts.Hub}
}

func (s *Server) renderFeeds(channel publish.Channel) (map[string]*ready, error) {
	feeds := map[string]*ready{}
	for _, f := range formats {
		doc, err := f.render(channel)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		feeds[f.ext] = readyDocument(doc)
	}
	return feeds, nil
}

func readyDocument(doc *publish.Document) *ready {
	r := &ready{body: doc.Body, gzip: doc.Gzip, contentType: doc.ContentType, etag: doc.ETag, modified: doc.LastModified}
	if len(r.body) <= worthCompressing {
		r.gzip = nil
	}
	return r
}

func (s *Server) renderOPML(shown *shelfContent) (*ready, error) {
	topics := make([]aggregator.Topic, 0, len(shown.listed))
	for _, is := range shown.listed {
		topics = append(topics, is.topic)
	}
	doc, err := publish.OPML("Topicwire", s.feedBase(), topics)
	if err != nil {
		return nil, fmt.Errorf("OPML of topics: %w", err)
	}
	return readyDocument(doc), nil
}

// topicPath and storyPath are paths below the base URL.
func topicPath(t *aggregator.Topic) string { return publish.TopicURL("", t) }

func storyPath(t *aggregator.Topic, publicID string) string { return publish.StoryURL("", t, publicID) }

// alternates are the addresses of a topic's feeds, absolute if BaseURL is set.
func (s *Server) alternates(t *aggregator.Topic) []alternate {
	var out []alternate
	for _, f := range formats {
		out = append(out, alternate{
			Type: f.mediaType, Short: f.name, Title: t.Title + " (" + f.name + ")",
			URL: publish.FeedURL(s.base, t, f.ext),
		})
	}
	return out
}
