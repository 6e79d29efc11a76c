package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"topicwire/aggregator"
	"topicwire/store"
)

// moodyServer answers as its paths say.
func moodyServer(t *testing.T) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		switch r.URL.Path {
		case "/fresh":
			h.Set("ETag", `W/"odd tag"`)
			h.Set("Last-Modified", "a day in May")
			h.Set("Cache-Control", "max-age=172800")
			if r.Header.Get("If-None-Match") != "" {
				w.WriteHeader(http.StatusNotModified)
				return
			}
		case "/ttl":
			_, _ = w.Write([]byte(strings.Replace(rssOfOne, "<title>T</title>", "<title>T</title><ttl>2880</ttl>", 1)))
			return
		case "/limited":
			h.Set("Retry-After", "7200")
			http.Error(w, "slow down", http.StatusTooManyRequests)
			return
		case "/broken":
			http.Error(w, "oops", http.StatusInternalServerError)
			return
		case "/gone":
			http.Error(w, "gone", http.StatusGone)
			return
		case "/linked":
			_, _ = w.Write([]byte(strings.Replace(rssOfOne, "<guid>g</guid>", "<link>http://"+r.Host+"/article</link>", 1)))
			return
		case "/article":
			h.Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html><title>One</title><article><h1>One</h1><p>" + strings.Repeat("The harbour opened again on Monday after the storm. ", 20) + "</article>"))
			return
		case "/page":
			_, _ = w.Write([]byte("<html><p>no feed"))
			return
		}
		_, _ = w.Write([]byte(rssOfOne))
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// TestVisibleReasons (issue 3): `feeds list --json` says how each feed does,
// when it is polled next, and why then.
func TestVisibleReasons(t *testing.T) {
	site := moodyServer(t)
	dir := t.TempDir()
	file := loopback + "feeds:\n"
	for _, p := range []string{"fresh", "ttl", "limited", "broken", "gone", "page", "plain"} {
		file += "  - url: " + site + "/" + p + "\n"
	}
	writeFile(t, filepath.Join(dir, "topicwire.yml"), file+"  - {url: "+site+"/fixed, interval: 30h}\n")
	for _, r := range mustJSON[[]feedRow](t, dir, "feeds", "list") {
		if r.NextPollReason != "not polled yet" || r.LastPollAt != nil || r.NextPollAt == nil || r.Declared != aggregator.InFile {
			t.Errorf("before the first poll: %+v", r)
		}
	}
	mustRun(t, dir, "refresh")
	mustRun(t, dir, "refresh", "--all") // what may be asked again is
	rows := map[string]feedRow{}
	for _, r := range mustJSON[[]feedRow](t, dir, "feeds", "list") {
		rows[strings.TrimPrefix(r.URL, site+"/")] = r
	}
	for path, want := range map[string]struct {
		state           aggregator.FeedState
		status          int
		reason, err     string
		atLeast, atMost time.Duration
		failures        int
	}{
		"fresh":   {aggregator.FeedActive, 304, "max-age", "", 48 * time.Hour, 53 * time.Hour, 0},
		"ttl":     {aggregator.FeedActive, 200, "ttl", "", 48 * time.Hour, 53 * time.Hour, 0},
		"limited": {aggregator.FeedFailing, 429, "Retry-After", "too many requests", 2 * time.Hour, 2 * time.Hour, 1},
		"broken":  {aggregator.FeedFailing, 500, "back-off after 2 failures", "internal server error", 108 * time.Minute, 156 * time.Minute, 2},
		"gone":    {aggregator.FeedFailing, 410, "back-off after 2 failures", "gone (HTTP 410)", 108 * time.Minute, 156 * time.Minute, 2},
		"page":    {aggregator.FeedFailing, 200, "back-off after 2 failures", "", 108 * time.Minute, 156 * time.Minute, 2},
		"plain":   {aggregator.FeedActive, 200, "", "", time.Hour, 25 * time.Hour, 0},
		"fixed":   {aggregator.FeedActive, 200, "fixed interval", "", 30 * time.Hour, 33 * time.Hour, 0},
	} {
		r := rows[path]
		if r.LastPollAt == nil || r.NextPollAt == nil {
			t.Errorf("%s was not polled: %+v", path, r)
			continue
		}
		wait := r.NextPollAt.Sub(*r.LastPollAt)
		if r.State != want.state || r.LastStatus != want.status || r.Failures != want.failures ||
			!strings.HasPrefix(r.NextPollReason, want.reason) || r.NextPollReason == "" || !strings.Contains(r.LastError, want.err) ||
			wait < want.atLeast-2*time.Second || wait > want.atMost+2*time.Second {
			t.Errorf("%s: state %s, status %d, %d failures, %q, next after %v because %q; want %+v",
				path, r.State, r.LastStatus, r.Failures, r.LastError, wait, r.NextPollReason, want)
		}
		if failing := want.failures > 0; (r.FailingSince != nil) != failing || (r.LastSuccessAt != nil) == failing || (r.LastError != "") != failing {
			t.Errorf("%s: failing since %v, last success %v, error %q", path, r.FailingSince, r.LastSuccessAt, r.LastError)
		}
	}
	if r := rows["fresh"]; r.ETag != `W/"odd tag"` || r.LastModified != "a day in May" {
		t.Errorf("validators %q, %q", r.ETag, r.LastModified)
	}
	text := mustRun(t, dir, "feeds", "list")
	for _, want := range []string{"back-off after 2 failures", "2 failed polls in a row, since", "max-age", "Retry-After"} {
		if !strings.Contains(text, want) {
			t.Errorf("feeds list lacks %q:\n%s", want, text)
		}
	}
}

