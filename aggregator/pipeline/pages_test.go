package pipeline_test

import (
	"context"
	"fmt"
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

// pageWorld is a bubble with a database, a pipeline that reads every page, and
// items that come without being polled.
type pageWorld struct {
	*testing.T
	net   *feedtest.Net
	store *countingStore
	pipe  *pipeline.Pipeline
	feed  aggregator.FeedID
}

// countingStore counts what is claimed.
type countingStore struct {
	*store.Store
	mu            sync.Mutex
	claims, items int
}

func (s *countingStore) ClaimWork(ctx context.Context, c aggregator.WorkClaim) ([]aggregator.ClaimedItem, error) {
	items, err := s.Store.ClaimWork(ctx, c)
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Stage == aggregator.StageEnrich {
		s.claims++
		s.items += len(items)
	}
	return items, err
}

func (s *countingStore) counts() (claims, items int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.claims, s.items
}

func inPages(t *testing.T, test func(w *pageWorld)) {
	t.Helper()
	inPagesOn(t, filepath.Join(t.TempDir(), "t.db"), test)
}

func inPagesOn(t *testing.T, dsn string, test func(w *pageWorld)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &pageWorld{T: t, net: feedtest.New(t), store: new(countingStore)}
		var err error
		if w.store.Store, err = store.Open(t.Context(), store.Options{DSN: dsn, HostKey: pageHost}); err != nil {
			t.Fatal(err)
		}
		if w.feed, err = w.store.AddFeed(t.Context(), aggregator.FeedSettings{URL: "http://feed.example/"}, aggregator.InDatabase); err != nil {
			t.Fatal(err)
		}
		client := fetch.New(fetch.Options{Hosts: w.store, Resolver: w.net, DialContext: w.net.DialContext})
		w.pipe = pipeline.New(pipeline.Options{
			Store: w.store, Fetch: client, Next: poll.Schedule{}.Next, Topics: func() *match.Set { return new(match.Set) },
			Enrich: aggregator.EnrichAlways, PageHost: pageHost,
		})
		defer func() {
			client.Close()
			w.store.Close()
		}()
		test(w)
	})
}

// serve runs the pipeline as a daemon does, and returns what stops it.
func (w *pageWorld) serve() (stop func()) {
	ctx, cancel := context.WithCancel(w.Context())
	done := make(chan error, 1)
	go func() { done <- w.pipe.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			w.Error(err)
		}
	}
}

// pass lets time pass, and has work done when it is due: a daemon would look
// for some every two seconds.
func (w *pageWorld) pass(d time.Duration) {
	w.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); {
		if err := w.pipe.Drain(w.Context()); err != nil {
			w.Fatal(err)
		}
		at, err := w.store.NextWorkAt(w.Context())
		if err != nil {
			w.Fatal(err)
		}
		if at.IsZero() || at.After(end) {
			at = end
		}
		time.Sleep(max(time.Second, time.Until(at)))
	}
}

func pageHost(u string) string { return fetch.HostKey(u, nil) }

// items brings items with these links, or changes those that are there.
func (w *pageWorld) items(version string, links ...string) {
	w.Helper()
	var all []aggregator.Item
	for _, l := range links {
		all = append(all, aggregator.Item{
			Feed: w.feed, GUID: l, URL: l, Title: "Title of " + l + version, Summary: "Ministers met.", Language: "en", ContentHash: version + l,
		})
	}
	w.record(all...)
}

// record saves items as a poll of the feed.
func (w *pageWorld) record(all ...aggregator.Item) {
	w.Helper()
	claimed, err := w.store.ClaimDueFeeds(w.Context(), aggregator.FeedClaim{Now: time.Now(), Limit: 1, Lease: time.Minute, All: true, Force: true, OnlyFeed: w.feed})
	if err != nil || len(claimed) != 1 {
		w.Fatalf("claim: %v, %v", claimed, err)
	}
	_, err = w.store.RecordPoll(w.Context(), aggregator.PollRecord{
		Feed: w.feed, Lease: claimed[0].Lease, Items: all, At: time.Now(),
		Next: func(aggregator.PollFound) (aggregator.PollState, *aggregator.HostPause) {
			return claimed[0].PollState, nil
		},
	})
	if err != nil {
		w.Fatal(err)
	}
	w.pipe.Wake()
}

