package store_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"topicwire/aggregator"
)

func (w *world) is(err, want error) {
	w.Helper()
	if !errors.Is(err, want) {
		w.Errorf("error = %v, want %v", err, want)
	}
}

func TestFeedComesBackAsSaved(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		fs := aggregator.FeedSettings{URL: "https://a.example/feed", Outlet: "A", Language: "id", Tags: []string{"asia", "x/y"},
			Enrich: aggregator.EnrichAlways, Publish: aggregator.PublishFull, Interval: 2 * time.Hour, Selector: "article p"}
		id, err := w.AddFeed(w.ctx(), fs, aggregator.InDatabase)
		w.must(err)
		f := w.claim(id)
		state := aggregator.PollState{State: aggregator.FeedFailing, ETag: "W/\"a\x00\xff\"", LastModified: "7:00 +0200", BodyHash: "bb",
			LastPollAt: t0, LastSuccessAt: t0.Add(-time.Hour), NextPollAt: t0.Add(time.Hour), NextPollReason: "adaptive", LastStatus: 500,
			LastError: "it broke", Failures: 3, FailingSince: t0.Add(-9 * time.Hour), SameBodies: 2, GoneAt: t0.Add(-time.Minute), MovedTo: "https://b",
			MovedSince: t0.Add(-2 * time.Minute), MovedPolls: 4, MedianGap: time.Hour, NewestItemAt: t0.Add(-3 * time.Minute), MaxAge: time.Minute,
			TTL: 2 * time.Minute, SkipHours: 1<<23 | 1, SkipDays: 1 << 6,
			ValidatorsURL: "https://c", Parser: 3, WholeAt: t0.Add(-4 * time.Minute), PlainBody: true, MovedKnown: true, AwaySince: t0.Add(-5 * time.Minute),
			DuplicateOf: "https://d", ItemTimes: []time.Time{t0.Add(-time.Hour), t0}, LinkIdentity: true, Regenerated: 2}
		pause := &aggregator.HostPause{Host: "a.example", Until: t0.Add(time.Hour), Reason: "429"}
		r := record(&f, t0, false)
		r.Document = &aggregator.FeedDocument{ID: "urn:a", Title: "Title", SiteURL: "https://a.example/", Language: "en"}
		r.Blocks = []uint64{1, 1 << 63}
		r.Next = func(aggregator.PollFound) (aggregator.PollState, *aggregator.HostPause) { return state, pause }
		_, err = w.RecordPoll(w.ctx(), r)
		w.must(err)

		got, err := w.FeedByURL(w.ctx(), fs.URL)
		w.must(err)
		want := aggregator.Feed{ID: id, FeedSettings: fs, DocumentID: "urn:a", Declared: aggregator.InDatabase, Title: "Title", SiteURL: "https://a.example/",
			DeclaredLanguage: "en", CreatedAt: t0, PollState: state, Lease: aggregator.Lease{Fence: 1}}
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Error(diff)
		}
		hosts, err := w.Hosts(w.ctx())
		w.must(err)
		if diff := cmp.Diff([]aggregator.HostPause{*pause}, hosts); diff != "" {
			t.Error(diff)
		}
		blocks, err := w.KnownBlocks(w.ctx(), id)
		w.must(err)
		if diff := cmp.Diff(r.Blocks, blocks); diff != "" {
			t.Error(diff)
		}
	})
}

