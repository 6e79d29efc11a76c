package main

import (
	"database/sql"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestF28F35NoRequestForWhatIsKnown: neither a feed that is there already nor a
// host that asked to be left alone is asked when somebody adds a feed.
func TestF28F35NoRequestForWhatIsKnown(t *testing.T) {
	var asked atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write([]byte(rssOfOne))
	}))
	t.Cleanup(srv.Close)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "topicwire.yml"), loopback+"enrich: never\n")
	mustRun(t, dir, "feeds", "add", srv.URL+"/rss")
	if _, errs, code := run(t, dir, "feeds", "add", srv.URL+"/rss"); code != exitFailed || !strings.Contains(errs, "subscribed to already") || asked.Load() != 1 {
		t.Errorf("added twice: exit %d, %d requests, %s", code, asked.Load(), errs)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "topicwire.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`INSERT INTO host_pause (host, paused_until, reason) VALUES ('127.0.0.1', $1, '429, Retry-After')`, time.Now().Add(time.Hour).Unix()); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := run(t, dir, "feeds", "add", srv.URL+"/other"); code != exitFailed || !strings.Contains(errs, "left alone until") || asked.Load() != 1 {
		t.Errorf("at a host that is paused: exit %d, %d requests, %s", code, asked.Load(), errs)
	}
}
