package web

import (
	"topicwire/aggregator"
)

// formats are the formats of a topic feed, in the order readers prefer them.
var formats = []struct{ ext, mediaType, name string }{
	{"atom", "application/atom+xml", "Atom"},
	{"rss", "application/rss+xml", "RSS"},
	{"json", "application/feed+json", "JSON Feed"},
}

func (s *Server) renderFeeds(t *aggregator.Topic, entries []aggregator.Entry) (map[string]*ready, error) {
	feeds := map[string]*ready{}
	for _, f := range formats {
		body := []byte(t.Title)
		feeds[f.ext] = &ready{body: body, contentType: f.mediaType, etag: etagOf(body)}
	}
	return feeds, nil
}

func (s *Server) renderOPML(*shelfContent) (*ready, error) {
	return &ready{contentType: "text/x-opml", etag: etagOf(nil)}, nil
}

func (s *Server) topicPath(t *aggregator.Topic) string {
	if t.Private {
		return "/t/" + t.Token
	}
	return "/topics/" + t.Slug
}

func (s *Server) storyPath(t *aggregator.Topic, publicID string) string {
	return s.topicPath(t) + "/stories/" + publicID
}

// alternates are the addresses of a topic's feeds, absolute if BaseURL is set.
func (s *Server) alternates(t *aggregator.Topic) []alternate {
	var out []alternate
	for _, f := range formats {
		out = append(out, alternate{
			Type: f.mediaType, Short: f.name, Title: t.Title + " (" + f.name + ")",
			URL: s.base + s.topicPath(t) + "." + f.ext,
		})
	}
	return out
}
