package fetch_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"topicwire/aggregator/feedtest"
	"topicwire/aggregator/fetch"
)

const html = "<!DOCTYPE html><title>Page</title><p>Text."

// site serves pages and a robots.txt that may change.
type site struct {
	mu     sync.Mutex
	robots http.HandlerFunc
	page   http.HandlerFunc
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Path == "/robots.txt" {
		s.robots(w, r)
		return
	}
	s.page(w, r)
}

func newSite(robots string) *site {
	return &site{robots: answer(200, "Content-Type: text/plain", robots), page: answer(200, "Content-Type: text/html; charset=utf-8", html)}
}

func (s *site) set(robots http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.robots = robots
}

func paths(net *feedtest.Net) []string {
	var out []string
	for _, r := range net.Requests() {
		out = append(out, r.Path)
	}
	return out
}

func TestS01S02RobotsStatuses(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		kind   string // empty: the page may be read
	}{
		{200, "", ""},
		{200, "user-agent: *\ndisallow: /private", ""},
		{200, "user-agent: *\ndisallow: /", fetch.KindRobots},
		{200, "user-agent: topicwire\ndisallow: /", fetch.KindRobots},
		{204, "", ""}, {400, "", ""}, {401, "", ""}, {403, "", ""}, {404, "", ""}, {410, "", ""}, {451, "", ""},
		{429, "", fetch.KindUnavailable}, {500, "", fetch.KindUnavailable}, {503, "", fetch.KindUnavailable},
	} {
		bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
			s := newSite("")
			s.set(answer(tt.status, "", tt.body))
			net.Handle("news.example", s)
			res, err := c.Page(t.Context(), "http://news.example/a?b=c")
			switch {
			case tt.kind == "" && (err != nil || string(res.Body) != html):
				t.Errorf("robots.txt %d %q: Page = %v", tt.status, tt.body, err)
			case tt.kind == "":
			case failure(t, err).Kind != tt.kind:
				t.Errorf("robots.txt %d %q: %v, want %s", tt.status, tt.body, err, tt.kind)
			}
			if n := len(net.Requests()); (n == 2) != (tt.kind == "") {
				t.Errorf("robots.txt %d: requests %v", tt.status, paths(net))
			}
		})
	}
}

func TestS01FeedsDoNotAskForRobots(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		net.Handle("news.example", newSite("user-agent: *\ndisallow: /"))
		if _, err := c.Feed(t.Context(), fetch.Request{URL: "http://news.example/feed"}); err != nil || len(net.Requests()) != 1 {
			t.Errorf("Feed: %v, requests %v", err, paths(net))
		}
	})
}

func TestS01RedirectsAskTheOtherHostToo(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		a := newSite("")
		a.page = answer(302, "Location: http://b.example/x", "")
		net.Handle("a.example", a)
		net.Handle("b.example", newSite("user-agent: *\ndisallow: /x"))
		_, err := c.Page(t.Context(), "http://a.example/")
		if fe := failure(t, err); fe.Kind != fetch.KindRobots || len(net.Requests()) != 3 {
			t.Errorf("%v, requests %v", fe, paths(net))
		}
	})
}

func TestS03RobotsIsCachedForADay(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		s := newSite("")
		s.set(answer(200, "ETag: \"r\"", "user-agent: *\ndisallow: /no"))
		net.Handle("news.example", s)
		robots := func() (n int) {
			for _, p := range paths(net) {
				if p == "/robots.txt" {
					n++
				}
			}
			return n
		}
		for range 47 { // 23.5 hours
			if _, err := c.Page(t.Context(), "http://news.example/a"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(30 * time.Minute)
		}
		if n := robots(); n != 1 {
			t.Errorf("robots.txt was read %d times in a day", n)
		}
		s.set(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("If-None-Match") != `"r"` {
				t.Errorf("robots.txt is asked for with If-None-Match %q", r.Header.Get("If-None-Match"))
			}
			w.WriteHeader(304)
		})
		time.Sleep(time.Hour)
		if _, err := c.Page(t.Context(), "http://news.example/a"); err != nil || robots() != 2 {
			t.Errorf("the next day: %v, robots.txt read %d times", err, robots())
		}
		if _, err := c.Page(t.Context(), "http://news.example/no"); failure(t, err).Kind != fetch.KindRobots {
			t.Error("a 304 forgets the rules")
		}
		// The stale copy holds while the server is in trouble.
		s.set(answer(500, "", ""))
		time.Sleep(25 * time.Hour)
		if _, err := c.Page(t.Context(), "http://news.example/a"); err != nil {
			t.Errorf("with a stale copy: %v", err)
		}
		if _, err := c.Page(t.Context(), "http://news.example/no"); failure(t, err).Kind != fetch.KindRobots {
			t.Error("the stale copy does not hold")
		}
	})
}

