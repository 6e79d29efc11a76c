package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"topicwire/aggregator"
	"topicwire/aggregator/text"
)

type itemData struct {
	frame
	Item       *aggregator.StoryItem
	Outlet     string
	URL        string
	Headline   phrase
	Summary    phrase   // the feed's
	Content    string   // the feed's, as it is stored: HTML, shown as text
	Article    []phrase // paragraphs
	ArticleSum phrase
	Matches    []itemMatch
	LinkWords  string
}

// itemMatch is a topic that the item is about.
type itemMatch struct {
	aggregator.Match
	Title string
	Path  string // of the topic's editor
	Story string // path of the story it is told in; empty: not shown now
	Why   []reason
}

// itemPage shows an item from the inside: what the feed said, what the page
// said, what matched and where it went.
func (s *Server) itemPage(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "item")
	if err != nil {
		return err
	}
	item, err := s.opts.Store.Item(r.Context(), aggregator.ItemID(id))
	if err != nil {
		return err
	}
	data := itemData{
		frame: s.adminFrame(r, titleOf(item), ""), Item: item, Outlet: outletName(item), URL: webURL(item.URL),
		Content: text.Truncate(item.Content, 8000), LinkWords: linkWords(item.Link),
	}
	if data.Matches, err = s.itemMatches(r.Context(), item.ID); err != nil {
		return err
	}
	var all []aggregator.Evidence
	for _, m := range data.Matches {
		all = append(all, m.Evidence...)
	}
	data.Headline = newPhrase(titleOf(item), item.Language, ofField(all, "title"))
	data.Summary = newPhrase(item.Summary, item.Language, ofField(all, "summary"))
	if a := item.Article; a != nil {
		data.Article = paragraphs(newPhrase(a.Text, item.Language, ofField(all, "body")))
		data.ArticleSum = newPhrase(a.Summary, item.Language, aliases(all))
	}
	return s.page(w, r, "item", data)
}

func (s *Server) itemMatches(ctx context.Context, id aggregator.ItemID) ([]itemMatch, error) {
	matches, err := s.opts.Store.ItemMatches(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("matches of item %d: %w", id, err)
	}
	shown, err := s.topics.listed(ctx)
	if err != nil {
		return nil, err
	}
	var out []itemMatch
	for _, m := range matches {
		im := itemMatch{Match: m, Title: fmt.Sprintf("topic %d", m.Topic), Why: reasons(m.Evidence, "")}
		if is := shown.byID[m.Topic]; is != nil {
			im.Title, im.Path = is.topic.Title, s.path("/admin/topics/edit/"+is.topic.Slug)
			for _, c := range is.cards {
				if slices.Contains(c.items, id) {
					im.Story = s.path(c.Path)
				}
			}
		}
		out = append(out, im)
	}
	return out, nil
}

// paragraphs cuts a marked text at its line ends.
func paragraphs(p phrase) []phrase {
	line := phrase{Lang: p.Lang, Dir: p.Dir}
	var out []phrase
	flush := func() {
		if strings.TrimSpace(line.String()) != "" {
			out = append(out, line)
		}
		line.Parts = nil
	}
	for _, pt := range p.Parts {
		for i, text := range strings.Split(pt.Text, "\n") {
			if i > 0 {
				flush()
			}
			if text != "" {
				line.Parts = append(line.Parts, part{Text: text, Mark: pt.Mark})
			}
		}
	}
	flush()
	return out
}

func articleStatus(st aggregator.ArticleStatus) string {
	switch st {
	case aggregator.ArticleRead:
		return "The article was read"
	case aggregator.ArticleEmpty:
		return "There is no article on the page"
	case aggregator.ArticleWall:
		return "A wall stands before the article"
	case aggregator.ArticleBarred:
		return "The site asks not to be read by programs"
	case aggregator.ArticleFailed:
		return "The page could not be read"
	case aggregator.ArticleSkipped:
		return "Not read: the feed's own text settles it"
	}
	return string(st)
}
