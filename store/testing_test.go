package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"topicwire/aggregator"
	"topicwire/store"
)

// clock is a clock that tests set.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(c.at.Load(), 0).UTC() }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d / time.Second)) }

var t0 = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// world is a store with a clock, and short ways to fill it.
type world struct {
	testing.TB
	*store.Store
	*clock
	dsn    string
	engine string
}

// forEachEngine runs a test on SQLite and, if TOPICWIRE_TEST_POSTGRES names a
// server, on PostgreSQL in a schema of its own. In CI the server is a must.
func forEachEngine(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		test(t, open(t, filepath.Join(t.TempDir(), "topicwire.db"), "sqlite"))
	})
	t.Run("postgres", func(t *testing.T) {
		test(t, open(t, postgresSchema(t), "postgres"))
	})
}

var schemas atomic.Int64

// postgresSchema makes a schema and returns the DSN that leads into it.
func postgresSchema(t testing.TB) string {
	t.Helper()
	dsn := os.Getenv("TOPICWIRE_TEST_POSTGRES")
	if dsn == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("TOPICWIRE_TEST_POSTGRES is not set: in CI both engines are tested")
		}
		t.Skip("TOPICWIRE_TEST_POSTGRES is not set: PostgreSQL is not tested")
	}
	name := fmt.Sprintf("t%d_%d", os.Getpid(), schemas.Add(1))
	db := openSQL(t, "pgx", dsn)
	if _, err := db.Exec(`CREATE SCHEMA ` + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = db.Exec(`DROP SCHEMA ` + name + ` CASCADE`) })
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