func TestS02UnreachableRobots(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		s := newSite("")
		s.set(answer(503, "Retry-After: 10800", ""))
		net.Handle("news.example", s)
		_, err := c.Page(t.Context(), "http://news.example/")
		if fe := failure(t, err); fe.Kind != fetch.KindUnavailable || !fe.Temporary() || fe.RetryAfter != 3*time.Hour {
			t.Errorf("%v, temporary %v, retry after %v", fe, fe.Temporary(), fe.RetryAfter)
		}
		time.Sleep(2 * time.Hour)
		if c.Page(t.Context(), "http://news.example/"); len(net.Requests()) != 1 {
			t.Errorf("asked before Retry-After: %v", paths(net))
		}
		time.Sleep(32 * 24 * time.Hour)
		if _, err := c.Page(t.Context(), "http://news.example/"); err != nil {
			t.Errorf("after a month without robots.txt: %v", err)
		}
	})
}

// TestS02RobotsAnswers304Unasked: there are no rules to keep to, and they are
// asked for every hour until they come. A copy that we have holds.
func TestS02RobotsAnswers304Unasked(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		s := newSite("")
		s.set(answer(304, "", ""))
		net.Handle("news.example", s)
		if _, err := c.Page(t.Context(), "http://news.example/no"); err != nil {
			t.Errorf("unasked 304: %v", err)
		}
		time.Sleep(30 * time.Minute)
		c.Page(t.Context(), "http://news.example/no")
		if got, want := paths(net), []string{"/robots.txt", "/no", "/no"}; !slices.Equal(got, want) {
			t.Errorf("requests %v, want %v", got, want)
		}
		s.set(answer(200, "", "user-agent: *\ndisallow: /no"))
		time.Sleep(31 * time.Minute)
		if _, err := c.Page(t.Context(), "http://news.example/no"); failure(t, err).Kind != fetch.KindRobots {
			t.Errorf("an hour later: %v, want the rules asked for", err)
		}
		s.set(answer(304, "", ""))
		time.Sleep(25 * time.Hour)
		if _, err := c.Page(t.Context(), "http://news.example/no"); failure(t, err).Kind != fetch.KindRobots {
			t.Errorf("a copy without validators is forgotten: %v", err)
		}
	})
}

// TestS03LargeRobots: of a file of 600 KiB, or of 2 GiB that is announced, the
// first 512 KiB count, whether its length is announced or not.
func TestS03LargeRobots(t *testing.T) {
	rules := "user-agent: *\ndisallow: /early\n" + strings.Repeat("# padding\n", 60_000) + "disallow: /late\n"
	for _, announced := range []string{"", strconv.Itoa(len(rules)), strconv.Itoa(2 << 30)} {
		bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
			s := newSite("")
			s.robots = func(w http.ResponseWriter, _ *http.Request) {
				if announced != "" {
					w.Header().Set("Content-Length", announced)
				}
				io.WriteString(w, rules)
			}
			net.Handle("news.example", s)
			if _, err := c.Page(t.Context(), "http://news.example/early"); failure(t, err).Kind != fetch.KindRobots {
				t.Errorf("length %q: a rule of the first 512 KiB: %v", announced, err)
			}
			if _, err := c.Page(t.Context(), "http://news.example/late"); err != nil {
				t.Errorf("length %q: a rule beyond: %v", announced, err)
			}
		})
	}
}

