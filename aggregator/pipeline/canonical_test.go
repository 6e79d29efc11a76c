package pipeline_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/dedup"
)

// onEachEngine names a fresh database of each engine. Without a server, which
// CI must have, it is SQLite alone.
func onEachEngine(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "t.db")) })
	t.Run("postgres", func(t *testing.T) {
		server := os.Getenv("TOPICWIRE_TEST_POSTGRES")
		if server == "" {
			if os.Getenv("CI") == "true" {
				t.Fatal("TOPICWIRE_TEST_POSTGRES is not set: in CI both engines are tested")
			}
			t.Skip("TOPICWIRE_TEST_POSTGRES is not set: PostgreSQL is not tested")
		}
		name := fmt.Sprintf("p%d_%d", os.Getpid(), schemas.Add(1))
		db, err := sql.Open("pgx", server)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		if _, err := db.Exec(`CREATE SCHEMA ` + name); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = db.Exec(`DROP SCHEMA ` + name + ` CASCADE`) })
		u, err := url.Parse(server)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Set("search_path", name)
		u.RawQuery = q.Encode()
		test(t, u.String())
	})
}

var schemas atomic.Int64

// named is an item, and what its page says its address is.
type named struct {
	link   string
	title  string // empty: the same as of all
	header string // Link
	head   string // markup
	text   string // markup in the text
	wall   bool   // the page has no article
}

// TestS10PagesThatNameOneAddress: the items' dates lie days apart, and their
// texts differ, so that nothing but an address joins them.
func TestS10PagesThatNameOneAddress(t *testing.T) {
	const a = "http://news.example/2026/harbour"
	canonical := func(u string) string { return `<link rel="canonical" href="` + u + `">` }
	for _, tt := range []struct {
		name  string
		items []named
		want  string // which item each was joined to; "-": it founded a story
	}{
		{"AMP below the article", []named{{link: a}, {link: a + "/amp", head: canonical(a)}}, "-0"},
		{"AMP first", []named{{link: a + "/amp", head: canonical(a)}, {link: a}}, "-0"},
		{"AMP by its query", []named{{link: a}, {link: a + "?amp=1", head: canonical("/2026/harbour")}}, "-0"},
		{"AMP that nothing confirms", []named{{link: a}, {link: a + "/amp"}, {link: a + "?amp=1"}}, "---"},
		{"both name a third", []named{{link: a + "/amp", head: canonical(a)}, {link: a + "/print", head: canonical(a)}}, "-0"},
		{"written otherwise", []named{{link: a}, {link: a + "/amp", head: canonical("HTTPS://www.news.example/2026//harbour/?utm_source=amp#top")}}, "-0"},
		{"of another host of the site", []named{{link: a}, {link: "http://mobile.news.example/x", head: canonical(a)}}, "-0"},
		{"header", []named{{link: a}, {link: a + "/amp", header: `</style.css>; rel=preload; as=style, <` + a + `>; rel="canonical"`}}, "-0"},
		{"og:url", []named{{link: a}, {link: a + "/amp", head: `<meta property="og:url" content="` + a + `">`}}, "-0"},
		{"another site's", []named{{link: a}, {link: "http://other.example/x", head: canonical(a)}}, "--"},
		{"the front page", []named{{link: a + "/1", head: canonical("http://news.example/")}, {link: a + "/2", head: canonical("http://news.example/?utm_source=x")}}, "--"},
		{"in the text, where readers may write", []named{{link: a}, {link: a + "/amp", text: canonical(a)}}, "--"},
		{"a wall's", []named{{link: a}, {link: a + "/amp", head: canonical(a), wall: true}}, "--"},
		{"one for two reports", []named{
			{link: a + "/1", title: "Ferry sails again", head: canonical(a)}, {link: a + "/2", title: "Council adopts budget", head: canonical(a)},
		}, "--"},
		{"three name one, the fourth is too many", []named{
			{link: a + "/1", head: canonical(a)}, {link: a + "/2", head: canonical(a)}, {link: a + "/3", head: canonical(a)}, {link: a + "/4", head: canonical(a)}, {link: a},
		}, "-00--"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onEachEngine(t, func(t *testing.T, dsn string) {
				inPagesOn(t, dsn, func(w *pageWorld) {
					w.serveNamed(tt.items)
					for i, n := range tt.items {
						w.bring(i, n)
					}
					if got := w.joined(tt.items); got != tt.want {
						t.Errorf("joined as %q, want %q", got, tt.want)
					}
				})
			})
		})
	}
}

