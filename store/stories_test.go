package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"topicwire/aggregator"
)

func TestItemComesBackAsSaved(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		id := w.feed("https://a.example/feed")
		want := item("one", t0.Add(-time.Hour))
		want.Title, want.Summary = "Rusia \x00и Индия\xff", "हिन्दी"
		w.poll(id, true, want)
		got := w.work(aggregator.StageMatch)
		if len(got) != 1 {
			t.Fatalf("claimed %d items, want 1", len(got))
		}
		want.Title = "Rusia и Индия�"
		want.ID, want.Feed, want.FirstSeen = got[0].ID, id, t0
		if diff := cmp.Diff(want, got[0].Item); diff != "" {
			t.Error(diff)
		}
		if !got[0].Backfill || got[0].Outlet != "Outlet of https://a.example/feed" || got[0].Work.Attempts != 1 {
			t.Errorf("claim = %+v", got[0])
		}
	})
}

func TestStoryJoinsByURL(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		topic := w.topic("pair")
		a, b := w.feed("https://a.example/feed"), w.feed("https://b.example/feed")
		w.poll(a, false, item("one", t0.Add(-2*time.Hour)), item("two", t0.Add(-time.Hour)))
		w.poll(b, false, item("one", t0.Add(-3*time.Hour)))
		if got := w.process(topic); got.Stories != 2 || got.Matches != 3 || got.Entries != 2 {
			t.Errorf("one batch: %+v, want 2 stories, 3 matches, 2 entries", got)
		}
		before := w.entries(topic)
		if len(before) != 2 || len(before[1].Sources) != 2 || before[0].Best.Title != "Title two" {
			t.Fatalf("entries = %+v", before)
		}
		if got := before[1].Published; !got.Equal(t0.Add(-3 * time.Hour)) {
			t.Errorf("published %v, want the date of the first item", got)
		}

		w.advance(time.Hour)
		c := w.feed("https://c.example/feed")
		w.poll(c, false, item("two", t0.Add(-9*time.Hour)))
		if got := w.process(topic); got.Stories != 0 {
			t.Errorf("second batch founded %d stories, want 0", got.Stories)
		}
		after := w.entries(topic)
		if len(after) != 2 || len(after[0].Sources) != 2 {
			t.Fatalf("entries = %+v", after)
		}
		if after[0].PublicID != before[0].PublicID || !after[0].Published.Equal(before[0].Published) {
			t.Errorf("id or date changed: %v %v → %v %v", before[0].PublicID, before[0].Published, after[0].PublicID, after[0].Published)
		}
		st, err := w.Story(w.ctx(), after[0].PublicID)
		w.must(err)
		if len(st.Items) != 2 || st.Items[1].Link.Reason != aggregator.LinkFounder || st.Items[0].Link.To != st.Items[1].ID {
			t.Errorf("story = %+v", st)
		}
		w.wellKept()
	})
}

func TestEntryIsUpdatedByMaterialChangesOnly(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		topic := w.topic("pair")
		id := w.feed("https://a.example/feed")
		it := item("one", t0.Add(-time.Hour))
		w.poll(id, false, it)
		w.process(topic)
		first, rev := w.entries(topic)[0], w.revision(topic)

		w.advance(time.Hour)
		it.Published, it.BlockHash = t0, 99 // the same text under another date
		if got := w.poll(id, false, it); got != (aggregator.PollSaved{}) {
			t.Errorf("a changed date alone saved %+v", got)
		}
		if n, err := w.PendingWork(w.ctx()); n != 0 || err != nil {
			t.Errorf("a changed date alone queued %d items, %v", n, err)
		}
		it.Content, it.ContentHash = "<p>other</p>", "c-2" // what an entry does not show
		if got := w.poll(id, false, it); got.Updated != 1 {
			t.Errorf("changed content saved %+v", got)
		}
		w.process(topic)
		if got := w.entries(topic)[0]; !got.Updated.Equal(first.Updated) || got.PublicID != first.PublicID {
			t.Errorf("updated %v, want %v as before", got.Updated, first.Updated)
		}
		if got := w.revision(topic); got == rev {
			t.Error("the revision stayed though the content is rendered")
		}
		it.Title, it.URL, it.CanonicalURL, it.ContentHash = "New title", "https://example.org/moved", "example.org/moved", "c-3"
		w.poll(id, false, it)
		w.process(topic)
		got := w.entries(topic)[0]
		if !got.Updated.Equal(w.now()) || !got.Published.Equal(first.Published) || got.PublicID != first.PublicID || got.Best.Title != "New title" {
			t.Errorf("after a new title: %+v", got)
		}
		rev = w.revision(topic)
		w.must(w.requeue(topic))
		if now := w.revision(topic); now != rev {
			t.Errorf("saving the same again moved the revision from %d to %d", rev, now)
		}
	})
}

