package pipeline_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// TestDrainReadsAllPagesOfAHost: the rows of hosts know whole seconds, pages
// take fractions of them. Who drains waits for each gap and leaves no page.
func TestDrainReadsAllPagesOfAHost(t *testing.T) {
	inPages(t, func(w *pageWorld) {
		asked := 0
		w.net.Handle("news.example", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			time.Sleep(83 * time.Millisecond)
			if r.URL.Path == "/robots.txt" {
				http.NotFound(rw, r)
				return
			}
			asked++
			rw.Header().Set("Content-Type", "text/html")
			fmt.Fprint(rw, "<html><body><p>Nothing.</p></body></html>")
		}))
		var links []string
		for i := range 6 {
			links = append(links, fmt.Sprintf("http://news.example/%d", i))
		}
		w.items("", links...)
		if err := w.pipe.Drain(w.Context()); err != nil {
			w.Fatal(err)
		}
		if asked != len(links) {
			w.Errorf("%d pages were asked for, want all %d", asked, len(links))
		}
	})
}
