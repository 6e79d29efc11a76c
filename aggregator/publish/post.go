package publish

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"topicwire/aggregator"
)

// issue is what all formats render: a topic and its posts, cleaned.
type issue struct {
	title, description, language string
	id, self, page, hub          string
	current, older               string // of a page of the history; of the next older one
	stylesheet, icon             string
	updated                      time.Time
	lastModified                 time.Time
	posts                        []post
}

// post is one entry, cleaned: texts are plain and legal, addresses absolute
// and ASCII, HTML is sanitised, dates are set.
type post struct {
	id, title, link, page string
	language              string // as XML readers know it; empty: unknown
	summary               string // plain text; may be empty
	html                  string // what a reader sees; never empty
	full                  bool   // html is the whole text
	published, updated    time.Time
	stamp                 time.Time // updated, different for every post
	authors, categories   []string
	image                 string
	enclosures            []aggregator.Enclosure
	source                source
	carriers              []carrier
	evidence              []aggregator.Evidence
	entry                 *aggregator.Entry
}

// source is the feed that the text is taken from.
type source struct{ id, title, feed, site string }

// carrier is an item of the story: who tells it, in which language, where.
type carrier struct {
	Outlet   string `json:"outlet"`
	Language string `json:"language,omitempty"`
	URL      string `json:"url,omitempty"`
	Title    string `json:"title,omitempty"`
}

const (
	maxSummary  = 1200
	maxNames    = 20
	maxEvidence = 12
	maxCarriers = 40
	maxNamed    = 8 // outlets in the line that readers see
)

func compose(c *Channel, base, format string, entries []aggregator.Entry, htmlBudget int) *issue {
	t := &c.Topic
	is := &issue{
		title:    orText(plain(t.Title, 200), t.Slug, "Topic"),
		language: "en",
		id:       "tag:" + c.Authority + ":feed/" + escapeURL(t.Slug),
		self:     FeedURL(base, t, format), page: TopicURL(base, t),
		hub: asciiURL(c.Hub), icon: base + IconPath,
	}
	if c.Archive != "" {
		is.current, is.self = is.self, ArchiveURL(base, t, c.Archive, format)
	}
	if c.Older != "" {
		is.older = ArchiveURL(base, t, c.Older, format)
	}
	is.description = orText(plain(t.Description, 500), "News about "+is.title)
	_, path, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(base, "https://"), "http://"), "/")
	if path != "" {
		path = "/" + path
	}
	is.stylesheet = path + StylesheetPath
	if len(t.Languages) == 1 {
		is.language = orText(languageTag(t.Languages[0]), "en")
	}
	is.updated = newest(t.CreatedAt, time.Unix(0, 0))
	stamps, ids := map[int64]bool{}, map[string]bool{}
	for i := range entries {
		if e := &entries[i]; !ids[e.PublicID] {
			ids[e.PublicID] = true
			is.posts = append(is.posts, composePost(c, base, e, htmlBudget))
		}
	}
	slices.SortStableFunc(is.posts, func(a, b post) int {
		if d := b.published.Compare(a.published); d != 0 {
			return d
		}
		return strings.Compare(a.id, b.id)
	})
	for i := range is.posts {
		p := &is.posts[i]
		p.stamp = distinct(stamps, p.updated, p.id)
		is.updated = newest(is.updated, p.stamp)
	}
	is.lastModified = is.updated.Truncate(time.Second)
	if c.Archive == "" { // the topic's own changes give an archive another name
		is.lastModified = newest(is.updated, t.ChangedAt).Truncate(time.Second)
	}
	return is
}

func composePost(c *Channel, base string, e *aggregator.Entry, htmlBudget int) post {
	b := &e.Best
	outlet := orText(plain(b.Outlet, 120), plain(b.FeedTitle, 120), "Unknown source")
	p := post{
		entry: e,
		id:    "tag:" + c.Authority + ":story/" + escapeURL(e.PublicID),
		page:  StoryURL(base, &c.Topic, e.PublicID),
		source: source{
			id:    "tag:" + c.Authority + ":source/" + shortHash(b.FeedURL),
			title: outlet, feed: asciiURL(b.FeedURL), site: asciiURL(b.FeedSiteURL),
		},
		language:   languageTag(b.Language),
		categories: plainList(b.Categories, maxNames),
		published:  e.Published, updated: e.Updated,
		evidence: cleanEvidence(e.Match.Evidence),
	}
	if p.published.IsZero() {
		p.published = b.Date()
	}
	p.published = plausible(p.published)
	p.updated = newest(plausible(p.updated), p.published)
	p.link = orText(asciiURL(cutTracking(b.URL)), p.page)
	authors := b.Authors
	image := b.ImageURL
	if b.Article != nil {
		if len(authors) == 0 {
			authors = b.Article.Authors
		}
		image = orText(image, b.Article.ImageURL)
	}
	if p.authors = names(authors); len(p.authors) == 0 {
		p.authors = []string{outlet}
	}
	p.image = asciiURL(image)
	for _, m := range b.Enclosures {
		if m.URL, m.Type = asciiURL(m.URL), mediaType(m.Type); m.URL != "" && m.Type != "" && len(p.enclosures) < maxNames {
			m.Length = max(m.Length, 0)
			p.enclosures = append(p.enclosures, m)
		}
	}
	// RSS has one enclosure, of known length: the first in every format.
	slices.SortStableFunc(p.enclosures, func(a, b aggregator.Enclosure) int { return cmp.Compare(min(b.Length, 1), min(a.Length, 1)) })
	p.carriers = carriersOf(e)
	p.fillText(mode(&c.Topic, b), htmlBudget)
	p.title = orText(plain(b.Title, 300), shorten(p.summary, 80), outlet)
	return p
}

