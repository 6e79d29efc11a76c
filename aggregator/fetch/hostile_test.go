package fetch_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"topicwire/aggregator/feedtest"
	"topicwire/aggregator/fetch"
)

// redirector sends every page elsewhere.
func redirector(to string) *site {
	s := newSite("")
	s.page = answer(302, "Location: "+to, "")
	return s
}

// TestS11RedirectorDoesNotPayForItsTargets: what the host at the end of a
// redirect answers or wishes is no reason to leave the one alone that led
// there, whose links are those of all.
func TestS11RedirectorDoesNotPayForItsTargets(t *testing.T) {
	for name, evil := range map[string]*site{
		"429":         {robots: answer(200, "", ""), page: answer(429, "Retry-After: 2678400", "")},
		"refusals":    {robots: answer(200, "", ""), page: answer(403, "", "")},
		"crawl-delay": newSite("user-agent: *\ncrawl-delay: 900"),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
				short := redirector("http://evil.example/x")
				net.Handle("short.example", short)
				net.Handle("evil.example", evil)
				for range 25 {
					_, _ = c.Page(t.Context(), "http://short.example/a")
					time.Sleep(time.Minute)
				}
				short.page = newSite("").page
				if _, err := c.Page(t.Context(), "http://short.example/good"); err != nil {
					t.Errorf("another page of the redirector: %v", err)
				}
			})
		})
	}
}

// TestS11PauseHoldsBehindRedirects: a host that wants to be left alone is not
// asked by way of another one either.
func TestS11PauseHoldsBehindRedirects(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		net.Handle("short.example", redirector("http://news.example/x"))
		s := newSite("")
		s.page = answer(429, "Retry-After: 86400", "")
		net.Handle("news.example", s)
		_, _ = c.Page(t.Context(), "http://news.example/x")
		asked := len(net.Requests())
		time.Sleep(time.Hour)
		_, err := c.Page(t.Context(), "http://short.example/a")
		if fe := failure(t, err); !fe.Temporary() || fe.RetryAfter < 22*time.Hour {
			t.Errorf("behind a redirect: %v, again after %v", fe, fe.RetryAfter)
		}
		for _, r := range net.Requests()[asked:] {
			if strings.HasPrefix(r.Host, "news.") {
				t.Errorf("asked for %s%s in its pause", r.Host, r.Path)
			}
		}
	})
}

// TestS02RobotsThatDripsIsUnreachable: a robots.txt that never ends is noted as
// one that cannot be read, so that it is not waited for at each page.
func TestS02RobotsThatDripsIsUnreachable(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		s := newSite("")
		net.Handle("news.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/robots.txt" {
				s.ServeHTTP(w, r)
				return
			}
			for r.Context().Err() == nil {
				if _, err := fmt.Fprintln(w, "#"); err != nil {
					return
				}
				w.(http.Flusher).Flush()
				time.Sleep(5 * time.Second)
			}
		}))
		for i := range 3 {
			_, err := c.Page(t.Context(), "http://news.example/a")
			if fe := failure(t, err); fe.Kind != fetch.KindUnavailable {
				t.Errorf("page %d: %s, %v", i, fe.Kind, fe)
			}
		}
		if n := len(net.Requests()); n != 1 {
			t.Errorf("%d requests: %v", n, paths(net))
		}
		time.Sleep(time.Minute) // for the server to notice
	})
}

// TestX01ForbiddenPageIsFinal: the page of a private address is refused for
// good, not put off because its robots.txt cannot be read.
func TestX01ForbiddenPageIsFinal(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		net.Handle("short.example", redirector("http://10.0.0.7/x"))
		for _, u := range []string{"http://10.0.0.7/x", "http://short.example/", "http://8.8.8.8:25/"} {
			_, err := c.Page(t.Context(), u)
			if fe := failure(t, err); fe.Kind != fetch.KindForbidden || fe.Temporary() || strings.Contains(fe.Error(), "10.0.0.7 ") != strings.Contains(u, "10.0.0.7") {
				t.Errorf("%s: %s, %v", u, fe.Kind, fe)
			}
			time.Sleep(time.Minute)
		}
	})
}

// TestX01EndlessHostIsNoAddress: names that DNS does not know are not written
// into rows.
func TestX01EndlessHostIsNoAddress(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		_, err := c.Page(t.Context(), "http://"+strings.Repeat("a.", 2000)+"example/")
		if fe := failure(t, err); fe.Kind != fetch.KindURL {
			t.Errorf("%s, %v", fe.Kind, fe)
		}
	})
}

// TestS11TenantsOfAHosterAreStrangers: what one of a hoster's users answers or
// wishes is no reason to leave the others alone; the usual gap is kept for all.
func TestS11TenantsOfAHosterAreStrangers(t *testing.T) {
	for name, evil := range map[string]*site{
		"429":         {robots: answer(200, "", ""), page: answer(429, "Retry-After: 2678400", "")},
		"refusals":    {robots: answer(200, "", ""), page: answer(403, "", "")},
		"crawl-delay": newSite("user-agent: *\ncrawl-delay: 900"),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
				net.Handle("evil.blogspot.com", evil)
				net.Handle("good.blogspot.com", newSite(""))
				for range 25 {
					_, _ = c.Page(t.Context(), "http://evil.blogspot.com/a")
					time.Sleep(time.Minute)
				}
				if n := len(net.Requests()); n > 22 { // 20 a day, and robots.txt
					t.Errorf("asked %d times", n)
				}
				for range 2 {
					start := time.Now()
					if _, err := c.Page(t.Context(), "http://good.blogspot.com/b"); err != nil || time.Since(start) > 11*time.Second {
						t.Errorf("another tenant after %v: %v", time.Since(start), err)
					}
				}
				if at := net.Requests(); at[len(at)-1].At.Sub(at[len(at)-2].At) < 10*time.Second {
					t.Error("the hoster's gap is not kept")
				}
			})
		})
	}
}

// TestS03EndlessRulesAreNoRows: rules as long as a robots.txt may be are kept in
// memory, where they have a bound, but do not fill the database: hosts cost a
// stranger nothing.
func TestS03EndlessRulesAreNoRows(t *testing.T) {
	inRows(t, func(t *testing.T, r *rows) {
		rules := "user-agent: *\ndisallow: /no\n"
		r.net.Handle("news.example", newSite(rules))
		r.net.Handle("evil.example", newSite(rules+strings.Repeat("disallow: /"+strings.Repeat("x", 1000)+"\n", 300)))
		c, st, end := r.process()
		defer end()
		for origin, saved := range map[string]bool{"http://news.example": true, "http://evil.example": false} {
			for range 2 {
				if _, err := c.Page(t.Context(), origin+"/no"); failure(t, err).Kind != fetch.KindRobots {
					t.Errorf("%s: %v", origin, err)
				}
			}
			if _, err := st.Robots(t.Context(), origin); (err == nil) != saved {
				t.Errorf("%s: %v, want saved: %v", origin, err, saved)
			}
		}
		if n := len(r.times("/robots.txt")); n != 2 {
			t.Errorf("robots.txt was read %d times, want 2", n)
		}
	})
}
