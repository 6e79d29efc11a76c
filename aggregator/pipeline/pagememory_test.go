package pipeline_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/fetch"
	"topicwire/aggregator/match"
	"topicwire/aggregator/pipeline"
	"topicwire/aggregator/poll"
	"topicwire/store"
)

// TestS08MemoryOfPages: 16 hosts at once with pages of the largest size, some
// of them all tags, do not get 100 MiB of memory.
func TestS08MemoryOfPages(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes several times the memory")
	}
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Skip("memory is measured by /proc")
	}
	const size = 5<<20 - 100
	units := []string{
		"<p>The ferry to the islands sails again from Monday, the harbour master said. ",
		"<b><i>", "<a href=x>y</a>", "<table><tr><td>", "a", "<script>x</script>", "&amp;", "<p a=b c=d>",
	}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			w.WriteHeader(404)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		i, _ := strconv.Atoi(strings.Trim(r.URL.Path, "/"))
		fmt.Fprint(w, "<!DOCTYPE html><html><title>Page</title><body>")
		unit := []byte(units[i%len(units)])
		chunk := bytes.Repeat(unit, 4096/len(unit)) // the site is in this process, and must be small
		for n := 0; n < size-8192; n += len(chunk) {
			_, _ = w.Write(chunk)
		}
	})
	rule, err := fetch.ParseAllowRule("127.0.0.0/8")
	if err != nil {
		t.Fatal(err)
	}
	key := func(u string) string { return fetch.HostKey(u, []fetch.AllowRule{rule}) }
	st, err := store.Open(t.Context(), store.Options{DSN: filepath.Join(t.TempDir(), "t.db"), HostKey: key})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	client := fetch.New(fetch.Options{Hosts: st, AllowPrivate: []fetch.AllowRule{rule}})
	defer client.Close()
	w := &pageWorld{T: t, store: &countingStore{Store: st}}
	w.pipe = pipeline.New(pipeline.Options{
		Store: st, Fetch: client, Next: poll.Schedule{}.Next, Topics: func() *match.Set { return new(match.Set) },
		Enrich: aggregator.EnrichAlways, PageHost: key,
	})
	if w.feed, err = st.AddFeed(t.Context(), aggregator.FeedSettings{URL: "http://feed.example/"}, aggregator.InDatabase); err != nil {
		t.Fatal(err)
	}
	var links []string
	for i := range 16 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.7.%d:0", i+1))
		if err != nil {
			t.Skip("this machine has one loopback address only")
		}
		s := &httptest.Server{Listener: l, Config: &http.Server{Handler: h}}
		s.Start()
		defer s.Close()
		for k := range 3 {
			links = append(links, fmt.Sprintf("%s/%d", s.URL, i+k))
		}
	}
	w.items("", links...)
	defer debug.SetGCPercent(debug.SetGCPercent(50)) // as the program does
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
	before, start := kib(t, "VmRSS"), time.Now()
	w.drain()
	grown := kib(t, "VmHWM") - before
	t.Logf("%d pages of 5 MiB in %v: memory grew by %d MiB; %v", len(links), time.Since(start).Round(time.Millisecond), grown>>10, w.pipe.Counts().PageOutcomes)
	if grown > 100<<10 {
		t.Errorf("memory grew by %d MiB, want less than 100", grown>>10)
	}
	if n := w.pipe.Counts().Pages; n != int64(len(links)) {
		t.Errorf("%d pages were read, want %d", n, len(links))
	}
}

func (w *pageWorld) drain() {
	w.Helper()
	if err := w.pipe.Drain(w.Context()); err != nil {
		w.Fatal(err)
	}
}

func kib(t *testing.T, field string) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), field+":")
	n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
