package fetch_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"topicwire/aggregator/feedtest"
	"topicwire/aggregator/fetch"
	"topicwire/store"
)

// rows is a bubble with a database, in which clients come and go.
type rows struct {
	t   *testing.T
	net *feedtest.Net
	dsn string
}

func inRows(t *testing.T, test func(t *testing.T, r *rows)) {
	t.Helper()
	dsn := filepath.Join(t.TempDir(), "hosts.db")
	synctest.Test(t, func(t *testing.T) { test(t, &rows{t: t, net: feedtest.New(t), dsn: dsn}) })
}

// process returns the client and the store of a process of its own, and its end.
func (r *rows) process() (*fetch.Client, *store.Store, func()) {
	r.t.Helper()
	st, err := store.Open(r.t.Context(), store.Options{DSN: r.dsn})
	if err != nil {
		r.t.Fatal(err)
	}
	c := fetch.New(fetch.Options{Hosts: st, Resolver: r.net, DialContext: r.net.DialContext})
	return c, st, func() { c.Close(); st.Close() }
}

func (r *rows) times(path string) (out []time.Time) {
	for _, q := range r.net.Requests() {
		if strings.HasPrefix(q.Path, path) {
			out = append(out, q.At)
		}
	}
	return out
}

// TestSC1GapHoldsOverARestart: a new process waits for the gap of the old
// one's page, and does not ask for robots.txt again.
func TestSC1GapHoldsOverARestart(t *testing.T) {
	inRows(t, func(t *testing.T, r *rows) {
		r.net.Handle("news.example", newSite("user-agent: *\ncrawl-delay: 40\ndisallow: /no"))
		for i := range 3 {
			c, _, end := r.process()
			if _, err := c.Page(t.Context(), fmt.Sprintf("http://news.example/page%d", i)); err != nil {
				t.Fatal(err)
			}
			if _, err := c.AskPage(t.Context(), fetch.PageRequest{URL: "http://news.example/no", NoWait: true}); failure(t, err).Kind != fetch.KindPaused {
				t.Errorf("inside the gap: %v, want it paused", err)
			}
			end()
		}
		at := r.times("/page")
		for i := 1; i < len(at); i++ {
			if gap := at[i].Sub(at[i-1]); gap < 40*time.Second || gap > 42*time.Second {
				t.Errorf("pages %d and %d are %v apart over a restart, want 40 s", i-1, i, gap)
			}
		}
		if n := len(r.times("/robots.txt")); n != 1 {
			t.Errorf("robots.txt was read %d times by three processes, want once", n)
		}
		c, _, end := r.process()
		defer end()
		if _, err := c.Page(t.Context(), "http://news.example/no"); failure(t, err).Kind != fetch.KindRobots {
			t.Errorf("the rules as saved: %v, want the page barred", err)
		}
	})
}

