package web

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/text"
)

// card is a story as a topic's page shows it: words only, so that a shelf of
// topics stays small.
type card struct {
	PublicID  string
	Path      string // of the story's page
	URL       string // of the article; empty if it cannot be linked to
	Title     phrase
	Summary   phrase
	Image     string // https, or empty
	Published time.Time
	Updated   time.Time
	Backfill  bool
	Outlets   []outlet
	Languages []string
	Why       []reason
	items     []aggregator.ItemID
}

// outlet is one telling of the story.
type outlet struct {
	Name string
	URL  string
	Lang string
}

// phrase is text with what matched in it marked, and the language it is in.
type phrase struct {
	Lang  string // BCP 47, or empty
	Dir   string // ltr, rtl or auto
	Parts []part
}

type part struct {
	Text string
	Mark string // the term that matched here; empty: none
}

func (p phrase) String() string {
	var b strings.Builder
	for _, part := range p.Parts {
		b.WriteString(part.Text)
	}
	return b.String()
}

// reason is one term of the query and what was found for it.
type reason struct {
	Term    string
	Found   string
	Field   string
	Snippet phrase
}

// The most characters of a summary on a topic's page and on a story's.
const (
	cardSummary  = 320
	storySummary = 900
)

func newCard(t *aggregator.Topic, e *aggregator.Entry) card {
	c := card{
		PublicID: e.PublicID, Path: storyPath(t, e.PublicID), URL: webURL(e.Best.URL),
		Title: newPhrase(titleOf(&e.Best), e.Best.Language, nil), Image: imageOf(t, &e.Best),
		Published: e.Published, Updated: e.Updated, Backfill: e.Backfill,
		Summary: newPhrase(text.Truncate(quotable(t, &e.Best), cardSummary), textLanguage(&e.Best), nil),
		Why:     reasons(e.Match.Evidence, textLanguage(&e.Best)),
	}
	for i := range e.Sources {
		src := &e.Sources[i]
		c.items = append(c.items, src.ID)
		c.Outlets = addOutlet(c.Outlets, outlet{Name: outletName(src), URL: webURL(src.URL), Lang: knownLanguage(src.Language)})
		if l := baseLanguage(src.Language); l != "" && !slices.Contains(c.Languages, l) {
			c.Languages = append(c.Languages, l)
		}
		if c.Image == "" {
			c.Image = imageOf(t, src)
		}
	}
	return c
}

// addOutlet names an outlet once per language, by its first telling.
func addOutlet(list []outlet, o outlet) []outlet {
	for _, have := range list {
		if have.Name == o.Name && have.Lang == o.Lang {
			return list
		}
	}
	return append(list, o)
}

func titleOf(si *aggregator.StoryItem) string {
	if t := strings.TrimSpace(si.Title); t != "" {
		return t
	}
	if t := text.Truncate(si.EntrySummary(), 90); t != "" {
		return t
	}
	return "Untitled"
}

func outletName(si *aggregator.StoryItem) string {
	for _, name := range []string{si.Outlet, si.FeedTitle, hostOf(si.URL)} {
		if name != "" && !strings.Contains(name, "://") {
			return name
		}
	}
	return hostOf(si.FeedURL)
}

// quotable returns the summary that may be shown: nothing if the feed, the
// topic or the page asks for titles only.
func quotable(t *aggregator.Topic, si *aggregator.StoryItem) string {
	mode := si.FeedPublish
	if mode == "" {
		mode = t.Publish
	}
	if mode == aggregator.PublishTitle {
		return ""
	}
	return strings.TrimSpace(si.EntrySummary())
}

func imageOf(t *aggregator.Topic, si *aggregator.StoryItem) string {
	if quotable(t, si) == "" {
		return ""
	}
	if si.Article != nil && secureURL(si.Article.ImageURL) != "" {
		return si.Article.ImageURL
	}
	return secureURL(si.ImageURL)
}

// textLanguage is the language of what EntrySummary returns.
func textLanguage(si *aggregator.StoryItem) string {
	if si.Article != nil && si.Article.Summary != "" && knownLanguage(si.Article.Language) != "" {
		return si.Article.Language
	}
	return si.Language
}

// webURL returns raw if a browser may be sent there, else nothing.
func webURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return ""
	}
	return raw
}

// secureURL is for images: the policy of our pages lets no others in.
func secureURL(raw string) string {
	if strings.HasPrefix(strings.ToLower(raw), "https://") {
		return webURL(raw)
	}
	return ""
}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Hostname(), "www.")
}

// reasons lists each term once, by its best evidence: title before summary
// before text, as the evidence comes.
func reasons(evidence []aggregator.Evidence, lang string) []reason {
	var out []reason
	seen := map[string]bool{}
	for i := range evidence {
		ev := &evidence[i]
		if seen[ev.Term] {
			continue
		}
		seen[ev.Term] = true
		out = append(out, newReason(ev, lang))
	}
	return out
}

func newReason(ev *aggregator.Evidence, lang string) reason {
	return reason{
		Term: ev.Term, Found: ev.Alias, Field: fieldName(ev.Field),
		Snippet: newPhrase(ev.Snippet, lang, []aggregator.Evidence{{Term: ev.Term, Alias: ev.Alias}}),
	}
}

func fieldName(field string) string {
	switch field {
	case "body":
		return "the article"
	case "title", "summary":
		return "the " + field
	case "":
		return ""
	}
	return "the " + field
}
