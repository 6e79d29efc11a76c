package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// jsonFeed is what the tests read of a published JSON Feed.
type jsonFeed struct {
	Items []struct {
		ID       string `json:"id"`
		Title    string `json:"title"`
		Language string `json:"language"`
		URL      string `json:"url"`
	} `json:"items"`
}

func decode[T any](t *testing.T, doc string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(doc), &v); err != nil {
		t.Fatalf("%v\n%.500s", err, doc)
	}
	return v
}

func anyTitle(titles map[string]int, part string) bool {
	for title := range titles {
		if strings.Contains(title, part) {
			return true
		}
	}
	return false
}

// TestDemo is the README's second command: a populated topic within ten
// seconds, without a network.
func TestDemo(t *testing.T) {
	if _, err := binary(); err != nil {
		t.Fatal(err) // built before the clock runs
	}
	start := time.Now()
	d := startDaemon(t, t.TempDir(), "demo", "--listen", "127.0.0.1:0")
	waitFor(t, "a populated topic", func() bool {
		status, body := d.get(t, "/topics/russia-india.json")
		return status == 200 && len(decode[jsonFeed](t, body).Items) >= 3
	})
	t.Logf("populated after %v", time.Since(start).Round(100*time.Millisecond))
	for _, path := range []string{"/", "/topics/russia-india", "/topics/russia-india.rss", "/topics/russia-india.atom",
		"/topics.opml", "/healthz", "/readyz", "/metrics", "/admin/feeds"} {
		if status, body := d.get(t, path); status != 200 {
			t.Errorf("GET %s: %d\n%.300s", path, status, body)
		}
	}
	lintMetrics(t, d)
	if code := d.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d after SIGTERM\n%s", code, d.log())
	}
}

