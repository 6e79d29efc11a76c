package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// samples reads /metrics: name and labels → value.
func samples(t *testing.T, d *daemon) map[string]float64 {
	t.Helper()
	_, body := d.get(t, "/metrics")
	m := map[string]float64{}
	for line := range strings.Lines(body) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "} "); ok && line[0] != '#' {
			m[name+"}"], _ = strconv.ParseFloat(value, 64)
		} else if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && line[0] != '#' {
			m[name], _ = strconv.ParseFloat(value, 64)
		}
	}
	return m
}

// TestO20Metrics: what a real daemon counts after polls of servers that answer
// in all ways; names and help as Prometheus wants them; no address in a label.
func TestO20Metrics(t *testing.T) {
	site := moodyServer(t)
	tls := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(rssOfOne)) }))
	t.Cleanup(tls.Close)
	dir := t.TempDir()
	file := loopback + "listen: 127.0.0.1:0\nfeeds:\n"
	for _, p := range []string{"fresh", "plain", "limited", "broken", "page"} {
		file += "  - url: " + site + "/" + p + "\n"
	}
	file += "  - {url: '" + tls.URL + "/lax', insecure: true}\n  - {url: '" + tls.URL + "/strict'}\n  - {url: 'http://10.0.0.1/rss'}\n  - {url: 'http://127.0.0.1:1/rss'}\n"
	file += "  - {url: '" + site + "/linked', enrich: always}\n"
	writeFile(t, filepath.Join(dir, "topicwire.yml"), file)
	writeFile(t, filepath.Join(dir, "topicwire-daily-"+time.Now().Add(-2*time.Hour).UTC().Format(backupStamp)), "a copy")
	mustRun(t, dir, "feeds", "poll", site+"/fresh") // not counted: another process
	d := startDaemon(t, dir, "serve")
	polled := func() bool {
		m := samples(t, d)
		var sum float64
		for name, n := range m {
			if strings.HasPrefix(name, "topicwire_fetch_total{") {
				sum += n
			}
		}
		return sum >= 9 && m[`topicwire_scrape_total{outcome="ok"}`] > 0
	}
	waitFor(t, "nine polls and a page", polled)
	m := samples(t, d)
	for name, want := range map[string]float64{
		`topicwire_fetch_total{outcome="read"}`:                   3, // plain, lax, linked
		`topicwire_fetch_total{outcome="not_modified"}`:           0,
		`topicwire_fetch_total{outcome="status"}`:                 2, // limited, broken
		`topicwire_fetch_total{outcome="not_a_feed"}`:             1,
		`topicwire_fetch_total{outcome="tls"}`:                    1,
		`topicwire_fetch_total{outcome="forbidden"}`:              1,
		`topicwire_fetch_total{outcome="connect"}`:                1,
		`topicwire_fetch_duration_seconds_count`:                  9,
		`topicwire_not_modified_total`:                            0,
		`topicwire_unconditional_total`:                           6, // the others came to no request
		`topicwire_rate_limited_total`:                            1,
		`topicwire_ssrf_blocked_total`:                            1,
		`topicwire_insecure_total`:                                1,
		`topicwire_items_total{result="new"}`:                     3,
		`topicwire_items_total{result="updated"}`:                 0,
		`topicwire_fetch_bytes_total{kind="decoded"}`:             float64(3*len(rssOfOne) + len("<html><p>no feed") + len("<link>"+site+"/article</link>") - len("<guid>g</guid>")),
		`topicwire_scrape_total{outcome="ok"}`:                    1,
		`topicwire_feeds{state="active"}`:                         4,
		`topicwire_feeds{state="failing"}`:                        6,
		`topicwire_feeds{state="gone"}`:                           0,
		`topicwire_overdue_feeds`:                                 0,
		`topicwire_scheduler_lag_seconds`:                         0,
		`topicwire_build_info{version="` + shownVersion(t) + `"}`: 1,
	} {
		if got, ok := m[name]; !ok || got != want {
			t.Errorf("%s = %v (there: %v), want %v", name, got, ok, want)
		}
	}
	for name, atLeast := range map[string]float64{
		`topicwire_fetch_bytes_total{kind="wire"}`:                   100,
		`topicwire_db_size_bytes`:                                    8192,
		`topicwire_wal_size_bytes`:                                   1,
		`topicwire_backup_age_seconds`:                               7200,
		`topicwire_disk_free_bytes`:                                  1 << 20,
		`topicwire_http_requests_total{code="200",route="/metrics"}`: 1,
		`topicwire_build_duration_seconds_count`:                     0,
	} {
		if got, ok := m[name]; !ok || got < atLeast {
			t.Errorf("%s = %v (there: %v), want at least %v", name, got, ok, atLeast)
		}
	}
	if age := m["topicwire_backup_age_seconds"]; age > 7300 {
		t.Errorf("the backup of two hours ago is %v s old", age)
	}
	for name := range m {
		if strings.HasPrefix(name, "topicwire_") && (strings.Contains(name, "127.0.0.1") || strings.Contains(name, "//")) {
			t.Errorf("an address in a label: %s", name)
		}
	}
	lintMetrics(t, d)
	documented(t, m)
}