func openSQL(t testing.TB, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func open(t testing.TB, dsn, engine string) *world {
	t.Helper()
	w := &world{TB: t, clock: new(clock), dsn: dsn, engine: engine}
	w.at.Store(t0.Unix())
	w.reopen()
	t.Cleanup(func() { w.Close() })
	return w
}

func (w *world) reopen() {
	w.Helper()
	if w.Store != nil {
		w.must(w.Close())
	}
	st, err := store.Open(context.Background(), store.Options{DSN: w.dsn, Now: w.now})
	w.must(err)
	w.Store = st
}

// raw opens the database beside the store.
func (w *world) raw() *sql.DB {
	w.Helper()
	if w.engine == "postgres" {
		return openSQL(w, "pgx", w.dsn)
	}
	return openSQL(w, "sqlite", w.dsn)
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) ctx() context.Context { return context.Background() }

// feed adds a feed.
func (w *world) feed(address string) aggregator.FeedID {
	w.Helper()
	id, err := w.AddFeed(w.ctx(), aggregator.FeedSettings{URL: address, Outlet: "Outlet of " + address}, aggregator.InDatabase)
	w.must(err)
	return id
}

func (w *world) claim(id aggregator.FeedID) aggregator.Feed {
	w.Helper()
	got, err := w.ClaimDueFeeds(w.ctx(), aggregator.FeedClaim{Now: w.now(), Limit: 1, Lease: time.Minute, Force: true, OnlyFeed: id})
	w.must(err)
	if len(got) != 1 {
		w.Fatalf("claimed %d feeds of 1", len(got))
	}
	return got[0]
}

// poll saves items as a poll of the feed.
func (w *world) poll(id aggregator.FeedID, backfill bool, items ...aggregator.Item) aggregator.PollSaved {
	w.Helper()
	f := w.claim(id)
	saved, err := w.RecordPoll(w.ctx(), record(&f, w.now(), backfill, items...))
	w.must(err)
	return saved
}

func record(f *aggregator.Feed, at time.Time, backfill bool, items ...aggregator.Item) aggregator.PollRecord {
	r := aggregator.PollRecord{Feed: f.ID, Lease: f.Lease, Outcome: aggregator.PollRead, Items: items, At: at, Backfill: backfill}
	for _, it := range items {
		r.Blocks = append(r.Blocks, it.BlockHash)
	}
	r.Next = func(aggregator.PollFound) (aggregator.PollState, *aggregator.HostPause) {
		p := f.PollState
		p.State, p.LastPollAt, p.LastSuccessAt = aggregator.FeedActive, at, at
		p.NextPollAt, p.NextPollReason = at.Add(time.Hour), "adaptive"
		return p, nil
	}
	return r
}

// item makes an item; its address, texts and hashes follow from the name.
func item(name string, published time.Time) aggregator.Item {
	u := "https://example.org/" + name
	return aggregator.Item{
		GUID: "guid " + name, URL: u, CanonicalURL: strings.TrimPrefix(u, "https://"), Title: "Title " + name, Summary: "Summary of " + name,
		Content: "<p>Content of " + name + "</p>", Authors: []string{"A. Writer"}, Categories: []string{"World", "Trade"},
		Language: "en", ImageURL: u + ".jpg", Enclosures: []aggregator.Enclosure{{URL: u + ".mp3", Type: "audio/mpeg", Length: 7}},
		SourceURL: "https://agency.example/feed", SourceTitle: "Agency", Published: published, BlockHash: hashOf(name), ContentHash: "c-" + name,
	}
}

func hashOf(s string) uint64 {
	h := uint64(14695981039346656037)
	for _, b := range []byte(s) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return h
}

// work claims everything that waits for a stage.
func (w *world) work(stage aggregator.Stage) []aggregator.ClaimedItem {
	w.Helper()
	got, err := w.ClaimWork(w.ctx(), aggregator.WorkClaim{Now: w.now(), Stage: stage, Limit: 1000, Lease: time.Minute})
	w.must(err)
	return got
}

// byURL links items with equal canonical URLs.
func byURL(a, b *aggregator.StoryItem) (aggregator.Link, bool) {
	return aggregator.Link{Reason: aggregator.LinkURL, Strength: 1}, a.CanonicalURL == b.CanonicalURL
}

func urlKey(ci *aggregator.ClaimedItem) []aggregator.StoryKey {
	return []aggregator.StoryKey{{Hash: int64(hashOf(ci.CanonicalURL)), Exact: true}}
}

// outcome is a processed item: filed by its URL, matching the topics given.
func (w *world) outcome(ci *aggregator.ClaimedItem, topics ...aggregator.TopicID) aggregator.Processed {
	p := aggregator.Processed{Work: ci.Work, Item: ci.ID, Language: ci.Language, Keys: urlKey(ci)}
	for _, id := range topics {
		p.Matches = append(p.Matches, aggregator.Match{
			Topic: id, Item: ci.ID, Score: 4, Threshold: 3, At: w.now(), Backfill: ci.Backfill,
			Evidence: []aggregator.Evidence{{Term: "country:ru", Alias: "Russia", Field: "title", Start: 0, End: 6, Snippet: "Russia and India"}},
		})
	}
	return p
}

// process carries all that waits for matching to the end.
func (w *world) process(topics ...aggregator.TopicID) aggregator.ProcessedSaved {
	w.Helper()
	items := w.work(aggregator.StageMatch)
	batch := make([]aggregator.Processed, len(items))
	for i := range items {
		batch[i] = w.outcome(&items[i], topics...)
	}
	saved, err := w.RecordProcessed(w.ctx(), batch, byURL)
	w.must(err)
	return saved
}

func (w *world) topic(slug string) aggregator.TopicID {
	w.Helper()
	id, err := w.SaveTopic(w.ctx(), aggregator.Topic{Slug: slug, Title: slug, Query: "a b", Declared: aggregator.InDatabase})
	w.must(err)
	return id
}

func (w *world) entries(id aggregator.TopicID) []aggregator.Entry {
	w.Helper()
	got, err := w.Entries(w.ctx(), aggregator.EntryFilter{Topic: id})
	w.must(err)
	return got
}

func (w *world) wellKept() {
	w.Helper()
	r, err := w.Check(w.ctx())
	w.must(err)
	if !r.OK {
		w.Errorf("Check found %q", r.Problems)
	}
}