// lintMetrics holds /metrics against Prometheus's own rules for names and
// help, and looks for the counts that an operator asks for first.
func lintMetrics(t *testing.T, d *daemon) {
	t.Helper()
	_, body := d.get(t, "/metrics")
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil {
		t.Fatalf("/metrics: %v", err)
	}
	for _, p := range problems {
		t.Errorf("/metrics: %s: %s", p.Metric, p.Text)
	}
	for _, want := range []string{`topicwire_fetch_total{outcome="read"}`, `topicwire_items_total{result="new"}`, `topicwire_feeds{state="active"}`,
		"topicwire_pending_items", "topicwire_db_size_bytes", "topicwire_build_info", "topicwire_http_requests_total"} {
		if !strings.Contains(body, want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
}

// TestSecondInstance (BEHAVIOUR O-11): a second daemon on the same database
// exits 4 and names it; other commands work beside the first.
func TestSecondInstance(t *testing.T) {
	dir := newsroom(t)
	startDaemon(t, dir, "serve")
	_, errs, code := run(t, dir, "serve", "--listen", "127.0.0.1:0")
	if code != exitLocked || !strings.Contains(errs, "topicwire.db") {
		t.Errorf("second serve: exit %d, %q; want %d and the database named", code, errs, exitLocked)
	}
	if _, errs, code := run(t, dir, "refresh"); code != exitLocked {
		t.Errorf("refresh beside serve: exit %d, %q; want %d", code, errs, exitLocked)
	}
	mustRun(t, dir, "feeds", "list")
}

// TestStop (BEHAVIOUR O-01): SIGTERM in the middle of a sweep ends in time
// with exit 0 and a sound database.
func TestStop(t *testing.T) {
	dir := newsroom(t)
	d := startDaemon(t, dir, "serve")
	start := time.Now()
	if code := d.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d after SIGTERM\n%s", code, d.log())
	}
	if took := time.Since(start); took > 25*time.Second {
		t.Errorf("took %v to stop", took)
	}
	mustRun(t, dir, "db", "check")
}

// TestReload: a good file is taken over, a bad one keeps the old and says so.
func TestReload(t *testing.T) {
	dir := newsroom(t)
	d := startDaemon(t, dir, "serve")
	file := filepath.Join(dir, "topicwire.yml")
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(string(old) + "  - {slug: germany, title: Germany, query: 'country:de'}\n")
	waitFor(t, "the new topic", func() bool { s, _ := d.get(t, "/topics/germany.rss"); return s == 200 })

	write(string(old) + "unknown_key: 1\n")
	waitFor(t, "the complaint", func() bool { return strings.Contains(d.log(), "unknown_key") })
	if !strings.Contains(d.log(), "the old one stays in force") {
		t.Errorf("the log does not say that the old configuration stays\n%s", d.log())
	}
	if s, _ := d.get(t, "/topics/germany.rss"); s != 200 {
		t.Errorf("after a bad file the topic is gone: status %d", s)
	}

	write("")
	waitFor(t, "the complaint about an empty file", func() bool { return strings.Contains(d.log(), "is empty") })
	if s, _ := d.get(t, "/topics/germany.rss"); s != 200 {
		t.Errorf("after an empty file the topic is gone: status %d", s)
	}

	write(string(old))
	_ = d.cmd.Process.Signal(syscall.SIGHUP)
	waitFor(t, "the topic to go", func() bool { s, _ := d.get(t, "/topics/germany.rss"); return s == http.StatusNotFound })
}

// TestCommandsBesideDaemon: the daemon notices within two seconds what a
// command changed.
func TestCommandsBesideDaemon(t *testing.T) {
	dir := newsroom(t)
	feeds := mustJSON[[]feedRow](t, dir, "feeds", "list")
	d := startDaemon(t, dir, "serve")
	waitFor(t, "the first polls", func() bool {
		for _, f := range mustJSON[[]feedRow](t, dir, "feeds", "list") {
			if f.LastPollAt == nil {
				return false
			}
		}
		return true
	})
	_, errs, code := run(t, dir, "feeds", "poll", feeds[0].URL)
	if code != exitFailed || !strings.Contains(errs, "--force") {
		t.Errorf("second poll within five minutes: exit %d, %q; want a refusal that names --force", code, errs)
	}
	mustRun(t, dir, "feeds", "poll", "--force", feeds[0].URL)
	out := mustRun(t, dir, "topics", "test", "--query", "country:ru", "--since", "90d", "--json")
	if !strings.Contains(out, `"hits"`) {
		t.Errorf("topics test: %s", out)
	}
	if s, _ := d.get(t, "/healthz"); s != 200 {
		t.Errorf("healthz: %d", s)
	}
}

// TestWithoutInternet is the README's first command where there is no network:
// feeds are shown as failing with the reason, and nothing else is wrong.
func TestWithoutInternet(t *testing.T) {
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		t.Skip("needs unshare(1) for a network namespace of its own: no packet may leave")
	}
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	// The daemon and the client that looks at it share the namespace.
	script := `set -e
ip link set lo up
"$1" serve --listen 127.0.0.1:8080 2>log &
pid=$!
for i in $(seq 100); do
  sleep 0.2
  "$1" feeds list --json >feeds.json 2>/dev/null || continue
  grep -q '"failing"' feeds.json && break
done
"$1" healthcheck
kill -TERM $pid
wait $pid`
	cmd := exec.Command(unshare, "--net", "--map-root-user", "--user", "sh", "-c", script, "sh", path)
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	if err != nil {
		if strings.Contains(string(out), "unshare failed") || strings.Contains(string(out), "Operation not permitted") {
			t.Skipf("this machine allows no namespaces: %s", out)
		}
		log, _ := os.ReadFile(filepath.Join(cmd.Dir, "log"))
		t.Fatalf("%v\n%s\n%s", err, out, log)
	}
	list, err := os.ReadFile(filepath.Join(cmd.Dir, "feeds.json"))
	if err != nil {
		t.Fatal(err)
	}
	feeds := decode[[]feedRow](t, string(list))
	if len(feeds) < 10 {
		t.Errorf("the starter configuration has %d feeds, want about a dozen", len(feeds))
	}
	failing := 0
	for _, f := range feeds {
		if f.LastError != "" {
			failing++
		}
	}
	if failing == 0 {
		t.Errorf("no feed says why it fails: %s", list)
	}
}

// TestPollNowTwice (BEHAVIOUR F-38): the pages refuse a second poll within
// five minutes, and say why.
func TestPollNowTwice(t *testing.T) {
	dir := newsroom(t)
	mustRun(t, dir, "refresh", "--all")
	d := startDaemon(t, dir, "serve")
	req, err := http.NewRequest(http.MethodPost, d.url+"/admin/feeds/1/poll", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", d.url)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusTooManyRequests || !strings.Contains(string(body), "five minutes") {
		t.Errorf("status %d, want 429 and the reason\n%.600s", res.StatusCode, body)
	}
}
