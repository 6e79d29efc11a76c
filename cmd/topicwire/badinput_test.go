package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"topicwire/aggregator"
	"topicwire/config"
)

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestBadInput: each mistake is answered by its exit code, and by a message
// that names the place and the cure.
func TestBadInput(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	const topic = "topics:\n  - {slug: a, title: A, query: 'country:ru'}\n"
	for _, c := range []struct {
		name   string
		config string
		setup  func(t *testing.T, dir string)
		args   []string
		code   int
		want   []string // parts of the message
	}{
		{name: "unknown command", args: []string{"fly"}, code: exitUsage, want: []string{"fly", "--help"}},
		{name: "unknown flag", args: []string{"refresh", "--fast"}, code: exitUsage, want: []string{"--fast"}},
		{name: "unknown key", config: "lisen: 127.0.0.1:1\n", args: []string{"config", "check"}, code: exitUsage,
			want: []string{"topicwire.yml:1:1", "lisen", "listen"}},
		{name: "tab", config: "fetch:\n\ttimeout: 1s\n", args: []string{"config", "check"}, code: exitUsage,
			want: []string{"topicwire.yml:2", "tab"}},
		{name: "same slug twice", config: topic + "  - {slug: a, title: B, query: 'country:in'}\n", args: []string{"config", "check"}, code: exitUsage,
			want: []string{"topicwire.yml:3", "slug"}},
		{name: "query does not parse", config: "topics:\n  - {slug: a, title: A, query: 'tilte:x'}\n", args: []string{"config", "check"}, code: exitUsage,
			want: []string{"topicwire.yml:2", "tilte", "title"}},
		{name: "query does not parse, serve", config: "topics:\n  - {slug: a, title: A, query: '(x'}\n", args: []string{"serve"}, code: exitUsage,
			want: []string{"topicwire.yml:2"}},
		{name: "no such config", args: []string{"--config", "none.yml", "config", "check"}, code: exitUsage, want: []string{"none.yml", "config example"}},
		{name: "port in use", config: "listen: " + busy.Addr().String() + "\n", args: []string{"serve"}, code: exitFailed,
			want: []string{"in use", "--listen"}},
		{name: "port alone", args: []string{"serve", "--listen", "8080"}, code: exitUsage, want: []string{`"8080"`, "127.0.0.1:8080"}},
		{name: "not a database", args: []string{"feeds", "list"}, code: exitDamaged,
			setup: func(t *testing.T, dir string) {
				writeFile(t, filepath.Join(dir, "topicwire.db"), strings.Repeat("no database at all\n", 500))
			}, want: []string{"topicwire.db"}},
		{name: "folder of the database is missing", args: []string{"feeds", "list", "--db", "nowhere/x.db"}, code: exitFailed, want: []string{"nowhere"}},
		{name: "no such topic", args: []string{"topics", "rebuild", "x"}, code: exitFailed, want: []string{`"x"`, "topics list"}},
		{name: "no such feed", args: []string{"feeds", "poll", "http://127.0.0.1:1/x"}, code: exitFailed, want: []string{"feeds add"}},
		{name: "not an address", args: []string{"feeds", "add", "example.org/rss"}, code: exitUsage, want: []string{"https://"}},
		{name: "private address", args: []string{"feeds", "add", "http://127.0.0.1:9/rss"}, code: exitFailed, want: []string{"allow_private"}},
		{name: "query column", args: []string{"topics", "test", "--query", "country:ru tilte:x"}, code: exitUsage, want: []string{"column 12", "title"}},
		{name: "OPML that is none", args: []string{"feeds", "import", "topicwire.yml"}, config: "feeds: []\n", code: exitFailed, want: []string{"topicwire.yml"}},
		{name: "restore from nothing", args: []string{"db", "restore", "none.db"}, code: exitUsage, want: []string{"none.db"}},
		{name: "backup onto a file", args: []string{"db", "backup", "topicwire.yml"}, config: "feeds: []\n", code: exitFailed, want: []string{"topicwire.yml", "exists"}},
		{name: "clock", args: []string{"version"}, code: exitUsage, want: []string{"TOPICWIRE_CLOCK_OFFSET"},
			setup: func(t *testing.T, _ string) { t.Setenv("TOPICWIRE_CLOCK_OFFSET", "soon") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if c.config != "" {
				writeFile(t, filepath.Join(dir, "topicwire.yml"), c.config)
			}
			if c.setup != nil {
				c.setup(t, dir)
			}
			_, errs, code := run(t, dir, c.args...)
			if code != c.code {
				t.Errorf("exit %d, want %d", code, c.code)
			}
			for _, w := range c.want {
				if !strings.Contains(errs, w) {
					t.Errorf("message lacks %q:\n%s", w, errs)
				}
			}
			if strings.Contains(errs, "panic") || strings.Contains(errs, "goroutine ") {
				t.Errorf("message of a crash:\n%s", errs)
			}
		})
	}
}

func TestEmptyDatabaseFileIsANewDatabase(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "topicwire.db"), "")
	mustRun(t, dir, "feeds", "list")
	if r := mustJSON[aggregator.CheckReport](t, dir, "db", "check"); !r.OK {
		t.Errorf("db check: %+v", r)
	}
}