// TestSC1GapHoldsBetweenProcesses: three at once, one page of a host at a time.
func TestSC1GapHoldsBetweenProcesses(t *testing.T) {
	inRows(t, func(t *testing.T, r *rows) {
		inside := make(chan struct{}, 1)
		r.net.Handle("news.example", http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			if q.URL.Path == "/robots.txt" {
				w.WriteHeader(404)
				return
			}
			select {
			case inside <- struct{}{}:
			default:
				t.Error("two pages of a host at the same time")
			}
			time.Sleep(15 * time.Second)
			<-inside
			answer(200, "Content-Type: text/html", html)(w, q)
		}))
		var wg sync.WaitGroup
		for p := range 3 {
			c, _, end := r.process()
			wg.Go(func() {
				defer end()
				for i := range 2 {
					if _, err := c.Page(t.Context(), fmt.Sprintf("http://news.example/page%d-%d", p, i)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		at := r.times("/page")
		if len(at) != 6 {
			t.Fatalf("%d pages were asked for, want 6", len(at))
		}
		for i := 1; i < len(at); i++ {
			if gap := at[i].Sub(at[i-1]); gap < 25*time.Second { // 15 s of answering, 10 s of gap
				t.Errorf("pages %d and %d are %v apart", i-1, i, gap)
			}
		}
	})
}

// TestS11PausesAreRows: what refusals earn outlives the process, and is listed
// with its reason.
func TestS11PausesAreRows(t *testing.T) {
	for _, tt := range []struct {
		name, robots string
		page         http.HandlerFunc
		pages        int
		pause        time.Duration
		reason       string
	}{
		{"refusals", "", answer(403, "", ""), 3, 7 * 24 * time.Hour, "pages: 3 refusals in a row (403)"},
		{"Retry-After", "", answer(429, "Retry-After: 7200", ""), 1, 2 * time.Hour, "pages: 429, Retry-After"},
		{"S-05 a day's pages", "user-agent: *\ncrawl-delay: 3600", answer(200, "Content-Type: text/html", html), 20, 24 * time.Hour, "robots.txt: Crawl-delay 1h0m0s, so 20 pages a day"},
		{"S-05 Crawl-delay", "user-agent: *\ncrawl-delay: 30", answer(200, "Content-Type: text/html", html), 1, 30 * time.Second, "robots.txt: Crawl-delay 30s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inRows(t, func(t *testing.T, r *rows) {
				s := newSite(tt.robots)
				s.page = tt.page
				r.net.Handle("news.example", s)
				start := time.Now()
				for i := range tt.pages { // each by a process of its own
					c, _, end := r.process()
					c.Page(t.Context(), fmt.Sprintf("http://news.example/page%d", i))
					end()
				}
				if n := len(r.times("/page")); n != tt.pages {
					t.Fatalf("%d pages were asked for, want %d", n, tt.pages)
				}
				c, st, end := r.process()
				defer end()
				_, err := c.AskPage(t.Context(), fetch.PageRequest{URL: "http://news.example/more", NoWait: true})
				if fe := failure(t, err); fe.Kind != fetch.KindPaused || !strings.Contains(fe.Error(), tt.reason) {
					t.Errorf("%v, want it paused for %q", fe, tt.reason)
				}
				list, err := st.PageHosts(t.Context())
				if err != nil || len(list) != 1 {
					t.Fatalf("PageHosts = %v, %v, want the one host", list, err)
				}
				h := list[0]
				until := time.Until(h.Until)
				if tt.pages == 20 {
					until = h.Until.Sub(start)
				}
				if h.Host != "news.example" || h.Reason != tt.reason || until < tt.pause || until > tt.pause+2*time.Second {
					t.Errorf("PageHosts = %+v, %v from now, want %q for %v", h, until, tt.reason, tt.pause)
				}
				time.Sleep(time.Until(h.Until))
				if list, err = st.PageHosts(t.Context()); err != nil || len(list) != 0 {
					t.Errorf("after the pause: %v, %v", list, err)
				}
			})
		})
	}
}

// TestHostsWithoutGapAreNotWritten: one's own machine needs no rows.
func TestHostsWithoutGapAreNotWritten(t *testing.T) {
	rule, _ := fetch.ParseAllowRule("127.0.0.0/8")
	inRows(t, func(t *testing.T, r *rows) {
		_, st, end := r.process()
		defer end()
		r.net.Handle("127.0.0.1", newSite(""))
		c := fetch.New(fetch.Options{Hosts: st, Resolver: r.net, DialContext: r.net.DialContext, AllowPrivate: []fetch.AllowRule{rule}})
		defer c.Close()
		for range 3 {
			if _, err := c.Page(t.Context(), "http://127.0.0.1/a"); err != nil {
				t.Fatal(err)
			}
		}
		db, err := sql.Open("sqlite", r.dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var n int
		if err := db.QueryRow(`SELECT COUNT(*) FROM page_host`).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d rows of hosts, %v, want none", n, err)
		}
	})
}
