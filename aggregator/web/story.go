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
	"topicwire/aggregator/text"
)

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
	Outlets   int
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
	outlets := map[string]bool{}
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
		outlets[tell.Outlet] = true
		if l := knownLanguage(src.Language); l != "" && !slices.Contains(data.Languages, l) {
			data.Languages = append(data.Languages, l)
		}
		if data.Image == "" {
			data.Image = imageOf(t, src)
		}
	}
	data.Outlets = len(outlets)
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
		Summary: newPhrase(text.Truncate(quotable(t, si), storySummary), textLanguage(si), aliases(m.Evidence)),
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
