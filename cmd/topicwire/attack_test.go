package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const (
	attackers  = 24 // of each kind: more than the polls at once, with all kinds together
	largeFeeds = 6  // within bounds, but hardly
	goodFeeds  = 30
)

// TestF57UnderAttack (BEHAVIOUR F-57): the real daemon polls feeds that answer
// beside some that bomb, drip, lie and hang, more of them than it polls at
// once. Its memory grows by less than 100 MiB, and the feeds that answer are
// polled when they are due.
func TestF57UnderAttack(t *testing.T) {
	underAttack(t, 100<<20, "bomb", "hang", "header", "drip", "lie", "endless")
}

// TestF57LargeFeeds does the same with feeds as large as is read. What they
// carry is kept, so that one of them at a time is in memory as a whole.
func TestF57LargeFeeds(t *testing.T) {
	underAttack(t, 160<<20, "large", "bomb")
}

func underAttack(t *testing.T, growth int64, kinds ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	s := newScene(t)
	dir := t.TempDir()
	s.write(t, filepath.Join(dir, "good.opml"), s.good())
	s.write(t, filepath.Join(dir, "bad.opml"), s.bad(kinds))
	config := "listen: 127.0.0.1:0\nfetch: {allow_private: [127.0.0.0/8], timeout: 10s}\nfeeds: []\n"
	if err := os.WriteFile(filepath.Join(dir, "topicwire.yml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRun(t, dir, "feeds", "import", "good.opml")

	d := startDaemon(t, dir, "serve")
	waitFor(t, "the first polls", func() bool { return s.asked.Load() >= goodFeeds })
	d.stop(t, syscall.SIGTERM)
	before := peakMemory(t, d)

	mustRun(t, dir, "feeds", "import", "bad.opml")
	s.asked.Store(0)
	t.Setenv("TOPICWIRE_CLOCK_OFFSET", "30h") // everything is due
	start := time.Now()
	d = startDaemon(t, dir, "serve")
	waitFor(t, "the feeds that answer", func() bool { return s.asked.Load() >= goodFeeds })
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("the feeds that answer were polled after %v", took)
	}
	waitFor(t, "the end of the bombs and of the large feeds", func() bool {
		open := 0
		for _, f := range mustJSON[[]sceneFeed](t, dir, "feeds", "list") {
			switch {
			case strings.Contains(f.URL, "/bomb"), strings.Contains(f.URL, "/large"):
				if f.LastPollAt == nil {
					open++
				}
			}
		}
		return open == 0
	})
	for _, f := range mustJSON[[]sceneFeed](t, dir, "feeds", "list") {
		if strings.Contains(f.URL, "/bomb") && f.LastError == "" {
			t.Errorf("%s was taken for a feed", f.URL)
		}
		if strings.Contains(f.URL, "/large") && f.Items == 0 {
			t.Errorf("%s, which is within bounds, was not read: %s", f.URL, f.LastError)
		}
	}
	peak := residentPeak(t, d)
	t.Logf("peak memory %d MiB at rest, %d MiB under attack", before>>20, peak>>20)
	if peak-before > growth {
		t.Errorf("memory grew by %d MiB", (peak-before)>>20)
	}
	if code := d.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d after SIGTERM\n%s", code, d.log())
	}
}

// sceneFeed is what the test reads of `feeds list`.
type sceneFeed struct {
	URL        string     `json:"url"`
	LastError  string     `json:"last_error"`
	LastPollAt *time.Time `json:"last_poll_at"`
	Items      int        `json:"items"`
}

// peakMemory is the peak of a process that has ended.
func peakMemory(t *testing.T, d *daemon) int64 {
	t.Helper()
	usage, ok := d.cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		t.Fatal("no account of the process")
	}
	return usage.Maxrss << 10
}

// residentPeak is the peak so far of a process that runs.
func residentPeak(t *testing.T, d *daemon) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid))
	if err != nil {
		t.Skipf("the peak of a running process is read from /proc: %v", err)
	}
	for line := range strings.Lines(string(status)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(v)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatal("no VmHWM in /proc")
	return 0
}