func TestClaimsAreNotShared(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		const feeds = 200
		var all []aggregator.FeedSettings
		for i := range feeds {
			all = append(all, aggregator.FeedSettings{URL: "https://" + string(rune('a'+i%26)) + ".example/" + time.Duration(i).String()})
		}
		n, err := w.AddFeeds(w.ctx(), all)
		w.must(err)
		again, err := w.AddFeeds(w.ctx(), all)
		if n != feeds || again != 0 || err != nil {
			t.Fatalf("added %d, then %d, %v", n, again, err)
		}
		var mu sync.Mutex
		var wg sync.WaitGroup
		seen := make(map[aggregator.FeedID]int)
		for range 8 {
			wg.Go(func() {
				for {
					got, err := w.ClaimDueFeeds(w.ctx(), aggregator.FeedClaim{Now: w.now(), Limit: 7, Lease: time.Minute})
					if err != nil || len(got) == 0 {
						if err != nil {
							t.Error(err)
						}
						return
					}
					mu.Lock()
					for _, f := range got {
						seen[f.ID]++
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for id, n := range seen {
			if n != 1 {
				t.Errorf("feed %d was claimed %d times", id, n)
			}
		}
		if len(seen) < feeds {
			// SKIP LOCKED may leave rows to a worker that has just gone home.
			rest, err := w.ClaimDueFeeds(w.ctx(), aggregator.FeedClaim{Now: w.now(), Limit: feeds, Lease: time.Minute})
			w.must(err)
			if len(rest)+len(seen) != feeds {
				t.Errorf("claimed %d feeds of %d", len(rest)+len(seen), feeds)
			}
		}
	})
}

func TestStaleLeaseSavesNothing(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		id := w.feed("https://a.example/feed")
		slow := w.claim(id)
		w.advance(2 * time.Minute)
		fast := w.claim(id)
		_, err := w.RecordPoll(w.ctx(), record(&slow, w.now(), false, item("one", t0)))
		w.is(err, aggregator.ErrConflict)
		if f, err := w.Feed(w.ctx(), id); err != nil || f.Items != 0 || !f.LastPollAt.IsZero() {
			t.Errorf("a stale lease left %+v, %v", f, err)
		}
		_, err = w.RecordPoll(w.ctx(), record(&fast, w.now(), false, item("one", t0)))
		w.must(err)

		stale := w.work(aggregator.StageMatch)
		w.advance(2 * time.Minute)
		fresh := w.work(aggregator.StageMatch)
		saved, err := w.RecordProcessed(w.ctx(), []aggregator.Processed{w.outcome(&stale[0])}, byURL)
		if err != nil || saved.Lost != 1 || saved.Stories != 0 {
			t.Errorf("a stale lease saved %+v, %v", saved, err)
		}
		saved, err = w.RecordProcessed(w.ctx(), []aggregator.Processed{w.outcome(&fresh[0])}, byURL)
		if err != nil || saved.Lost != 0 || saved.Stories != 1 {
			t.Errorf("the lease saved %+v, %v", saved, err)
		}
		// Changed while it is worked on, and after the row was gone.
		it := item("one", t0)
		it.ContentHash = "c-2"
		w.poll(id, false, it)
		saved, err = w.RecordProcessed(w.ctx(), []aggregator.Processed{w.outcome(&fresh[0])}, byURL)
		if err != nil || saved.Lost != 1 {
			t.Errorf("a lease on what the item was saved %+v, %v", saved, err)
		}
	})
}

func TestClaimObeysPausesAndHosts(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		a, b := w.feed("https://a.example/feed"), w.feed("https://b.example/feed")
		f := w.claim(a)
		r := record(&f, t0, false)
		r.Next = func(aggregator.PollFound) (aggregator.PollState, *aggregator.HostPause) {
			return aggregator.PollState{State: aggregator.FeedFailing, NextPollAt: t0.Add(time.Hour), NextPollReason: "Retry-After", LastPollAt: t0},
				&aggregator.HostPause{Host: "b.example", Until: t0.Add(30 * time.Minute), Reason: "429"}
		}
		_, err := w.RecordPoll(w.ctx(), r)
		w.must(err)
		claim := func(c aggregator.FeedClaim) (ids []aggregator.FeedID) {
			t.Helper()
			c.Now, c.Limit, c.Lease = w.now(), 9, time.Minute
			got, err := w.ClaimDueFeeds(w.ctx(), c)
			w.must(err)
			for _, f := range got {
				ids = append(ids, f.ID)
			}
			w.must(w.ReleaseFeeds(w.ctx(), ids))
			return ids
		}
		for _, c := range []struct {
			name  string
			claim aggregator.FeedClaim
			want  []aggregator.FeedID
		}{
			{"due", aggregator.FeedClaim{}, nil},
			{"all", aggregator.FeedClaim{All: true}, nil},
			{"forced", aggregator.FeedClaim{Force: true}, []aggregator.FeedID{a, b}},
			{"behind the first", aggregator.FeedClaim{Force: true, After: a}, []aggregator.FeedID{b}},
			{"forced, one host busy", aggregator.FeedClaim{Force: true, ExcludeHosts: []string{"b.example"}}, []aggregator.FeedID{a}},
			{"only", aggregator.FeedClaim{Force: true, OnlyFeed: a}, []aggregator.FeedID{a}},
		} {
			if diff := cmp.Diff(c.want, claim(c.claim)); diff != "" {
				t.Errorf("%s: %s", c.name, diff)
			}
		}
		if next, err := w.NextDueAt(w.ctx()); err != nil || !next.Equal(t0.Add(30*time.Minute)) {
			t.Errorf("next due %v, %v, want the end of the pause", next, err)
		}
		sweep := aggregator.FeedClaim{Now: w.now(), Force: true, Limit: 1, Lease: 0, Sweep: 7}
		for _, want := range []int{1, 1, 0} { // a lease of no length is over at once
			feeds, err := w.ClaimDueFeeds(w.ctx(), sweep)
			if err != nil || len(feeds) != want {
				t.Errorf("claim within a sweep: %d feeds, %v; want %d", len(feeds), err, want)
			}
		}
		w.must(w.ReleaseFeeds(w.ctx(), []aggregator.FeedID{a, b}))
		w.advance(31 * time.Minute)
		if diff := cmp.Diff([]aggregator.FeedID{b}, claim(aggregator.FeedClaim{})); diff != "" {
			t.Errorf("after the pause: %s", diff)
		}
	})
}

