package pipeline_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/feedtest"
	"topicwire/aggregator/fetch"
	"topicwire/aggregator/match"
	"topicwire/aggregator/pipeline"
	"topicwire/aggregator/poll"
	"topicwire/store"
)

// sim is the real thing in a bubble: scheduler, client, parser and database,
// with an internet and a clock of its own.
type sim struct {
	*testing.T
	dsn   string
	opts  pipeline.Options
	net   *feedtest.Net
	store *store.Store
	pipe  *pipeline.Pipeline
	sched *poll.Scheduler
	log   bytes.Buffer

	mu     sync.Mutex
	asked  map[string][]ask // by host and path
	offset time.Duration    // of the clock that everything but the timers go by
}

// ask is one request and its answer.
type ask struct {
	at, answered time.Time
	whole        bool // without validators
	header       http.Header
	status       int
}

func hostKey(url string) string { return fetch.HostKey(url, nil) }

// simulate runs a test in a bubble, with what the options change.
func simulate(t *testing.T, change func(o *pipeline.Options), test func(w *sim)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &sim{T: t, net: feedtest.New(t), asked: make(map[string][]ask)}
		var err error
		w.dsn = filepath.Join(t.TempDir(), "t.db")
		w.store, err = store.Open(t.Context(), store.Options{DSN: w.dsn, HostKey: hostKey, Now: w.now})
		if err != nil {
			t.Fatal(err)
		}
		defer w.store.Close()
		client := fetch.New(fetch.Options{UserAgent: "topicwire/test", Resolver: w.net, DialContext: w.net.DialContext, Now: w.now})
		defer client.Close()
		o := pipeline.Options{
			Store: w.store, Fetch: client, Topics: func() *match.Set { return &match.Set{} }, Enrich: aggregator.EnrichNever, PageHost: hostKey,
			Next: poll.Schedule{HostKey: hostKey}.Next, Now: w.now,
			Logger: slog.New(slog.NewTextHandler(&w.log, nil)),
		}
		if change != nil {
			change(&o)
		}
		w.opts = o
		w.restart()
		test(w)
	})
}

// restart begins anew with what is in the rows.
func (w *sim) restart() {
	w.pipe = pipeline.New(w.opts)
	w.sched = poll.New(poll.Options{Store: w.store, Ingest: w.pipe.Ingest, HostKey: hostKey, Now: w.now})
}

// open opens the database beside the store.
func (w *sim) open() *sql.DB {
	w.Helper()
	db, err := sql.Open("sqlite", w.dsn)
	if err != nil {
		w.Fatal(err)
	}
	return db
}

func (w *sim) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.offset)
}

// site serves a host, and notes what it is asked.
func (w *sim) site(host string, h http.HandlerFunc) {
	w.net.Handle(host, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		a := ask{at: time.Now(), header: r.Header.Clone(), whole: r.Header.Get("If-None-Match")+r.Header.Get("If-Modified-Since") == ""}
		rec := &statusWriter{ResponseWriter: rw, status: 200}
		h(rec, r)
		a.answered, a.status = time.Now(), rec.status
		w.mu.Lock()
		defer w.mu.Unlock()
		key := r.Host + r.URL.Path
		w.asked[key] = append(w.asked[key], a)
	}))
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (s *statusWriter) WriteHeader(code int) {
	s.status = code
	s.ResponseWriter.WriteHeader(code)
}

func (w *sim) asks(key string) []ask {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]ask(nil), w.asked[key]...)
}

func (w *sim) add(urls ...string) (first aggregator.FeedID) {
	w.Helper()
	for i, u := range urls {
		id, err := w.store.AddFeed(w.Context(), aggregator.FeedSettings{URL: u}, aggregator.InDatabase)
		if err != nil {
			w.Fatal(err)
		}
		if i == 0 {
			first = id
		}
	}
	return first
}

// run runs the daemon's polling for a time.
func (w *sim) run(d time.Duration) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), d)
	defer cancel()
	if err := w.sched.Run(ctx); err != nil {
		w.Fatal(err)
	}
}

// pass lets time pass, and polls what is due as run does; it is quicker where
// days go by between polls.
func (w *sim) pass(d time.Duration) {
	w.Helper()
	end := time.Now().Add(d)
	for {
		due, err := w.store.NextDueAt(w.Context())
		if err != nil {
			w.Fatal(err)
		}
		wait := max(time.Second, due.Sub(w.now()))
		if due.IsZero() || time.Now().Add(wait).After(end) {
			time.Sleep(time.Until(end))
			return
		}
		time.Sleep(wait)
		if err := w.sched.Sweep(w.Context(), poll.SweepOptions{}); err != nil {
			w.Fatal(err)
		}
	}
}

// poll polls a feed at once, by force or as it is.
func (w *sim) poll(id aggregator.FeedID, force bool) {
	w.Helper()
	claimed, err := w.store.ClaimDueFeeds(w.Context(), aggregator.FeedClaim{Now: w.now(), Limit: 1, Lease: time.Minute, All: true, Force: force, OnlyFeed: id})
	if err != nil || len(claimed) != 1 {
		w.Fatalf("claim feed %d: %v, %v", id, claimed, err)
	}
	if err := w.pipe.Ingest(w.Context(), &claimed[0]); err != nil {
		w.Fatal(err)
	}
}

func (w *sim) feed(id aggregator.FeedID) *aggregator.Feed {
	w.Helper()
	f, err := w.store.Feed(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	return f
}

// titles lists the stored items of all feeds, in order of their ids.
func (w *sim) titles() (titles []string) {
	w.Helper()
	if err := w.store.EachItem(w.Context(), time.Time{}, func(it *aggregator.StoryItem) error {
		titles = append(titles, it.Title)
		return nil
	}); err != nil {
		w.Fatal(err)
	}
	return titles
}

// logged returns how many lines of the log hold a text.
func (w *sim) logged(text string) int { return strings.Count(w.log.String(), text) }

// doc makes an RSS document of items "guid|link|title|date"; what is empty is
// left out.
func doc(extra string, items ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel><title>Ledger</title>` + extra)
	for _, it := range items {
		f := strings.SplitN(it+"|||", "|", 5)
		b.WriteString("<item>")
		for i, name := range []string{"guid", "link", "title", "pubDate"} {
			if f[i] != "" {
				fmt.Fprintf(&b, "<%s>%s</%[1]s>", name, f[i])
			}
		}
		b.WriteString("</item>")
	}
	b.WriteString("</channel></rss>")
	return b.String()
}

// serve answers with a document and its validator.
func serve(rw http.ResponseWriter, r *http.Request, body string) {
	etag := fmt.Sprintf("%q", fmt.Sprintf("%x", len(body))+fmt.Sprintf("%x", hash(body)))
	rw.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		rw.WriteHeader(http.StatusNotModified)
		return
	}
	fmt.Fprint(rw, body)
}

func hash(s string) (h uint32) {
	for _, c := range []byte(s) {
		h = h*31 + uint32(c)
	}
	return h
}

// history makes items that were published at regular distances until now.
func history(now time.Time, gap time.Duration, n int) (items []string) {
	for i := range n {
		items = append(items, fmt.Sprintf("g%d|http://news.example/%d|Title %d|%s", i, i, i, now.Add(-time.Duration(i)*gap).UTC().Format(time.RFC1123Z)))
	}
	return items
}