func (w *world) revision(id aggregator.TopicID) int64 {
	w.Helper()
	m, err := w.TopicRevisions(w.ctx())
	w.must(err)
	return m[id]
}

// requeue processes all items once more as they are.
func (w *world) requeue(topics ...aggregator.TopicID) error {
	_, err := w.raw().Exec(`INSERT INTO work (item_id, stage, run_at) SELECT id, 'match', 1 FROM item`)
	w.process(topics...)
	return err
}

func TestLastMatchGoesAndEntryWithIt(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		topic := w.topic("pair")
		w.poll(w.feed("https://a.example/feed"), false, item("one", t0))
		w.process(topic)
		id := w.entries(topic)[0].PublicID
		w.must(w.requeue())
		if got := w.entries(topic); len(got) != 0 {
			t.Fatalf("entries = %+v, want none", got)
		}
		w.must(w.requeue(topic))
		if got := w.entries(topic); len(got) != 1 || got[0].PublicID != id {
			t.Errorf("entries = %+v, want %s again", got, id)
		}
		w.wellKept()
	})
}

func TestArticleImprovesEntryInPlace(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		topic := w.topic("pair")
		w.poll(w.feed("https://a.example/feed"), false, item("one", t0))
		ci := w.work(aggregator.StageMatch)[0]
		p := w.outcome(&ci, topic)
		p.Next = &aggregator.Work{Item: ci.ID, Stage: aggregator.StageEnrich, RunAt: w.now()}
		_, err := w.RecordProcessed(w.ctx(), []aggregator.Processed{p}, byURL)
		w.must(err)
		before := w.entries(topic)[0]

		w.advance(time.Minute)
		busy, err := w.ClaimWork(w.ctx(), aggregator.WorkClaim{Now: w.now(), Stage: aggregator.StageEnrich, Limit: 9, Lease: time.Minute, ExcludeHosts: []string{"example.org"}})
		if len(busy) != 0 || err != nil {
			t.Errorf("claimed %d items of a busy host, %v", len(busy), err)
		}
		ci = w.work(aggregator.StageEnrich)[0]
		if ci.Work.Attempts != 1 {
			t.Errorf("attempts = %d, want 1", ci.Work.Attempts)
		}
		p = w.outcome(&ci, topic)
		p.Article = &aggregator.Article{Item: ci.ID, URL: ci.URL, Status: aggregator.ArticleRead, Text: "Long text.", Summary: "Better.", Language: "en",
			Authors: []string{"B"}, Published: t0, FetchedAt: w.now()}
		want := *p.Article
		_, err = w.RecordProcessed(w.ctx(), []aggregator.Processed{p}, byURL)
		w.must(err)
		after := w.entries(topic)[0]
		if after.PublicID != before.PublicID || !after.Updated.Equal(w.now()) {
			t.Errorf("entry = %+v", after)
		}
		if diff := cmp.Diff(&want, after.Best.Article); diff != "" {
			t.Error(diff)
		}
	})
}

