package parse

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"topicwire/aggregator"
)

// Bounds of what an item keeps.
const (
	maxTitle   = 1000      // runes
	maxSummary = 5000      // runes
	maxContent = 512 << 10 // bytes
	maxList    = 100       // authors, categories, enclosures
)

// item returns the entry in the words of the aggregator.
func (e *entry) item(now time.Time) aggregator.Item {
	it := aggregator.Item{
		URL: httpOnly(e.link), Language: e.language,
		Title: e.titleText(), Published: believable(firstNonEmpty(e.published, e.updated), now), Updated: believable(e.updated, now),
	}
	if it.Language == "" {
		it.Language = "und"
	}
	body := e.body()
	whole := len(body) <= maxContent
	body = beginning(body, maxContent) // a summary and an image may still be had
	html, lead := sanitize(body, e.base)
	it.Content = html
	it.Summary = cutRunes(plainText(beginning(e.summary, maxContent/2)), maxSummary)
	if it.Summary == "" {
		it.Summary = cutRunes(plainText(html), maxSummary)
	}
	if !whole || len(it.Content) > maxContent {
		it.Content = ""
	}
	for _, p := range e.authors {
		it.Authors = appendText(it.Authors, firstNonEmpty(p.Name, p.Email))
	}
	for _, t := range e.tags {
		it.Categories = appendText(it.Categories, firstNonEmpty(t.Label, t.Term))
	}
	for _, l := range e.enclosures {
		if u := httpOnly(l.URL); u != "" && len(it.Enclosures) < maxList {
			it.Enclosures = append(it.Enclosures, aggregator.Enclosure{URL: u, Type: l.Type, Length: int64(number(l.Length, 1<<40))})
		}
	}
	it.ImageURL = firstNonEmpty(httpOnly(e.image), imageEnclosure(it.Enclosures), lead)
	if e.source != nil {
		it.SourceURL, it.SourceTitle = httpOnly(e.source.URL), titleText(e.source.Title)
	}
	it.GUID = e.guid(&it)
	it.ContentHash = contentHash(&it)
	return it
}

// body returns the fullest HTML that the feed gives.
func (e *entry) body() string {
	body := e.summary
	for _, c := range e.content {
		if len(c.Value) > 0 && (len(c.Value) >= len(body) || body == e.summary) {
			body = c.Value
		}
	}
	return body
}

func (e *entry) titleText() string {
	title := beginning(e.title, 64*maxTitle)
	if e.plainText {
		return cutRunes(oneLine(title), maxTitle)
	}
	return cutRunes(titleText(title), maxTitle)
}

// beginning returns the first n bytes of s, or a little less.
func beginning(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// guid returns what identifies the item within its feed.
func (e *entry) guid(it *aggregator.Item) string {
	id, link := strings.TrimSpace(e.id), canonicalLink(it.URL)
	if len(id) > 2048 {
		id = digest(id)
	}
	about := digest(it.Title, e.published)
	if it.Title == "" {
		about = digest("", e.published, it.Summary)
	}
	switch {
	case id == "" && link == "":
		return about
	case e.level == byAll:
		return firstNonEmpty(id, link) + "\n" + about
	case id == "":
		return link
	case e.level == byGUID:
		return id
	case link == "" || link == canonicalLink(id):
		return id + "\n" + about
	}
	return id + "\n" + link
}

func digest(ss ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(ss, "\x00")))
	return "sha256:" + hex.EncodeToString(sum[:16])
}

func contentHash(it *aggregator.Item) string {
	h := sha256.New()
	for _, s := range []string{it.Title, it.Summary, it.Content, it.URL} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func imageEnclosure(es []aggregator.Enclosure) string {
	for _, e := range es {
		if strings.HasPrefix(strings.ToLower(e.Type), "image/") {
			return e.URL
		}
	}
	return ""
}

func appendText(list []string, s string) []string {
	s = cutRunes(titleText(beginning(s, 64*maxTitle)), maxTitle)
	if s == "" || len(list) >= maxList || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// believable parses a date; zero if it cannot be true: before 1990, or more
// than ten minutes in the future.
func believable(raw string, now time.Time) time.Time {
	t, ok := parseDate(raw)
	if !ok || t.Year() < 1990 || (!now.IsZero() && t.After(now.Add(10*time.Minute))) {
		return time.Time{}
	}
	return t.UTC()
}