// scene is one server at many loopback addresses, each of them a host.
type scene struct {
	port  string
	asked atomic.Int64 // answers of good feeds
	bomb  []byte
	done  chan struct{}
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{done: make(chan struct{}), bomb: gzipBomb(t)}
	first, err := net.Listen("tcp", "127.7.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, s.port, _ = net.SplitHostPort(first.Addr().String())
	srv := &http.Server{Handler: http.HandlerFunc(s.serve)}
	go srv.Serve(first)
	for i := 2; i <= 250; i++ {
		ln, err := net.Listen("tcp", net.JoinHostPort("127.7.0."+strconv.Itoa(i), s.port))
		if err != nil {
			t.Fatal(err)
		}
		go srv.Serve(ln)
	}
	t.Cleanup(func() {
		close(s.done)
		srv.Close()
	})
	return s
}

// gzipBomb is 2 GiB of spaces as members of 64 MiB each.
func gzipBomb(t *testing.T) []byte {
	t.Helper()
	var member bytes.Buffer
	zw, _ := gzip.NewWriterLevel(&member, gzip.BestSpeed)
	block := bytes.Repeat([]byte{' '}, 1<<20)
	for range 64 {
		if _, err := zw.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.Repeat(member.Bytes(), 32)
}

func (s *scene) good() (urls []string) {
	for i := range goodFeeds {
		urls = append(urls, fmt.Sprintf("http://127.7.0.%d:%s/good/%d", 201+i, s.port, i))
	}
	return urls
}

func (s *scene) bad(kinds []string) (urls []string) {
	host := 1
	for _, kind := range kinds {
		n := attackers
		if kind == "large" {
			n = largeFeeds
		}
		for i := range n {
			urls = append(urls, fmt.Sprintf("http://127.7.0.%d:%s/%s/%d", host, s.port, kind, i))
			host++
		}
	}
	return urls
}

func (*scene) write(t *testing.T, path string, urls []string) {
	t.Helper()
	var b strings.Builder
	b.WriteString(`<opml version="2.0"><body>`)
	for _, u := range urls {
		fmt.Fprintf(&b, `<outline type="rss" text="x" xmlUrl="%s"/>`, u)
	}
	b.WriteString(`</body></opml>`)
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// item is an item of about n bytes.
func sceneItem(id string, n int) string {
	return "<item><title>Title " + id + "</title><guid isPermaLink=\"false\">" + id + "</guid><description>" +
		strings.Repeat("word ", n/5) + "</description></item>"
}

var sceneHead = "<rss version=\"2.0\"><channel><title>A feed</title><link>https://example.org/</link><description>d</description>"

// largeFeed is a feed of some 19 MB, compressed, that is within bounds.
var largeFeed = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	io.WriteString(zw, sceneHead)
	for i := range 1900 {
		io.WriteString(zw, sceneItem("large "+strconv.Itoa(i), 10_000))
	}
	io.WriteString(zw, "</channel></rss>")
	zw.Close()
	return b.Bytes()
})

func (s *scene) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/rss+xml")
	kind := strings.Split(r.URL.Path, "/")[1]
	switch kind {
	case "good":
		s.asked.Add(1)
		io.WriteString(w, sceneHead+sceneItem(r.URL.Path, 200)+"</channel></rss>")
	case "bomb":
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(s.bomb)
	case "large":
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(largeFeed())
	case "lie":
		w.Header().Set("Content-Length", "1000000000")
		io.WriteString(w, sceneHead)
		s.wait(r)
	case "hang":
		s.wait(r)
	case "header":
		s.dripHeader(w, r)
	case "drip", "endless":
		s.drip(w, r, kind == "endless")
	}
}

// wait lasts until the client has enough.
func (s *scene) wait(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-s.done:
	}
}

// drip sends items without end, one a second or as fast as they are taken.
func (s *scene) drip(w http.ResponseWriter, r *http.Request, fast bool) {
	io.WriteString(w, sceneHead)
	for i := 0; r.Context().Err() == nil; i++ {
		size := 100
		if fast {
			size = 100_000
		}
		if _, err := io.WriteString(w, sceneItem(strconv.Itoa(i), size)); err != nil {
			return
		}
		if fast {
			continue
		}
		w.(http.Flusher).Flush()
		select {
		case <-time.After(time.Second):
		case <-s.done:
			return
		}
	}
}

// dripHeader sends header fields, one every tenth of a second.
func (s *scene) dripHeader(w http.ResponseWriter, r *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
	for i := 0; ; i++ {
		if _, err := fmt.Fprintf(conn, "X-%d: %s\r\n", i, r.URL.Path); err != nil {
			return
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-s.done:
			return
		}
	}
}