func TestUnpublishedItemMoves(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		topic := w.topic("pair")
		a, b := w.feed("https://a.example/feed"), w.feed("https://b.example/feed")
		one, two := item("one", t0), item("two", t0)
		w.poll(a, false, one)
		w.poll(b, false, two)
		w.process() // two stories, neither published
		two.CanonicalURL, two.ContentHash = one.CanonicalURL, "c-2"
		w.poll(b, false, two)
		if got := w.process(topic); got.Stories != 0 {
			t.Errorf("saved %+v", got)
		}
		es := w.entries(topic)
		if len(es) != 1 || len(es[0].Sources) != 2 {
			t.Fatalf("entries = %+v, want one with both items", es)
		}
		w.wellKept()
	})
}

// TestPublishedStoriesFold: two outlets were published apart, until their pages
// showed the same report. One entry stays, and both ids lead to it.
func TestPublishedStoriesFold(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		topic := w.topic("pair")
		a, b := w.feed("https://a.example/feed"), w.feed("https://b.example/feed")
		one, two := item("one", t0), item("two", t0)
		w.poll(a, false, one)
		w.poll(b, false, two)
		w.process(topic)
		before := w.entries(topic)
		if len(before) != 2 {
			t.Fatalf("%d entries, want 2", len(before))
		}
		two.CanonicalURL, two.ContentHash = one.CanonicalURL, "c-2"
		w.poll(b, false, two)
		w.process(topic)
		after := w.entries(topic)
		if len(after) != 1 || len(after[0].Sources) != 2 {
			t.Fatalf("entries = %+v, want one with both items", after)
		}
		for _, was := range before {
			st, err := w.Story(w.ctx(), was.PublicID)
			if err != nil || st.PublicID != after[0].PublicID || len(st.Items) != 2 {
				t.Errorf("story under %s: %+v, %v; want the one that stays", was.PublicID, st, err)
			}
			if was.PublicID == after[0].PublicID && !was.Published.Equal(after[0].Published) {
				t.Errorf("published %v, then %v", was.Published, after[0].Published)
			}
		}
		w.wellKept()

		// A further item at the address founds nothing, and takes no id.
		three := item("three", t0)
		three.CanonicalURL = one.CanonicalURL
		w.poll(a, false, three)
		w.process(topic)
		if es := w.entries(topic); len(es) != 1 || len(es[0].Sources) != 3 {
			t.Errorf("entries = %+v, want one with three items", es)
		}
		w.wellKept()
	})
}

// TestPublishedItemGivesItsIDToAnUnpublishedStory: a reader who knows an entry
// does not see it under another id.
func TestPublishedItemGivesItsIDToAnUnpublishedStory(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		topic := w.topic("pair")
		a, b := w.feed("https://a.example/feed"), w.feed("https://b.example/feed")
		quiet, loud := item("one", t0), item("two", t0)
		w.poll(a, false, quiet)
		w.process()
		w.poll(b, false, loud)
		w.process(topic)
		before := w.entries(topic)
		loud.CanonicalURL, loud.ContentHash = quiet.CanonicalURL, "c-2"
		w.poll(b, false, loud)
		w.process(topic)
		after := w.entries(topic)
		if len(before) != 1 || len(after) != 1 || before[0].PublicID != after[0].PublicID || !before[0].Published.Equal(after[0].Published) {
			t.Errorf("entries %+v, then %+v; want the same id and date", before, after)
		}
		if len(after[0].Sources) != 2 {
			t.Errorf("%d sources, want 2", len(after[0].Sources))
		}
		w.wellKept()
	})
}

// TestNoFoldAcrossTopics: where folding would show a topic's readers what they
// know under another id, the stories stay apart.
func TestNoFoldAcrossTopics(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		pair, other := w.topic("pair"), w.topic("other")
		a, b := w.feed("https://a.example/feed"), w.feed("https://b.example/feed")
		one, two := item("one", t0), item("two", t0)
		w.poll(a, false, one)
		w.process(pair)
		w.poll(b, false, two)
		w.process(other)
		before := w.entries(other)
		two.CanonicalURL, two.ContentHash = one.CanonicalURL, "c-2"
		w.poll(b, false, two)
		w.process(other)
		after := w.entries(other)
		if len(before) != 1 || len(after) != 1 || before[0].PublicID != after[0].PublicID {
			t.Errorf("entries of the other topic %+v, then %+v; want the same id", before, after)
		}
		w.wellKept()
	})
}