func TestRemovedComesBackUnderItsID(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		topic := w.topic("pair")
		id := w.feed("https://a.example/feed")
		w.poll(id, false, item("one", t0))
		w.process(topic)
		_, err := w.AddFeed(w.ctx(), aggregator.FeedSettings{URL: "https://a.example/feed"}, aggregator.InDatabase)
		w.is(err, aggregator.ErrExists)
		w.must(w.RemoveFeed(w.ctx(), "https://a.example/feed"))
		w.must(w.RemoveTopic(w.ctx(), "pair"))
		w.is(w.RemoveTopic(w.ctx(), "pair"), aggregator.ErrNotFound)
		feeds, err := w.Feeds(w.ctx(), aggregator.FeedFilter{})
		topics, err2 := w.Topics(w.ctx())
		if len(feeds) != 0 || len(topics) != 0 || err != nil || err2 != nil {
			t.Errorf("lists show %v, %v, %v, %v", feeds, topics, err, err2)
		}
		if got := w.feed("https://a.example/feed"); got != id {
			t.Errorf("feed came back as %d, was %d", got, id)
		}
		if got := w.topic("pair"); got != topic {
			t.Errorf("topic came back as %d, was %d", got, topic)
		}
		if f, err := w.Feed(w.ctx(), id); err != nil || f.Items != 1 {
			t.Errorf("feed = %+v, %v", f, err)
		}
		if len(w.entries(topic)) != 1 {
			t.Error("the topic came back without its entry")
		}
		if saved := w.poll(id, false, item("one", t0)); saved.New != 0 {
			t.Errorf("an item of before counted as new: %+v", saved)
		}
	})
}

func TestSyncDeclared(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		hand := w.feed("https://hand.example/feed")
		file := []aggregator.FeedSettings{{URL: "https://a.example/feed", Outlet: "A"}, {URL: "https://b.example/feed"}}
		topics := []aggregator.Topic{{Slug: "x", Query: "q"}, {Slug: "y", Query: "q"}}
		w.must(w.SyncDeclared(w.ctx(), file, topics))
		before, err := w.TopicRevisions(w.ctx())
		w.must(err)
		w.must(w.SyncDeclared(w.ctx(), file, topics))
		after, err := w.TopicRevisions(w.ctx())
		w.must(err)
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("the same file again: %s", diff)
		}
		file[0].Outlet = "A2"
		w.must(w.SyncDeclared(w.ctx(), file[:1], topics[1:]))
		feeds, err := w.Feeds(w.ctx(), aggregator.FeedFilter{})
		w.must(err)
		if len(feeds) != 2 || feeds[0].ID != hand || feeds[1].Outlet != "A2" || feeds[1].Declared != aggregator.InFile {
			t.Errorf("feeds = %+v", feeds)
		}
		if ts, err := w.Topics(w.ctx()); err != nil || len(ts) != 1 || ts[0].Slug != "y" {
			t.Errorf("topics = %+v, %v", ts, err)
		}
	})
}

