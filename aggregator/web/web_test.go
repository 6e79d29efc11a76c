package web_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/web"
)

// newServer serves a store at noon; with may change the options.
func newServer(t testing.TB, store *fakeStore, with func(*web.Options)) *web.Server {
	t.Helper()
	o := web.Options{
		Store: store, ListenURL: "http://127.0.0.1:8080", Authority: "news.example.org,2026", Version: "1.0",
		Now:    func() time.Time { return noon },
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Actions: web.Actions{
			SaveTopic:   func(context.Context, aggregator.Topic) error { return nil },
			RemoveTopic: func(context.Context, string) error { return nil },
			AddFeed:     func(context.Context, aggregator.FeedSettings) (aggregator.FeedID, error) { return 3, nil },
			PollFeed:    func(context.Context, aggregator.FeedID) error { return nil },
			RemoveFeed:  func(context.Context, string) error { return nil },
			TestQuery:   store.testQuery,
			ItemsPerDay: func(_ context.Context, id aggregator.FeedID, days int) ([]int, error) {
				return [][]int{{3, 5, 8, 2, 0, 4, 9, 12, 7, 6, 5, 8, 3, 1}, {4, 4, 5, 6, 3, 2, 0, 0, 0, 0, 0, 0, 0, 0}, make([]int, days), make([]int, days)}[id-1], nil
			},
		},
	}
	if with != nil {
		with(&o)
	}
	s, err := web.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// testQuery finds items whose title holds the query's first word.
func (f *fakeStore) testQuery(_ context.Context, draft aggregator.Topic) (*aggregator.Backtest, error) {
	defer f.lock()()
	word, _, _ := strings.Cut(strings.ToLower(draft.Query), " ")
	qt := &aggregator.Backtest{Since: noon.AddDate(0, 0, -30), ByDay: map[string]int{}, ByOutlet: map[string]int{}, ByLanguage: map[string]int{}}
	for _, s := range f.stories {
		for _, it := range s.Items {
			qt.Items++
			h := aggregator.Tested{ID: it.ID, Title: it.Title, Outlet: it.Outlet, Language: it.Language, Published: it.Date(), Score: 1, Threshold: 3}
			if at := strings.Index(strings.ToLower(it.Title), word); at < 0 {
				if it.Language == "id" {
					qt.NearMisses = append(qt.NearMisses, h)
				}
				continue
			}
			qt.Hits++
			h.Score = 4
			h.Evidence = []aggregator.Evidence{{Term: word, Alias: word, Field: "title"}}
			qt.ByDay[it.Date().Format(time.DateOnly)]++
			qt.ByOutlet[it.Outlet]++
			qt.ByLanguage[it.Language]++
			qt.Newest = append(qt.Newest, h)
			qt.Gained = append(qt.Gained, h)
		}
	}
	return qt, nil
}