// paused opens a database with a feed of a host that is left alone, and one of
// another.
func paused(t *testing.T) (dir string, pause aggregator.HostPause) {
	t.Helper()
	dir = t.TempDir()
	writeFile(t, filepath.Join(dir, "topicwire.yml"), "feeds: [{url: 'https://a.example.org/rss'}, {url: 'https://b.example.net/rss'}]\n")
	mustRun(t, dir, "feeds", "list") // declares them
	st, err := store.Open(t.Context(), store.Options{DSN: filepath.Join(dir, "topicwire.db"), HostKey: hostKeys(parsed(t, ""))})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	f, err := st.FeedByURL(t.Context(), "https://a.example.org/rss")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	claimed, err := st.ClaimDueFeeds(t.Context(), aggregator.FeedClaim{Now: now, Limit: 1, Lease: time.Minute, OnlyFeed: f.ID})
	if err != nil || len(claimed) != 1 {
		t.Fatal(claimed, err)
	}
	pause = aggregator.HostPause{Host: "example.org", Until: now.Add(30 * time.Hour).Truncate(time.Second), Reason: "429, Retry-After"}
	rec := aggregator.PollRecord{Feed: f.ID, Lease: claimed[0].Lease, Outcome: aggregator.PollFailed, At: now}
	rec.Next = func(aggregator.PollFound) (aggregator.PollState, *aggregator.HostPause) {
		s := f.PollState
		s.State, s.LastPollAt, s.NextPollAt, s.NextPollReason = aggregator.FeedActive, now.Add(-time.Hour), now.Add(time.Hour), "max-age"
		return s, &pause
	}
	if _, err := st.RecordPoll(t.Context(), rec); err != nil {
		t.Fatal(err)
	}
	err = st.UpdateHost(t.Context(), "pages.example", func(h *aggregator.HostState) bool {
		h.NextPageAt, h.Reason = now.Add(7*24*time.Hour), "three pages refused in a row"
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir, pause
}

// TestF35PausesAreVisible: a feed whose host is left alone is said to be
// polled at the pause's end, with the reason; so are the hosts.
func TestF35PausesAreVisible(t *testing.T) {
	dir, pause := paused(t)
	rows := mustJSON[[]feedRow](t, dir, "feeds", "list")
	i := slices.IndexFunc(rows, func(r feedRow) bool { return r.Host == "example.org" })
	if r := rows[i]; r.NextPollAt == nil || !r.NextPollAt.Equal(pause.Until) || r.NextPollReason != "host pause: 429, Retry-After" ||
		r.HostPausedUntil == nil || !r.HostPausedUntil.Equal(pause.Until) {
		t.Errorf("a feed of a paused host: %+v", r)
	}
	if r := rows[1-i]; r.HostPausedUntil != nil || strings.Contains(r.NextPollReason, "pause") {
		t.Errorf("a feed of another host: %+v", r)
	}
	hosts := mustJSON[[]hostRow](t, dir, "feeds", "hosts")
	if len(hosts) != 2 || hosts[0] != (hostRow{"example.org", pause.Until.UTC(), pause.Reason, "feeds"}) || hosts[1].Host != "pages.example" || hosts[1].What != "pages" {
		t.Errorf("hosts %+v", hosts)
	}
	for _, args := range [][]string{{"feeds", "list"}, {"feeds", "hosts"}} {
		if out := mustRun(t, dir, args...); !strings.Contains(out, "example.org") || !strings.Contains(out, "429, Retry-After") || !strings.Contains(out, "three pages refused") {
			t.Errorf("%v:\n%s", args, out)
		}
	}
	if out := mustRun(t, t.TempDir(), "feeds", "hosts", "--json"); strings.TrimSpace(out) != "[]" {
		t.Errorf("no host is paused: %q", out)
	}
}

// TestF38PollByHand: the floor of five minutes and the pause of the host hold
// for commands, unless forced, which is logged.
func TestF38PollByHand(t *testing.T) {
	dir, _ := paused(t)
	_, errs, code := run(t, dir, "feeds", "poll", "https://a.example.org/rss")
	if code != exitFailed || !strings.Contains(errs, "example.org asked to be left alone until") || !strings.Contains(errs, "429, Retry-After") || !strings.Contains(errs, "--force") {
		t.Errorf("a paused host: exit %d, %s", code, errs)
	}

	var asked atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Path == "/limited" {
			w.Header().Set("Retry-After", "7200")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte(rssOfOne))
	}))
	t.Cleanup(srv.Close)
	dir = t.TempDir()
	writeFile(t, filepath.Join(dir, "topicwire.yml"), loopback+"feeds: [{url: "+srv.URL+"/rss}, {url: "+srv.URL+"/limited}]\n")
	refused := func(path, why string) {
		t.Helper()
		before := asked.Load()
		_, errs, code := run(t, dir, "feeds", "poll", srv.URL+path)
		if code != exitFailed || !strings.Contains(errs, why) || asked.Load() != before {
			t.Errorf("%s: exit %d, %d requests, %s; want %q", path, code, asked.Load()-before, errs, why)
		}
	}
	mustRun(t, dir, "feeds", "poll", srv.URL+"/rss")
	refused("/rss", "five minutes")
	run(t, dir, "feeds", "poll", srv.URL+"/limited")
	t.Setenv("TOPICWIRE_CLOCK_OFFSET", "6m")
	refused("/limited", "asked to be left alone until")
	mustRun(t, dir, "feeds", "poll", srv.URL+"/rss")
	before := asked.Load()
	_, errs, _ = run(t, dir, "feeds", "poll", "--force", srv.URL+"/limited")
	if asked.Load() != before+1 || !strings.Contains(errs, "poll forced by hand") {
		t.Errorf("forced: %d requests, log %s", asked.Load()-before, errs)
	}
}