func TestPruneLeavesTombstones(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		topic := w.topic("pair")
		id := w.feed("https://a.example/feed")
		w.poll(id, false, item("one", t0), item("two", t0), item("three", t0))
		items := w.work(aggregator.StageMatch)
		batch := []aggregator.Processed{w.outcome(&items[0]), w.outcome(&items[1], topic), w.outcome(&items[2])}
		_, err := w.RecordProcessed(w.ctx(), batch, byURL)
		w.must(err)
		w.advance(100 * 24 * time.Hour)
		w.poll(id, false, item("four", w.now()))
		w.process()
		w.must(w.Prune(w.ctx(), aggregator.Retention{Now: w.now(), MaxAge: 90 * 24 * time.Hour, PerFeed: 2}))
		f, err := w.Feed(w.ctx(), id)
		w.must(err)
		if f.Items != 3 { // "two" is published, "three" and "four" are the newest
			t.Errorf("%d items left, want 3", f.Items)
		}
		w.wellKept()
		if saved := w.poll(id, false, item("one", t0)); saved != (aggregator.PollSaved{}) {
			t.Errorf("a replay saved %+v", saved)
		}
		r, err := w.Check(w.ctx())
		w.must(err)
		if r.Counts["story_keys"] != 1 || r.Counts["tombstones"] != 1 {
			t.Errorf("counts = %v, want one key and one tombstone", r.Counts)
		}
	})
}

func TestTokens(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		_, err := w.SaveTopic(w.ctx(), aggregator.Topic{Slug: "p", Private: true})
		w.must(err)
		p, err := w.Topic(w.ctx(), "p")
		w.must(err)
		if len(p.Token) != 26 {
			t.Errorf("token %q, want 26 characters", p.Token)
		}
		got, err := w.TopicByToken(w.ctx(), p.Token)
		w.must(err)
		if got.ID != p.ID {
			t.Errorf("token leads to %d, want %d", got.ID, p.ID)
		}
		_, err = w.TopicByToken(w.ctx(), "")
		w.is(err, aggregator.ErrNotFound)
		for _, v := range []string{"one", "two"} {
			if got, err := w.SetMetaOnce(w.ctx(), "k", v); got != "one" || err != nil {
				t.Errorf("SetMetaOnce(%q) = %q, %v", v, got, err)
			}
		}
	})
}

// TestPollsSideBySide saves polls that share transactions; one of them is stale.
func TestPollsSideBySide(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		const polls = 200
		ids := make([]aggregator.FeedID, polls)
		for i := range ids {
			ids[i] = w.feed("https://a.example/" + time.Duration(i).String())
		}
		feeds, err := w.ClaimDueFeeds(w.ctx(), aggregator.FeedClaim{Now: w.now(), Limit: polls, Lease: time.Minute})
		w.must(err)
		feeds[7].Lease.Fence--
		errs := make([]error, polls)
		var wg sync.WaitGroup
		for i := range feeds {
			wg.Go(func() {
				r := record(&feeds[i], w.now(), false)
				r.Outcome = aggregator.PollNotModified
				_, errs[i] = w.RecordPoll(w.ctx(), r)
			})
		}
		wg.Wait()
		for i, err := range errs {
			f, ferr := w.Feed(w.ctx(), feeds[i].ID)
			w.must(ferr)
			if stale := i == 7; errors.Is(err, aggregator.ErrConflict) != stale || !stale && err != nil || f.LastPollAt.IsZero() != stale {
				t.Errorf("poll %d: %v, last poll %v", i, err, f.LastPollAt)
			}
		}
	})
}

