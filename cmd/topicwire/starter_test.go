package main

import (
	"path/filepath"
	"strings"
	"testing"

	"topicwire/config"
)

// TestCommandsElsewhereChangeNoFeeds: a command given the database, in a folder
// without the configuration that declares its feeds, does not put the starter's
// feeds in their place.
func TestCommandsElsewhereChangeNoFeeds(t *testing.T) {
	home, elsewhere := t.TempDir(), t.TempDir()
	db := filepath.Join(home, "topicwire.db")
	writeFile(t, filepath.Join(home, "topicwire.yml"), `feeds: [{url: "https://a.example.org/rss"}]
topics: [{slug: mine, title: Mine, query: "country:ru"}]
`)
	before := mustRun(t, home, "feeds", "list", "--json")
	topics := mustRun(t, home, "topics", "list")
	for _, args := range [][]string{{"db", "check"}, {"db", "backup", "copy.db"}, {"feeds", "export"}, {"topics", "list"}, {"feeds", "list"}} {
		_, errs, code := run(t, elsewhere, append([]string{"--db", db}, args...)...)
		if code != exitDone || !strings.Contains(errs, "--config") {
			t.Errorf("%v: exit %d, message %q; want a hint at --config", args, code, errs)
		}
		raw := mustRun(t, elsewhere, "--db", db, "feeds", "export")
		if !strings.Contains(raw, "a.example.org") || strings.Contains(raw, "bbc") {
			t.Fatalf("%v in a folder without the configuration changed the feeds:\n%s", args, raw)
		}
	}
	if after := mustRun(t, home, "feeds", "list", "--json"); after != before {
		t.Errorf("feeds before\n%s\nafter\n%s", before, after)
	}
	if after := mustRun(t, home, "topics", "list"); after != topics {
		t.Errorf("topics before\n%s\nafter\n%s", topics, after)
	}
}

// TestStarterIsABeginning: without a configuration an empty database gets the
// starter's feeds, and keeps those of the user's own beside them.
func TestStarterIsABeginning(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "mine.opml"), `<opml version="2.0"><body><outline type="rss" text="A" xmlUrl="https://a.example.org/rss"/></body></opml>`)
	mustRun(t, dir, "feeds", "import", "mine.opml")
	list, errs, _ := run(t, dir, "feeds", "list")
	if !strings.Contains(list, "a.example.org") || !strings.Contains(list, "feeds.bbci.co.uk") || errs != "" {
		t.Errorf("feeds:\n%s\nmessages: %s", list, errs)
	}
}

// TestAddressToOpen: a daemon that listens on all addresses names one that a
// browser can open.
func TestAddressToOpen(t *testing.T) {
	for listen, want := range map[string]string{
		":8080": "http://localhost:8080", "0.0.0.0:8080": "http://localhost:8080", "[::]:8080": "http://localhost:8080",
		"127.0.0.1:8080": "http://127.0.0.1:8080", "[::1]:8080": "http://[::1]:8080", "nas.lan:80": "http://nas.lan:80",
	} {
		if got := baseURLOf(&config.Config{Listen: listen}); got != want {
			t.Errorf("listening on %s: %s, want %s", listen, got, want)
		}
	}
}
