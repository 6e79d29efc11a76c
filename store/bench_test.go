//go:build unix

package store_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"topicwire/aggregator"
)

// The budgets are those of the performance research: 800 µs for 40 new items,
// 10 to 25 µs for a 304 beyond the driver.

func benchWorld(b *testing.B) *world {
	return open(b, filepath.Join(b.TempDir(), "topicwire.db"), "sqlite")
}

// bigItem is an item of the size the farm serves: 3 KB.
func bigItem(n int) aggregator.Item {
	it := item(fmt.Sprintf("2026/11/some-longer-path-of-a-story-%d.html", n), t0.Add(-time.Duration(n)*time.Second))
	it.Content = "<p>" + strings.Repeat("some words of an article, ", 90) + "</p>"
	it.Summary = strings.Repeat("a summary ", 30)
	return it
}

func BenchmarkRecordPollNew40(b *testing.B) {
	w := benchWorld(b)
	id := w.feed("https://a.example/feed")
	n := 0
	for b.Loop() {
		b.StopTimer()
		items := make([]aggregator.Item, 40)
		for i := range items {
			items[i] = bigItem(n)
			n++
		}
		f := w.claim(id)
		r := record(&f, w.now(), false, items...)
		b.StartTimer()
		if _, err := w.RecordPoll(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n), "µs/item")
}

func BenchmarkRecordPollNotModified(b *testing.B) {
	w := benchWorld(b)
	var all []aggregator.FeedSettings
	for i := range 1000 {
		all = append(all, aggregator.FeedSettings{URL: fmt.Sprintf("https://host%d.example/feed", i)})
	}
	_, err := w.AddFeeds(b.Context(), all)
	w.must(err)
	feeds, err := w.ClaimDueFeeds(b.Context(), aggregator.FeedClaim{Now: w.now(), Limit: 1000, Lease: time.Hour})
	w.must(err)
	i := 0
	for b.Loop() {
		f := &feeds[i%len(feeds)]
		r := record(f, w.now(), false)
		r.Outcome = aggregator.PollNotModified
		if _, err := w.RecordPoll(b.Context(), r); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// BenchmarkRecordPollNotModifiedSideBySide has 32 polls in flight.
func BenchmarkRecordPollNotModifiedSideBySide(b *testing.B) {
	w := benchWorld(b)
	var all []aggregator.FeedSettings
	for i := range 1000 {
		all = append(all, aggregator.FeedSettings{URL: fmt.Sprintf("https://host%d.example/feed", i)})
	}
	_, err := w.AddFeeds(b.Context(), all)
	w.must(err)
	feeds, err := w.ClaimDueFeeds(b.Context(), aggregator.FeedClaim{Now: w.now(), Limit: 1000, Lease: time.Hour})
	w.must(err)
	var next atomic.Int64
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := record(&feeds[int(next.Add(1))%len(feeds)], w.now(), false)
			r.Blocks = nil
			if _, err := w.RecordPoll(b.Context(), r); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkClaimDueFeeds(b *testing.B) {
	w := benchWorld(b)
	var all []aggregator.FeedSettings
	for i := range 10000 {
		all = append(all, aggregator.FeedSettings{URL: fmt.Sprintf("https://host%d.example/feed", i)})
	}
	_, err := w.AddFeeds(b.Context(), all)
	w.must(err)
	for b.Loop() {
		feeds, err := w.ClaimDueFeeds(b.Context(), aggregator.FeedClaim{Now: w.now(), Limit: 32, Lease: time.Minute})
		w.must(err)
		b.StopTimer()
		ids := make([]aggregator.FeedID, len(feeds))
		for i := range feeds {
			ids[i] = feeds[i].ID
		}
		w.must(w.ReleaseFeeds(b.Context(), ids))
		b.StartTimer()
	}
}

// BenchmarkRecordProcessed200 saves 200 items that found stories, filed under
// so many keys, into a window of keys as a week leaves it.
func BenchmarkRecordProcessed200(b *testing.B) {
	for _, keys := range []int{2, 6, 10, 17} {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) { benchProcessed(b, keys) })
	}
}

func benchProcessed(b *testing.B, keys int) {
	w := benchWorld(b)
	id := w.feed("https://a.example/feed")
	rnd := rand.New(rand.NewPCG(1, 2))
	n := 0
	batch := func() []aggregator.Processed {
		items := make([]aggregator.Item, 200)
		for i := range items {
			items[i] = bigItem(n)
			n++
		}
		w.poll(id, false, items...)
		claimed, err := w.ClaimWork(b.Context(), aggregator.WorkClaim{Now: w.now(), Stage: aggregator.StageMatch, Limit: 200, Lease: time.Hour})
		w.must(err)
		out := make([]aggregator.Processed, len(claimed))
		for i := range claimed {
			out[i] = w.outcome(&claimed[i])
			for len(out[i].Keys) < keys {
				out[i].Keys = append(out[i].Keys, aggregator.StoryKey{Hash: rnd.Int64() * 2, Exact: len(out[i].Keys) == 1})
			}
		}
		return out
	}
	for range 150 { // 30,000 items
		_, err := w.RecordProcessed(b.Context(), batch(), byURL)
		w.must(err)
	}
	n = 0
	n = 1_000_000
	start := n
	for b.Loop() {
		b.StopTimer()
		done := batch()
		b.StartTimer()
		if _, err := w.RecordProcessed(b.Context(), done, byURL); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n-start), "µs/item")
}

func BenchmarkClaimWork200(b *testing.B) {
	w := benchWorld(b)
	id := w.feed("https://a.example/feed")
	items := make([]aggregator.Item, 200)
	for i := range items {
		items[i] = bigItem(i)
	}
	w.poll(id, false, items...)
	for b.Loop() {
		if got := w.work(aggregator.StageMatch); len(got) != 200 {
			b.Fatal(len(got))
		}
		w.advance(time.Hour)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(200*b.N), "µs/item")
}

// BenchmarkItemFromPollToStory is all that the store does for an item that is
// about no topic: saved by a poll of 40, claimed and filed in a batch of 200.
// The figure that counts is the processor time.
func BenchmarkItemFromPollToStory(b *testing.B) {
	for _, keys := range []int{6, 10, 17} {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			w := benchWorld(b)
			id := w.feed("https://a.example/feed")
			rnd := rand.New(rand.NewPCG(1, 2))
			n := 0
			spent := cpu()
			for b.Loop() {
				for range 5 {
					items := make([]aggregator.Item, 40)
					for i := range items {
						items[i] = bigItem(n)
						n++
					}
					w.poll(id, false, items...)
				}
				claimed := w.work(aggregator.StageMatch)
				batch := make([]aggregator.Processed, len(claimed))
				for i := range claimed {
					batch[i] = aggregator.Processed{Work: claimed[i].Work, Item: claimed[i].ID, Language: "en", Keys: urlKey(&claimed[i])}
					for len(batch[i].Keys) < keys {
						batch[i].Keys = append(batch[i].Keys, aggregator.StoryKey{Hash: int64(rnd.Uint64())})
					}
				}
				_, err := w.RecordProcessed(b.Context(), batch, byURL)
				w.must(err)
			}
			b.ReportMetric(float64((cpu()-spent).Microseconds())/float64(n), "cpu-µs/item")
		})
	}
}

// cpu returns the processor time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