// adoptURL polls a feed, which makes a URL its own.
func (w *world) adoptURL(id aggregator.FeedID, url string) aggregator.PollSaved {
	w.Helper()
	f := w.claim(id)
	r := record(&f, w.now(), false)
	next := r.Next
	r.Next = func(found aggregator.PollFound) (aggregator.PollState, *aggregator.HostPause) {
		st, p := next(found)
		st.AdoptURL, st.MovedTo, st.MovedPolls, st.MovedKnown = url, url, 5, true
		return st, p
	}
	saved, err := w.RecordPoll(w.ctx(), r)
	w.must(err)
	return saved
}

func TestF50FeedMovesInTheTransactionOfItsPoll(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		id := w.feed("https://a.example/feed")
		if saved := w.adoptURL(id, "https://b.example/feed"); saved.MovedTo != "https://b.example/feed" {
			t.Errorf("saved %+v", saved)
		}
		f, err := w.FeedByURL(w.ctx(), "https://a.example/feed")
		w.must(err)
		if f.ID != id || f.URL != "https://b.example/feed" || f.OriginURL != "https://a.example/feed" || f.MovedPolls != 0 || f.MovedTo != "" {
			t.Errorf("feed = %+v", f)
		}
		n, err := w.AddFeeds(w.ctx(), []aggregator.FeedSettings{{URL: "https://a.example/feed"}})
		if n != 0 || err != nil {
			t.Errorf("the old URL was added again: %d, %v", n, err)
		}

		w.feed("https://c.example/feed")
		if saved := w.adoptURL(id, "https://c.example/feed"); saved.MovedTo != "" || saved.DuplicateOf != "https://c.example/feed" {
			t.Errorf("a move to a URL already subscribed: %+v", saved)
		}
		if f, err = w.Feed(w.ctx(), id); err != nil || f.URL != "https://b.example/feed" || f.DuplicateOf != "https://c.example/feed" || f.MovedPolls != 5 {
			t.Errorf("a duplicate: %+v, %v", f, err)
		}

		if saved := w.adoptURL(id, "https://a.example/feed"); saved.MovedTo == "" { // and back
			t.Errorf("saved %+v", saved)
		}
		if f, err = w.Feed(w.ctx(), id); err != nil || f.URL != "https://a.example/feed" || f.OriginURL != "" || f.DuplicateOf != "" {
			t.Errorf("back where it was subscribed: %+v, %v", f, err)
		}
	})
}

// TestF50DeclaredFeedThatMoved is still the one of the file.
func TestF50DeclaredFeedThatMoved(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		file := []aggregator.FeedSettings{{URL: "https://a.example/feed", Outlet: "A"}}
		w.must(w.SyncDeclared(w.ctx(), file, nil))
		f, err := w.FeedByURL(w.ctx(), "https://a.example/feed")
		w.must(err)
		w.adoptURL(f.ID, "https://b.example/feed")
		file[0].Outlet = "A2"
		w.must(w.SyncDeclared(w.ctx(), file, nil))
		feeds, err := w.Feeds(w.ctx(), aggregator.FeedFilter{})
		w.must(err)
		if len(feeds) != 1 || feeds[0].ID != f.ID || feeds[0].URL != "https://b.example/feed" || feeds[0].Outlet != "A2" {
			t.Errorf("feeds = %+v", feeds)
		}
	})
}

func TestF39PushIsNotAPollsToSay(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		id := w.feed("https://a.example/feed")
		f := w.claim(id)
		w.must(w.PushFeed(w.ctx(), id, t0.Add(time.Hour))) // while the feed is polled
		_, err := w.RecordPoll(w.ctx(), record(&f, w.now(), false))
		w.must(err)
		if f := w.claim(id); !f.PushedUntil.Equal(t0.Add(time.Hour)) || !f.Forced {
			t.Errorf("pushed until %v, forced %v", f.PushedUntil, f.Forced)
		}
		w.is(w.PushFeed(w.ctx(), id+1, t0), aggregator.ErrNotFound)
	})
}
