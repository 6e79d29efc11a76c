package web_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"topicwire/aggregator"
	"topicwire/aggregator/web"
)

func parse(t testing.TB, page string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// all returns the elements of a name with a class, in order.
func all(doc *html.Node, name, class string) []*html.Node {
	var out []*html.Node
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == name && (class == "" || slices.Contains(strings.Fields(attr(n, "class")), class)) {
			out = append(out, n)
		}
	}
	return out
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// TestX20PicturesAreLinked (BEHAVIOUR X-20): a picture is asked for where it
// is, without a word of who shows it; nothing of other sites passes through us.
func TestX20PicturesAreLinked(t *testing.T) {
	h := newServer(t, newsroom(), nil).Handler()
	doc := parse(t, bodyOf(t, ask(h, "GET", "/topics/russia-india", nil)))
	foreign := 0
	for _, img := range all(doc, "img", "") {
		if src := attr(img, "src"); strings.HasPrefix(src, "https://images.example/") {
			foreign++
			if attr(img, "referrerpolicy") != "no-referrer" {
				t.Errorf("%s is asked for with a referrer", src)
			}
		}
	}
	if foreign == 0 {
		t.Error("the page shows no picture from where it is")
	}
	for _, path := range []string{"/proxy?url=https://images.example/oil.jpg", "/static/https://images.example/oil.jpg", "/https://images.example/oil.jpg"} {
		if res := ask(h, "GET", path, nil); res.StatusCode < 300 {
			t.Errorf("GET %s = %d", path, res.StatusCode)
		}
	}
}

func TestTopicPage(t *testing.T) {
	h := newServer(t, newsroom(), func(o *web.Options) { o.BaseURL = "https://news.example.org" }).Handler()
	doc := parse(t, bodyOf(t, ask(h, "GET", "/topics/russia-india", nil)))
	var feeds []string
	for _, l := range all(doc, "link", "") {
		if attr(l, "rel") == "alternate" {
			feeds = append(feeds, attr(l, "type")+" "+attr(l, "href"))
		}
	}
	if got, want := strings.Join(feeds, "\n"), "application/atom+xml https://news.example.org/topics/russia-india.atom\n"+
		"application/rss+xml https://news.example.org/topics/russia-india.rss\n"+
		"application/feed+json https://news.example.org/topics/russia-india.json"; got != want {
		t.Errorf("autodiscovery links:\n%s\nwant:\n%s", got, want)
	}
	cards := all(doc, "article", "story")
	if len(cards) != 3 {
		t.Fatalf("%d cards, want one for each of 3 stories", len(cards))
	}
	first := text(cards[0])
	for _, want := range []string{"Russia and India discuss", "Kabar Kini", "Delhi Ledger", "Волга Сегодня", "صحيفة النهر", "09:00", "country:ru"} {
		if !strings.Contains(first, want) {
			t.Errorf("the first card lacks %q:\n%s", want, first)
		}
	}
	title := all(cards[1], "h3", "")[0]
	if attr(title, "lang") != "he" || attr(title, "dir") != "rtl" {
		t.Errorf("Hebrew title: lang=%q dir=%q", attr(title, "lang"), attr(title, "dir"))
	}
}

func TestStoryPage(t *testing.T) {
	store := newsroom()
	h := newServer(t, store, nil).Handler()
	doc := parse(t, bodyOf(t, ask(h, "GET", "/topics/russia-india/stories/"+store.entries[1][0].PublicID, nil)))
	tellings := all(all(doc, "ol", "tellings")[0], "li", "")
	if len(tellings) != 5 {
		t.Errorf("%d outlets, want 5", len(tellings))
	}
	for i, want := range []string{"Kabar Kini", "Волга Сегодня", "Delhi Ledger", "गंगा समाचार", "صحيفة النهر"} {
		if !strings.HasPrefix(text(tellings[i]), want) {
			t.Errorf("telling %d is %q, want %q first", i, text(tellings[i]), want)
		}
	}
	var marked []string
	for _, m := range all(all(doc, "h1", "")[0], "mark", "") {
		marked = append(marked, text(m)+"="+attr(m, "title"))
	}
	if got := strings.Join(marked, " "); got != "Russia=country:ru India=country:in" {
		t.Errorf("marked in the title: %s", got)
	}
	if all(doc, "script", "") != nil {
		t.Error("a public page has a script")
	}
}

// TestHostileTexts puts markup and bad links into every field.
func TestHostileTexts(t *testing.T) {
	const bad = `"><script>alert(1)</script><img src=x onerror=alert(1)>'` + "\x00\x1b"
	store := newsroom()
	item := storyItem(71, bad, "en", bad, bad, 0)
	item.URL, item.ImageURL, item.GUID, item.CanonicalURL, item.Content = "javascript:alert(1)", "https://x/\"onerror=alert(1)", bad, bad, bad
	item.Authors, item.Language = []string{bad}, `en" onload="alert(1)`
	item.Article = &aggregator.Article{Text: bad, Summary: bad, Note: bad, Status: aggregator.ArticleRead, Language: `"><script>`}
	item.Link = aggregator.Link{Reason: bad}
	evidence := []aggregator.Evidence{{Term: bad, Alias: "alert", Field: "title", Start: 3, End: 99999, Snippet: bad}, {Term: bad, Field: bad, Start: -5, End: 2}}
	id := store.publish(1, evidence, item)
	store.topics[1].Title, store.topics[1].Description, store.topics[1].Query, store.topics[1].Slug = bad, bad, bad, "bad"
	f := &store.feeds[1]
	f.URL, f.Outlet, f.Title, f.LastError, f.NextPollReason, f.Tags, f.SiteURL = "https://x/"+bad, bad, bad, bad, bad, []string{bad}, "javascript:alert(1)"
	store.hosts[0].Host, store.hosts[0].Reason = bad, bad
	h := newServer(t, store, nil).Handler()
	for _, path := range []string{
		"/", "/topics/russia-india", "/topics/bad", "/topics/russia-india/stories/" + id, "/admin/feeds", "/admin/feeds/2",
		"/admin/feeds?q=%22%3E%3Cscript%3E&state=%22%3E%3Cscript%3E", "/admin/topics", "/admin/topics/edit/bad", "/admin/items/71",
		"/admin/feeds?done=%3Cscript%3E&n=%3Cscript%3E", "/nothing/%3Cscript%3E",
	} {
		doc := parse(t, bodyOf(t, ask(h, "GET", path, nil)))
		for n := range doc.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			if n.Data == "script" && !strings.HasPrefix(attr(n, "src"), "/static/") || n.Data == "img" && attr(n, "src") == "x" || n.Data == "style" {
				t.Errorf("%s: <%s> got in", path, n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || strings.HasPrefix(strings.TrimSpace(strings.ToLower(a.Val)), "javascript:") {
					t.Errorf("%s: <%s %s=%q>", path, n.Data, a.Key, a.Val)
				}
			}
		}
	}
}

func TestBeforeTheFirstPoll(t *testing.T) {
	store := newFakeStore()
	store.topics = []aggregator.Topic{{ID: 1, Slug: "russia-india", Title: "Russia–India", Query: "x", Revision: 1}}
	store.feeds = newsroomFeeds()
	store.feeds[0].LastPollAt, store.feeds[0].NextPollAt = noon.Add(-1), noon
	store.feeds[2].PollState = aggregator.PollState{State: aggregator.FeedActive}
	h := newServer(t, store, nil).Handler()
	for _, path := range []string{"/", "/topics/russia-india"} {
		page := bodyOf(t, ask(h, "GET", path, nil))
		doc := parse(t, page)
		got := text(all(doc, "main", "")[0])
		for _, want := range []string{"on its way", "2 of 3 feeds polled", "1 cannot be read", "503 Service Unavailable"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s lacks %q:\n%s", path, want, got)
			}
		}
		if strings.Contains(page, "secret") {
			t.Errorf("%s shows the address of a feed", path)
		}
		if !strings.Contains(page, `http-equiv="refresh"`) {
			t.Errorf("%s does not look again", path)
		}
	}
	if code := ask(h, "GET", "/topics/russia-india.atom", nil).StatusCode; code != 200 {
		t.Errorf("an empty feed: %d", code)
	}
	empty := newServer(t, newFakeStore(), nil).Handler()
	if res := ask(empty, "GET", "/", nil); res.StatusCode != 200 || !strings.Contains(bodyOf(t, res), "No topics yet") {
		t.Error("an empty store has no page")
	}
}
