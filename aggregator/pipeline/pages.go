package pipeline

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/dedup"
	"topicwire/aggregator/enrich"
	"topicwire/aggregator/fetch"
)

const (
	pageTries     = 3                   // BEHAVIOUR S-07
	refusedRest   = 30 * 24 * time.Hour // BEHAVIOUR S-11: until a refused page is asked for again
	maxPageMaxAge = 7 * 24 * time.Hour  // BEHAVIOUR §0
	minPutBack    = time.Second
	largePage     = 1 << 20 // bytes; of those one is parsed at a time
)

// readPage asks for an item's page, and matches the item again on what it
// says. Wait is how long its host must be left alone, if that was the answer.
func (p *Pipeline) readPage(ctx context.Context, ci *aggregator.ClaimedItem) (out aggregator.Processed, wait time.Duration) {
	start := time.Now()
	req := fetch.PageRequest{URL: ci.URL, NoWait: true}
	if a := ci.Article; a != nil && a.Status == aggregator.ArticleRead {
		req.ETag, req.LastModified, req.ValidatorsURL = a.ETag, a.LastModified, a.URL
	}
	res, err := p.opts.Fetch.AskPage(ctx, req)
	defer res.Release()
	p.stats.enrich.since(start)
	if ctx.Err() != nil && err != nil {
		return p.putBack(ci, p.opts.Now()), 0
	}
	if err != nil {
		if again, wait, ok := p.later(ci, err); ok {
			return again, wait
		}
	}
	read, outcome := p.reading(ci, res, err)
	res.Release()
	p.stats.pages.Add(1)
	p.stats.pageOutcomes.add(outcome)
	out = p.judgePage(ci, &read)
	log := p.log.With("item", ci.ID, "url", redacted(ci.URL))
	log.Debug("page read", "status", out.Article.Status, "note", out.Article.Note, "dur", time.Since(start).Round(time.Millisecond))
	return out, 0
}

// reading returns what an answer says of an item's page, with all that decides
// about asking again, and the word by which it is counted. What was read
// before goes before a failure or a wall.
func (p *Pipeline) reading(ci *aggregator.ClaimedItem, res *fetch.Response, err error) (read enrich.Reading, outcome string) {
	now := p.opts.Now()
	outcome = fetch.PageOutcome(res, err)
	before := ci.Article
	if before != nil && before.Status != aggregator.ArticleRead {
		before = nil
	}
	switch {
	case err != nil:
		read.Article = failedArticle(ci, err, now)
	case outcome == "not_modified":
		read.Article = *before
		read.FetchedAt = now
		if res.ETag != "" || res.LastModified != "" { // RFC 9111 4.3.4
			read.ETag, read.LastModified = res.ETag, res.LastModified
		}
	default:
		read = p.extract(ci, res)
		if read.Status == aggregator.ArticleWall {
			outcome = "wall"
		}
	}
	if keep := err != nil || outcome == "wall"; keep && before != nil {
		read.Article = *before
	}
	read.ItemHash, read.NotBefore = ci.ContentHash, time.Time{}
	if age := min(res.MaxAge, maxPageMaxAge); err == nil && age > 0 {
		read.NotBefore = now.Add(age)
	}
	if fe, ok := errors.AsType[*fetch.Error](err); ok && fe.Refused() {
		read.NotBefore = now.Add(refusedRest)
	}
	return read, outcome
}

// judgePage matches an item on all that its page says, and keeps of the page
// what may be kept (BEHAVIOUR S-06): topics may look at a text that asks not
// to be stored, but it is not saved, quoted or published.
func (p *Pipeline) judgePage(ci *aggregator.ClaimedItem, read *enrich.Reading) aggregator.Processed {
	start := time.Now()
	defer p.stats.match.since(start)
	ci.Article = &read.Article
	doc := document(&ci.StoryItem)
	kept := read.Storable()
	ci.Article = &kept
	out, _, _ := p.judge(p.opts.Topics(), ci, doc)
	out.Article = &kept
	for i := range out.Matches {
		unquote(out.Matches[i].Evidence, &read.Article, read.Quotable())
	}
	return out
}

