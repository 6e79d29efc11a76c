package store_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"topicwire/aggregator"
)

// longAddress is an address that no index of PostgreSQL takes: of 6 KiB that
// cannot be compressed.
func longAddress() string {
	random := rand.New(rand.NewPCG(1, 2))
	b := []byte("https://example.org/")
	for range 6 << 10 {
		b = append(b, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"[random.IntN(64)])
	}
	return string(b)
}

// TestF57LongAddressesStopNothing: a page that names an endless address as its
// own, and a feed that moves to one, would make each save fail, and with it all
// polling and processing.
func TestF57LongAddressesStopNothing(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		feed := w.feed("https://a.example/feed")
		if saved := w.adoptURL(feed, longAddress()); saved.MovedTo != "" {
			t.Error("the feed has moved to an endless address")
		}
		w.poll(feed, false, item("a", t0.Add(-time.Hour)))
		ci := w.work(aggregator.StageMatch)[0]
		p := w.outcome(&ci)
		p.Article = &aggregator.Article{
			Item: ci.ID, URL: longAddress(), Status: aggregator.ArticleRead, Text: "text", CanonicalURL: longAddress(), FetchedAt: w.now(),
		}
		_, err := w.RecordProcessed(w.ctx(), []aggregator.Processed{p}, byURL)
		w.must(err)
	})
}
