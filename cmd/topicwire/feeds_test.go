package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
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