// TestS01RobotsByOrigin: scheme, host and port; redirects of robots.txt, at
// most five, end where the rules of the initial authority are.
func TestS01RobotsByOrigin(t *testing.T) {
	bubbleWith(t, fetch.Options{PageGapSet: true}, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		net.Handle("news.example", newSite("user-agent: topicwire\ndisallow: /a"))
		net.Handle("news.example:8080", newSite(""))
		net.Handle("www.news.example", newSite(""))
		if _, err := c.Page(t.Context(), "http://news.example/a"); failure(t, err).Kind != fetch.KindRobots {
			t.Errorf("port 80: %v", err)
		}
		for _, u := range []string{"http://news.example:8080/a", "http://www.news.example/a"} {
			if _, err := c.Page(t.Context(), u); err != nil {
				t.Errorf("%s: %v", u, err)
			}
		}
		for hops := range 7 {
			host := fmt.Sprintf("hops%d.example", hops)
			s := newSite("")
			s.page = func(w http.ResponseWriter, r *http.Request) {
				left, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/r"))
				switch {
				case err != nil:
					answer(200, "Content-Type: text/html", html)(w, r)
				case left == 0:
					io.WriteString(w, "user-agent: *\ndisallow: /no")
				default:
					http.Redirect(w, r, fmt.Sprintf("/r%d", left-1), http.StatusMovedPermanently)
				}
			}
			s.set(func(w http.ResponseWriter, r *http.Request) {
				if hops == 0 {
					io.WriteString(w, "user-agent: *\ndisallow: /no")
					return
				}
				http.Redirect(w, r, fmt.Sprintf("/r%d", hops-1), http.StatusFound)
			})
			net.Handle(host, s)
			_, err := c.Page(t.Context(), "http://"+host+"/no")
			if barred := err != nil && failure(t, err).Kind == fetch.KindRobots; barred != (hops <= 5) {
				t.Errorf("robots.txt behind %d redirects: %v", hops, err)
			}
		}
	})
}

func TestPageGapAndConcurrency(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		s := newSite("")
		net.Handle("a.news.example", s)
		net.Handle("b.news.example", s) // the same registered domain
		net.Handle("other.example", newSite(""))
		start := time.Now()
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() {
				host := "a"
				if i%2 == 1 {
					host = "b"
				}
				if _, err := c.Page(t.Context(), fmt.Sprintf("http://%s.news.example/%d", host, i)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Go(func() {
			c.Page(t.Context(), "http://other.example/")
			if took := time.Since(start); took > time.Second {
				t.Errorf("another host waits %v", took)
			}
		})
		wg.Wait()
		var last time.Time
		for _, r := range net.Requests() {
			if r.Path == "/robots.txt" || r.Host == "other.example" {
				continue
			}
			if !last.IsZero() && r.At.Sub(last) < 10*time.Second {
				t.Errorf("pages are %v apart, want 10 s", r.At.Sub(last))
			}
			last = r.At
		}
	})
}

func TestS05CrawlDelayRaisesTheGap(t *testing.T) {
	for _, tt := range []struct {
		delay  string
		pages  int
		within time.Duration
	}{{"30", 3, time.Minute}, {"3600", 3, 2 * time.Minute}} {
		bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
			net.Handle("news.example", newSite("user-agent: *\ncrawl-delay: "+tt.delay))
			start := time.Now()
			for i := range tt.pages {
				if _, err := c.Page(t.Context(), fmt.Sprintf("http://news.example/%d", i)); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(start); took != tt.within {
				t.Errorf("crawl-delay %s: %d pages took %v, want %v", tt.delay, tt.pages, took, tt.within)
			}
		})
	}
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		net.Handle("news.example", newSite("user-agent: *\ncrawl-delay: 3600"))
		for i := range 21 {
			_, err := c.Page(t.Context(), fmt.Sprintf("http://news.example/%d", i))
			if i < 20 && err != nil {
				t.Fatal(err)
			}
			if i == 20 {
				if fe := failure(t, err); fe.Kind != fetch.KindPaused || fe.RetryAfter < 20*time.Hour {
					t.Errorf("page 21 of the day: %v, retry after %v", fe, fe.RetryAfter)
				}
			}
		}
		time.Sleep(24 * time.Hour)
		if _, err := c.Page(t.Context(), "http://news.example/next"); err != nil {
			t.Errorf("the next day: %v", err)
		}
	})
}