func (w *pageWorld) article(link string) *aggregator.Article {
	w.Helper()
	var found *aggregator.Article
	if err := w.store.EachItem(w.Context(), time.Time{}, func(si *aggregator.StoryItem) error {
		if si.URL == link {
			found = si.Article
		}
		return nil
	}); err != nil {
		w.Fatal(err)
	}
	return found
}

// asked returns when pages were asked for whose address begins so.
func (w *pageWorld) asked(address string) (at []time.Time) {
	for _, r := range w.net.Requests() {
		if r.Path != "/robots.txt" && strings.HasPrefix(r.Host+r.Path, address) {
			at = append(at, r.At)
		}
	}
	return at
}

func pages(h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			w.WriteHeader(404)
			return
		}
		h(w, r)
	})
}

func answering(status int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
	}
}

const pageText = "The ferry to the northern islands sails again from Monday, the harbour master said on Friday."

func good(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprint(w, article(pageText, "Repairs had taken all winter, and the crew was sent home."))
}

// TestS07FailuresAreTriedThreeTimes, at the distances of §0.
func TestS07FailuresAreTriedThreeTimes(t *testing.T) {
	for _, tt := range []struct {
		name  string
		page  http.HandlerFunc
		waits []time.Duration
	}{
		{"500", answering(500), []time.Duration{time.Hour, 2 * time.Hour}},
		{"503", answering(503), []time.Duration{4 * time.Hour, 8 * time.Hour}},
		{"429", answering(429), []time.Duration{4 * time.Hour, 8 * time.Hour}},
		{"404", answering(404), nil},
		{"200", good, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inPages(t, func(w *pageWorld) {
				w.net.Handle("news.example", pages(tt.page))
				w.items("", "http://news.example/a")
				w.pass(20 * 24 * time.Hour)
				at := w.asked("news.example/a")
				if len(at) != 1+len(tt.waits) {
					t.Fatalf("asked %d times in 20 days, want %d", len(at), 1+len(tt.waits))
				}
				for i, want := range tt.waits {
					if got := at[i+1].Sub(at[i]); got < want*9/10 || got > want*13/10+5*time.Second {
						t.Errorf("wait %d = %v, want %v × 0.9 to 1.3", i+1, got, want)
					}
				}
				want := aggregator.ArticleFailed
				if tt.name == "200" {
					want = aggregator.ArticleRead
				}
				if a := w.article("http://news.example/a"); a == nil || a.Status != want {
					t.Errorf("article %+v, want it %s", a, want)
				}
			})
		})
	}
}

// TestS11RefusedPages: not asked for again for 30 days, even if the feed
// changes the item; three in a row rest the host for seven.
func TestS11RefusedPages(t *testing.T) {
	for _, status := range []int{401, 402, 403, 451} {
		inPages(t, func(w *pageWorld) {
			w.net.Handle("news.example", pages(answering(status)))
			w.items("", "http://news.example/1")
			w.pass(time.Hour)
			w.items("changed", "http://news.example/1")
			w.pass(29 * 24 * time.Hour)
			if n := len(w.asked("news.example/1")); n != 1 {
				t.Fatalf("%d: asked %d times within 30 days, want once", status, n)
			}
			w.pass(2 * 24 * time.Hour)
			if n := len(w.asked("news.example/1")); n != 2 {
				t.Errorf("%d: asked %d times after 30 days, want twice", status, n)
			}
			start := time.Now()
			w.items("", "http://news.example/2", "http://news.example/3", "http://news.example/4", "http://news.example/5")
			w.pass(time.Hour)
			if n := len(w.asked("news.example/")); n != 3 { // 1 twice, and one more: three in a row
				t.Errorf("%d: %d pages asked for, want 3", status, n)
			}
			hosts, err := w.store.PageHosts(w.Context())
			if err != nil || len(hosts) != 1 || hosts[0].Host != "news.example" || hosts[0].Until.Sub(start) < 7*24*time.Hour {
				t.Errorf("%d: PageHosts = %v, %v, want the host for 7 days", status, hosts, err)
			}
			before, _ := w.store.counts()
			_, had := w.store.counts()
			w.pass(6 * 24 * time.Hour)
			if _, items := w.store.counts(); items != had {
				t.Errorf("%d: %d items of a paused host were claimed in 6 days (%d claims before)", status, items-had, before)
			}
			w.pass(2 * 24 * time.Hour)
			if n := len(w.asked("news.example/")); n <= 3 {
				t.Errorf("%d: nothing asked for after the pause", status)
			}
		})
	}
}

