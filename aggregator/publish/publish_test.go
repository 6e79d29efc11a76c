package publish_test

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mmcdole/gofeed"

	"topicwire/aggregator"
	"topicwire/aggregator/publish"
	"topicwire/aggregator/publish/validate"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const base = "https://news.example.org"

var formats = map[string]func(publish.Channel) (*publish.Document, error){
	"rss": publish.RSS, "atom": publish.Atom, "json": publish.JSON,
}

func at(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 30, 0, 0, time.UTC) }

func item(id int, outlet, lang, url, title, summary string) aggregator.StoryItem {
	si := aggregator.StoryItem{Outlet: outlet, FeedURL: "https://" + strings.ToLower(outlet) + ".example/feed.xml", FeedSiteURL: "https://" + strings.ToLower(outlet) + ".example"}
	si.ID, si.Language, si.URL, si.Title, si.Summary = aggregator.ItemID(id), lang, url, title, summary
	si.Published = at(20, id)
	si.FirstSeen = si.Published
	return si
}

// sample is a topic with what an editor would expect to see: several outlets
// and languages, an image, an enclosure, a back-fill, a full text.
func sample() publish.Channel {
	en := item(1, "Tidende", "en", "https://tidende.example/a?id=7&utm_source=rss#top", "Ministers sign “rail & port” deal", "The two ministers signed a deal on Monday. It covers rail and ports.")
	en.Authors, en.Categories = []string{"Ann Writer (ann@tidende.example)", "Bo Reporter <bo@tidende.example>"}, []string{"Politics", "Trade"}
	en.ImageURL = "https://tidende.example/a b.jpg"
	en.Enclosures = []aggregator.Enclosure{{URL: "https://tidende.example/a.mp3", Type: "audio/mpeg", Length: 1234}}
	ru := item(2, "Ведомость", "ru", "https://новости.рф/стр/1", "Министры подписали соглашение", "Министры подписали соглашение в понедельник.")
	en.Enclosures = append(en.Enclosures, aggregator.Enclosure{URL: "https://tidende.example/b.ogg", Type: "audio/ogg", Length: 99})
	ru.FeedURL, ru.FeedSiteURL = "https://новости.рф/лента", ""
	full := item(3, "Kabar", "id", "https://kabar.example/2", "Menteri menandatangani perjanjian", "Dua menteri menandatangani perjanjian pada hari Senin.")
	full.FeedPublish = aggregator.PublishFull
	full.Content = `<p>Dua menteri <b>menandatangani</b> perjanjian.</p><img src="https://kabar.example/x.gif" width="1" height="1"><script>alert(1)</script><p><a href="/rel">rel</a> <a href="https://kabar.example/abs">abs</a> ]]&gt; x</p>`
	ar := item(4, "Akhbar", "ar", "", "الوزيران يوقعان اتفاقا", "")
	evidence := []aggregator.Evidence{{Term: "country:ru", Alias: "Russia", Field: "title", Start: 1, End: 7, Snippet: "… Russia …"}, {Term: "country:in", Field: "body"},
		{Term: "country:ru", Alias: "russia", Field: "body", Start: 9}, {Term: "country:in", Field: "summary"}} // named before
	entry := func(id string, day int, m float64, best aggregator.StoryItem, all ...aggregator.StoryItem) aggregator.Entry {
		return aggregator.Entry{
			PublicID: id, Published: at(day, 9), Updated: at(day, 10), Best: best, Sources: append([]aggregator.StoryItem{best}, all...),
			Match: aggregator.Match{Score: m, Threshold: 1, Evidence: evidence},
		}
	}
	first := entry("aaaaaaaaaaaaaaaaaaaaaaaaaa", 22, 1.75, en, ru)
	third := entry("cccccccccccccccccccccccccc", 20, 1, ar)
	third.Backfill = true
	second := entry("bbbbbbbbbbbbbbbbbbbbbbbbbb", 21, 2, full)
	second.Updated = first.Updated
	return publish.Channel{
		Topic: aggregator.Topic{
			Slug: "russia-india", Title: "Russia–India", Description: "What the two have to do with each other",
			CreatedAt: at(1, 0), ChangedAt: at(23, 1),
		},
		BaseURL: base, Authority: "news.example.org,2026", Hub: base + "/hub", Older: "3-abcDEF_-01234567",
		Entries: []aggregator.Entry{first, second, third},
	}
}

