// Package enrich reads article pages: a page's bytes go in, a [Reading] comes
// out, with the text of the article and none of the menus, lists of other
// headlines and promotions around it, the facts that the page states about it,
// and a summary in whole sentences. A page may ask not to be kept: what of a
// reading may be stored is [Reading.Storable].
//
// Everything is pure, safe for concurrent use, bounded in size and nodes, and
// deterministic; no input makes it panic. What could not be read is said by
// Status and Note. Fetching, robots.txt and retries are left to others, as is
// the question what the text is about.
package enrich

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"topicwire/aggregator"
	"topicwire/aggregator/text"

	"golang.org/x/net/html"
)

// The bounds of a page. Above maxSource, its scripts left out, or maxNodes only
// what its head states is read: trees take fifty times the room of their tags.
const (
	maxBody   = 5 << 20
	maxSource = 3 << 20
	maxNodes  = 60_000
	maxReader = 20_000 // nodes that readability may see

	maxParagraphs = 2000
	maxParagraph  = 40 << 10 // bytes; what is longer is data
	maxAttribute  = 4 << 10
)

// SummaryLength is the most characters that a summary has.
const SummaryLength = 300

// Page is a fetched article page, and what the feed said about it.
type Page struct {
	URL      string      // where it was read, after redirects
	Header   http.Header // may be nil
	Body     []byte
	Title    string    // the feed's, or empty
	Summary  string    // the feed's, plain, or empty
	Language string    // the feed's, or empty
	Now      time.Time // for unavailable_after; zero: that is not looked at
	Selector string    // CSS selector of the article's text; empty: found here
}

// Reading is what a page says, for looking at. What is saved or published of
// it is what Storable returns.
type Reading struct {
	aggregator.Article
	// Barred says in words that, and how, the page asks not to be kept
	// (BEHAVIOUR S-06); empty: it does not.
	Barred string
}

// Storable returns the article as it may be kept: of a page that asks not to
// be, only the facts, without text or summary.
func (r *Reading) Storable() aggregator.Article {
	a := r.Article
	if r.Barred != "" {
		a.Text, a.Summary = "", ""
		if a.Status == aggregator.ArticleRead || a.Status == aggregator.ArticleEmpty {
			a.Status, a.Note = aggregator.ArticleBarred, r.Barred
		}
	}
	return a
}

// Quotable tells if words of the text may be shown beside the item.
func (r *Reading) Quotable() bool { return r.Barred == "" && !r.NoSnippet }

// PageResponse is a page as it was fetched.
type PageResponse struct {
	URL    string
	Header http.Header
	Body   []byte
}

// Fetcher fetches article pages.
type Fetcher interface {
	Page(ctx context.Context, url string) (*PageResponse, error)
}

// Wanted tells if an item's page is worth fetching. Truth is the best value
// of any topic's query on the feed's text, and positive says that some query
// found something in favour of it. BEHAVIOUR S-07: a feed that carries the
// article needs no page.
func Wanted(mode aggregator.EnrichMode, it *aggregator.Item, truth aggregator.Truth, positive bool) bool {
	switch mode {
	case aggregator.EnrichNever:
		return false
	case aggregator.EnrichAlways:
		return true
	}
	if truth == aggregator.False || truth == aggregator.Unknown && !positive {
		return false
	}
	const enough = 500
	if utf8.RuneCountInString(it.Summary) >= enough {
		return false
	}
	return len(it.Content) < enough || utf8.RuneCountInString(text.PlainText(it.Content)) < enough
}

// Extract reads a page. It never panics: a page that cannot be read is an
// article with Status and Note saying so.
func Extract(p Page) (a Reading) {
	defer func() {
		if r := recover(); r != nil {
			a = Reading{Article: aggregator.Article{URL: p.URL, Status: aggregator.ArticleFailed, Language: "und", Note: fmt.Sprintf("the page could not be read: %v", r)}}
		}
	}()
	a.URL, a.Status, a.Language = p.URL, aggregator.ArticleEmpty, "und"
	body := p.Body
	if len(body) > maxBody {
		body = body[:maxBody]
	}
	if note := notHTML(p.Header, body); note != "" {
		a.Note = note
		return a
	}
	src := decode(body, p.Header.Get("Content-Type"))
	if len(src) > maxSource {
		src = withoutScripts(src)
	}
	var doc *html.Node
	var err error
	large := len(src) > maxSource || countTags(src) > maxNodes
	if !large {
		// The parser is linear, but refuses more than 512 open elements.
		if doc, err = html.Parse(strings.NewReader(src)); err != nil {
			a.Note = "the page is nested too deeply to be read"
		}
	}
	if doc == nil {
		doc = headOnly(src)
	}
	base, _ := url.Parse(p.URL)
	if base == nil {
		base = &url.URL{}
	}
	f := readFacts(doc, base, p)
	f.fill(&a.Article)
	d := readDirectives(f, p.Header, p.Now)
	a.Barred, a.NoSnippet = d.barred, d.noSnippet
	found := ""
	switch {
	case err != nil:
		a.Status = aggregator.ArticleFailed
	case large || f.nodes > maxNodes:
		a.Note = "the page is too large to be read"
	default:
		found = readText(&a.Article, doc, base, f, p)
	}
	if a.Status == aggregator.ArticleWall {
		a.Barred, a.NoSnippet = "", false // the wall's wishes say nothing of the article
		return a
	}
	f.summarize(&a.Article, p, found, d)
	return a
}

// readText finds the article's text and fills in what depends on it.
func readText(a *aggregator.Article, doc *html.Node, base *url.URL, f *facts, p Page) string {
	blocks := cutBlocks(doc)
	f.fromLines(blocks)
	a.Authors, a.Published = f.authors, f.published
	var body string
	if p.Selector != "" {
		body = selected(doc, blocks, p.Selector, f)
	}
	if body == "" {
		body = decide(doc, base, blocks, f)
	}
	if body == "" && len(f.body) > 400 {
		body = f.body
	}
	if note := wall(f, body, base); note != "" {
		a.Status, a.Note, a.Title = aggregator.ArticleWall, note, wallTitle(a.Title, p.Title)
		a.ImageURL = ""
		return ""
	}
	a.Language = language(body, f.lang, p.Language)
	if utf8.RuneCountInString(body) < 60 {
		a.Note = "no article was found on the page"
		return body // still good for checking a summary
	}
	a.Status, a.Text, a.Note = aggregator.ArticleRead, body, ""
	return body
}

// wallTitle keeps what a wall's page says of its title only if the feed says
// the same.
func wallTitle(page, feed string) string {
	if feed != "" && text.Fold(page) == text.Fold(feed) {
		return page
	}
	return feed
}

// language takes the text's word over the attribute's where there is enough
// text to tell.
func language(body, declared, hint string) string {
	if len(declared) < 2 {
		declared = hint
	}
	tag, conf := "und", 0.0
	if utf8.RuneCountInString(body) >= 100 {
		head := body
		if len(head) > 6000 {
			head = strings.ToValidUTF8(head[:6000], "")
		}
		tag, conf = text.DetectLanguage(head)
	}
	db, _, _ := strings.Cut(declared, "-")
	switch {
	case tag == "und" || tag == "":
		if declared == "" {
			return "und"
		}
		return declared
	case declared == "" || !strings.EqualFold(db, tag) && conf > 0 && utf8.RuneCountInString(body) >= 300:
		return tag
	}
	return declared
}