// TestPagesOfOneHostKeepNobodyWaiting: 5,000 pages of one host wait before 200
// of a hundred others.
func TestPagesOfOneHostKeepNobodyWaiting(t *testing.T) {
	inPages(t, func(w *pageWorld) {
		defer w.serve()()
		w.net.Handle("crowd.example", pages(good))
		var crowd, others []string
		for i := range 5000 {
			crowd = append(crowd, fmt.Sprintf("http://crowd.example/%d", i))
		}
		for i := range 200 {
			host := fmt.Sprintf("h%d.example", i%100)
			if i < 100 {
				w.net.Handle(host, pages(good))
			}
			others = append(others, fmt.Sprintf("http://%s/%d", host, i))
		}
		w.items("", crowd...)
		time.Sleep(time.Minute)
		start := time.Now()
		w.items("", others...)
		time.Sleep(9 * time.Minute)
		asked := w.asked("h")
		if len(asked) != 200 {
			t.Fatalf("%d of 200 pages of other hosts were asked for in nine minutes", len(asked))
		}
		if took := asked[199].Sub(start); took > 20*time.Second { // two of each host, 10 s apart
			t.Errorf("the other hosts' pages took %v", took)
		}
		at := w.asked("crowd.example")
		for i := 1; i < len(at); i++ {
			if gap := at[i].Sub(at[i-1]); gap < 10*time.Second {
				t.Fatalf("pages of the crowded host are %v apart", gap)
			}
		}
		if n := len(at); n < 50 || n > 61 {
			t.Errorf("%d pages of the crowded host in ten minutes, want one every 10 s", n)
		}
		claims, items := w.store.counts()
		t.Logf("%d claims of %d items for %d pages", claims, items, len(at)+200)
		if items > 40*(len(at)+200) {
			t.Errorf("%d items were claimed for %d pages: they spin", items, len(at)+200)
		}
	})
}

// TestItemsOfPausedHostsWait: their rows carry the end of the pause, which is
// no try, and nobody claims them before.
func TestItemsOfPausedHostsWait(t *testing.T) {
	inPages(t, func(w *pageWorld) {
		var mu sync.Mutex
		h := answering(429, "Retry-After", "36000")
		w.net.Handle("news.example", pages(func(rw http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			h(rw, r)
		}))
		var links []string
		for i := range 100 {
			links = append(links, fmt.Sprintf("http://news.example/%d", i))
		}
		w.items("", links...)
		w.pass(time.Minute)
		_, before := w.store.counts()
		if before > 250 {
			t.Errorf("100 items were claimed %d times before they rested", before)
		}
		w.pass(9 * time.Hour)
		if _, after := w.store.counts(); after != before {
			t.Errorf("%d items of the paused host were claimed", after-before)
		}
		mu.Lock()
		h = good
		mu.Unlock()
		w.pass(4 * time.Hour)
		if n := len(w.asked("news.example/")); n < 101 {
			t.Errorf("%d pages were asked for after the pause", n)
		}
		for _, l := range links[1:] {
			if a := w.article(l); a == nil || a.Status != aggregator.ArticleRead {
				t.Fatalf("%s: %+v, want it read after the pause", l, a)
			}
		}
	})
}