// mode is how much of an item may be republished: as its feed says, else as
// the topic says; never more than the page itself allows.
func mode(t *aggregator.Topic, b *aggregator.StoryItem) aggregator.PublishMode {
	switch {
	case b.Article != nil && b.Article.NoSnippet:
		return aggregator.PublishTitle
	case b.FeedPublish != "":
		return b.FeedPublish
	case t.Publish != "":
		return t.Publish
	}
	return aggregator.PublishExcerpt
}

func (p *post) fillText(m aggregator.PublishMode, htmlBudget int) {
	b := &p.entry.Best
	if m != aggregator.PublishTitle {
		p.summary = plain(b.EntrySummary(), maxSummary)
	}
	if m == aggregator.PublishFull {
		p.html = fullText(b, htmlBudget)
		p.full = p.html != ""
	}
	if p.html == "" && p.summary != "" {
		p.html = "<p>" + html.EscapeString(p.summary) + "</p>"
	}
	p.html += attribution(p.carriers, p.page)
}

// fullText returns the longer of what the feed and the article's page have.
func fullText(b *aggregator.StoryItem, htmlBudget int) string {
	text := b.Content
	if b.Article != nil && len(b.Article.Text) > len(text) {
		text = paragraphs(b.Article.Text)
	}
	if len(text) > htmlBudget {
		return ""
	}
	if text = sanitise(text); len(text) > htmlBudget {
		return ""
	}
	return text
}

// attribution is the line that says who tells the story, in which languages.
func attribution(cs []carrier, page string) string {
	var parts []string
	seen := map[string]bool{}
	for _, c := range cs {
		name := html.EscapeString(c.Outlet)
		if seen[c.Outlet+"\n"+c.Language] {
			continue
		}
		seen[c.Outlet+"\n"+c.Language] = true
		if c.URL != "" {
			name = `<a href="` + html.EscapeString(c.URL) + `">` + name + `</a>`
		}
		if l := languageName(c.Language); l != "" {
			name += " (" + html.EscapeString(l) + ")"
		}
		parts = append(parts, name)
	}
	more := ""
	if n := len(parts) - maxNamed; n > 0 {
		parts = parts[:maxNamed]
		more = fmt.Sprintf(` and <a href="%s">%d more</a>`, html.EscapeString(page), n)
	}
	return "<p><small>Carried by " + strings.Join(parts, ", ") + more + ".</small></p>"
}

func languageName(s string) string {
	tag, err := language.Parse(s)
	if err != nil || tag == language.Und {
		return ""
	}
	return display.English.Languages().Name(tag)
}

func carriersOf(e *aggregator.Entry) []carrier {
	items := e.Sources
	if len(items) == 0 {
		items = []aggregator.StoryItem{e.Best}
	}
	out := make([]carrier, 0, min(len(items), maxCarriers))
	for i := range items[:min(len(items), maxCarriers)] {
		it := &items[i]
		lang := it.Language
		if tag, err := language.Parse(lang); err != nil || tag == language.Und {
			lang = ""
		}
		out = append(out, carrier{
			Outlet:   orText(plain(it.Outlet, 120), plain(it.FeedTitle, 120), "Unknown source"),
			Language: lang, URL: asciiURL(cutTracking(it.URL)), Title: plain(it.Title, 300),
		})
	}
	return out
}

// cleanEvidence names each form of a term once, where it was found first.
func cleanEvidence(list []aggregator.Evidence) []aggregator.Evidence {
	var out []aggregator.Evidence
	seen := map[[2]string]bool{}
	for _, ev := range list {
		ev.Term, ev.Alias, ev.Field, ev.Snippet = plain(ev.Term, 120), plain(ev.Alias, 120), plain(ev.Field, 40), plain(ev.Snippet, 120)
		form := [2]string{ev.Term, strings.ToLower(ev.Alias)}
		if ev.Term == "" || seen[form] {
			continue
		}
		seen[form] = true
		if out = append(out, ev); len(out) == maxEvidence {
			break
		}
	}
	return out
}

// plausible keeps dates out of feeds that readers reject.
func plausible(t time.Time) time.Time {
	t = t.UTC().Truncate(time.Second)
	if t.Year() < 1970 || t.Year() > 9000 {
		return time.Unix(0, 0).UTC()
	}
	return t
}

// distinct gives every post of a feed an updated time of its own, by
// milliseconds that depend on the post: readers take equal times for a
// mistake, and a time that changed with its neighbours for an update.
func distinct(taken map[int64]bool, t time.Time, id string) time.Time {
	ms := t.UnixMilli() + 1 + int64(sha256.Sum256([]byte(id))[0])*3
	for taken[ms] {
		ms++
	}
	taken[ms] = true
	return time.UnixMilli(ms).UTC()
}

func newest(a, b time.Time) time.Time {
	if b.After(a) {
		a = b
	}
	return a.UTC()
}

func orText(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

func shortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:8])
}