func check(t testing.TB, format string, c publish.Channel) *publish.Document {
	t.Helper()
	doc, err := formats[format](c)
	if err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	self := publish.FeedURL(c.BaseURL, &c.Topic, format)
	if c.Archive != "" {
		self = publish.ArchiveURL(c.BaseURL, &c.Topic, c.Archive, format)
	}
	for _, f := range validate.Check(format, doc.Body, self) {
		t.Errorf("%s: %v", format, f)
	}
	return doc
}

func TestGolden(t *testing.T) {
	empty := sample()
	empty.Entries, empty.Hub, empty.Older = nil, "", ""
	title := sample()
	title.Topic.Publish = aggregator.PublishTitle
	archive := sample()
	archive.Archive, archive.Entries = "4-abcDEF_-01234567", archive.Entries[:1]
	for name, c := range map[string]publish.Channel{"sample": sample(), "empty": empty, "title": title, "archive": archive} {
		for format := range formats {
			golden(t, name+"."+format, check(t, format, c).Body)
		}
	}
	doc, err := publish.OPML("Our topics", base, []aggregator.Topic{sample().Topic, {Slug: "secret", Title: "Secret", Private: true, Token: "x"}})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "topics.opml", doc.Body)
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := "testdata/" + name
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestDocument(t *testing.T) {
	for format, render := range formats {
		a, b := check(t, format, sample()), check(t, format, sample())
		if !bytes.Equal(a.Body, b.Body) || !bytes.Equal(a.Gzip, b.Gzip) || a.ETag != b.ETag {
			t.Errorf("%s: rendering twice gives two documents", format)
		}
		z, err := gzip.NewReader(bytes.NewReader(a.Gzip))
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := io.ReadAll(z); err != nil || !bytes.Equal(plain, a.Body) {
			t.Errorf("%s: Gzip is not Body: %v", format, err)
		}
		if !strings.HasPrefix(a.ETag, `W/"`) || !a.LastModified.Equal(at(23, 1)) {
			t.Errorf("%s: ETag %s, LastModified %s", format, a.ETag, a.LastModified)
		}
		secure := sample()
		secure.BaseURL = "http://other.example:8080/news"
		for _, id := range []string{"tag:news.example.org,2026:story/aaaaaaaaaaaaaaaaaaaaaaaaaa"} {
			if !bytes.Contains(check(t, format, secure).Body, []byte(id)) {
				t.Errorf("%s: no %s under another base URL", format, id)
			}
		}
		for _, bad := range []publish.Channel{{BaseURL: "news.example.org", Authority: "a,2026"}, {BaseURL: base}} {
			if _, err := render(bad); err == nil {
				t.Errorf("%s: rendered with base %q, authority %q", format, bad.BaseURL, bad.Authority)
			}
		}
	}
}

func TestPrivateTopicIsUnderItsToken(t *testing.T) {
	c := sample()
	c.Topic.Private, c.Topic.Token = true, "abcdefghijklmnopqrstuvwxyz"
	for format := range formats {
		body := string(check(t, format, c).Body)
		if strings.Contains(body, "/topics/") || !strings.Contains(body, base+"/t/abcdefghijklmnopqrstuvwxyz."+format) {
			t.Errorf("%s: wrong addresses for a private topic", format)
		}
	}
}