// TestS09PagesAgain: a page is asked for again only if the feed has changed
// the item, not before its max-age ends, and with its validators.
func TestS09PagesAgain(t *testing.T) {
	inPages(t, func(w *pageWorld) {
		body, etag := article(pageText, "Repairs had taken all winter, and the crew was sent home."), `"v1"`
		var conditional []string
		var mu sync.Mutex
		w.net.Handle("news.example", pages(func(rw http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			conditional = append(conditional, r.Header.Get("If-None-Match")+r.Header.Get("If-Modified-Since"))
			rw.Header().Set("Cache-Control", "max-age=7200")
			rw.Header().Set("ETag", etag)
			if r.Header.Get("If-None-Match") == etag {
				rw.WriteHeader(304)
				return
			}
			rw.Header().Set("Content-Type", "text/html")
			fmt.Fprint(rw, body)
		}))
		const link = "http://news.example/a"
		start := time.Now()
		w.items("1", link)
		w.pass(10 * time.Minute)
		if a := w.article(link); a == nil || !strings.Contains(a.Text, "ferry") || a.ETag != etag {
			t.Fatalf("article %+v, want it read, with its validators", a)
		}
		for range 5 { // the feed repeats the item: nothing
			w.items("1", link)
			w.pass(time.Minute)
		}
		if n := len(w.asked("news.example")); n != 1 {
			t.Errorf("asked %d times for an item that did not change, want once", n)
		}
		w.items("2", link)
		w.pass(3 * time.Hour)
		at := w.asked("news.example")
		if len(at) != 2 || at[1].Sub(start) < 2*time.Hour {
			t.Fatalf("asked at %v, want again when max-age had ended", at)
		}
		a := w.article(link)
		if a == nil || a.Status != aggregator.ArticleRead || !strings.Contains(a.Text, "ferry") || a.ItemHash != "2"+link {
			t.Errorf("after a 304: %+v, want the article kept, for the changed item", a)
		}
		mu.Lock()
		body, etag = article("The ferry to the northern islands will not sail before June, the harbour master said on Sunday.", "The ship's engine failed again."), `"v2"`
		mu.Unlock()
		w.pass(3 * time.Hour)
		w.items("3", link)
		w.pass(time.Minute)
		if a := w.article(link); a == nil || !strings.Contains(a.Text, "June") {
			t.Errorf("after a change: %+v", a)
		}
		mu.Lock()
		defer mu.Unlock()
		if got, want := strings.Join(conditional, " "), ` "v1" "v1"`; got != want {
			t.Errorf("validators sent: %s, want %s", got, want)
		}
		if got := w.pipe.Counts().PageOutcomes; got["ok"] != 2 || got["not_modified"] != 1 {
			t.Errorf("outcomes %v, want 2 ok, 1 not_modified", got)
		}
	})
}

// TestS09FailureKeepsTheArticle: what was read is not lost to a wall or a
// failure of the second reading.
func TestS09FailureKeepsTheArticle(t *testing.T) {
	for name, again := range map[string]http.HandlerFunc{
		"gone":   answering(404),
		"refuse": answering(403),
		"wall": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, `<title>Just a moment...</title><p>Verify you are human.`)
		},
		"pdf": answering(200, "Content-Type", "application/pdf"),
	} {
		t.Run(name, func(t *testing.T) {
			inPages(t, func(w *pageWorld) {
				h := good
				w.net.Handle("news.example", pages(func(rw http.ResponseWriter, r *http.Request) { h(rw, r) }))
				w.items("1", "http://news.example/a")
				w.pass(time.Minute)
				h = again
				w.items("2", "http://news.example/a")
				w.pass(24 * time.Hour)
				if n := len(w.asked("news.example")); n != 2 {
					t.Fatalf("asked %d times, want 2", n)
				}
				if a := w.article("http://news.example/a"); a == nil || a.Status != aggregator.ArticleRead || !strings.Contains(a.Text, "ferry") {
					t.Errorf("article %+v, want the one of before", a)
				}
			})
		})
	}
}

// TestS08RedirectsInACircle: who does not carry cookies is not sent around.
func TestS08RedirectsInACircle(t *testing.T) {
	inPages(t, func(w *pageWorld) {
		w.net.Handle("news.example", pages(func(rw http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/consent":
				http.Redirect(rw, r, "http://consent.other.example/?to=a", http.StatusFound)
			case "/check":
				http.Redirect(rw, r, "/circle", http.StatusFound)
			default:
				http.Redirect(rw, r, "/check", http.StatusFound)
			}
		}))
		w.net.Handle("consent.other.example", pages(good))
		w.items("", "http://news.example/circle", "http://news.example/consent")
		w.pass(5 * 24 * time.Hour)
		for link, asked := range map[string]int{"circle": 1, "check": 1, "consent": 1} {
			if n := len(w.asked("news.example/" + link)); n != asked {
				t.Errorf("/%s was asked for %d times, want %d", link, n, asked)
			}
		}
		for _, link := range []string{"circle", "consent"} {
			if a := w.article("http://news.example/" + link); a == nil || a.Status != aggregator.ArticleWall || a.Text != "" || a.Note == "" {
				t.Errorf("/%s: %+v, want a wall", link, a)
			}
		}
		if n := len(w.asked("consent.")); n != 0 {
			t.Errorf("the consent page was asked for %d times", n)
		}
		if got := w.pipe.Counts().PageOutcomes; got["wall"] != 2 || len(got) != 1 {
			t.Errorf("outcomes %v, want two walls", got)
		}
	})
}
