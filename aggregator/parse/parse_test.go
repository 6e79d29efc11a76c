package parse

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var testNow = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// TestGolden reads each testdata/*.feed and compares all that Feed and Inspect
// make of it with the .json beside it.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.feed")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			body, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			in := Input{Body: body, URL: "https://example.org/feeds/news.xml", Now: testNow}
			res, ferr := Feed(in)
			got := struct {
				Result  *Result
				Error   error
				Inspect Inspection
			}{res, ferr, Inspect(in)}
			js, err := json.MarshalIndent(got, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(f, ".feed") + ".json"
			if *update {
				if err := os.WriteFile(golden, append(js, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(strings.TrimSpace(string(want)), string(js)); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func rssWith(items string) string {
	return `<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>T</title><link>https://example.org/</link>` + items + `</channel></rss>`
}

func mustFeed(t *testing.T, in Input) *Result {
	t.Helper()
	res, err := Feed(in)
	if err != nil {
		t.Fatalf("Feed: %v", err)
	}
	return res
}

func TestCharsets(t *testing.T) {
	const word = "Привет"
	doc := func(decl string) string {
		return decl + `<rss version="2.0"><channel><item><title>` + word + `</title></item></channel></rss>`
	}
	enc := func(e encoding.Encoding, s string) []byte {
		b, err := e.NewEncoder().Bytes([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for name, c := range map[string]struct {
		body   []byte
		header string
		want   string
	}{
		"utf-8":               {[]byte(doc("")), "", word},
		"bom beats header":    {[]byte("\xef\xbb\xbf" + doc("")), "text/xml; charset=windows-1251", word},
		"header":              {enc(charmap.Windows1251, doc("")), "text/xml; charset=windows-1251", word},
		"header beats decl":   {enc(charmap.KOI8R, doc(`<?xml version="1.0" encoding="utf-8"?>`)), "text/xml; charset=koi8-r", word},
		"declaration":         {enc(charmap.Windows1251, doc(`<?xml version="1.0" encoding="windows_1251"?>`)), "", word},
		"utf-16 bom":          {enc(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), doc(`<?xml version="1.0" encoding="utf-16"?>`)), "", word},
		"utf-16be":            {enc(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), doc("")), "", word},
		"says utf-16, is not": {[]byte(doc(`<?xml version="1.0" encoding="utf-16"?>`)), "", word},
		"says latin-1":        {[]byte(doc(`<?xml version="1.0" encoding="iso-8859-1"?>`)), "", word},
		"unknown label":       {[]byte(doc(`<?xml version="1.0" encoding="klingon"?>`)), "", word},
		"windows-1252":        {[]byte("<rss version='2.0'><channel><item><title>caf\xe9 \x80</title></item></channel></rss>"), "", "café €"},
		"cp437":               {[]byte("<?xml version='1.0' encoding='cp437'?><rss version='2.0'><channel><item><title>caf\x82</title></item></channel></rss>"), "", "café"},
	} {
		t.Run(name, func(t *testing.T) {
			res := mustFeed(t, Input{Body: c.body, ContentType: c.header})
			if len(res.Items) != 1 || res.Items[0].Title != c.want {
				t.Errorf("got %+v", res.Items)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	for name, c := range map[string]struct{ body, kind, words string }{
		"empty":     {"", "not_a_feed", "empty"},
		"blank":     {" \n", "not_a_feed", "empty"},
		"web page":  {"<!DOCTYPE html><html><head><title>x</title></head></html>", "not_a_feed", "web page"},
		"bare html": {"<p>Not found</p>", "not_a_feed", "web page"},
		"text":      {"hello", "not_a_feed", "neither XML nor JSON"},
		"xml":       {"<sitemap/>", "not_a_feed", "<sitemap>"},
		"json":      {`{"a":1}`, "not_a_feed", "not a JSON Feed"},
		"bad json":  {`{"version":"https://jsonfeed.org/version/1.1","items":[`, "unparsable", "JSON"},
		"deep":      {rssWith(strings.Repeat("<a>", 300)), "too_large", "deep"},
		"deep json": {`{"version":` + strings.Repeat("[", 100000), "too_large", "deep"},
		"elements":  {rssWith("<item>" + strings.Repeat("<a/>", maxElements) + "</item>"), "too_large", "elements"},
		"pieces":    {rssWith("<x>" + strings.Repeat("a<!---->", 2000) + "</x>"), "too_large", "comments"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Feed(Input{Body: []byte(c.body)})
			var pe *Error
			if !errors.As(err, &pe) || pe.Kind != c.kind || !strings.Contains(pe.Msg, c.words) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestRepair(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want []string // titles
		warn bool
	}{
		"cut in the second item":   {`<rss version="2.0"><channel><item><title>a</title></item><item><title>b`, []string{"a"}, true},
		"cut in CDATA":             {`<rss version="2.0"><channel><item><title>a</title></item><item><title><![CDATA[b`, []string{"a"}, true},
		"cut in a tag":             {`<rss version="2.0"><channel><item><title>a</title></item><ite`, []string{"a"}, true},
		"last end tag missing":     {`<rss version="2.0"><channel><item><title>a</title></item></channel>`, []string{"a"}, true},
		"unclosed channel element": {`<rss version="2.0"><channel><category text="x"><item><title>a</title></item><item><title>b</title></item></channel></rss>`, []string{"a", "b"}, true},
		"item in item":             {`<rss version="2.0"><channel><item><title>a</title><item><title>b</title></item></item></channel></rss>`, []string{"a", "b"}, true},
		"stray end tag":            {`<rss version="2.0"><channel><item><title>a</title></p></item></channel></rss>`, []string{"a"}, true},
		"text before the root":     {"oops <?xml version='1.0'?>" + rssWith("<item><title>a</title></item>"), []string{"a"}, false},
		"comment on the root":      {"<!-- what <rss> and <feed> are -->" + rssWith("<item><title>a</title></item>"), []string{"a"}, false},
		"long comment first":       {"<?xml version='1.0'?><!--" + strings.Repeat("x", 6000) + "-->" + rssWith("<item><title>a</title></item>"), []string{"a"}, false},
		"doctype":                  {`<!DOCTYPE rss [<!ENTITY k "boom">]><rss version="2.0"><channel><item><title>a</title></item></channel></rss>`, []string{"a"}, false},
		"control characters":       {rssWith("<item><title>a\x08&#8;&#xFFFF;</title></item>"), []string{"a"}, false},
		"c1":                       {rssWith("<item><title>&#146;\u0093</title></item>"), []string{"’“"}, false},
		"bare lt":                  {rssWith("<item><title>1 < 2 & 3</title></item>"), []string{"1 < 2 & 3"}, false},
		"unknown atom namespace":   {`<feed xmlns="http://example.com/ns"><entry><title>a</title><id>1</id></entry></feed>`, []string{"a"}, false},
		"html entities":            {rssWith("<item><title>caf&eacute;</title></item>"), []string{"café"}, false},
		"tags in title":            {rssWith("<item><title>&lt;b&gt;a&lt;/b&gt; &amp;amp; b</title></item>"), []string{"a & b"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			res := mustFeed(t, Input{Body: []byte(c.body)})
			var got []string
			for _, it := range res.Items {
				got = append(got, it.Title)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if (res.Warning != "") != c.warn {
				t.Errorf("warning %q", res.Warning)
			}
		})
	}
}

func TestKnownItemsAreNotRead(t *testing.T) {
	item := func(n int) string { return fmt.Sprintf("<item><guid>g%d</guid><title>t%d</title></item>", n, n) }
	first := mustFeed(t, Input{Body: []byte(rssWith(item(1) + item(2)))})
	known := map[uint64]bool{}
	for _, h := range first.BlockHashes {
		known[h] = true
	}
	body := rssWith("<pubDate>now</pubDate>" + item(3) + item(1) + "\n" + item(2))
	res := mustFeed(t, Input{Body: []byte(body), Known: func(h uint64) bool { return known[h] }})
	if res.Total != 3 || len(res.Items) != 1 || res.Items[0].GUID != "g3" || res.Items[0].BlockHash != res.BlockHashes[0] {
		t.Errorf("got %+v", res)
	}
	js := `{"version":"https://jsonfeed.org/version/1.1","title":"x","items":[{"id":"1","content_text":"a"},{"id":"2","content_text":"b"}]}`
	one := mustFeed(t, Input{Body: []byte(js)})
	res = mustFeed(t, Input{Body: []byte(js), Known: func(h uint64) bool { return h == one.BlockHashes[0] }})
	if res.Total != 2 || len(res.Items) != 1 || res.Items[0].GUID != "2" {
		t.Errorf("got %+v", res)
	}
}

func TestItemLimit(t *testing.T) {
	res := mustFeed(t, Input{Body: []byte(rssWith(strings.Repeat("<item/>", 5000) + ""))})
	if res.Total != maxItems || res.Warning == "" {
		t.Errorf("total %d, warning %q", res.Total, res.Warning)
	}
}

func TestIdentity(t *testing.T) {
	res := mustFeed(t, Input{URL: "https://example.org/f/feed.xml", Body: []byte(rssWith(
		`<item><guid> x </guid><link>/a</link></item><item><link>b</link></item><item><guid>https://example.org/c</guid></item><item><title>only</title></item>`))})
	want := [][2]string{{"x", "https://example.org/a"}, {"https://example.org/f/b", "https://example.org/f/b"}, {"https://example.org/c", "https://example.org/c"}}
	for i, w := range want {
		if got := [2]string{res.Items[i].GUID, res.Items[i].URL}; got != w {
			t.Errorf("item %d: got %v, want %v", i, got, w)
		}
	}
	if g := res.Items[3].GUID; !strings.HasPrefix(g, "sha256:") {
		t.Errorf("derived GUID %q", g)
	}
}

func TestBase(t *testing.T) {
	atom := `<feed xmlns="http://www.w3.org/2005/Atom" xml:base="http://e.com/feeds/feed.xml"><entry><id>1</id><link href="post"/><content type="html">&lt;img src="i.png"&gt;</content></entry></feed>`
	it := mustFeed(t, Input{Body: []byte(atom)}).Items[0]
	if it.URL != "http://e.com/feeds/post" || it.ImageURL != "http://e.com/feeds/i.png" {
		t.Errorf("URL %q, image %q", it.URL, it.ImageURL)
	}
	it = mustFeed(t, Input{URL: "http://a.com/x", Header: http.Header{"Content-Location": {"http://b.com/y/"}}, Body: []byte(rssWith(`<item><link>z</link></item>`))}).Items[0]
	if it.URL != "http://b.com/y/z" {
		t.Errorf("Content-Location: %q", it.URL)
	}
}

func TestPoliteness(t *testing.T) {
	d := mustFeed(t, Input{Body: []byte(rssWith(`<ttl>90</ttl><skipHours><hour>0</hour><hour>23</hour></skipHours><skipDays><day>Sunday</day></skipDays><language>en_us</language>`))}).Document
	if d.TTL != 90*time.Minute || d.SkipHours != 1|1<<23 || d.SkipDays != 1 || d.Language != "en-US" || d.SiteURL != "https://example.org/" {
		t.Errorf("got %+v", d)
	}
}

func TestContentHashIgnoresDate(t *testing.T) {
	item := func(date string) string {
		return mustFeed(t, Input{Body: []byte(rssWith("<item><title>a</title><pubDate>" + date + "</pubDate></item>"))}).Items[0].ContentHash
	}
	if item("Mon, 01 Jan 2024 10:00:00 GMT") != item("Tue, 02 Jan 2024 10:00:00 GMT") {
		t.Error("the hash changes with the date")
	}
}

// TestX11ControlCharacters: a summary goes to terminals and pages.
func TestX11ControlCharacters(t *testing.T) {
	for _, desc := range []string{"a&#27;[2J&#x9b;31m\u0085b", "<![CDATA[<p>a&#27;[2J\u009b31m&#x85;b</p>]]>", "a\u009bb"} {
		res, err := Feed(Input{Body: []byte(`<rss version="2.0"><channel><item><title>x</title><description>` + desc + `</description></item></channel></rss>`)})
		if err != nil || len(res.Items) != 1 {
			t.Fatalf("%q: %v", desc, err)
		}
		if s := res.Items[0].Summary; strings.ContainsAny(s, "\x1b\u009b\u0085") {
			t.Errorf("%q gives the summary %q", desc, s)
		}
	}
}
