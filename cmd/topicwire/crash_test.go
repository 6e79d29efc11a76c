package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"topicwire/aggregator"
)

// TestKillInRefresh kills the real program in the middle of a sweep, twenty
// times, and then lets one sweep end: the database is sound, no item is lost
// and none is there twice.
func TestKillInRefresh(t *testing.T) {
	const feeds, perFeed, kills, runs = 180, 20, 20, 80
	hosts := slowSites(t, 6, func(w http.ResponseWriter, r *http.Request) {
		n := strings.Trim(r.URL.Path, "/")
		w.Header().Set("ETag", `"`+n+`"`)
		if r.Header.Get("If-None-Match") == `"`+n+`"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Fprintf(w, `<rss version="2.0"><channel><title>Feed %s</title><link>http://example.org/%s</link>`, n, n)
		for i := range perFeed {
			fmt.Fprintf(w, `<item><guid isPermaLink="false">%s-%d</guid><link>http://example.org/%s/%d</link><title>Report %d of feed %s</title><description>Russia and India, report number %d of %s.</description></item>`,
				n, i, n, i, i, n, i, n)
		}
		fmt.Fprint(w, `</channel></rss>`)
	})

	dir := t.TempDir()
	var b strings.Builder
	b.WriteString("fetch: {allow_private: [127.0.0.0/8], host_gap: 0s, concurrency: 8}\nenrich: never\nfeeds:\n")
	for i := range feeds {
		fmt.Fprintf(&b, "  - url: %s/f%d\n", hosts[i%len(hosts)], i)
	}
	b.WriteString("topics:\n  - {slug: pair, title: Pair, query: 'country:ru country:in'}\n")
	if err := os.WriteFile(filepath.Join(dir, "topicwire.yml"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRun(t, dir, "feeds", "list") // creates the database

	killed := 0
	for range runs {
		cmd := command(t, dir, "refresh", "--all")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// The moment is random on purpose: it should fall everywhere.
		time.Sleep(time.Duration(20+rand.IntN(600)) * time.Millisecond)
		_ = cmd.Process.Signal(syscall.SIGKILL)
		_ = cmd.Wait()
		if cmd.ProcessState.ExitCode() != -1 {
			continue // it was done before
		}
		if killed++; killed == kills {
			break
		}
	}
	if killed < kills {
		t.Fatalf("only %d of %d sweeps could be killed", killed, runs)
	}
	mustRun(t, dir, "refresh", "--all")
	report := mustJSON[aggregator.CheckReport](t, dir, "db", "check")
	if !report.OK || report.Counts["items"] != feeds*perFeed {
		t.Errorf("after %d kills: ok=%v, %d items, want %d; problems: %v", killed, report.OK, report.Counts["items"], feeds*perFeed, report.Problems)
	}
	if report.Counts["work"] != 0 {
		t.Errorf("%d items still wait to be processed", report.Counts["work"])
	}
}

// slowSites serves on several loopback hosts, a little slowly, so that a sweep
// lasts long enough to be killed in.
func slowSites(t *testing.T, n int, h http.HandlerFunc) (urls []string) {
	t.Helper()
	for i := range n {
		ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.%d:0", i+1))
		if err != nil {
			t.Skipf("this system has only one loopback address: %v", err)
		}
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(20 * time.Millisecond) // a server that takes its time
			h(w, r)
		}))
		srv.Listener.Close()
		srv.Listener = ln
		srv.Start()
		t.Cleanup(srv.Close)
		urls = append(urls, srv.URL)
	}
	return urls
}
