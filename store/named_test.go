package store_test

import (
	"fmt"
	"testing"
	"time"

	"topicwire/aggregator"
)

// byPage links items whose pages name one address.
func byPage(a, b *aggregator.StoryItem) (aggregator.Link, bool) {
	return aggregator.Link{Reason: aggregator.LinkURL, Strength: 1},
		a.Article != nil && b.Article != nil && a.Article.CanonicalURL != "" && a.Article.CanonicalURL == b.Article.CanonicalURL
}

// TestS10AddressThatManyName: three items may be joined by what their pages
// name; after a fourth, nothing is, and nothing is filed under it. What was
// joined stays so when it is matched again.
func TestS10AddressThatManyName(t *testing.T) {
	const address = "https://example.org/all"
	for _, tt := range []struct {
		name    string
		batches []int // how many items come at once
		stories int
		keys    int
	}{
		{"one by one", []int{1, 1, 1, 1, 1}, 3, 3},
		{"at once", []int{5}, 5, 0},
		{"three, then two", []int{3, 2}, 3, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			forEachEngine(t, func(t *testing.T, w *world) {
				feed, n, stories := w.feed("https://a.example/feed"), 0, 0
				process := func() {
					var batch []aggregator.Processed
					for _, ci := range w.work(aggregator.StageMatch) {
						p := w.outcome(&ci)
						p.Article = &aggregator.Article{Item: ci.ID, Status: aggregator.ArticleRead, Text: "text", CanonicalURL: address, FetchedAt: w.now()}
						p.Keys = []aggregator.StoryKey{{Hash: 7, Exact: true, Page: address}}
						batch = append(batch, p)
					}
					saved, err := w.RecordProcessed(w.ctx(), batch, byPage)
					w.must(err)
					stories += saved.Stories
				}
				for _, more := range tt.batches {
					var items []aggregator.Item
					for range more {
						n++
						items = append(items, item(fmt.Sprint("n", n), t0.Add(-time.Hour)))
					}
					w.poll(feed, false, items...)
					process()
				}
				var keys int
				w.must(w.raw().QueryRow(`SELECT COUNT(*) FROM story_key WHERE hash = 7`).Scan(&keys))
				if stories != tt.stories || keys != tt.keys {
					t.Errorf("%d stories, %d keys; want %d, %d", stories, keys, tt.stories, tt.keys)
				}
				w.wellKept()
			})
		})
	}
}