// TestNoSnippetIsObeyed: a page that asks not to be quoted is not, in any mode.
func TestNoSnippetIsObeyed(t *testing.T) {
	c := sample()
	c.Topic.Publish = aggregator.PublishFull
	for i := range c.Entries {
		c.Entries[i].Best.Article = &aggregator.Article{Status: aggregator.ArticleRead, Text: "The SECRET text", Summary: "The SECRET text", NoSnippet: true}
		c.Entries[i].Best.FeedPublish, c.Entries[i].Best.Content, c.Entries[i].Best.Summary = aggregator.PublishFull, "<p>SECRET</p>", "SECRET"
	}
	for format := range formats {
		if strings.Contains(string(check(t, format, c).Body), "SECRET") {
			t.Errorf("%s quotes it", format)
		}
	}
}

func TestSize(t *testing.T) {
	c := sample()
	c.Topic.Publish = aggregator.PublishFull
	long := "<p>" + strings.Repeat("все люди < рождаются & свободными ", 8000) + "</p>"
	e := c.Entries[0]
	c.Entries = nil
	for i := range 50 {
		e.PublicID = fmt.Sprintf("%026d", i)
		e.Best.Content = long
		c.Entries = append(c.Entries, e)
	}
	for format := range formats {
		doc := check(t, format, c)
		if n := strings.Count(string(doc.Body), "tag:news.example.org,2026:story/"); len(doc.Body) > 1<<20 || n != 50 {
			t.Errorf("%s: %d bytes, %d entries", format, len(doc.Body), n)
		}
	}
}

// TestReadBack reads what we publish with the parser that we read feeds with.
func TestReadBack(t *testing.T) {
	c := sample()
	for format := range formats {
		f, err := gofeed.NewParser().Parse(bytes.NewReader(check(t, format, c).Body))
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		if f.Title != "Russia–India" || len(f.Items) != 3 {
			t.Fatalf("%s: read back %q with %d items", format, f.Title, len(f.Items))
		}
		it := f.Items[0]
		got := map[string]string{
			"id": it.GUID, "title": it.Title, "link": it.Link, "published": it.PublishedParsed.UTC().Format(time.RFC3339),
			"authors": personNames(it.Authors), "categories": strings.Join(it.Categories, ","),
		}
		if it.DublinCoreExt != nil { // gofeed takes the first of them for the author
			got["authors"] = strings.Join(it.DublinCoreExt.Creator, ",")
		}
		want := map[string]string{
			"id": "tag:news.example.org,2026:story/aaaaaaaaaaaaaaaaaaaaaaaaaa", "title": "Ministers sign “rail & port” deal",
			"link": "https://tidende.example/a?id=7#top", "published": "2026-11-22T09:30:00Z",
			"authors": "Ann Writer,Bo Reporter", "categories": "Politics,Trade",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-published +read):\n%s", format, diff)
		}
		if text := it.Description + it.Content; !strings.Contains(text, "covers rail and ports") || !strings.Contains(text, "Carried by") || !strings.Contains(text, "Russian") {
			t.Errorf("%s: text %q", format, text)
		}
		if text := f.Items[1].Content; !strings.Contains(text, "<b>menandatangani</b>") || strings.Contains(text, "x.gif") || strings.Contains(text, "alert") {
			t.Errorf("%s: full text %q", format, text)
		}
	}
}

func personNames(people []*gofeed.Person) string {
	var out []string
	for _, p := range people {
		out = append(out, p.Name)
	}
	return strings.Join(out, ",")
}

func BenchmarkRender(b *testing.B) {
	c := sample()
	e := c.Entries[0]
	c.Entries = nil
	for i := range 50 {
		e.PublicID = fmt.Sprintf("%026d", i)
		e.Published = e.Published.Add(-time.Hour)
		c.Entries = append(c.Entries, e)
	}
	for name, render := range formats {
		for _, mode := range []aggregator.PublishMode{aggregator.PublishExcerpt, aggregator.PublishFull} {
			c.Topic.Publish = mode
			for i := range c.Entries {
				c.Entries[i].Best.Content = strings.Repeat("<p>All human beings are born <b>free</b> and equal in dignity and rights.</p>", 40)
			}
			b.Run(name+"/"+string(mode), func(b *testing.B) {
				for b.Loop() {
					if _, err := render(c); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