func TestReadOnlyFolder(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere; .ci/deploy-check runs the program on a read-only root as another user")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	_, errs, code := run(t, dir, "feeds", "list")
	if code != exitFailed || !strings.Contains(errs, "topicwire.db") {
		t.Errorf("exit %d, %q; want a failure that names the database", code, errs)
	}
}

// TestOddFeeds: a web page, nothing at all, and 2,000 items, beside a feed
// that is well: each gets what is its due, and none harms another.
func TestOddFeeds(t *testing.T) {
	var many strings.Builder
	many.WriteString(`<rss version="2.0"><channel><title>Many</title>`)
	for i := range 2000 {
		fmt.Fprintf(&many, `<item><guid isPermaLink="false">m%d</guid><title>Item %d</title><description>Text %d</description></item>`, i, i, i)
	}
	many.WriteString(`</channel></rss>`)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/page":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<!DOCTYPE html><title>News</title><p>Welcome")
		case "/many":
			fmt.Fprint(w, many.String())
		case "/well":
			fmt.Fprint(w, `<rss version="2.0"><channel><title>Well</title><item><guid>w</guid><title>One</title></item></channel></rss>`)
		}
	}))
	defer site.Close()
	dir := t.TempDir()
	var b strings.Builder
	b.WriteString("fetch: {allow_private: [127.0.0.0/8]}\nenrich: never\nfeeds:\n")
	for _, p := range []string{"/page", "/empty", "/many", "/well"} {
		fmt.Fprintf(&b, "  - url: %s%s\n", site.URL, p)
	}
	writeFile(t, filepath.Join(dir, "topicwire.yml"), b.String())
	res := mustJSON[refreshResult](t, dir, "refresh", "--all")
	if res.Failed != 2 || res.NewItems != 2001 {
		t.Errorf("refresh: %d failed, %d new items; want 2 and 2001", res.Failed, res.NewItems)
	}
	for _, f := range mustJSON[[]feedRow](t, dir, "feeds", "list") {
		path := strings.TrimPrefix(f.URL, site.URL)
		broken := path == "/page" || path == "/empty"
		if broken != (f.LastError != "") || broken != (f.State == aggregator.FeedFailing) {
			t.Errorf("%s: state %s, error %q", path, f.State, f.LastError)
		}
		if path == "/page" && !strings.Contains(f.LastError, "page") {
			t.Errorf("the page's error does not say that it is a web page: %q", f.LastError)
		}
	}
}

func TestConfigExampleIsTheDocumentedFile(t *testing.T) {
	if out := mustRun(t, t.TempDir(), "config", "example"); out != config.Example() {
		t.Error("config example prints something else than the embedded file")
	}
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "topicwire.yml"), config.Example())
	mustRun(t, dir, "config", "check")
}

// TestBackupAndRestore: what was backed up comes back, and what was there is
// kept aside.
func TestBackupAndRestore(t *testing.T) {
	dir := newsroom(t)
	mustRun(t, dir, "refresh", "--all")
	before := mustJSON[aggregator.CheckReport](t, dir, "db", "check")
	mustRun(t, dir, "db", "backup", "copy.db")
	writeFile(t, filepath.Join(dir, "topicwire.yml"), "feeds: []\n")
	if err := os.Remove(filepath.Join(dir, "topicwire.db")); err != nil {
		t.Fatal(err)
	}
	mustRun(t, dir, "db", "restore", "copy.db")
	after := mustJSON[aggregator.CheckReport](t, dir, "db", "check")
	if after.Counts["items"] != before.Counts["items"] || before.Counts["items"] == 0 || !after.OK {
		t.Errorf("items before %d, after %d, ok %v", before.Counts["items"], after.Counts["items"], after.OK)
	}
}

// TestOPMLRoundTrip: an export comes back as it was, folders included.
func TestOPMLRoundTrip(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "topicwire.yml"), "feeds: []\n")
	writeFile(t, filepath.Join(dir, "in.opml"), `<?xml version="1.0"?><opml version="2.0"><head><title>x</title></head><body>
<outline text="Asia"><outline text="Ledger" type="rss" xmlUrl="https://ledger.example/rss"/></outline>
<outline text="Post" type="rss" xmlUrl="https://post.example/rss"/></body></opml>`)
	if out := mustRun(t, dir, "feeds", "import", "in.opml"); !strings.Contains(out, "2 feeds added") {
		t.Errorf("import says %q", out)
	}
	first := mustRun(t, dir, "feeds", "export")
	writeFile(t, filepath.Join(dir, "out.opml"), first)
	other := t.TempDir()
	writeFile(t, filepath.Join(other, "topicwire.yml"), "feeds: []\n")
	mustRun(t, other, "feeds", "import", filepath.Join(dir, "out.opml"))
	if second := mustRun(t, other, "feeds", "export"); second != first {
		t.Errorf("export of an import of an export:\n%s\nwant\n%s", second, first)
	}
	for _, f := range mustJSON[[]feedRow](t, dir, "feeds", "list") {
		if f.Title == "Ledger" && (len(f.Tags) != 1 || f.Tags[0] != "Asia") {
			t.Errorf("tags of %s: %v", f.URL, f.Tags)
		}
	}
}
