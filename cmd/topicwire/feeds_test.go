package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const loopback = "fetch: {allow_private: [127.0.0.0/8]}\n"

func siteOf(t *testing.T, pages map[string]string) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

const rssOfOne = `<rss version="2.0"><channel><title>T</title><item><guid>g</guid><title>One</title></item></channel></rss>`

// TestFeedIsKnownByAnySpelling: a feed is subscribed once, however its address
// is written.
func TestFeedIsKnownByAnySpelling(t *testing.T) {
	site := siteOf(t, map[string]string{"/rss": rssOfOne, "/": `<html><link rel="alternate" type="application/rss+xml" href="/rss"></html>`})
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "topicwire.yml"), loopback)
	mustRun(t, dir, "feeds", "add", site+"/rss")
	for _, spelling := range []string{site + "/rss#top", strings.Replace(site, "http", "HTTP", 1) + "/rss", site + "/"} {
		_, errs, code := run(t, dir, "feeds", "add", spelling)
		if code != exitFailed || !strings.Contains(errs, site+"/rss is subscribed to already") {
			t.Errorf("add %s: exit %d, %s", spelling, code, errs)
		}
	}
	if rows := mustJSON[[]feedRow](t, dir, "feeds", "list"); len(rows) != 1 || rows[0].URL != site+"/rss" {
		t.Errorf("feeds: %+v", rows)
	}
	mustRun(t, dir, "feeds", "remove", site+"/rss#top")
}

// TestDeclaredFeedsAreNotRemoved: the next command would bring them back.
func TestDeclaredFeedsAreNotRemoved(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "topicwire.yml"), `feeds: [{url: "HTTPS://A.example.org/rss"}]`)
	_, errs, code := run(t, dir, "feeds", "remove", "https://a.example.org/rss")
	if code != exitFailed || !strings.Contains(errs, "configuration") {
		t.Errorf("exit %d, %s", code, errs)
	}
}

// TestPollSaysWhatFailed: with and without --json, and a feed read in part is
// no failure.
func TestPollSaysWhatFailed(t *testing.T) {
	pages := map[string]string{"/rss": rssOfOne, "/cut": rssOfOne[:len(rssOfOne)-20]}
	site := siteOf(t, pages)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "topicwire.yml"), loopback+"feeds: [{url: "+site+"/none}, {url: "+site+"/cut}]\n")
	for _, args := range [][]string{{"feeds", "poll", "--force"}, {"--json", "feeds", "poll", "--force"}} {
		_, errs, code := run(t, dir, append(args, site+"/none")...)
		if code != exitFailed || !strings.Contains(errs, "404") {
			t.Errorf("%v: exit %d, %s", args, code, errs)
		}
		if _, errs, code = run(t, dir, append(args, site+"/cut")...); code != exitDone {
			t.Errorf("%v of a feed that is cut off: exit %d, %s", args, code, errs)
		}
	}
	_, errs, code := run(t, dir, "feeds", "add", site+"/none")
	if code != exitFailed || !strings.Contains(errs, site+"/none") {
		t.Errorf("add: exit %d, message without the address: %s", code, errs)
	}
}

// TestF28SubscribingIsOneRequest: of the feed's address, or of the page's and
// the feed's that it announces; no icons, robots.txt, home pages or guesses.
func TestF28SubscribingIsOneRequest(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.Method+" "+r.URL.RequestURI())
		mu.Unlock()
		switch r.URL.Path {
		case "/blog":
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte(`<html><head><link rel="icon" href="/favicon.ico"><link rel="alternate" type="application/atom+xml" href="/announced"></head></html>`))
		case "/empty":
			_, _ = w.Write([]byte("<html><p>nothing here"))
		default:
			_, _ = w.Write([]byte(rssOfOne))
		}
	}))
	t.Cleanup(srv.Close)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "topicwire.yml"), loopback)
	for _, tt := range []struct {
		path string
		code int
		want []string
	}{
		{"/rss?x=1", exitDone, []string{"GET /rss?x=1"}},
		{"/blog", exitDone, []string{"GET /blog", "GET /announced"}},
		{"/empty", exitFailed, []string{"GET /empty"}},
	} {
		mu.Lock()
		asked = nil
		mu.Unlock()
		_, errs, code := run(t, dir, "feeds", "add", srv.URL+tt.path)
		if code != tt.code || !slices.Equal(asked, tt.want) {
			t.Errorf("add %s: exit %d, asked for %q, want %q\n%s", tt.path, code, asked, tt.want, errs)
		}
	}
	mu.Lock()
	asked = nil
	mu.Unlock()
	mustRun(t, dir, "refresh") // the subscription has scheduled the next poll (F-30)
	if len(asked) > 0 {
		t.Errorf("polled again at once: %q", asked)
	}
}
