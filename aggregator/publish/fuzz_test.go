package publish_test

import (
	"strings"
	"testing"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/publish"
)

// hostile are strings that have broken feeds before.
var hostile = []string{
	"", " ", "plain", "AT&T", "a &amp;amp;lt;b&amp;amp;gt;", "<b>bold</b>", "1 < 2 & 3 > 2", "&copy 2026 &#x3c;script>", "]]>", "\x00\x0b\x1b\u0085",
	"\xff\xfe broken", "\ufffe\uffff\ufffd", "\u202eabc\u202c", "👩‍👩‍👧 emoji", "شرق العالم", "<svg onload=alert(1)>", "<p>a<b>c</p>d</b>",
	"<iframe src=x></iframe><math><mi>x</mi></math><my-el>y</my-el>", `<a href="javascript:alert(1)">x</a><a href="//h/x">y</a>`,
	`<img src="data:image/png;base64,AA=="><img src=" https://пример.рф/ж|^.png ">`, "https://пример.рф/путь?a=[b]|c#d#e", "http://u:p@h.example:99999/", "https://h.example/%zz%",
	"x-klingon", "zh-Hant-TW", "en-", "<!--", "<![CDATA[", "&", "&#0;&#x1F;&#xFFFE;", "<table><tr><td>x<p></table>", `<p style="x" onclick=y class=z>t`,
	"</", "<\x00b>", "&\x00amp;", "&lt\x0b;b&gt;", "&lt;/b&gt; &amp;copy", "&2", "<plaintext>x", "<select><option>x", "<textarea><b>", "<a <b>>",
}

func hostileChannel(a, b, c string, n int64) publish.Channel {
	si := aggregator.StoryItem{Outlet: b, FeedURL: c, FeedTitle: a, FeedSiteURL: b}
	si.Title, si.Summary, si.Content, si.URL, si.Language, si.ImageURL = a, b, c, a, b, c
	si.Authors, si.Categories = []string{a, b, c, a}, []string{c, b}
	si.Enclosures = []aggregator.Enclosure{{URL: c, Type: a, Length: n}, {URL: "https://e.example/" + b, Type: "audio/mpeg", Length: n}}
	si.GUID, si.SourceTitle = a, b
	si.Published, si.FirstSeen = time.Unix(n, 0), time.Unix(n/2, 0)
	other := si
	other.Title, other.Content, other.Language, other.URL = c, a+b+c, "ru", "https://h.example/"+c
	other.Article = &aggregator.Article{Status: aggregator.ArticleRead, Text: a + "\n" + b + c, Summary: c, ImageURL: "https://i.example/" + a}
	other.FeedURL = "https://f.example/" + a
	entry := aggregator.Entry{
		PublicID: "aaaaaaaaaaaaaaaaaaaaaaaaaa", Published: time.Unix(n, 0), Updated: time.Unix(n, 0), Best: si, Sources: []aggregator.StoryItem{si, other},
		Match: aggregator.Match{Score: 1, Evidence: []aggregator.Evidence{{Term: a, Alias: b, Field: c, Snippet: a}, {Term: "country:ru", Field: "title"}}},
	}
	second := entry
	second.PublicID, second.Best = "bbbbbbbbbbbbbbbbbbbbbbbbbb", other
	return publish.Channel{
		Topic:   aggregator.Topic{Slug: "t", Title: a, Description: c, Languages: []string{b}, Publish: []aggregator.PublishMode{"", "title", "full", "excerpt"}[n&3], ChangedAt: time.Unix(n, 0)},
		BaseURL: base, Authority: "a.example,2026", Hub: c, Entries: []aggregator.Entry{entry, second, entry},
	}
}

func TestHostile(t *testing.T) {
	for i, a := range hostile {
		for j, b := range hostile {
			if (i+j)%4 != 0 {
				continue // the fuzz targets try the others
			}
			c := hostileChannel(a, b, strings.Join([]string{b, hostile[(i*7+j)%len(hostile)]}, a), int64(1_700_000_000+i+j))
			for format := range formats {
				check(t, format, c)
			}
			if t.Failed() {
				t.Fatalf("with %q and %q", a, b)
			}
		}
	}
}

// FuzzPublish publishes what it is given in all formats: package validate must
// find nothing in them, and our own parser the same items in each.
func FuzzPublish(f *testing.F) {
	for i, s := range hostile {
		f.Add(s, hostile[(i+5)%len(hostile)], hostile[(i+11)%len(hostile)], int64(i)*100_000_000)
	}
	f.Fuzz(func(t *testing.T, a, b, c string, n int64) { readBack(t, hostileChannel(a, b, c, n)) })
}
