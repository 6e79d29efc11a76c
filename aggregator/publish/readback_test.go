package publish_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"topicwire/aggregator"
	"topicwire/aggregator/parse"
	"topicwire/aggregator/publish"
)

// readItem is an item as a reader of our feeds should know it.
type readItem struct {
	ID, Title, URL, Published, Updated, Language string
	Image, SourceTitle, SourceURL                string
	Authors, Categories                          []string
	Files                                        []aggregator.Enclosure
}

// published returns the items of a JSON Feed of ours: the reference that the
// other formats, and what is parsed, are held to.
func published(t testing.TB, doc []byte) []readItem {
	t.Helper()
	var feed struct {
		Language string
		Items    []struct {
			ID, URL, Title, Language, Image string
			DatePublished                   time.Time `json:"date_published"`
			DateModified                    time.Time `json:"date_modified"`
			Tags                            []string
			Authors                         []struct{ Name string }
			Attachments                     []struct {
				URL  string
				Type string `json:"mime_type"`
				Size int64  `json:"size_in_bytes"`
			}
			Topicwire struct {
				Source struct {
					Title string
					Feed  string `json:"feed_url"`
				}
			} `json:"_topicwire"`
		}
	}
	if err := json.Unmarshal(doc, &feed); err != nil {
		t.Fatal(err)
	}
	items := make([]readItem, 0, len(feed.Items))
	for _, it := range feed.Items {
		if it.Language == "" { // no format can say that it is not known
			it.Language = feed.Language
		}
		r := readItem{
			ID: it.ID, Title: it.Title, URL: it.URL, Language: it.Language, Categories: it.Tags,
			Published: second(it.DatePublished), Updated: second(it.DateModified), Image: it.Image,
			SourceTitle: it.Topicwire.Source.Title, SourceURL: it.Topicwire.Source.Feed,
		}
		for _, a := range it.Authors {
			r.Authors = append(r.Authors, a.Name)
		}
		for _, a := range it.Attachments {
			r.Files = append(r.Files, aggregator.Enclosure{URL: a.URL, Type: a.Type, Length: a.Size})
		}
		items = append(items, r)
	}
	return items
}

