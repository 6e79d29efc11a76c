package web_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"topicwire/aggregator"
	"topicwire/aggregator/web"
)

// lastLabels is a host key good enough for tests: example.ru of volga.example.ru.
func lastLabels(u string) string {
	_, rest, _ := strings.Cut(u, "://")
	host, _, _ := strings.Cut(rest, "/")
	labels := strings.Split(host, ".")
	return strings.Join(labels[max(0, len(labels)-2):], ".")
}

// troubled is the newsroom with a feed in every state that needs a look, and
// hosts that want to be left alone.
func troubled() *fakeStore {
	store := newsroom()
	f := &store.feeds[1] // of example.ru, which is paused until one o'clock
	f.ETag, f.LastModified = `W/"odd; tag"`, "yesterday"
	f.OriginURL, f.MovedTo = "https://old.example.ru/rss", "https://new.example.ru/rss"
	f.DuplicateOf = "https://volga.example.ru/atom"
	gone := store.feeds[2]
	gone.ID, gone.Outlet, gone.URL = 4, "Gone Gazette", "https://me:hunter2@gone.example.net/rss"
	gone.State, gone.LastStatus, gone.LastError, gone.NextPollAt, gone.NextPollReason = aggregator.FeedGone, 410, "gone (HTTP 410)", time.Time{}, "gone"
	gone.OriginURL, gone.MovedTo, gone.DuplicateOf = gone.URL, gone.URL, gone.URL
	store.feeds = append(store.feeds, gone)
	store.pageHosts = []aggregator.HostPause{
		{Host: "kabar.id", Until: noon.Add(7 * 24 * time.Hour), Reason: "three pages refused in a row"},
		{Host: "long.ago", Until: noon.Add(-time.Minute), Reason: "over"},
	}
	return store
}

// TestVisibleState (issue 3, F-35, F-38): a feed's page says how it does, when
// it will really be asked and why then; the list says it too, and which hosts
// are left alone.
func TestVisibleState(t *testing.T) {
	h := newServer(t, troubled(), func(o *web.Options) {
		o.HostKey = lastLabels
		o.Actions.ReviveFeed = func(context.Context, aggregator.FeedID) error { return nil }
	}).Handler()
	for path, want := range map[string][]string{
		"/admin/feeds/1": {"24 Nov 2026, 12:40", "adaptive", "HTTP 200", "<dt>ETag</dt><dd class=\"url\">none"},
		"/admin/feeds/2": {
			"<time datetime=\"2026-11-24T13:00:00Z\">24 Nov 2026, 13:00</time> (in 60 min): host pause: 429, Retry-After 3600 s",
			"<dt>Host</dt><dd>example.ru, left alone until", "HTTP 503", "503 Service Unavailable", "<dd>4, since 23 Nov 2026, 10:00",
			"W/&#34;odd; tag&#34;", "yesterday", "https://old.example.ru/rss", "https://new.example.ru/rss (taken over if that lasts)", "https://volga.example.ru/atom",
		},
		"/admin/feeds/4": {"HTTP 410", "not asked again unless you revive it", `<dd id="next">never: gone`, `/admin/feeds/4/revive`},
		"/admin/feeds": {
			"host pause: 429, Retry-After 3600 s", "4 failed polls in a row", "never<small>gone</small>",
			"<strong>example.ru</strong> (feeds) until", "<strong>kabar.id</strong> (pages) until", "three pages refused in a row",
		},
	} {
		body := bodyOf(t, ask(h, "GET", path, nil))
		for _, w := range want {
			if !strings.Contains(body, w) {
				t.Errorf("GET %s lacks %q", path, w)
			}
		}
		for _, w := range []string{"hunter2", "long.ago"} { // no secret; and no pause that is over
			if strings.Contains(body, w) {
				t.Errorf("GET %s shows %q", path, w)
			}
		}
		if t.Failed() {
			t.Logf("%s:\n%s", path, body)
		}
	}
	if body := bodyOf(t, ask(h, "GET", "/admin/feeds/4", nil)); strings.Contains(body, "/poll") {
		t.Error("a feed that is gone can be polled without reviving it")
	}
	if body := bodyOf(t, ask(h, "GET", "/admin/feeds/1", nil)); strings.Contains(body, "/revive") {
		t.Error("a feed that is well can be revived")
	}
}

// TestF52Revive: a feed that is gone comes back by hand, by post only.
func TestF52Revive(t *testing.T) {
	var revived []aggregator.FeedID
	h := newServer(t, troubled(), func(o *web.Options) {
		o.Actions.ReviveFeed = func(_ context.Context, id aggregator.FeedID) error { revived = append(revived, id); return nil }
	}).Handler()
	if res := ask(h, "GET", "/admin/feeds/4/revive", nil); res.StatusCode == 200 || len(revived) > 0 {
		t.Errorf("by GET: %d, revived %v", res.StatusCode, revived)
	}
	if res := askFrom(h, "127.0.0.1:1", "POST", "/admin/feeds/4/revive", map[string]string{"Sec-Fetch-Site": "cross-site"}, "x=y"); res.StatusCode != 403 {
		t.Errorf("from another site: %d", res.StatusCode)
	}
	res := askFrom(h, "127.0.0.1:1", "POST", "/admin/feeds/4/revive", nil, "x=y")
	if res.StatusCode != 303 || len(revived) != 1 || revived[0] != 4 {
		t.Errorf("by POST: %d, revived %v", res.StatusCode, revived)
	}
	if body := bodyOf(t, ask(h, "GET", res.Header.Get("Location"), nil)); !strings.Contains(body, "The feed was revived") {
		t.Error("the page does not say what was done")
	}
	if res := askFrom(h, "127.0.0.1:1", "POST", "/admin/feeds/99/revive", nil, "x=y"); res.StatusCode != 404 {
		t.Errorf("a feed that is not there: %d", res.StatusCode)
	}
}

// TestPausedHostsNeedTheStore: a store that fails is no list without pauses.
func TestPausedHostsNeedTheStore(t *testing.T) {
	store := troubled()
	store.err = errors.New("the disk is on fire")
	h := newServer(t, store, nil).Handler()
	if res := ask(h, "GET", "/admin/feeds", nil); res.StatusCode != 500 {
		t.Errorf("status %d", res.StatusCode)
	}
}

// TestBrowserRevives presses the button.
func TestBrowserRevives(t *testing.T) {
	ctx, heard := browser(t)
	store := troubled()
	srv := httptest.NewServer(newServer(t, store, func(o *web.Options) {
		o.Actions.ReviveFeed = func(_ context.Context, id aggregator.FeedID) error {
			defer store.lock()()
			store.feeds[id-1].PollState = aggregator.PollState{State: aggregator.FeedActive, NextPollAt: noon, NextPollReason: "revived"}
			return nil
		}
	}).Handler())
	t.Cleanup(srv.Close)
	err := chromedp.Do(ctx, chromedp.Navigate(srv.URL+"/admin/feeds/4"), chromedp.Click("#revive"),
		chromedp.WaitNotPresent("#revive"))
	if err != nil {
		t.Fatal(err)
	}
	next, err := chromedp.Run(ctx, chromedp.Text("#next"))
	if err != nil {
		t.Fatal(err)
	}
	heard.check(t, "feed")
	if !strings.HasSuffix(next, ": revived") {
		t.Errorf("next poll: %q", next)
	}
}
