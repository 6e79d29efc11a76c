package parse

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// TestLift: texts that the XML parser does not see are read as it reads them.
func TestLift(t *testing.T) {
	lifted := 0
	for _, open := range []string{"<description>", `<description type="x">`, "<content:encoded>", "<summary>", `<content type="html">`, `<content type="text">`, `<content>`, `<summary mode="escaped">`, `<content type="xhtml">`} {
		end := "</" + string(tagName([]byte(open[1:]))) + ">"
		for _, text := range []string{
			"plain text ", "&lt;p&gt;escaped &amp;amp; twice&lt;/p&gt; ", "<![CDATA[<p>cdata &amp; more</p>]]> ", "a & b ", "&copy=1;&copy; ", "&#233;&#x1F600; ", "&foo; &amp ", "<p>markup</p> ", "<!-- c --> ", "é日本 ", "&quot;&apos;&nbsp; ", "text-lifted-0 ",
		} {
			text = strings.Repeat(text, 30)
			if strings.HasPrefix(text, "<![CDATA[") { // one section
				text = " <![CDATA[" + strings.ReplaceAll(strings.ReplaceAll(text, "<![CDATA[", ""), "]]>", "") + "]]>\n"
			}
			items := "<item><title>t</title>" + open + text + end + "</item><item>" + open + text + end + open + "twice" + end + "</item><item><x:y>" + open + text + end + "</x:y></item>"
			for _, doc := range []string{
				`<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:x="urn:x"><channel>` + items + `</channel></rss>`,
				`<feed xmlns="http://www.w3.org/2005/Atom" xmlns:x="urn:x">` + strings.ReplaceAll(items, "item>", "entry>") + `</feed>`,
			} {
				o, err := scan([]byte(doc))
				if err != nil {
					t.Fatal(err)
				}
				o.space = attr([]byte(doc)[:o.rootTag], "xmlns")
				var whole, parts parsed
				if err := whole.parse([]byte(doc), o); err != nil {
					t.Fatal(doc, err)
				}
				if err := parts.parseLifted([]byte(doc), o, part{blocks: o.blocks}); err != nil {
					t.Fatal(doc, err)
				}
				if d := cmp.Diff(whole.feed.entries, parts.feed.entries, cmp.AllowUnexported(entry{})); d != "" {
					t.Errorf("%.300s\n-whole +lifted: %s", doc, d)
				}
				if short, _ := lift([]byte(doc), o, o.blocks, true); len(short) < len(doc) {
					lifted++
				}
			}
		}
	}
	if lifted < 50 {
		t.Errorf("only %d documents had texts lifted", lifted)
	}
}

// TestChunks: a large document is read as its items are by themselves.
func TestChunks(t *testing.T) {
	var items, small strings.Builder
	text := strings.Repeat("The ministers met. ", 200)
	for i := range 400 {
		item := "<item><guid isPermaLink='false'>" + strings.Repeat("g", 1+i) + "</guid><title>t</title><description>" + text + "</description></item>"
		items.WriteString(item)
		if i < 20 {
			small.WriteString(item)
		}
	}
	large := mustFeed(t, Input{Body: []byte(rssWith(items.String()))})
	few := mustFeed(t, Input{Body: []byte(rssWith(small.String()))})
	if len(large.Items) != 400 || len(large.BlockHashes) < 400 || large.Document != few.Document || large.Warning != "" {
		t.Fatalf("%d items, %d hashes, %+v, %q", len(large.Items), len(large.BlockHashes), large.Document, large.Warning)
	}
	if d := cmp.Diff(few.Items, large.Items[:20]); d != "" {
		t.Error(d)
	}
	for i, it := range large.Items {
		if it.BlockHash != large.BlockHashes[i] {
			t.Fatalf("item %d has the hash of another", i)
		}
	}
	// One item that no XML parser takes costs none of the others.
	broken := strings.Replace(items.String(), "<title>t</title>", "<a:&><title>t</title>", 1)
	if res := mustFeed(t, Input{Body: []byte(rssWith(broken))}); len(res.Items) < 399 || res.Warning == "" {
		t.Errorf("%d items, warning %q", len(res.Items), res.Warning)
	}
}

// FuzzLift: whatever stands in a long text, it is read the same.
func FuzzLift(f *testing.F) {
	for _, s := range []string{"a &amp; b", "<![CDATA[<p>x</p>]]>", " <![CDATA[x]]> ", "&lt;p&gt;", "<b>x</b>", "&copy;&foo;&#1;", "x]]>", "<!--", "</description>"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, s string, isAtom bool) {
		text := s + strings.Repeat("x", minLift) + s
		doc := "<rss><channel><item><description>" + text + "</description></item></channel></rss>"
		if isAtom {
			doc = `<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="html">` + text + "</content></entry></feed>"
		}
		clean, _ := clean([]byte(doc))
		o, serr := scan(clean)
		if serr != nil || len(o.edits) > 0 || !utf8.ValidString(s) {
			return
		}
		o.space = attr(clean[:o.rootTag], "xmlns")
		var whole, parts parsed
		werr, perr := whole.parse(clean, o), parts.parseLifted(clean, o, part{blocks: o.blocks})
		if werr != nil || perr != nil {
			return // CDATA that XML refuses may be lifted
		}
		if d := cmp.Diff(whole.feed.entries, parts.feed.entries, cmp.AllowUnexported(entry{})); d != "" {
			t.Errorf("%q\n-whole +lifted: %s", clean, d)
		}
	})
}
