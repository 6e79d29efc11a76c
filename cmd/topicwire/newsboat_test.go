package main

import (
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite" // newsboat keeps what it has read in SQLite
)

// TestNewsboat subscribes a real feed reader to a topic's feeds: it lists the
// items, each once, and none anew when it asks again.
func TestNewsboat(t *testing.T) {
	newsboat, err := exec.LookPath("newsboat")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("newsboat is missing: apt-get install newsboat")
		}
		t.Skip("newsboat is not installed: apt-get install newsboat")
	}
	dir := newsroom(t)
	mustRun(t, dir, "refresh", "--all")
	d := startDaemon(t, dir, "serve")
	_, body := d.get(t, "/topics/russia-india.json")
	want := len(decode[jsonFeed](t, body).Items)
	if want == 0 {
		t.Fatal("the topic is empty")
	}
	for _, format := range []string{"rss", "atom"} {
		home := t.TempDir()
		write := func(name, text string) string {
			path := filepath.Join(home, name)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		urls := write("urls", d.url+"/topics/russia-india."+format+"\n")
		conf := write("config", "")
		cache := filepath.Join(home, "cache.db")
		for range 2 {
			cmd := exec.Command(newsboat, "-u", urls, "-C", conf, "-c", cache, "-x", "reload")
			cmd.Env = append(os.Environ(), "HOME="+home)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("newsboat reload %s: %v\n%s", format, err, out)
			}
		}
		if got := cached(t, cache); got != want {
			t.Errorf("newsboat lists %d items of the %s feed, want %d", got, format, want)
		}
	}
}

// cached counts the items with a title in newsboat's cache.
func cached(t *testing.T, path string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT count(*) FROM rss_item WHERE title <> ''").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