func shownVersion(t *testing.T) string {
	t.Helper()
	out, _, _ := strings.Cut(strings.TrimPrefix(mustRun(t, t.TempDir(), "version"), "topicwire "), "\n")
	word, _, _ := strings.Cut(out, " ")
	return word
}

// documented holds docs/metrics.md against what the daemon shows.
func documented(t *testing.T, m map[string]float64) {
	t.Helper()
	b, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range m {
		family, _, _ := strings.Cut(name, "{")
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			family = strings.TrimSuffix(family, suffix)
		}
		if strings.HasPrefix(family, "topicwire_") && !strings.Contains(string(b), "`"+family) {
			t.Errorf("docs/metrics.md lacks %s", family)
		}
	}
	for line := range strings.Lines(string(b)) {
		name, ok := strings.CutPrefix(line, "| `")
		if !ok {
			continue
		}
		name = name[:strings.IndexAny(name, "`{")]
		if !slices.ContainsFunc(mapKeys(m), func(s string) bool { return strings.HasPrefix(s, name) }) && name != "topicwire_scrape_total" {
			t.Errorf("docs/metrics.md has %s, which the daemon has not", name)
		}
	}
}

func mapKeys(m map[string]float64) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}

// TestX16NoSecretIsShown runs everything that prints with secrets in the
// configuration, and looks for them in all that was printed, logged, published
// and stored.
func TestX16NoSecretIsShown(t *testing.T) {
	const admin, feedPassword, header, smtp, llm = "admin-pa55", "feed-pa55", "header-pa55", "smtp-pa55", "llm-pa55"
	secrets := []string{admin, feedPassword, header, smtp, llm,
		base64.StdEncoding.EncodeToString([]byte("reader:" + feedPassword))}
	var authorized, tokened bool
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		authorized = authorized || user == "reader" && password == feedPassword
		tokened = tokened || r.Header.Get("X-Token") == header
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/rss", http.StatusMovedPermanently)
		case "/away":
			http.Redirect(w, r, "http://127.0.0.2:1/rss", http.StatusFound)
		case "/broken":
			http.Error(w, r.Header.Get("Authorization")+r.Header.Get("X-Token"), http.StatusInternalServerError)
		default:
			_, _ = w.Write([]byte(rssOfOne))
		}
	}))
	t.Cleanup(srv.Close)
	dir := t.TempDir()
	file := loopback + "listen: 127.0.0.1:0\nadmin: {password_file: admin}\nsmtp: {user: desk, password_file: smtp}\n" +
		"llm: {url: 'http://127.0.0.1:1/v1', model: m, key_file: llm}\nfeeds:\n"
	for _, p := range []string{"rss", "moved", "away", "broken"} {
		file += fmt.Sprintf("  - {url: '%s/%s', user: reader, password_file: feed, headers: {X-Token: %s}}\n", srv.URL, p, header)
	}
	writeFile(t, filepath.Join(dir, "topicwire.yml"), file)
	for name, secret := range map[string]string{"admin": admin, "feed": feedPassword, "smtp": smtp, "llm": llm} {
		writeFile(t, filepath.Join(dir, name), secret+"\n")
	}
	var all strings.Builder
	for _, args := range [][]string{
		{"config", "check"}, {"refresh", "--all", "--json", "--log-level", "debug"}, {"feeds", "list"}, {"feeds", "list", "--json"},
		{"feeds", "poll", "--force", srv.URL + "/broken", "--log-level", "debug"}, {"feeds", "export"}, {"feeds", "hosts"}, {"db", "check"},
	} {
		out, errs, _ := run(t, dir, args...)
		all.WriteString(out + errs)
	}
	if !authorized || !tokened {
		t.Fatalf("the secrets are not used: password %v, header %v", authorized, tokened)
	}
	d := startDaemon(t, dir, "serve", "--log-level", "debug")
	for _, path := range []string{"/", "/admin/feeds", "/admin/login", "/metrics", "/healthz", "/readyz", "/topics.opml"} {
		_, body := d.get(t, path)
		all.WriteString(body)
	}
	session := logIn(t, d, admin)
	for _, path := range []string{"/admin/feeds", "/admin/feeds/1", "/admin/feeds/2", "/admin/feeds/3", "/admin/feeds/4", "/admin/topics", "/admin/items/1"} {
		all.WriteString(session(path))
	}
	writeFile(t, filepath.Join(dir, "topicwire.yml"), file+"unknown: 1\n") // a reload that fails
	waitFor(t, "the complaint", func() bool { return strings.Contains(d.log(), "stays in force") })
	all.WriteString(d.log())
	mustRun(t, dir, "db", "backup", "copy.db", "--config", writeFileNamed(t, dir, "ok.yml", file))
	stored, err := os.ReadFile(filepath.Join(dir, "copy.db"))
	if err != nil {
		t.Fatal(err)
	}
	all.Write(stored)
	for _, s := range secrets {
		if i := strings.Index(all.String(), s); i >= 0 {
			text := all.String()
			t.Errorf("%q is shown: …%.300q…", s, text[max(0, i-150):])
		}
	}
}