func second(t time.Time) string {
	if t.Year() < 1990 { // F-64: readers do not believe it
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// parsed returns the items that our own parser reads.
func parsed(t testing.TB, doc *publish.Document) []readItem {
	t.Helper()
	res, err := parse.Feed(parse.Input{Body: doc.Body, ContentType: doc.ContentType, URL: base + "/topics/t"})
	if err != nil {
		t.Fatalf("parse: %v\n%.2000s", err, doc.Body)
	}
	if res.Warning != "" {
		t.Errorf("parse warns: %s", res.Warning)
	}
	items := make([]readItem, 0, len(res.Items))
	for _, it := range res.Items {
		r := readItem{
			ID: it.GUID, Title: it.Title, URL: it.URL, Language: it.Language, Authors: it.Authors, Categories: it.Categories,
			Published: second(it.Published), Updated: second(it.Updated), Image: it.ImageURL,
			SourceTitle: it.SourceTitle, SourceURL: it.SourceURL, Files: it.Enclosures,
		}
		if r.Language == "und" {
			r.Language = ""
		}
		items = append(items, r)
	}
	return items
}

// readBack publishes in all formats and parses what comes out.
func readBack(t *testing.T, c publish.Channel) {
	t.Helper()
	want := published(t, check(t, "json", c).Body)
	for format := range formats {
		doc := check(t, format, c)
		got := parsed(t, doc)
		for i := range min(len(got), len(want)) {
			got[i].lacks(&want[i], format)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-published +parsed):\n%s\n%.4000s", format, diff, doc.Body)
		}
	}
}

// lacks fills in what a format has no place for that readers know: the size
// of other files than the first in RSS, where only Media RSS says it, and the
// source in JSON Feed, where only we do.
func (r *readItem) lacks(want *readItem, format string) {
	switch format {
	case "rss":
		for k := range min(len(r.Files), len(want.Files)) {
			if r.Files[k].Length == 0 {
				r.Files[k].Length = want.Files[k].Length
			}
		}
	case "json":
		r.SourceTitle, r.SourceURL = want.SourceTitle, want.SourceURL
	}
}

// pieces are what random texts are made of: languages, and what breaks feeds.
var pieces = append(strings.Split("Минобороны|भारत और रूस|حقوق الإنسان|זכויות|人权宣言|💥👩🏽‍🚀|Straße|e\u0301|x < y & z|\u200f|\u2066x\u2069|]]>|&nbsp;|"+
	"<p>a paragraph</p>|<b>bold</b>|https://h.example/a?b=c&d=e|\u0000|\u0085|\ufffe|line\nbreak|'quoted' \"twice\"", "|"), hostile...)

func randomText(r *rand.Rand, most int) string {
	var parts []string
	for range r.IntN(most + 1) {
		parts = append(parts, pieces[r.IntN(len(pieces))])
	}
	return strings.Join(parts, " ")
}

func randomItem(r *rand.Rand, id int) aggregator.StoryItem {
	list := func(most int) (out []string) {
		for range r.IntN(most) {
			out = append(out, randomText(r, 2))
		}
		return out
	}
	si := aggregator.StoryItem{
		Outlet: randomText(r, 2), FeedTitle: randomText(r, 1), FeedURL: fmt.Sprintf("https://h%d.example/%s", r.IntN(9), randomText(r, 1)),
		FeedPublish: []aggregator.PublishMode{"", "title", "excerpt", "full"}[r.IntN(4)],
	}
	si.ID, si.Title, si.Summary, si.Content = aggregator.ItemID(id), randomText(r, 4), randomText(r, 12), randomText(r, 30)
	si.URL = "https://h.example/" + randomText(r, 2)
	si.Language = []string{"", "und", "en", "ru", "ar", "zh-Hant", "pt-BR", "xx-nonsense"}[r.IntN(8)]
	si.Authors, si.Categories = list(4), list(5)
	if r.IntN(2) == 0 {
		si.ImageURL = fmt.Sprintf("https://i.example/%d %s.jpg", id, randomText(r, 1))
	}
	for i := range r.IntN(4) {
		si.Enclosures = append(si.Enclosures, aggregator.Enclosure{
			URL: fmt.Sprintf("https://e.example/%d/%d?%s", id, i, randomText(r, 1)), Type: []string{"audio/mpeg", "video/mp4", "", "x"}[r.IntN(4)], Length: r.Int64N(3) * r.Int64N(1<<28),
		})
	}
	si.Published = at(20, 0).Add(-time.Duration(r.IntN(1e6)) * time.Second)
	si.FirstSeen = si.Published
	return si
}

func randomChannel(seed uint64) publish.Channel {
	r := rand.New(rand.NewPCG(seed, 7))
	c := sample()
	c.Topic.Title, c.Topic.Description = randomText(r, 3), randomText(r, 5)
	c.Entries = nil
	for i := range r.IntN(12) {
		best := randomItem(r, i)
		e := aggregator.Entry{
			PublicID: fmt.Sprintf("%026d", r.IntN(1000)), Published: best.Published, Best: best, Sources: []aggregator.StoryItem{best},
			Updated: best.Published.Add(time.Duration(r.IntN(3)) * time.Hour),
		}
		for range r.IntN(3) {
			e.Sources = append(e.Sources, randomItem(r, 100+i))
			e.Match.Evidence = append(e.Match.Evidence, aggregator.Evidence{Term: "country:ru", Alias: randomText(r, 1), Field: "title"})
		}
		c.Entries = append(c.Entries, e)
	}
	return c
}

// TestRandomFeedsReadBack: what we publish of any entries is, in every format,
// read by our own parser as the same items. FEEDS names a directory to keep
// the documents in, for other readers.
func TestRandomFeedsReadBack(t *testing.T) {
	for seed := range uint64(300) {
		c := randomChannel(seed)
		readBack(t, c)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		dir := os.Getenv("FEEDS")
		if dir == "" {
			continue
		}
		for format := range formats {
			name := filepath.Join(dir, fmt.Sprintf("%03d.%s", seed, format))
			if err := os.WriteFile(name, check(t, format, c).Body, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestLargeBodiesReadBack: bodies of a megabyte, of every oddity, are
// published within the bounds (P-06) and read back as the same items.
func TestLargeBodiesReadBack(t *testing.T) {
	for _, piece := range append([]string{strings.Join(hostile, " "), strings.Join(pieces, "\n"), "<div><b>", "&amp;lt;", "👩‍👩‍👧", "\u200f"}, hostile...) {
		c := sample()
		c.Topic.Publish = aggregator.PublishFull
		body := strings.Repeat(piece, 1<<20/(len(piece)+1)+1)
		for i := range c.Entries {
			c.Entries[i].Best.Content, c.Entries[i].Best.Title, c.Entries[i].Best.Summary = body, body, body
		}
		readBack(t, c)
		if t.Failed() {
			t.Fatalf("with bodies of %.60q", piece)
		}
	}
}