// TestF52ReviveByForce: a feed that is gone is polled again by --force, and
// counts as alive from then on.
func TestF52ReviveByForce(t *testing.T) {
	var back atomic.Bool
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !back.Load() {
			w.WriteHeader(http.StatusGone)
			return
		}
		_, _ = w.Write([]byte(rssOfOne))
	}))
	t.Cleanup(srv.Close)
	dir := t.TempDir()
	url := srv.URL + "/rss"
	writeFile(t, filepath.Join(dir, "topicwire.yml"), loopback+"feeds: [{url: "+url+"}]\n")
	state := func() feedRow {
		t.Helper()
		return mustJSON[[]feedRow](t, dir, "feeds", "list")[0]
	}
	run(t, dir, "feeds", "poll", url)
	t.Setenv("TOPICWIRE_CLOCK_OFFSET", "25h")
	run(t, dir, "feeds", "poll", url)
	if r := state(); r.State != aggregator.FeedGone || r.NextPollAt != nil || r.NextPollReason != "gone" {
		t.Fatalf("after two 410 a day apart: %+v", r)
	}
	t.Setenv("TOPICWIRE_CLOCK_OFFSET", "26h")
	if _, errs, code := run(t, dir, "feeds", "poll", url); code != exitFailed || !strings.Contains(errs, "is gone and not polled any more; --force revives it") {
		t.Errorf("without force: exit %d, %s", code, errs)
	}
	run(t, dir, "feeds", "poll", "--force", url)
	if r := state(); r.State != aggregator.FeedFailing || r.NextPollAt == nil {
		t.Errorf("revived, and still 410: %+v; want it asked again before it counts as gone", r)
	}
	back.Store(true)
	mustRun(t, dir, "feeds", "poll", "--force", url)
	if r := state(); r.State != aggregator.FeedActive || r.Items != 1 {
		t.Errorf("revived: %+v", r)
	}
}