func writeFileNamed(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	writeFile(t, path, text)
	return path
}

// logIn returns a function that reads pages within a session.
func logIn(t *testing.T, d *daemon, password string) func(path string) string {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	post, err := http.NewRequest(http.MethodPost, d.url+"/admin/login", strings.NewReader("password="+password))
	if err != nil {
		t.Fatal(err)
	}
	post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := client.Do(post)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if len(res.Cookies()) != 1 {
		t.Fatalf("log in: %s", res.Status)
	}
	return func(path string) string {
		t.Helper()
		req, err := http.NewRequest(http.MethodGet, d.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.AddCookie(res.Cookies()[0])
		page, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer page.Body.Close()
		var b strings.Builder
		if err := page.Write(&b); err != nil || page.StatusCode != 200 {
			t.Fatalf("GET %s: %s, %v", path, page.Status, err)
		}
		return b.String()
	}
}

// TestX16DatabasePassword: the address of a PostgreSQL server holds one, and
// no message shows it, however wrong the address is.
func TestX16DatabasePassword(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "topicwire.yml"), "feeds: []\n")
	for _, dsn := range []string{"postgres://u:hunter2@127.0.0.1:1/x", "postgres://u:hunter2@/bad host%zz", "postgres://u:hunter2@127.0.0.1:port/x", "mysql://u:hunter2@h/x"} {
		for _, args := range [][]string{{"feeds", "list"}, {"db", "check"}, {"db", "restore", "topicwire.yml"}, {"refresh", "--log-level", "debug"}} {
			out, errs, code := run(t, dir, append(args, "--db", dsn)...)
			if code == exitDone || strings.Contains(out+errs, "hunter2") {
				t.Errorf("%v: exit %d\n%s%s", args, code, out, errs)
			}
		}
	}
}
