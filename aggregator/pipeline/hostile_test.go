package pipeline_test

import (
	"net/http"
	"testing"
	"time"

	"topicwire/aggregator"
)

// TestS02OneOriginsRobotsHoldsUpNoOthers: a robots.txt that cannot be read for
// a month keeps from the pages of its origin, not from those of the other
// tenants of its domain, nor from those that a redirector leads to.
func TestS02OneOriginsRobotsHoldsUpNoOthers(t *testing.T) {
	inPages(t, func(w *pageWorld) {
		w.net.Handle("evil.hoster.example", answering(503, "Retry-After", "2678400"))
		w.net.Handle("good.hoster.example", pages(good))
		w.net.Handle("short.example", pages(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/evil" {
				http.Redirect(rw, r, "http://evil.hoster.example/b", http.StatusFound)
				return
			}
			good(rw, r)
		}))
		defer w.serve()()
		w.items("", "http://evil.hoster.example/a", "http://short.example/evil")
		time.Sleep(5 * time.Minute)
		fine := []string{"http://good.hoster.example/a", "http://short.example/good"}
		w.items("", fine...)
		time.Sleep(10 * time.Minute)
		for _, l := range fine {
			if a := w.article(l); a == nil || a.Status != aggregator.ArticleRead {
				t.Errorf("%s: %+v, want it read", l, a)
			}
		}
	})
}
