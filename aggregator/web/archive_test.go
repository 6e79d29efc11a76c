package web_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/publish/validate"
	"topicwire/aggregator/web"
)

// longHistory is a store with n stories in a public and a private topic, an
// hour apart; the last is from noon.
func longHistory(n int) *fakeStore {
	f := newFakeStore()
	f.topics = []aggregator.Topic{
		{ID: 1, Slug: "sea", Title: "The sea", Revision: 1},
		{ID: 2, Slug: "board", Title: "Board papers", Private: true, Token: token, Revision: 1},
	}
	for i := range n {
		f.tell(i, time.Duration(i-n)*time.Hour)
	}
	return f
}

func (f *fakeStore) tell(i int, at time.Duration) {
	for topic := range aggregator.TopicID(2) {
		id := aggregator.ItemID(i*2) + aggregator.ItemID(topic) + 1
		f.publish(topic+1, nil, storyItem(id, "Harbour Post", "en", fmt.Sprintf("Tide %d", i), "High water.", at))
	}
}

type atomDocument struct {
	body, cache string
	IDs         []string `xml:"entry>id"`
	Links       []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"link"`
	Archive *struct{} `xml:"http://purl.org/syndication/history/1.0 archive"`
}

func (d *atomDocument) link(rel string) string {
	for _, l := range d.Links {
		if l.Rel == rel {
			return l.Href
		}
	}
	return ""
}

const origin = "http://127.0.0.1:8080"

func readAtom(t *testing.T, h http.Handler, address string) *atomDocument {
	t.Helper()
	res := ask(h, "GET", strings.TrimPrefix(address, origin), nil)
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("GET %s: %d %v", address, res.StatusCode, err)
	}
	for _, f := range validate.Check("atom", body, address) {
		t.Errorf("%s: %v", address, f)
	}
	d := &atomDocument{body: string(body), cache: res.Header.Get("Cache-Control")}
	if err := xml.Unmarshal(body, d); err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	return d
}

// walk reads a topic feed and its archives to the first entry, and returns
// the documents by address, with the ids in the order they came.
func walk(t *testing.T, h http.Handler, address string) (docs map[string]*atomDocument, ids map[string]bool) {
	t.Helper()
	docs, ids = map[string]*atomDocument{}, map[string]bool{}
	for next := address; next != ""; {
		if docs[next] != nil || len(docs) > 100 {
			t.Fatalf("%s leads in a circle", address)
		}
		d := readAtom(t, h, next)
		docs[next] = d
		for _, id := range d.IDs {
			ids[id] = true
		}
		if d.link("self") != next || next != address && (d.link("current") != address || d.Archive == nil) {
			t.Errorf("%s: self %s, current %s, archive %v", next, d.link("self"), d.link("current"), d.Archive)
		}
		next = d.link("prev-archive")
	}
	return docs, ids
}

// TestArchivesAreWalkedToTheFirstEntry (P-06, P-09; RFC 5005): every entry is
// in the feed or an archive, whether the topic is busy or quiet, public or
// private.
func TestArchivesAreWalkedToTheFirstEntry(t *testing.T) {
	for _, n := range []int{0, 3, 50, 51, 100, 317} {
		store := longHistory(n)
		for _, quiet := range []bool{false, true} {
			for _, path := range []string{"/topics/sea.atom", "/t/" + token + ".atom"} {
				s := newServer(t, store, func(o *web.Options) {
					if quiet {
						o.Now = func() time.Time { return noon.AddDate(0, 0, 13) }
					}
				})
				docs, ids := walk(t, s.Handler(), origin+path)
				if len(ids) != n || len(docs) > n/50+2 {
					t.Errorf("%s, %d entries, quiet %v: found %d in %d documents", path, n, quiet, len(ids), len(docs))
				}
				for address, d := range docs {
					want := "public, max-age=31536000, immutable"
					if strings.Contains(path, token) {
						want = strings.Replace(want, "public", "private", 1)
					}
					if strings.Contains(address, "/archive/") && d.cache != want {
						t.Errorf("%s: Cache-Control %q, want %q", address, d.cache, want)
					}
				}
			}
		}
	}
}

// TestArchivesNeverChange (P-06): news leave full archives as they are; what
// changes one gives it, and those that lead to it, another address, and the
// old addresses lead to the new.
func TestArchivesNeverChange(t *testing.T) {
	store := longHistory(230)
	s := newServer(t, store, nil)
	h := s.Handler()
	const feed = origin + "/topics/sea.atom"
	before, _ := walk(t, h, feed)
	again := func() http.Handler { return newServer(t, store, nil).Handler() }

	for i := range 5 {
		store.tell(1000+i, 0)
	}
	for address, d := range before {
		if address != feed && readAtom(t, again(), address).body != d.body {
			t.Errorf("%s changed with the news", address)
		}
	}
	store.tell(2000, -2000*time.Hour) // found late: the very first
	after, ids := walk(t, again(), feed)
	if len(ids) != 236 {
		t.Errorf("found %d entries, want 236", len(ids))
	}
	for address := range before {
		if address == feed {
			continue
		}
		if after[address] != nil {
			t.Errorf("%s stands for other entries now", address)
		}
		res := ask(again(), "GET", strings.TrimPrefix(address, origin), nil)
		if res.StatusCode != 302 || after[origin+res.Header.Get("Location")] == nil || strings.Contains(res.Header.Get("Cache-Control"), "max-age") {
			t.Errorf("%s: %d to %s", address, res.StatusCode, res.Header.Get("Location"))
		}
	}
	for _, path := range []string{"/topics/sea/archive/99-x.atom", "/topics/sea/archive/0-x.atom", "/topics/sea/archive/x.atom",
		"/topics/sea/archive/1-x", "/topics/board/archive/1-x.atom", "/t/wrong/archive/1-x.atom", "/topics/none/archive/1-x.atom"} {
		if res := ask(h, "GET", path, nil); res.StatusCode != 404 {
			t.Errorf("%s: %d, want 404", path, res.StatusCode)
		}
	}
}

// TestHubIsNamedWhereConfigured (P-07).
func TestHubIsNamedWhereConfigured(t *testing.T) {
	s := newServer(t, longHistory(60), func(o *web.Options) { o.Hub = origin + "/hub" })
	d := readAtom(t, s.Handler(), origin+"/topics/sea.atom")
	if d.link("hub") != origin+"/hub" {
		t.Errorf("hub %q", d.link("hub"))
	}
	if a := readAtom(t, s.Handler(), d.link("prev-archive")); a.link("hub") != "" {
		t.Error("an archive names a hub: it has no news")
	}
}

// TestFeedForBrowsers: a browser gets XML that it shows with our
// stylesheet, a feed reader the feed's own media type; caches can tell.
func TestFeedForBrowsers(t *testing.T) {
	h := newServer(t, longHistory(3), nil).Handler()
	for _, tc := range []struct{ path, dest, want string }{
		{"/topics/sea.atom", "", "application/atom+xml"}, {"/topics/sea.rss", "empty", "application/rss+xml"},
		{"/topics/sea.atom", "document", "application/xml"}, {"/topics/sea.rss", "document", "application/xml"},
		{"/topics/sea.json", "document", "application/feed+json"},
	} {
		res := ask(h, "GET", tc.path, map[string]string{"Sec-Fetch-Dest": tc.dest})
		vary := strings.Join(res.Header.Values("Vary"), ", ")
		if got := res.Header.Get("Content-Type"); !strings.HasPrefix(got, tc.want+";") {
			t.Errorf("%s for %q: %s, want %s", tc.path, tc.dest, got, tc.want)
		}
		if strings.Contains(vary, "Sec-Fetch-Dest") == strings.HasSuffix(tc.path, "json") || !strings.Contains(vary, "Accept-Encoding") {
			t.Errorf("%s: Vary %s", tc.path, vary)
		}
		if csp := res.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") || !strings.Contains(csp, "sandbox") {
			t.Errorf("%s: policy %s", tc.path, csp)
		}
	}
}
