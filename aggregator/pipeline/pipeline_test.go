package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/fetch"
	"topicwire/aggregator/match"
	"topicwire/aggregator/pipeline"
	"topicwire/aggregator/poll"
	"topicwire/store"
)

// world is a site on loopback, a database and the pipeline between them.
type world struct {
	t     *testing.T
	site  *httptest.Server
	store *store.Store
	pipe  *pipeline.Pipeline

	mu    sync.Mutex
	pages map[string]page
	asked map[string]int
	set   *match.Set
}

type page struct {
	kind, body string
	status     int
	robots     string // X-Robots-Tag
}

func newWorld(t *testing.T, mode aggregator.EnrichMode) *world {
	t.Helper()
	w := &world{t: t, pages: map[string]page{}, asked: map[string]int{}, set: &match.Set{}}
	w.site = httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(w.site.Close)
	var err error
	w.store, err = store.Open(t.Context(), store.Options{DSN: filepath.Join(t.TempDir(), "t.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.store.Close() })
	loopback, err := fetch.ParseAllowRule("127.0.0.0/8")
	if err != nil {
		t.Fatal(err)
	}
	w.pipe = pipeline.New(pipeline.Options{
		Store:    w.store,
		Fetch:    fetch.New(fetch.Options{UserAgent: "topicwire/test", AllowPrivate: []fetch.AllowRule{loopback}}),
		Next:     poll.Schedule{}.Next,
		Topics:   func() *match.Set { w.mu.Lock(); defer w.mu.Unlock(); return w.set },
		Enrich:   mode,
		PageHost: func(string) string { return "site" },
	})
	return w
}

func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked[r.URL.Path]++
	p, ok := w.pages[r.URL.Path]
	if !ok {
		http.NotFound(rw, r)
		return
	}
	if p.status != 0 {
		rw.WriteHeader(p.status)
		return
	}
	etag := fmt.Sprintf(`"%d-%d"`, len(p.body), strings.Count(p.body, "e"))
	rw.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		rw.WriteHeader(http.StatusNotModified)
		return
	}
	rw.Header().Set("Content-Type", p.kind)
	if p.robots != "" {
		rw.Header().Set("X-Robots-Tag", p.robots)
	}
	fmt.Fprint(rw, strings.ReplaceAll(p.body, "SITE", w.site.URL))
}

func (w *world) put(path, kind, body string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pages[path] = page{kind: kind, body: body}
}

func (w *world) requests(path string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked[path]
}

// rss makes a feed of items "path|title|description".
func rss(items ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><rss version="2.0"><channel><title>Ledger</title><link>SITE/</link><language>en</language>`)
	for _, it := range items {
		f := strings.SplitN(it, "|", 3)
		fmt.Fprintf(&b, `<item><guid isPermaLink="false">%s</guid><link>SITE%s</link><title>%s</title><description>%s</description></item>`, f[0], f[0], f[1], f[2])
	}
	b.WriteString(`</channel></rss>`)
	return b.String()
}

func article(paragraphs ...string) string {
	return `<!DOCTYPE html><html lang="en"><head><title>Article</title></head><body><nav><a href="/">Home</a></nav><article><h1>Article</h1><p>` +
		strings.Join(paragraphs, "</p><p>") + `</p></article></body></html>`
}

// feed adds the site's feed, without polling it.
func (w *world) feed(path string) aggregator.FeedID {
	w.t.Helper()
	id, err := w.store.AddFeed(w.t.Context(), aggregator.FeedSettings{URL: w.site.URL + path, Outlet: "Ledger"}, aggregator.InDatabase)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// poll polls a feed once, whatever its schedule says.
func (w *world) poll(id aggregator.FeedID) {
	w.t.Helper()
	claimed, err := w.store.ClaimDueFeeds(w.t.Context(), aggregator.FeedClaim{
		Now: time.Now(), Limit: 1, Lease: time.Minute, All: true, OnlyFeed: id,
	})
	if err != nil || len(claimed) != 1 {
		w.t.Fatalf("claim feed %d: %v, %v", id, claimed, err)
	}
	if err := w.pipe.Ingest(w.t.Context(), &claimed[0]); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) drain() {
	w.t.Helper()
	if err := w.pipe.Drain(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// topic saves a topic and has new items matched against it.
func (w *world) topic(slug, query string) *aggregator.Topic {
	w.t.Helper()
	if _, err := w.store.SaveTopic(w.t.Context(), aggregator.Topic{Slug: slug, Title: slug, Query: query, Declared: aggregator.InDatabase}); err != nil {
		w.t.Fatal(err)
	}
	topics, err := w.store.Topics(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	set, bad := match.NewSet(topics, nil)
	if len(bad) > 0 {
		w.t.Fatal(bad[0].Err)
	}
	w.mu.Lock()
	w.set = set
	w.mu.Unlock()
	t, err := w.store.Topic(w.t.Context(), slug)
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

func (w *world) entries(t *aggregator.Topic) []aggregator.Entry {
	w.t.Helper()
	entries, err := w.store.Entries(w.t.Context(), aggregator.EntryFilter{Topic: t.ID})
	if err != nil {
		w.t.Fatal(err)
	}
	return entries
}

func TestIngestKnowsItsItems(t *testing.T) {
	w := newWorld(t, aggregator.EnrichNever)
	w.put("/feed", "application/rss+xml", rss("/1|One|first", "/2|Two|second"))
	id := w.feed("/feed")
	w.poll(id)
	if c := w.pipe.Counts(); c.NewItems != 2 || c.Read != 1 {
		t.Fatalf("first poll: %+v, want 2 new items", c)
	}
	w.poll(id)
	if c := w.pipe.Counts(); c.NewItems != 2 || c.NotModified != 1 {
		t.Errorf("second poll: %+v, want a 304 and nothing new", c)
	}
	w.put("/feed", "application/rss+xml", rss("/3|Three|third", "/1|One|first", "/2|Two|second, corrected"))
	w.poll(id)
	if c := w.pipe.Counts(); c.NewItems != 3 || c.UpdatedItems != 1 {
		t.Errorf("third poll: %+v, want 1 item more and 1 updated", c)
	}
}

func TestBrokenFeedIsData(t *testing.T) {
	for name, doc := range map[string]page{
		"a web page":   {kind: "text/html", body: "<!DOCTYPE html><html><body><p>Welcome</p></body></html>"},
		"empty":        {kind: "application/rss+xml"},
		"server error": {status: 500},
		"not XML":      {kind: "application/rss+xml", body: "\x00\x01\x02"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, aggregator.EnrichNever)
			w.put("/feed", "application/rss+xml", rss("/1|One|first"))
			id := w.feed("/feed")
			w.poll(id)
			w.mu.Lock()
			w.pages["/feed"] = doc
			w.mu.Unlock()
			w.poll(id)
			f, err := w.store.Feed(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if f.LastError == "" || f.State != aggregator.FeedFailing || f.Failures != 1 {
				t.Errorf("feed: state %s, %d failures, error %q; want it failing, with a reason", f.State, f.Failures, f.LastError)
			}
			items := 0
			if err := w.store.EachItem(t.Context(), time.Time{}, func(*aggregator.StoryItem) error { items++; return nil }); err != nil {
				t.Fatal(err)
			}
			if items != 1 {
				t.Errorf("%d items after the broken poll, want the 1 of before", items)
			}
		})
	}
}

func TestEnrichAutoReadsWhatCouldMatter(t *testing.T) {
	w := newWorld(t, aggregator.EnrichAuto)
	topic := w.topic("pair", "country:ru country:in")
	w.put("/feed", "application/rss+xml", rss(
		"/clear|Russia and India sign a pact|Moscow and New Delhi: Russia and India agreed.",
		"/open|Russia signs a pact|Ministers met on Tuesday.",
		"/other|A cake for the fair|Flour and butter."))
	w.put("/clear", "text/html", article("Russia and India agreed on a pact after long talks between the two governments.", "It will last ten years, both sides said on Tuesday."))
	w.put("/open", "text/html", article("Russia and India signed a pact on Tuesday after a year of talks in both capitals.", "India will build half of the ships, and Russia the other half, officials said.", "India welcomed the pact."))
	w.put("/other", "text/html", article("Flour, butter, sugar. Nothing else belongs in the cake of the fair, the baker said."))
	id := w.feed("/feed")
	w.poll(id)
	if _, err := w.pipe.Process(t.Context(), aggregator.StageMatch); err != nil {
		t.Fatal(err)
	}
	if got := w.entries(topic); len(got) != 1 {
		t.Fatalf("%d entries before any page was read, want 1: enrichment must not delay publication", len(got))
	}
	w.drain()
	if got := w.entries(topic); len(got) != 2 {
		t.Errorf("%d entries after enrichment, want 2", len(got))
	}
	if n := w.requests("/other"); n != 0 {
		t.Errorf("the cake's page was asked for %d times", n)
	}
	if n := w.requests("/open"); n != 1 {
		t.Errorf("the open item's page was asked for %d times, want 1", n)
	}
	if n := w.requests("/robots.txt"); n != 1 {
		t.Errorf("robots.txt was asked for %d times, want 1", n)
	}
}

func TestPageThatCannotBeReadKeepsFeedText(t *testing.T) {
	w := newWorld(t, aggregator.EnrichAlways)
	topic := w.topic("pair", "country:ru country:in")
	w.put("/feed", "application/rss+xml", rss("/gone|Russia and India sign a pact|Russia and India agreed on Tuesday."))
	w.poll(w.feed("/feed"))
	w.drain()
	got := w.entries(topic)
	if len(got) != 1 {
		t.Fatalf("%d entries, want 1", len(got))
	}
	if a := got[0].Best.Article; a == nil || a.Status != aggregator.ArticleFailed || a.Note == "" {
		t.Errorf("article: %+v, want it failed, with a reason", a)
	}
	if got[0].Best.EntrySummary() == "" {
		t.Error("the entry lost the feed's summary")
	}
}

// TestBarredTextIsLookedAtOnly: a page that asks not to be stored decides if
// its item matches, and nothing of its text is kept (BEHAVIOUR S-06).
func TestBarredTextIsLookedAtOnly(t *testing.T) {
	const secret = "Russia and India signed a pact on Tuesday after a year of talks in both capitals."
	body := article(secret, "India will build half of the ships, and Russia the other half, officials said.", "India welcomed the pact.")
	meta := func(robots string) string {
		return strings.Replace(body, "<head>", `<head><meta name="robots" content="`+robots+`"><meta property="og:description" content="`+secret+`">`, 1)
	}
	for name, c := range map[string]struct {
		page    page
		status  aggregator.ArticleStatus
		summary string
		text    bool // is stored
		snippet bool // of the text is shown
	}{
		"free":          {page{body: meta("index, follow")}, aggregator.ArticleRead, secret, true, true},
		"noarchive":     {page{body: meta("noarchive")}, aggregator.ArticleBarred, "Ministers met on Monday.", false, false},
		"noindex":       {page{body: meta("noindex, nofollow")}, aggregator.ArticleBarred, "Ministers met on Monday.", false, false},
		"header":        {page{body: meta("all"), robots: "noarchive"}, aggregator.ArticleBarred, "Ministers met on Monday.", false, false},
		"our token":     {page{body: meta("all"), robots: "topicwire: noindex"}, aggregator.ArticleBarred, "Ministers met on Monday.", false, false},
		"another robot": {page{body: meta("all"), robots: "otherbot: noindex"}, aggregator.ArticleRead, secret, true, true},
		"nosnippet":     {page{body: meta("nosnippet")}, aggregator.ArticleRead, "", true, false},
		"none":          {page{body: meta("none")}, aggregator.ArticleBarred, "Ministers met on Monday.", false, false},
		"max-snippet 0": {page{body: meta("all"), robots: "max-snippet:0"}, aggregator.ArticleRead, "", true, false},
		"no limit":      {page{body: meta("max-snippet:-1")}, aggregator.ArticleRead, secret, true, true},
		"over":          {page{body: meta("all"), robots: "unavailable_after: 25 Jun 2020 15:00:00 UTC"}, aggregator.ArticleBarred, "Ministers met on Monday.", false, false},
		"mixed tags":    {page{body: meta("all"), robots: "otherbot: noindex, topicwire: noarchive"}, aggregator.ArticleBarred, "Ministers met on Monday.", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, aggregator.EnrichAuto)
			topic := w.topic("pair", "country:ru country:in")
			w.put("/feed", "application/rss+xml", rss("/open|Russia signs a pact|Ministers met on Monday."))
			c.page.kind = "text/html"
			w.mu.Lock()
			w.pages["/open"] = c.page
			w.mu.Unlock()
			feed := w.feed("/feed")
			w.poll(feed)
			w.drain()
			w.checkKept(topic, secret, c.status, c.summary, c.text, c.snippet)

			// The feed changes the item: the page is asked for again, S-09, and
			// sent again if its text was not kept.
			w.put("/feed", "application/rss+xml", rss("/open|Russia signs a new pact|Ministers met on Monday."))
			w.poll(feed)
			w.drain()
			w.checkKept(topic, secret, c.status, c.summary, c.text, c.snippet)
			if n := w.requests("/open"); n != 2 {
				t.Errorf("the page was asked for %d times, want 2", n)
			}
			if got := w.pipe.Counts().PageOutcomes; got["not_modified"] == 1 != c.text {
				t.Errorf("outcomes %v, want a 304 only if the text was kept", got)
			}
		})
	}
}

func (w *world) checkKept(topic *aggregator.Topic, secret string, status aggregator.ArticleStatus, summary string, text, snippet bool) {
	w.t.Helper()
	got := w.entries(topic)
	if len(got) != 1 {
		w.t.Fatalf("%d entries, want 1: the page's text decides", len(got))
	}
	a := got[0].Best.Article
	if a == nil || a.Status != status || (a.Text != "") != text || a.Note == "" && status == aggregator.ArticleBarred || got[0].Best.EntrySummary() != summary {
		w.t.Errorf("article %+v, summary %q; want it %s, summary %q", a, got[0].Best.EntrySummary(), status, summary)
	}
	matches, err := w.store.ItemMatches(w.t.Context(), got[0].Best.ID)
	if err != nil || len(matches) != 1 {
		w.t.Fatalf("matches %v, %v; want 1", matches, err)
	}
	body, quoted := 0, false
	for _, e := range matches[0].Evidence {
		if e.Field == "body" {
			body++
			quoted = quoted || e.Snippet != ""
		}
	}
	if body == 0 || quoted != snippet {
		w.t.Errorf("evidence %+v; want some of the body, quoted: %v", matches[0].Evidence, snippet)
	}
	if !text {
		if all := fmt.Sprintf("%+v %+v %+v", got, *a, matches); strings.Contains(all, secret[:40]) {
			w.t.Errorf("the text of the page was kept: %s", all)
		}
	}
}

func TestOneStoryOnce(t *testing.T) {
	w := newWorld(t, aggregator.EnrichNever)
	topic := w.topic("pair", "country:ru country:in")
	w.put("/a", "application/rss+xml", rss("/x|Russia and India sign a pact|Russia and India agreed on Tuesday to build ships."))
	w.put("/b", "application/rss+xml", strings.ReplaceAll(rss("/x?utm_source=b|Russia and India sign a pact on ships|Both agreed."), "Ledger", "Post"))
	w.poll(w.feed("/a"))
	w.drain()
	before := w.entries(topic)
	w.poll(w.feed("/b"))
	w.drain()
	after := w.entries(topic)
	if len(before) != 1 || len(after) != 1 {
		t.Fatalf("%d, then %d entries; want 1 and 1", len(before), len(after))
	}
	if len(after[0].Sources) != 2 {
		t.Errorf("the entry lists %d sources, want 2", len(after[0].Sources))
	}
	if before[0].PublicID != after[0].PublicID || !before[0].Published.Equal(after[0].Published) {
		t.Errorf("the entry changed its identity: %s %v, then %s %v", before[0].PublicID, before[0].Published, after[0].PublicID, after[0].Published)
	}
}

func TestRematchIsBackfill(t *testing.T) {
	w := newWorld(t, aggregator.EnrichNever)
	w.put("/feed", "application/rss+xml", rss("/x|Russia and India sign a pact|Russia and India agreed on Tuesday."))
	w.poll(w.feed("/feed"))
	w.drain()
	topic := w.topic("pair", "country:ru country:in")
	if !topic.Pending {
		t.Fatal("a new topic is not pending")
	}
	if err := pipeline.RematchPending(t.Context(), w.store, nil, time.Now); err != nil {
		t.Fatal(err)
	}
	got := w.entries(topic)
	if len(got) != 1 || !got[0].Backfill {
		t.Fatalf("entries %+v, want one, marked as back-fill", got)
	}
	again, err := w.store.Topic(t.Context(), "pair")
	if err != nil || again.Pending {
		t.Errorf("topic after rematch: pending %v, %v", again.Pending, err)
	}
}

func TestSubscribeFindsTheFeedOfAPage(t *testing.T) {
	w := newWorld(t, aggregator.EnrichNever)
	w.put("/", "text/html", `<html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head><body>News</body></html>`)
	w.put("/feed", "application/rss+xml", rss("/1|One|first"))
	w.put("/blank", "text/html", `<html><head></head><body>Nothing here</body></html>`)
	id, err := w.pipe.Subscribe(t.Context(), w.store, aggregator.FeedSettings{URL: w.site.URL + "/"})
	if err != nil {
		t.Fatal(err)
	}
	f, err := w.store.Feed(t.Context(), id)
	if err != nil || f.URL != w.site.URL+"/feed" || f.LastStatus != 200 || !f.NextPollAt.After(time.Now()) {
		t.Errorf("feed %+v, %v; want /feed, polled and scheduled", f, err)
	}
	if n := w.requests("/feed"); n != 1 {
		t.Errorf("the feed was asked for %d times, want 1", n)
	}
	if _, err := w.pipe.Subscribe(t.Context(), w.store, aggregator.FeedSettings{URL: w.site.URL + "/blank"}); err == nil {
		t.Error("a page without a feed was subscribed to")
	}
	if n := w.requests("/blank"); n != 1 {
		t.Errorf("the blank page was asked for %d times, want 1", n)
	}
}

// TestRunEnds: the daemon's loops end with their context, the work in hand saved.
func TestRunEnds(t *testing.T) {
	w := newWorld(t, aggregator.EnrichNever)
	w.put("/feed", "application/rss+xml", rss("/1|One|first"))
	w.poll(w.feed("/feed"))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.pipe.Run(ctx) }()
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
}

// TestTopicChangedInFlight: items that were matched against the topics of
// before an edit are matched again.
func TestTopicChangedInFlight(t *testing.T) {
	w := newWorld(t, aggregator.EnrichNever)
	w.put("/feed", "application/rss+xml", rss("/x|Russia and India sign a pact|Russia and India agreed on Tuesday."))
	w.poll(w.feed("/feed"))
	before, _ := match.NewSet(nil, nil)
	topic := w.topic("pair", "country:ru country:in")
	rematch := func() {
		t.Helper()
		if err := pipeline.RematchPending(t.Context(), w.store, nil, time.Now); err != nil {
			t.Fatal(err)
		}
	}
	rematch() // the history is done; the item of the batch in flight is not part of it yet
	w.set = before
	w.drain()
	rematch()
	if got := w.entries(topic); len(got) != 1 {
		t.Errorf("%d entries, want the item of the batch in flight", len(got))
	}
	if again, err := w.store.Topic(t.Context(), "pair"); err != nil || again.Pending {
		t.Errorf("topic at rest: pending %v, %v", again.Pending, err)
	}
}

// TestBacktest: a draft is judged on the history beside the live query.
func TestBacktest(t *testing.T) {
	w := newWorld(t, aggregator.EnrichNever)
	w.put("/feed", "application/rss+xml", rss(
		"/1|Russia and India sign a pact|Russia and India agreed on Tuesday.",
		"/2|China and Russia talk|China and Russia met on Monday.",
		"/3|A cake for the fair|Flour and butter.",
		"/4|China buys grain|The harvest in China was poor."))
	w.poll(w.feed("/feed"))
	live := w.topic("pair", "country:ru country:in")
	w.drain()
	draft := *live
	draft.Query = "country:ru country:cn"
	bt, err := pipeline.TestTopic(t.Context(), w.store, live, &draft, nil, time.Time{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	if bt.Items != 4 || bt.Hits != 1 || len(bt.Gained) != 1 || len(bt.Lost) != 1 || len(bt.NearMisses) != 1 {
		t.Fatalf("backtest %+v; want 4 items, 1 hit, 1 gained, 1 lost, 1 near miss", bt)
	}
	if bt.Gained[0].Title != "China and Russia talk" || bt.NearMisses[0].Title != "China buys grain" || len(bt.NearMisses[0].Evidence) == 0 {
		t.Errorf("gained %q, lost %q, near %q with evidence %v", bt.Gained[0].Title, bt.Lost[0].Title, bt.NearMisses[0].Title, bt.NearMisses[0].Evidence)
	}
	var syntax *match.SyntaxError
	draft.Query = "(x"
	if _, err := pipeline.TestTopic(t.Context(), w.store, live, &draft, nil, time.Time{}, 10); !errors.As(err, &syntax) {
		t.Errorf("a query that does not parse: %v", err)
	}
}
