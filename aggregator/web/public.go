package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
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
	h := w.Header()
	h.Set("Content-Security-Policy", feedPolicy)
	if !is.topic.Private {
		keep(w, 15*time.Minute, false)
		h.Set("Access-Control-Allow-Origin", "*")
	}
	is.feeds[format].serve(w, r)
	return nil
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

// story serves a story as a public topic sees it.
func (s *Server) story(w http.ResponseWriter, r *http.Request) error {
	is, err := s.topics.public(r.Context(), r.PathValue("slug"))
	if err != nil {
		return err
	}
	return s.storyPage(w, r, is)
}

func (s *Server) privateStory(w http.ResponseWriter, r *http.Request) error {
	private(w)
	w.Header().Set("Cache-Control", "private, no-cache")
	is, err := s.topics.private(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	return s.storyPage(w, r, is)
}

type storyData struct {
	frame
	Topic     aggregator.Topic
	TopicPath string
	Lead      telling // whose words stand at the head of the page
	Image     string
	Tellings  []telling
	Languages []string
	Why       []reason
	Score     float64
	Threshold float64
}

// telling is one outlet's item in a story.
type telling struct {
	Outlet    string
	Lang      string
	URL       string
	Title     phrase
	Summary   phrase
	Authors   string
	Published time.Time
	Link      string // why it is in the story; empty for the first
	Paywalled bool
	Item      aggregator.ItemID
}

func (s *Server) storyPage(w http.ResponseWriter, r *http.Request, is *issue) error {
	story, err := s.opts.Store.Story(r.Context(), r.PathValue("story"))
	if err != nil {
		return err
	}
	matches, err := s.matchesOf(r.Context(), story, is.topic.ID)
	if err != nil {
		return err
	}
	if len(matches) == 0 { // a story of another topic, which may be private
		return aggregator.ErrNotFound
	}
	data, err := s.newStoryData(&is.topic, story, matches)
	if err != nil {
		return err
	}
	if is.topic.Private {
		data.Robots, data.Canonical = "noindex", ""
	}
	return s.page(w, r, "story", data)
}

// matchesOf returns a topic's matches of the items of a story.
func (s *Server) matchesOf(ctx context.Context, story *aggregator.Story, topic aggregator.TopicID) (map[aggregator.ItemID]aggregator.Match, error) {
	out := map[aggregator.ItemID]aggregator.Match{}
	for i := range story.Items {
		id := story.Items[i].ID
		matches, err := s.opts.Store.ItemMatches(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("matches of item %d: %w", id, err)
		}
		for _, m := range matches {
			if m.Topic == topic {
				out[id] = m
			}
		}
	}
	return out, nil
}

func (s *Server) newStoryData(t *aggregator.Topic, story *aggregator.Story, matches map[aggregator.ItemID]aggregator.Match) (*storyData, error) {
	best, sources, ok := aggregator.ComposeEntry(t, story.Items)
	if !ok {
		return nil, aggregator.ErrNotFound
	}
	data := &storyData{Topic: *t, TopicPath: s.path(topicPath(t)), Image: imageOf(t, &best)}
	for i := range sources {
		src := &sources[i]
		match := matches[src.ID]
		tell := newTelling(t, src, &match)
		if src.ID == best.ID {
			data.Lead = tell
			tell.Title, tell.Summary = newPhrase(titleOf(src), src.Language, nil), phrase{}
		}
		data.Tellings = append(data.Tellings, tell)
		if l := knownLanguage(src.Language); l != "" && !slices.Contains(data.Languages, l) {
			data.Languages = append(data.Languages, l)
		}
		if data.Image == "" {
			data.Image = imageOf(t, src)
		}
	}
	strongest := strongestMatch(matches, best.ID)
	data.Why = evidenceList(strongest, sources)
	data.Score, data.Threshold = strongest.Score, strongest.Threshold
	data.frame = frame{
		Title: data.Lead.Title.String(), Alternate: s.alternates(t),
		Canonical: s.canonical(storyPath(t, story.PublicID)),
	}
	return data, nil
}

func newTelling(t *aggregator.Topic, si *aggregator.StoryItem, m *aggregator.Match) telling {
	return telling{
		Outlet: outletName(si), Lang: knownLanguage(si.Language), URL: webURL(si.URL), Item: si.ID,
		Title:   newPhrase(titleOf(si), si.Language, ofField(m.Evidence, "title")),
		Summary: newPhrase(clip(quotable(t, si), storySummary), textLanguage(si), aliases(m.Evidence)),
		Authors: strings.Join(si.Authors[:min(3, len(si.Authors))], ", "), Published: si.Date(),
		Link: linkWords(si.Link), Paywalled: si.Article != nil && si.Article.Paywalled,
	}
}

// strongestMatch is the match of the item that speaks for the story, if it
// has one, else the one with the highest score.
func strongestMatch(matches map[aggregator.ItemID]aggregator.Match, best aggregator.ItemID) aggregator.Match {
	if m, ok := matches[best]; ok {
		return m
	}
	var list []aggregator.Match
	for _, m := range matches {
		list = append(list, m)
	}
	return slices.MaxFunc(list, func(a, b aggregator.Match) int {
		return cmp.Or(cmp.Compare(a.Score, b.Score), cmp.Compare(b.Item, a.Item))
	})
}

// mostEvidence is how many places a page lists.
const mostEvidence = 12

func evidenceList(m aggregator.Match, items []aggregator.StoryItem) []reason {
	lang := ""
	for i := range items {
		if items[i].ID == m.Item {
			lang = items[i].Language
		}
	}
	var out []reason
	for i := range m.Evidence[:min(mostEvidence, len(m.Evidence))] {
		out = append(out, newReason(&m.Evidence[i], lang))
	}
	return out
}

func linkWords(l aggregator.Link) string {
	switch l.Reason {
	case aggregator.LinkURL:
		return "same article"
	case aggregator.LinkTitle:
		return "same headline"
	case aggregator.LinkText:
		return fmt.Sprintf("same text, %.0f%%", 100*l.Strength)
	}
	return ""
}