// unquote removes the words around what was found in a page's text, unless
// they may be shown.
func unquote(evidence []aggregator.Evidence, page *aggregator.Article, quotable bool) {
	if page == nil || page.Text == "" || quotable {
		return
	}
	for i := range evidence {
		if evidence[i].Field == "body" {
			evidence[i].Snippet = ""
		}
	}
}

func (p *Pipeline) extract(ci *aggregator.ClaimedItem, res *fetch.Response) enrich.Reading {
	if len(res.Body) > largePage { // trees take many times the room of their tags
		p.large <- struct{}{}
		defer func() { <-p.large }()
	}
	p.parsing <- struct{}{}
	defer func() { <-p.parsing }()
	start := time.Now()
	defer p.stats.enrich.since(start)
	read := enrich.Extract(enrich.Page{
		URL: res.FinalURL, Header: res.Header, Body: res.Body,
		Title: ci.Title, Summary: ci.Summary, Language: ci.Language, Selector: ci.Selector,
		Now: p.opts.Now(),
	})
	read.Item, read.FetchedAt = ci.ID, p.opts.Now()
	read.CanonicalURL = dedup.CanonicalURL(read.CanonicalURL)
	if read.Status == aggregator.ArticleRead && read.Barred == "" { // else the text is not kept, and a 304 would be of no use
		read.ETag, read.LastModified = res.ETag, res.LastModified
	}
	return read
}

// later puts an item back whose page may be had later: after its host's pause,
// which is no try, or after a failure that may pass, at most three times.
func (p *Pipeline) later(ci *aggregator.ClaimedItem, err error) (out aggregator.Processed, wait time.Duration, ok bool) {
	fe, ok := errors.AsType[*fetch.Error](err)
	if !ok || !fe.Temporary() {
		return out, 0, false
	}
	now := p.opts.Now()
	switch fe.Kind {
	case fetch.KindPaused, fetch.KindUnavailable:
		wait = max(fe.RetryAfter, minPutBack)
		p.stats.pageOutcomes.add(fetch.PageOutcome(nil, err))
		out = p.putBack(ci, now.Add(wait))
		out.Next.LastError = err.Error()
		if fe.Kind == fetch.KindUnavailable {
			wait = 0 // it is one origin's, or another host's to which this page leads
		}
		return out, wait, true
	}
	if ci.Work.Attempts >= pageTries {
		return out, 0, false
	}
	p.stats.pageOutcomes.add(fetch.PageOutcome(nil, err))
	out = p.putBack(ci, now.Add(max(pageBackoff(fe, ci.Work.Attempts), fe.RetryAfter)))
	out.Next.LastError = err.Error()
	out.Next.Attempts = ci.Work.Attempts
	return out, 0, true
}

// pageBackoff returns how long to wait after the nth failure (BEHAVIOUR §0).
func pageBackoff(e *fetch.Error, n int) time.Duration {
	wait, most := time.Hour, 24*time.Hour
	if e.Status == 429 || e.Status == 503 {
		wait, most = 4*time.Hour, 7*24*time.Hour
	}
	wait = min(wait<<min(max(0, n-1), 10), most)
	return time.Duration(float64(wait) * (0.9 + 0.4*rand.Float64()))
}

// putBack leaves an item as it is, to be claimed again at a time.
func (p *Pipeline) putBack(ci *aggregator.ClaimedItem, at time.Time) aggregator.Processed {
	next := ci.Work
	next.RunAt = at
	next.Attempts = max(0, next.Attempts-1) // this claim was no try
	return aggregator.Processed{Work: ci.Work, Item: ci.ID, Unchanged: true, Next: &next}
}

func failedArticle(ci *aggregator.ClaimedItem, err error, now time.Time) aggregator.Article {
	a := aggregator.Article{
		Item: ci.ID, URL: ci.URL, Status: aggregator.ArticleFailed,
		Note: err.Error(), Language: "und", FetchedAt: now,
	}
	switch fe, _ := errors.AsType[*fetch.Error](err); {
	case fe == nil:
	case fe.Kind == fetch.KindRobots:
		a.Status = aggregator.ArticleBarred
	case fe.Kind == fetch.KindWall:
		a.Status = aggregator.ArticleWall
	}
	return a
}
