package pipeline

import (
	"context"
	"fmt"
	"sync"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/dedup"
	"topicwire/aggregator/enrich"
	"topicwire/aggregator/match"
	"topicwire/aggregator/text"
)

const (
	matchBatch  = 200 // items matched and saved in one transaction
	workLease   = 5 * time.Minute
	fullTextLen = 500 // characters of feed text from which the page is not needed (BEHAVIOUR S-07)
)

func (p *Pipeline) claim(ctx context.Context, stage aggregator.Stage, limit int, busy []string) ([]aggregator.ClaimedItem, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	// A claim that is made is carried out: cut off half way, it would keep its
	// items from everybody until the lease ends.
	items, err := p.opts.Store.ClaimWork(context.WithoutCancel(ctx), aggregator.WorkClaim{
		Now: p.opts.Now(), Stage: stage, Limit: limit, Lease: workLease, ExcludeHosts: busy,
	})
	if err != nil {
		return nil, fmt.Errorf("claim items to %s: %w", stage, err)
	}
	return items, nil
}

// matchAll matches a batch on what is known of its items, on all cores.
func (p *Pipeline) matchAll(items []aggregator.ClaimedItem) []aggregator.Processed {
	start := time.Now()
	topics := p.opts.Topics()
	out := make([]aggregator.Processed, len(items))
	var wg sync.WaitGroup
	const chunk = 25
	for from := 0; from < len(items); from += chunk {
		wg.Go(func() {
			p.parsing <- struct{}{}
			defer func() { <-p.parsing }()
			for i := from; i < min(from+chunk, len(items)); i++ {
				out[i] = p.matchOne(topics, &items[i])
			}
		})
	}
	wg.Wait()
	p.stats.match.since(start)
	return out
}

// matchOne matches an item on the feed's text, and asks for its page if the
// page could change the answer.
func (p *Pipeline) matchOne(topics *match.Set, ci *aggregator.ClaimedItem) aggregator.Processed {
	mode := ci.FeedEnrich
	if mode == "" {
		mode = p.enrich.Load().(aggregator.EnrichMode)
	}
	doc := document(&ci.StoryItem)
	if mode == aggregator.EnrichNever || ci.URL == "" {
		doc.BodyKnown = true
	} else if ci.Article != nil && ci.Article.Status == aggregator.ArticleBarred {
		// The feed changed the item, and the text it was judged by was not
		// kept: its matches stand until the page has been looked at again.
		return aggregator.Processed{Work: ci.Work, Item: ci.ID, Unchanged: true, Next: p.pageWork(ci)}
	}
	out, best, positive := p.judge(topics, ci, doc)
	for i := range out.Matches {
		unquote(out.Matches[i].Evidence, ci.Article, ci.Article == nil || !ci.Article.NoSnippet)
	}
	// A page is read once for each content of its item (BEHAVIOUR S-07, S-09).
	again := ci.Article != nil && ci.Article.ItemHash != ci.ContentHash
	if ci.URL == "" || ci.Article != nil && !again || ci.Article == nil && doc.BodyKnown && mode != aggregator.EnrichAlways {
		return out
	}
	if enrich.Wanted(mode, &ci.Item, best, positive) {
		out.Next = p.pageWork(ci)
	}
	return out
}

// pageWork asks for an item's page, but not before the page we have is old
// (BEHAVIOUR S-09) or may be asked for again (S-11).
func (p *Pipeline) pageWork(ci *aggregator.ClaimedItem) *aggregator.Work {
	at := p.opts.Now()
	if a := ci.Article; a != nil && a.NotBefore.After(at) {
		at = a.NotBefore
	}
	return &aggregator.Work{Item: ci.ID, Stage: aggregator.StageEnrich, RunAt: at}
}

// judge evaluates all topics on a document and files the item under its story keys.
func (p *Pipeline) judge(topics *match.Set, ci *aggregator.ClaimedItem, doc *match.Document) (out aggregator.Processed, best aggregator.Truth, positive bool) {
	now := p.opts.Now()
	out = aggregator.Processed{Work: ci.Work, Item: ci.ID, Language: doc.Language, Topics: topics.Revisions()}
	for _, v := range topics.Evaluate(doc) {
		best = max(best, v.Truth)
		positive = positive || len(v.Evidence) > 0
		if v.Truth == aggregator.True {
			out.Matches = append(out.Matches, aggregator.Match{
				Topic: v.Topic, Item: ci.ID, Score: v.Score, Threshold: v.Threshold,
				Evidence: v.Evidence, At: now, Backfill: ci.Backfill,
			})
		}
	}
	ci.Language = doc.Language
	out.Keys = dedup.Keys(&ci.StoryItem)
	return out, best, positive
}

// Document returns what is known of an item as the topics' queries see it.
func Document(si *aggregator.StoryItem) *match.Document { return document(si) }

func document(si *aggregator.StoryItem) *match.Document {
	d := &match.Document{
		Title: si.Title, Summary: si.Summary, Language: si.Language, URL: si.URL,
		Outlet: si.Outlet, FeedURL: si.FeedURL, FeedTags: si.FeedTags,
		Authors: si.Authors, Categories: si.Categories, Published: si.Date(),
	}
	switch a := si.Article; {
	case a != nil && a.Text != "":
		d.Body, d.BodyKnown = a.Text, true
	case a != nil:
		d.BodyKnown = true // there is no more to come
		d.Body = text.PlainText(si.Content)
	case si.Content != "":
		d.Body = text.PlainText(si.Content)
		d.BodyKnown = len(d.Body) >= fullTextLen
	}
	d.Language = languageOf(si, d)
	return d
}

// languageOf takes the item's declared language; without one, the article's,
// then what its text looks like (research: declared goes before detected).
func languageOf(si *aggregator.StoryItem, d *match.Document) string {
	if known(si.Language) {
		return si.Language
	}
	if si.Article != nil && known(si.Article.Language) {
		return si.Article.Language
	}
	sample := d.Title + "\n" + d.Summary
	if len(sample) < 200 {
		sample += "\n" + d.Body[:min(len(d.Body), 400)]
	}
	tag, _ := text.DetectLanguage(sample)
	return tag
}

func known(lang string) bool { return lang != "" && lang != "und" }
