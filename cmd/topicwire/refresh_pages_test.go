package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestS07ASweepsEndCutsNoPageOff: the last feed is answered while a page is
// being read. The page is asked for once, whoever is ready first.
func TestS07ASweepsEndCutsNoPageOff(t *testing.T) {
	var mu sync.Mutex
	asked := map[string]int{}
	reading, polled := make(chan struct{}), make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked[r.URL.Path]++
		first := asked[r.URL.Path] == 1
		mu.Unlock()
		switch r.URL.Path {
		case "/quick":
			fmt.Fprintf(w, `<rss version="2.0"><channel><title>Quick</title><item><title>One</title><link>http://%s/page</link></item></channel></rss>`, r.Host)
		case "/page":
			if first {
				close(reading)
			}
			<-polled
			select { // time for the sweep to end, and for the client to hang up
			case <-r.Context().Done():
			case <-time.After(300 * time.Millisecond):
			}
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<html><body><p>Nothing much.</p></body></html>")
		case "/slow":
			<-reading
			fmt.Fprint(w, `<rss version="2.0"><channel><title>Slow</title></channel></rss>`)
			close(polled)
		default:
			http.NotFound(w, r)
		}
	}))
	defer srv.Close()
	dir := t.TempDir()
	file := fmt.Sprintf("fetch: {allow_private: [127.0.0.0/8]}\nenrich: always\nfeeds:\n- {url: %s/quick}\n- {url: %q}\n", srv.URL,
		"http://localhost:"+srv.URL[len("http://127.0.0.1:"):]+"/slow")
	if err := os.WriteFile(filepath.Join(dir, "topicwire.yml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	res := mustJSON[refreshResult](t, dir, "refresh")
	if asked["/page"] != 1 || res.Enriched != 1 {
		t.Errorf("asked %v, %d pages read; want the page asked for and read once", asked, res.Enriched)
	}
}