func TestPublicIDsStayApart(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		topic := w.topic("pair")
		a, b := w.feed("https://a.example/feed"), w.feed("https://b.example/feed")
		w.poll(a, false, item("one", t0))
		w.poll(b, false, item("one", t0))
		items := w.work(aggregator.StageMatch)
		batch := []aggregator.Processed{w.outcome(&items[0], topic), w.outcome(&items[1], topic)}
		never := func(_, _ *aggregator.StoryItem) (aggregator.Link, bool) { return aggregator.Link{}, false }
		_, err := w.RecordProcessed(w.ctx(), batch, never)
		w.must(err)
		es := w.entries(topic)
		if len(es) != 2 || es[0].PublicID == es[1].PublicID {
			t.Errorf("entries = %+v, want two ids", es)
		}
		want := aggregator.PublicStoryID(&items[0].StoryItem)
		if es[0].PublicID != want && es[1].PublicID != want {
			t.Errorf("no entry has the id of its first item's address, %s", want)
		}
	})
}

func TestAnchorsMakeCandidates(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		a := w.feed("https://a.example/feed")
		w.poll(a, false, item("one", t0), item("two", t0), item("three", t0))
		items := w.work(aggregator.StageMatch)
		asked := make(map[[2]aggregator.ItemID]bool)
		link := func(a, b *aggregator.StoryItem) (aggregator.Link, bool) {
			asked[[2]aggregator.ItemID{a.ID, b.ID}] = true
			return aggregator.Link{Reason: aggregator.LinkText, Strength: 0.9}, true
		}
		keys := [][]aggregator.StoryKey{{{Hash: 1}, {Hash: 2}, {Hash: 3}}, {{Hash: 1}, {Hash: 4}}, {{Hash: 2}, {Hash: 3}}}
		for i := range items { // one batch each
			p := aggregator.Processed{Work: items[i].Work, Item: items[i].ID, Keys: keys[i]}
			_, err := w.RecordProcessed(w.ctx(), []aggregator.Processed{p}, link)
			w.must(err)
		}
		want := map[[2]aggregator.ItemID]bool{{items[2].ID, items[0].ID}: true}
		if diff := cmp.Diff(want, asked); diff != "" {
			t.Errorf("candidates (two shared anchors): %s", diff)
		}
		w.wellKept()
	})
}

func TestRematchIsBackfill(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		id := w.feed("https://a.example/feed")
		w.poll(id, true, item("old", t0.Add(-99*time.Hour)))
		w.process()
		topicID := w.topic("pair")
		w.poll(id, false, item("new", t0))
		w.process(topicID)
		topic, err := w.Topic(w.ctx(), "pair")
		w.must(err)
		if !topic.Pending {
			t.Error("a new topic is not pending")
		}
		r := aggregator.Rematch{Topic: topicID, Revision: topic.Revision}
		w.must(w.EachItem(w.ctx(), time.Time{}, func(si *aggregator.StoryItem) error {
			r.Items = append(r.Items, si.ID)
			r.Matches = append(r.Matches, aggregator.Match{Topic: topicID, Item: si.ID, Score: 1, At: w.now(), Backfill: true})
			return nil
		}))
		w.must(w.RecordRematch(w.ctx(), r))
		r.Items, r.Matches, r.Done = nil, nil, true
		w.must(w.RecordRematch(w.ctx(), r)) // entries made the revision grow: no conflict
		es := w.entries(topicID)
		if len(es) != 2 || es[0].Backfill || !es[1].Backfill || !es[1].Published.Equal(t0.Add(-99*time.Hour)) {
			t.Errorf("entries = %+v, want news and back-fill", es)
		}
		topic, err = w.Topic(w.ctx(), "pair")
		w.must(err)
		if topic.Pending {
			t.Error("still pending")
		}
		old := topic.Revision
		topic.Query = "c"
		_, err = w.SaveTopic(w.ctx(), *topic)
		w.must(err)
		r.Revision = old
		w.is(w.RecordRematch(w.ctx(), r), aggregator.ErrConflict)
	})
}
