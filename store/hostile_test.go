package store_test

import (
	"errors"
	"fmt"
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

// TestF50SubscribedAddressIsNotTakenBack: a feed that has moved to where somebody
// subscribes later stays there: its old address, a stranger's perhaps, would
// come in its place as soon as the new one fails.
func TestF50SubscribedAddressIsNotTakenBack(t *testing.T) {
	const old, paper = "https://evil.example/feed", "https://paper.example/feed"
	settings := aggregator.FeedSettings{URL: paper, Outlet: "Paper"}
	for name, subscribe := range map[string]func(w *world) error{
		"by the file": func(w *world) error { return w.SyncDeclared(w.ctx(), []aggregator.FeedSettings{settings}, nil) },
		"by hand": func(w *world) error {
			if _, err := w.AddFeed(w.ctx(), settings, aggregator.InDatabase); !errors.Is(err, aggregator.ErrExists) {
				return fmt.Errorf("AddFeed: %w", err)
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			forEachEngine(t, func(t *testing.T, w *world) {
				id := w.feed(old)
				w.adoptURL(id, paper)
				w.must(subscribe(w))
				f, err := w.Feed(t.Context(), id)
				w.must(err)
				if f.URL != paper || f.OriginURL != "" {
					t.Errorf("the feed at %s may go back to %q", f.URL, f.OriginURL)
				}
				if again := w.feed(old); again == id {
					t.Error("the old address is the same feed")
				}
			})
		})
	}
}