// TestS10OneAddressForAll: a site that names one address for everything folds
// none of its reports.
func TestS10OneAddressForAll(t *testing.T) {
	onEachEngine(t, func(t *testing.T, dsn string) {
		inPagesOn(t, dsn, func(w *pageWorld) {
			var all []named
			for i := range 5 {
				all = append(all, named{link: fmt.Sprint("http://news.example/", i), title: fmt.Sprint("Report number ", i, " of many"), head: `<link rel=canonical href=/news>`})
			}
			w.serveNamed(all)
			w.bringAll(all)
			if got := w.joined(all); got != "-----" {
				t.Errorf("joined as %q, want nothing joined", got)
			}
		})
	})
}

func (w *pageWorld) serveNamed(items []named) {
	byLink := make(map[string]int)
	for i, n := range items {
		byLink[n.link] = i
	}
	h := pages(func(rw http.ResponseWriter, r *http.Request) {
		i, ok := byLink["http://"+r.Host+r.URL.RequestURI()]
		if !ok {
			w.Errorf("asked for %s", r.URL)
			return
		}
		n := items[i]
		rw.Header().Set("Content-Type", "text/html")
		if n.header != "" {
			rw.Header().Set("Link", n.header)
		}
		page := article(words(i), n.text)
		if n.wall {
			page = article("")
		}
		fmt.Fprint(rw, strings.Replace(page, "</title>", "</title>"+n.head, 1))
	})
	for _, host := range []string{"news.example", "mobile.news.example", "other.example"} {
		w.net.Handle(host, h)
	}
}

// words returns a paragraph that shares no words with other numbers'.
func words(n int) string {
	var b strings.Builder
	for i := range 60 {
		fmt.Fprintf(&b, "w%cx%cy%c ", 'a'+n, 'a'+i%26, 'a'+i/26)
	}
	return "Report: " + b.String() + "."
}

func (n named) item(i int) aggregator.Item {
	title := n.title
	if title == "" {
		title = "Harbour opens after long repairs"
	}
	return aggregator.Item{
		GUID: n.link, URL: n.link, CanonicalURL: dedup.CanonicalURL(n.link), Title: title, Language: "en", ContentHash: n.link,
		Published: time.Now().Add(-time.Duration(i) * 77 * time.Hour),
	}
}

func (w *pageWorld) bring(i int, n named) {
	w.Helper()
	w.record(n.item(i))
	w.pass(10 * time.Second)
}

func (w *pageWorld) bringAll(all []named) {
	w.Helper()
	var items []aggregator.Item
	for i, n := range all {
		items = append(items, n.item(i))
	}
	w.record(items...)
	w.pass(5 * time.Minute)
}

// joined says which item each was joined to.
func (w *pageWorld) joined(items []named) string {
	w.Helper()
	index := make(map[aggregator.ItemID]int)
	found := make(map[string]*aggregator.StoryItem)
	if err := w.store.EachItem(w.Context(), time.Time{}, func(si *aggregator.StoryItem) error {
		found[si.URL] = si
		return nil
	}); err != nil {
		w.Fatal(err)
	}
	for i, n := range items {
		index[found[n.link].ID] = i
	}
	var b strings.Builder
	for _, n := range items {
		switch si := found[n.link]; {
		case si.Article == nil || (si.Article.Status == aggregator.ArticleRead) == n.wall:
			w.Fatalf("page of %s: %+v", n.link, si.Article)
		case si.Link.Reason == aggregator.LinkFounder:
			b.WriteByte('-')
		case si.Link.Reason != aggregator.LinkURL:
			w.Errorf("%s was joined by its %s", n.link, si.Link.Reason)
		default:
			fmt.Fprint(&b, index[si.Link.To])
		}
	}
	return b.String()
}
