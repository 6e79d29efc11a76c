package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"topicwire/aggregator"
	"topicwire/config"

	"github.com/google/go-cmp/cmp"

	"topicwire/aggregator/pipeline"
)

func parsed(t *testing.T, file string) *config.Config {
	t.Helper()
	c, err := config.Parse([]byte(file), "t.yml")
	if err == nil {
		err = c.Validate(nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	spellFeeds(c)
	return c
}

// TestF25AccessStaysAtItsOrigin: what is set for a feed follows it within its
// origin and nowhere else; so do the switches of F-12, F-24 and F-26.
func TestF25AccessStaysAtItsOrigin(t *testing.T) {
	m := accessOf(parsed(t, `feeds:
  - {url: "https://A.example:443/rss", user: me, headers: {X-Key: secret}, delta: true, http2: false, insecure: true}
  - {url: "https://b.example/rss"}
`))
	all := pipeline.Access{User: "me", Headers: map[string]string{"X-Key": "secret"}, Delta: true, HTTP1: true, Insecure: true}
	for _, tt := range []struct {
		name, url, origin string
		want              pipeline.Access
	}{
		{"as configured", "https://a.example/rss", "", all},
		{"moved at its host", "https://a.example/feed.xml", "https://a.example/rss", all},
		{"moved to another host", "https://b.example/feed.xml", "https://a.example/rss", pipeline.Access{}},
		{"moved to a host below", "https://www.a.example/rss", "https://a.example/rss", pipeline.Access{}},
		{"moved to another port", "https://a.example:8443/rss", "https://a.example/rss", pipeline.Access{}},
		{"moved to another scheme", "http://a.example/rss", "https://a.example/rss", pipeline.Access{}},
		{"another feed there", "https://a.example/other", "", pipeline.Access{}},
		{"nothing set", "https://b.example/rss", "", pipeline.Access{}},
	} {
		f := &aggregator.Feed{FeedSettings: aggregator.FeedSettings{URL: tt.url}, OriginURL: tt.origin}
		if diff := cmp.Diff(tt.want, m.of(f)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestF35Strangers: whose feeds are paused one by one.
func TestF35Strangers(t *testing.T) {
	of := strangers(parsed(t, "fetch: {allow_private: [127.0.0.0/8, 192.168.1.7], multi_tenant: [RSSHub.example.org, blogs.example.co.uk]}\n"))
	for host, want := range map[string]bool{
		"example.org": true, "example.co.uk": true, "127.0.0.1": true, "192.168.1.7": true, "localhost": true,
		"example.net": false, "192.168.1.8": false, "::1": false,
	} {
		if of(host) != want {
			t.Errorf("%s: %v, want %v", host, !want, want)
		}
	}
	none := strangers(parsed(t, ""))
	if !none("github.io") || !none("blogspot.com") {
		t.Error("one user of a known hoster pauses all of them")
	}
	if none("localhost") || none("example.org") || none("co.uk") || none("93.184.216.34") {
		t.Error("without configuration every host is paused as a whole")
	}
}

// TestF20UserAgent: name, version and a way to reach the operator, always.
func TestF20UserAgent(t *testing.T) {
	shape := regexp.MustCompile(`^topicwire/[^ ]+ \(\+[^ ()]+\)$`)
	for file, want := range map[string]string{
		"fetch: {contact: desk@news.example.org}\nbase_url: https://other.example\n": "desk@news.example.org",
		"base_url: https://news.example.org\n":                                       "https://news.example.org",
		"listen: 127.0.0.1:8123\n":                                                   "http://127.0.0.1:8123",
	} {
		if got := userAgent(parsed(t, file)); !shape.MatchString(got) || !strings.HasSuffix(got, "(+"+want+")") {
			t.Errorf("%q: %q, want the contact %s", file, got, want)
		}
	}
}

// TestF26Insecure: a certificate that nobody has signed is refused, unless the
// file says so for that feed, which is warned of at start and by config check.
func TestF26Insecure(t *testing.T) {
	var http1 atomic.Int64
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 1 {
			http1.Add(1)
		}
		_, _ = w.Write([]byte(rssOfOne))
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(srv.Close)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "topicwire.yml"), loopback+"feeds:\n"+
		"  - {url: "+srv.URL+"/strict}\n  - {url: "+srv.URL+"/lax, insecure: true, http2: false}\n")
	if _, errs, code := run(t, dir, "feeds", "poll", srv.URL+"/strict"); code != exitFailed || !strings.Contains(errs, "certificate") {
		t.Errorf("verified: exit %d, %s", code, errs)
	}
	if _, errs, code := run(t, dir, "feeds", "poll", srv.URL+"/lax"); code != exitDone {
		t.Errorf("insecure: exit %d, %s", code, errs)
	}
	if http1.Load() != 1 {
		t.Errorf("F-24: %d requests by HTTP/1.1, want the one with http2: false", http1.Load())
	}
	if _, errs, _ := run(t, dir, "config", "check"); !strings.Contains(errs, "topicwire.yml:4:") || !strings.Contains(errs, "not verified") {
		t.Errorf("config check does not warn: %s", errs)
	}
	if _, errs, _ := run(t, dir, "refresh"); !strings.Contains(errs, "not verified") {
		t.Errorf("refresh does not warn at start: %s", errs)
	}
}
