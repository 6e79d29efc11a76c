package web

import (
	"net/http"
	"strings"
	"time"

	"topicwire/aggregator"
)

// cutFormat splits "russia-india.atom" into the slug and the format of a
// topic feed.
func cutFormat(name string) (slug, format string, ok bool) {
	for _, f := range formats {
		if slug, ok = strings.CutSuffix(name, "."+f.ext); ok {
			return slug, f.ext, true
		}
	}
	return name, "", false
}

// topic serves a topic's page, or with .rss, .atom or .json its feed.
func (s *Server) topic(w http.ResponseWriter, r *http.Request) error {
	slug, format, isFeed := cutFormat(r.PathValue("slug"))
	is, err := s.topics.public(r.Context(), slug)
	if err != nil {
		return err
	}
	if isFeed {
		return serveFeed(w, r, is, format)
	}
	return s.topicPage(w, r, is)
}

// privateTopic serves the same for the holder of the token.
func (s *Server) privateTopic(w http.ResponseWriter, r *http.Request) error {
	private(w)
	token, format, isFeed := cutFormat(r.PathValue("token"))
	is, err := s.topics.private(r.Context(), token)
	if err != nil {
		return err
	}
	if isFeed {
		return serveFeed(w, r, is, format)
	}
	return s.topicPage(w, r, is)
}

// private keeps caches and search engines away (BEHAVIOUR P-09).
func private(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "private, max-age=900")
	w.Header().Set("X-Robots-Tag", "noindex, nofollow")
}

func serveFeed(w http.ResponseWriter, r *http.Request, is *issue, format string) error {
	if !is.topic.Private {
		keep(w, 15*time.Minute, false)
	}
	sendFeed(w, r, is, is.feeds[format])
	return nil
}

func sendFeed(w http.ResponseWriter, r *http.Request, is *issue, doc *ready) {
	h := w.Header()
	h.Set("Content-Security-Policy", feedPolicy)
	if !is.topic.Private {
		h.Set("Access-Control-Allow-Origin", "*")
	}
	// Browsers apply a stylesheet to what they take for XML, and show a feed's
	// own media type as it is, or save it. Only they send this header.
	sent := *doc
	if strings.Contains(doc.contentType, "+xml") {
		sent.vary = "Sec-Fetch-Dest"
		if r.Header.Get(sent.vary) == "document" {
			sent.contentType = "application/xml; charset=utf-8"
		}
	}
	sent.serve(w, r)
}

// day groups cards under a date.
type day struct {
	Date  time.Time
	Cards []card
}

func byDay(cards []card) []day {
	var days []day
	for _, c := range cards {
		date := c.Published.UTC().Truncate(24 * time.Hour)
		if n := len(days); n == 0 || !days[n-1].Date.Equal(date) {
			days = append(days, day{Date: date})
		}
		last := &days[len(days)-1]
		last.Cards = append(last.Cards, c)
	}
	return days
}

type topicData struct {
	frame
	Topic  aggregator.Topic
	Feeds  []alternate
	Days   []day
	Count  int
	Status pollStatus
	Waits  bool // nothing to show, and polling goes on
}

func (s *Server) topicPage(w http.ResponseWriter, r *http.Request, is *issue) error {
	t := is.topic
	feeds := s.alternates(&t)
	data := topicData{
		frame: frame{Title: t.Title, Alternate: feeds, Canonical: s.canonical(topicPath(&t))},
		Topic: t, Feeds: feeds, Days: byDay(is.cards), Count: len(is.cards),
	}
	if t.Private {
		data.Robots, data.Canonical = "noindex", ""
		w.Header().Set("Cache-Control", "private, no-cache")
	}
	var err error
	if data.Status, err = s.status.status(r.Context()); err != nil {
		return err
	}
	if data.Count == 0 && (!data.Status.Done() || t.Pending) {
		data.Waits, data.Refresh = true, 5
	}
	return s.page(w, r, "topic", data)
}

func (s *Server) canonical(path string) string {
	if s.base == "" {
		return ""
	}
	return s.base + path
}

type indexData struct {
	frame
	Topics []indexTopic
	Status pollStatus
	Waits  bool
}

type indexTopic struct {
	Topic   aggregator.Topic
	Path    string
	Feeds   []alternate
	Count   int
	Newest  []card
	Latest  time.Time
	Outlets int
}

// indexNewest is how many stories of each topic the first page shows.
const indexNewest = 3

func (s *Server) indexPage(w http.ResponseWriter, r *http.Request) error {
	shown, err := s.topics.listed(r.Context())
	if err != nil {
		return err
	}
	data := indexData{frame: frame{Title: "Topicwire", Canonical: s.canonical("/")}}
	stories := 0
	for _, is := range shown.listed {
		it := newIndexTopic(is)
		it.Path, it.Feeds = s.path(topicPath(&is.topic)), s.alternates(&is.topic)
		data.Topics = append(data.Topics, it)
		stories += it.Count
	}
	if data.Status, err = s.status.status(r.Context()); err != nil {
		return err
	}
	if stories == 0 && data.Status.Started() && !data.Status.Done() {
		data.Waits, data.Refresh = true, 5
	}
	return s.page(w, r, "index", data)
}

func newIndexTopic(is *issue) indexTopic {
	it := indexTopic{Topic: is.topic, Count: len(is.cards), Newest: is.cards[:min(indexNewest, len(is.cards))]}
	outlets := map[string]bool{}
	for _, c := range is.cards {
		if c.Published.After(it.Latest) {
			it.Latest = c.Published
		}
		for _, o := range c.Outlets {
			outlets[o.Name] = true
		}
	}
	it.Outlets = len(outlets)
	return it
}

func (s *Server) opml(w http.ResponseWriter, r *http.Request) error {
	shown, err := s.topics.listed(r.Context())
	if err != nil {
		return err
	}
	doc, err := s.renderOPML(shown)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Security-Policy", feedPolicy)
	keep(w, 15*time.Minute, false)
	doc.serve(w, r)
	return nil
}