// TestX18ImportSaysWhatIsLeftOut: by the command, in words and as JSON.
func TestX18ImportSaysWhatIsLeftOut(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "topicwire.yml"), "feeds: []\n")
	list := filepath.Join(dir, "list.opml")
	writeFile(t, list, `<opml><body><outline xmlUrl="https://a.example/rss"/><outline xmlUrl="file:///etc/passwd"/><outline xmlUrl="https://me:hunter2@b.example/rss"/></body></opml>`)
	out := mustRun(t, dir, "feeds", "import", list)
	for _, want := range []string{"1 feeds added", "1 left out: their address is no http", "1 left out: their address has a user or password"} {
		if !strings.Contains(out, want) {
			t.Errorf("import lacks %q:\n%s", want, out)
		}
	}
	if n := mustJSON[map[string]int](t, dir, "feeds", "import", list); n["left_out"] != 2 || n["known"] != 1 || n["added"] != 0 {
		t.Errorf("as JSON: %v", n)
	}
	var big strings.Builder
	big.WriteString("<opml><body>")
	for i := range 100_000 {
		fmt.Fprintf(&big, `<outline xmlUrl="https://a.example/%d"/>`, i)
	}
	writeFile(t, list, big.String()+"</body></opml>")
	if _, errs, code := run(t, dir, "feeds", "import", list); code != exitFailed || !strings.Contains(errs, "more than 10000 outlines") {
		t.Errorf("a hundred thousand outlines: exit %d, %s", code, errs)
	}
	if rows := mustJSON[[]feedRow](t, dir, "feeds", "list"); len(rows) != 1 {
		t.Errorf("%d feeds, want the one", len(rows))
	}
}

// TestF25NoPasswordInAddresses: such an address is refused with the cure, and
// one that is in the database from before is shown without its password.
func TestF25NoPasswordInAddresses(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "topicwire.yml"), loopback+"feeds: []\n")
	_, errs, code := run(t, dir, "feeds", "add", "http://me:hunter2@127.0.0.1:9/rss")
	if code != exitUsage || strings.Contains(errs, "hunter2") || !strings.Contains(errs, "password_file") {
		t.Errorf("add: exit %d, %s", code, errs)
	}
	st, err := store.Open(t.Context(), store.Options{DSN: filepath.Join(dir, "topicwire.db")})
	if err != nil {
		t.Fatal(err)
	}
	const old = "http://me:hunter2@127.0.0.1:9/rss"
	if _, err := st.AddFeed(t.Context(), aggregator.FeedSettings{URL: old}, aggregator.InDatabase); err != nil {
		t.Fatal(err)
	}
	st.Close()
	for _, args := range [][]string{
		{"feeds", "list"}, {"feeds", "list", "--json"}, {"feeds", "poll", old}, {"feeds", "poll", "--force", old, "--json"}, {"feeds", "export"},
		{"refresh", "--all", "--log-level", "debug"}, {"feeds", "add", old}, {"feeds", "remove", old},
	} {
		out, errs, _ := run(t, dir, args...)
		if strings.Contains(out+errs, "hunter2") {
			t.Errorf("%v shows the password:\n%s%s", args, out, errs)
		}
	}
	if rows := mustJSON[[]json.RawMessage](t, dir, "feeds", "list"); len(rows) != 0 {
		t.Errorf("it cannot be removed by its address: %s", rows)
	}
}
