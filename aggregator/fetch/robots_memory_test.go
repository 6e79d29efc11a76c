package fetch_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"topicwire/aggregator/feedtest"
	"topicwire/aggregator/fetch"
)

// TestRobotsMemory reads pages of ever new hosts, each with the largest
// robots.txt that is read.
func TestRobotsMemory(t *testing.T) {
	bubbleWith(t, fetch.Options{PageGapSet: true}, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		var b strings.Builder
		b.WriteString("User-agent: *\n")
		for i := 0; b.Len() < 500<<10; i++ {
			fmt.Fprintf(&b, "Disallow: /%x*%x\n", i, i)
		}
		h := func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/robots.txt" {
				_, _ = w.Write([]byte(b.String()))
				return
			}
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<p>x"))
		}
		before := heap()
		const hosts = 100
		for i := range hosts {
			name := fmt.Sprintf("h%d.example", i)
			net.Handle(name, http.HandlerFunc(h))
			if _, err := c.Page(t.Context(), "http://"+name+"/a"); err != nil {
				t.Fatal(err)
			}
		}
		if grown := heap() - before; grown > 64<<20 {
			t.Errorf("%d hosts' rules take %d MiB", hosts, grown>>20)
		}
		runtime.KeepAlive(c)
		if _, err := c.Page(t.Context(), "http://h0.example/1x1"); failure(t, err).Kind != fetch.KindRobots {
			t.Errorf("what is forgotten is not read again: %v", err)
		}
	})
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
