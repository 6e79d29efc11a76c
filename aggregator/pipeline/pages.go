package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/enrich"
	"topicwire/aggregator/fetch"
)

const (
	pagesPerHost = 4 // pages of one host taken in one claim
	pageTries    = 3 // BEHAVIOUR S-07
	pageBackoff  = time.Hour
)

// processPages claims items whose pages are wanted and reads them, host by
// host: pages of one host one after the other, hosts side by side. It returns
// when all it claimed are saved.
func (p *Pipeline) processPages(ctx context.Context) (int, error) {
	items, err := p.claim(ctx, aggregator.StageEnrich, p.opts.Pages*pagesPerHost, nil)
	if err != nil || len(items) == 0 {
		return 0, err
	}
	hosts := make(map[string][]*aggregator.ClaimedItem)
	var order []string
	for i := range items {
		h := p.opts.PageHost(items[i].URL)
		if hosts[h] == nil {
			order = append(order, h)
		}
		hosts[h] = append(hosts[h], &items[i])
	}
	saver := newSaver(ctx, p)
	slots := make(chan struct{}, p.opts.Pages)
	var wg sync.WaitGroup
	for _, h := range order {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			for i, ci := range hosts[h] {
				if i >= pagesPerHost || ctx.Err() != nil {
					saver.add(p.putBack(ci))
					continue
				}
				saver.add(p.readPage(ctx, ci))
			}
		})
	}
	wg.Wait()
	return len(items), saver.close()
}

// readPage fetches and reads an item's page, and matches the item again.
func (p *Pipeline) readPage(ctx context.Context, ci *aggregator.ClaimedItem) aggregator.Processed {
	start := time.Now()
	res, err := p.opts.Fetch.Page(ctx, ci.URL)
	p.stats.enrich.since(start)
	var read enrich.Reading
	if err != nil {
		if ctx.Err() != nil {
			return p.putBack(ci)
		}
		if again, ok := p.retryPage(ci, err); ok {
			return again
		}
		read.Article = failedArticle(ci, err, p.opts.Now())
	} else {
		read = p.extract(ci, res)
	}
	p.stats.pages.Add(1)
	out := p.judgePage(ci, &read)
	log := p.log.With("item", ci.ID, "url", redacted(ci.URL))
	log.Debug("page read", "status", out.Article.Status, "note", out.Article.Note, "dur", time.Since(start).Round(time.Millisecond))
	return out
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
	p.parsing <- struct{}{}
	defer func() { <-p.parsing }()
	start := time.Now()
	defer p.stats.enrich.since(start)
	read := enrich.Extract(enrich.Page{
		URL: res.FinalURL, Header: res.Header, Body: res.Body,
		Title: ci.Title, Summary: ci.Summary, Language: ci.Language, Selector: ci.Selector,
	})
	read.Item, read.FetchedAt = ci.ID, p.opts.Now()
	return read
}

// retryPage decides if a page that could not be fetched is tried again, and when.
func (p *Pipeline) retryPage(ci *aggregator.ClaimedItem, err error) (aggregator.Processed, bool) {
	var fe *fetch.Error
	if !errors.As(err, &fe) || !fe.Temporary() || ci.Work.Attempts >= pageTries {
		return aggregator.Processed{}, false
	}
	wait := pageBackoff << max(0, ci.Work.Attempts-1)
	out := p.putBack(ci)
	out.Next.RunAt = p.opts.Now().Add(max(wait, fe.RetryAfter))
	out.Next.LastError = err.Error()
	out.Next.Attempts = ci.Work.Attempts
	return out, true
}

// putBack leaves an item as it is, to be claimed again at once.
func (p *Pipeline) putBack(ci *aggregator.ClaimedItem) aggregator.Processed {
	next := ci.Work
	next.RunAt = p.opts.Now()
	next.Attempts = max(0, next.Attempts-1) // this claim was no try
	return aggregator.Processed{Work: ci.Work, Item: ci.ID, Unchanged: true, Next: &next}
}

func failedArticle(ci *aggregator.ClaimedItem, err error, now time.Time) aggregator.Article {
	a := aggregator.Article{
		Item: ci.ID, URL: ci.URL, Status: aggregator.ArticleFailed,
		Note: err.Error(), Language: "und", FetchedAt: now,
	}
	var fe *fetch.Error
	if errors.As(err, &fe) && fe.Kind == "robots" {
		a.Status = aggregator.ArticleBarred
	}
	return a
}

// saver gathers finished items into transactions.
type saver struct {
	ctx  context.Context
	p    *Pipeline
	mu   sync.Mutex
	have []aggregator.Processed
	err  error
}

const saveBatch = 20

func newSaver(ctx context.Context, p *Pipeline) *saver { return &saver{ctx: ctx, p: p} }

func (s *saver) add(done aggregator.Processed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.have = append(s.have, done)
	if len(s.have) >= saveBatch {
		s.flush()
	}
}

func (s *saver) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flush()
	return s.err
}

func (s *saver) flush() {
	if len(s.have) == 0 || s.err != nil {
		return
	}
	if err := s.p.save(s.ctx, s.have); err != nil {
		s.err = fmt.Errorf("save %d enriched items: %w", len(s.have), err)
	}
	s.have = nil
}
