package web_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/web"
)

// TestTopicFeedsAreKeptFresh watches a topic feed over days.
func TestTopicFeedsAreKeptFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newsroom()
		store.topics[1].MaxAge = 8 * time.Hour // the story there is four hours old
		start := time.Now()
		s := newServer(t, store, func(o *web.Options) {
			o.Now = func() time.Time { return noon.Add(time.Since(start)) }
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		feed := func() string {
			res := ask(s.Handler(), "GET", "/topics/monsoon.rss", nil)
			if res.StatusCode != 200 {
				t.Fatalf("GET feed = %d", res.StatusCode)
			}
			return bodyOf(t, res)
		}
		if first := feed(); !strings.Contains(first, "Musim hujan") {
			t.Fatalf("the first request gets\n%s", first)
		}
		store.publish(2, nil, storyItem(61, "Kabar", "id", "Hujan lebat di Jakarta", "Banjir.", time.Since(start)))
		time.Sleep(2 * time.Second)
		if !strings.Contains(feed(), "Hujan lebat") {
			t.Error("not published within two seconds")
		}

		reads := store.reads
		time.Sleep(time.Hour)
		if store.reads != reads {
			t.Errorf("an hour without news read the entries %d times", store.reads-reads)
		}

		store.mu.Lock()
		store.err = errors.New("disk on fire")
		store.topics[1].Revision++
		store.mu.Unlock()
		time.Sleep(2 * time.Second)
		if !strings.Contains(feed(), "Hujan lebat") {
			t.Error("the last good feed is gone with the store")
		}
		store.mu.Lock()
		store.err = nil
		store.mu.Unlock()

		time.Sleep(3*time.Hour + time.Second)
		if f := feed(); strings.Contains(f, "Musim hujan") || !strings.Contains(f, "Hujan lebat") {
			t.Errorf("after eight hours the feed is\n%s", f)
		}

		if code := ask(s.Handler(), "GET", "/readyz", nil).StatusCode; code != 200 {
			t.Errorf("readyz = %d", code)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
		if code := ask(s.Handler(), "GET", "/readyz", nil).StatusCode; code != 503 {
			t.Errorf("readyz while stopping = %d", code)
		}
	})
}

func TestTopicsComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newsroom()
		s := newServer(t, store, nil)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = s.Run(ctx) }()
		time.Sleep(time.Second)
		store.mu.Lock()
		store.topics = append(store.topics[:1:1], aggregator.Topic{ID: 9, Slug: "new", Title: "New", Revision: 1}, store.topics[2])
		store.mu.Unlock()
		if code := ask(s.Handler(), "GET", "/topics/new.atom", nil).StatusCode; code != 200 {
			t.Errorf("a topic just made: %d", code)
		}
		time.Sleep(time.Second)
		if code := ask(s.Handler(), "GET", "/topics/monsoon.atom", nil).StatusCode; code != 404 {
			t.Errorf("a topic removed: %d", code)
		}
		store.mu.Lock()
		store.topics[2].Token = strings.Repeat("z", 26)
		store.topics[2].Revision++
		store.mu.Unlock()
		time.Sleep(time.Second)
		if code := ask(s.Handler(), "GET", "/t/"+token, nil).StatusCode; code != 404 {
			t.Errorf("the old token: %d", code)
		}
	})
}

func TestReadyz(t *testing.T) {
	var broken error
	now := noon
	s := newServer(t, newFakeStore(), func(o *web.Options) {
		o.Ready = func() error { return broken }
		o.Alive = func() error { return broken }
		o.Now = func() time.Time { return now }
	})
	code := func(path string) int { return ask(s.Handler(), "GET", path, nil).StatusCode }
	if code("/readyz") != 200 || code("/healthz") != 200 {
		t.Error("not ready before the first poll")
	}
	broken = errors.New("read-only file system")
	now = now.Add(6 * time.Second)
	if code("/readyz") != 503 || code("/healthz") != 503 {
		t.Error("ready although the store takes no writes")
	}
}