func TestPagePauses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		page   http.HandlerFunc
		asks   int // requests before the host is left alone
		paused time.Duration
	}{
		{"429 with Retry-After", answer(429, "Retry-After: 7200", ""), 1, 2 * time.Hour},
		{"bare 503", answer(503, "", ""), 1, time.Hour},
		{"S-11 three refusals", answer(403, "", ""), 3, 7 * 24 * time.Hour},
		{"S-11 paywalls", answer(402, "", ""), 3, 7 * 24 * time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
				s := newSite("")
				s.page = tt.page
				net.Handle("news.example", s)
				for i := range tt.asks {
					_, err := c.Page(t.Context(), fmt.Sprintf("http://news.example/%d", i))
					if fe := failure(t, err); fe.Kind != fetch.KindStatus {
						t.Fatalf("page %d: %v", i, fe)
					}
				}
				_, err := c.Page(t.Context(), "http://news.example/more")
				fe := failure(t, err)
				if fe.Kind != fetch.KindPaused || fe.RetryAfter != tt.paused || !fe.Temporary() {
					t.Errorf("%v, retry after %v, want paused for %v", fe, fe.RetryAfter, tt.paused)
				}
				time.Sleep(tt.paused)
				if c.Page(t.Context(), "http://news.example/more"); len(net.Requests()) != 1+tt.asks+1 && tt.paused < 24*time.Hour {
					t.Errorf("after the pause: %v", paths(net))
				}
			})
		})
	}
}

func TestS08PagesAreHTMLAndBounded(t *testing.T) {
	for _, tt := range []struct {
		name, header, body, kind string
	}{
		{"html", "Content-Type: text/html", html, ""},
		{"xhtml", "Content-Type: application/xhtml+xml; charset=utf-8", html, ""},
		{"broken parameters", "Content-Type: text/html; charset", html, ""},
		{"pdf", "Content-Type: application/pdf", "%PDF", fetch.KindNotHTML},
		{"image", "Content-Type: image/png", "\x89PNG", fetch.KindNotHTML},
		{"json", "Content-Type: application/json", "{}", fetch.KindNotHTML},
		{"unlabelled pdf", "Content-Type: ", "%PDF-1.4", fetch.KindNotHTML},
		{"6 MiB", "Content-Type: text/html", strings.Repeat("a", 6<<20), fetch.KindTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
				s := newSite("")
				s.page = answer(200, tt.header, tt.body)
				net.Handle("news.example", s)
				res, err := c.Page(t.Context(), "http://news.example/")
				switch {
				case tt.kind == "" && (err != nil || string(res.Body) != tt.body):
					t.Errorf("Page = %v", err)
				case tt.kind != "" && failure(t, err).Kind != tt.kind:
					t.Errorf("Page = %v, want %s", err, tt.kind)
				}
			})
		})
	}
}

func TestPrivatePagesHaveNoGap(t *testing.T) {
	rule, _ := fetch.ParseAllowRule("127.0.0.0/8")
	for _, set := range []bool{false, true} {
		o := fetch.Options{AllowPrivate: []fetch.AllowRule{rule}, PageGap: 10 * time.Second, PageGapSet: set}
		bubbleWith(t, o, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
			net.Handle("127.0.0.1", newSite(""))
			start := time.Now()
			for range 3 {
				if _, err := c.Page(t.Context(), "http://127.0.0.1/"); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(start); (took == 0) == set {
				t.Errorf("PageGapSet %v: three pages took %v", set, took)
			}
		})
	}
}

func TestGetIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		net.Handle("news.example", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, rss) }))
		if res, err := c.Get(t.Context(), "http://news.example/", "text/plain", 1000); err != nil || string(res.Body) != rss {
			t.Errorf("Get = %v", err)
		}
		_, err := c.Get(t.Context(), "http://news.example/", "text/plain", 10)
		if failure(t, err).Kind != fetch.KindTooLarge {
			t.Errorf("Get of too much = %v", err)
		}
	})
}
