package parse

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const testSpaces = `xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/" ` +
	`xmlns:dcterms="http://purl.org/dc/terms/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:xhtml="http://www.w3.org/1999/xhtml" ` +
	`xmlns:cc="http://web.resource.org/cc/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"`

func rssDoc(s string) string {
	return `<rss version="2.0" ` + testSpaces + `><channel>` + s + `</channel></rss>`
}
func itemDoc(s string) string  { return rssDoc("<item>" + s + "</item>") }
func atomDoc(s string) string  { return `<feed xmlns="http://www.w3.org/2005/Atom">` + s + `</feed>` }
func entryDoc(s string) string { return atomDoc("<entry>" + s + "</entry>") }
func atom03Doc(s string) string {
	return `<feed version="0.3" xmlns="http://purl.org/atom/ns#"><entry>` + s + `</entry></feed>`
}

// pick returns the value at a path such as "items.0.title" of what Inspect
// prints; "" if there is none.
func pick(t *testing.T, in Inspection, path string) string {
	t.Helper()
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	for name := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(x) {
				return ""
			}
			v = x[i]
		}
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// TestInspectFields reads one document for each way to say something. What is
// wanted are pairs of path and value; "items.0." is left out.
func TestInspectFields(t *testing.T) {
	const date = "2004-01-01T19:48:21Z"
	for _, c := range []struct {
		doc  string
		want []string
	}{
		{entryDoc(`<title type="text">History of the &lt;blink&gt; tag</title>`), []string{"title", "History of the <blink> tag"}},
		{entryDoc(`<title>1 &lt; 2 &amp;amp; 3</title>`), []string{"title", "1 < 2 & 3"}},
		{entryDoc(`<title type="html">a &lt;b&gt;bold&lt;/b&gt; &amp;amp; b</title>`), []string{"title", "a bold & b"}},
		{entryDoc(`<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">a <b>bold</b> &amp;lt;</div></title>`), []string{"title", "a bold <"}},
		{entryDoc(`<title><![CDATA[a &amp; b]]></title>`), []string{"title", "a & b"}},
		{entryDoc(`<content type="text">1 &lt; 2</content>`), []string{"content.0.value", "1 < 2", "content.0.type", "text/plain", "summary", "1 &lt; 2"}},
		{entryDoc(`<content type="application/octet-stream">PGI+eDwvYj4=</content>`), []string{"content.0.value", "<b>x</b>"}},
		{atom03Doc(`<title mode="base64" type="text/html">PGI+eDwvYj4=</title><summary mode="base64" type="text/html">PGI+eDwvYj4=</summary><content mode="base64" type="text/html">PGI+
 eDwvYj4=</content>`), []string{"title", "x", "summary", "<b>x</b>", "content.0.value", "<b>x</b>"}},
		{atom03Doc(`<summary mode="escaped">&lt;b&gt;x&lt;/b&gt;</summary><copyright>c &amp; d</copyright>`), []string{"summary", "<b>x</b>", "rights", "c &amp; d"}},
		{entryDoc(`<id>
 HTTP://E.com/é x </id>`), []string{"id", "HTTP://E.com/é x"}},
		{entryDoc(`<source><id>s</id><title>S</title></source><id>e</id><title>E</title>`), []string{"id", "e", "title", "E", "source.title", "S"}},
		{entryDoc(`<link rel="http://www.iana.org/assignments/relation/alternate" href="http://e.org/a"/>`), []string{"link", "http://e.org/a"}},
		{entryDoc(`<updated>` + date + `</updated>`), []string{"updated", date, "published", ""}},
		{entryDoc(`<updated>` + date + `</updated><published>` + date + `</published>`), []string{"updated", date, "published", date}},
		{entryDoc(`<title xml:lang="fr-CA">x</title>`), []string{"language", "fr-CA"}},
		{atomDoc(`<id>HTTP://F.org</id><title type="text">a &lt;b&gt;</title><published>` + date + `</published>`), []string{"feed.id", "HTTP://F.org", "feed.title", "a <b>", "feed.published", date}},

		{entryDoc(`<content type="xhtml"><h:div xmlns:h="http://www.w3.org/1999/xhtml">a <h:b>b</h:b>: c</h:div></content>`), []string{"content.0.value", "a <b>b</b>: c"}},
		{entryDoc(`<category>c</category><category term="t"/><guid>g</guid><description>d</description>`), []string{"tags.0.term", "t", "tags.1.term", "c", "id", "g", "summary", "d"}},
		{atomDoc(`<source><id>s</id></source><description>d</description>`), []string{"feed.id", "", "feed.subtitle", "d"}},
		{`<rss version="0.91"><channel><title>x</title></channel></rss>`, []string{"version", "rss091u"}},
		{`<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel><title>x</title></channel></rss>`, []string{"version", "rss091n"}},
		{`{"version":"https://jsonfeed.org/version/1","items":[]}`, []string{"version", "json1"}},

		{itemDoc(`<link>http://e.org/l</link><enclosure url="http://e.org/a.mp3" length="9" type="audio/mpeg"/>`),
			[]string{"links.0.url", "http://e.org/l", "links.0.rel", "alternate", "links.1.rel", "enclosure", "links.1.length", "9", "enclosures.0.url", "http://e.org/a.mp3", "enclosures.0.type", "audio/mpeg"}},
		{itemDoc(`<guid>http://e.org/g</guid>`), []string{"link", "http://e.org/g", "id", "http://e.org/g"}},
		{itemDoc(`<guid isPermaLink="false">http://e.org/g</guid>`), []string{"link", "", "id", "http://e.org/g"}},
		{itemDoc(`<dc:date>` + date + `</dc:date>`), []string{"published", date, "updated", date, "updated_raw", date}},
		{itemDoc(`<dcterms:issued>` + date + `</dcterms:issued><dcterms:modified>2004-02-01</dcterms:modified>`), []string{"published", date, "updated", "2004-02-01T00:00:00Z", "updated_raw", "2004-02-01"}},
		{itemDoc(`<dc:creator>A</dc:creator><dc:creator>b@e.org (B)</dc:creator><dc:contributor>C</dc:contributor>`),
			[]string{"authors.0.name", "A", "authors.1.name", "B", "authors.1.email", "b@e.org", "contributors.0.name", "C"}},
		{itemDoc(`<author>Name &lt;a@e.org&gt;</author>`), []string{"authors.0.name", "Name", "authors.0.email", "a@e.org"}},
		{itemDoc(`<atom:author><atom:name>N</atom:name><atom:email>n@e.org</atom:email><atom:uri>http://n.org/</atom:uri></atom:author>`),
			[]string{"authors.0.name", "N", "authors.0.email", "n@e.org", "authors.0.url", "http://n.org/"}},
		{itemDoc(`<category domain="http://d.org">a</category><category>b</category><category>b</category><category/><dc:subject>s</dc:subject><media:category label="L">m</media:category>` +
			`<itunes:keywords>k, l</itunes:keywords><itunes:category text="T"><itunes:category text="U"/></itunes:category>`),
			[]string{"tags.0.term", "a", "tags.0.scheme", "http://d.org", "tags.1.term", "b", "tags.2.term", "s", "tags.3.term", "T", "tags.3.scheme", "http://www.itunes.com/",
				"tags.4.term", "U", "tags.5.term", "k", "tags.6.term", "l", "tags.7.term", "m", "tags.7.label", "L", "tags.8", ""}},
		{itemDoc(`<content:encoded>&lt;p&gt;x&lt;/p&gt;</content:encoded>`), []string{"content.0.value", "<p>x</p>", "summary", "<p>x</p>"}},
		{itemDoc(`<xhtml:body><p>a <b>b</b></p></xhtml:body>`), []string{"content.0.value", "<p>a <b>b</b></p>", "content.0.type", "application/xhtml+xml"}},
		{itemDoc(`<body xmlns="http://www.w3.org/1999/xhtml"><p>a</p></body>`), []string{"content.0.value", "<p>a</p>"}},
		{itemDoc(`<fullitem>&lt;p&gt;x&lt;/p&gt;</fullitem>`), []string{"content.0.value", "<p>x</p>"}},
		{itemDoc(`<cc:license rdf:resource="http://l.org/"/>`), []string{"links.0.rel", "license", "links.0.url", "http://l.org/"}},
		{itemDoc(`<description xml:lang="de" xml:base="http://b.org/x/">&lt;a href="y"&gt;z&lt;/a&gt;</description>`), []string{"language", "de", "summary", `<a href="http://b.org/x/y">z</a>`}},
		{itemDoc(`<media:title>t</media:title><media:description>d</media:description>`), []string{"title", "t", "summary", "d"}},
		{itemDoc(`<media:group><media:content url="http://m.org/v.mp4" type="video/mp4"/></media:group>`), []string{"enclosures.0.url", "http://m.org/v.mp4"}},
		{rssDoc(`<author>a@e.org (A)</author><guid>g</guid><itunes:image href="http://i.org/i.png"/><itunes:subtitle>s</itunes:subtitle><itunes:category text="T"/>`),
			[]string{"feed.authors.0.name", "A", "feed.id", "g", "feed.image", "http://i.org/i.png", "feed.subtitle", "s", "feed.tags.0.term", "T"}},
		{rssDoc(`<itunes:owner><itunes:name>O</itunes:name><itunes:email>o@e.org</itunes:email></itunes:owner><webMaster>w@e.org</webMaster>`),
			[]string{"feed.authors.0.name", "O", "feed.authors.0.email", "o@e.org", "feed.authors.1", ""}},

		{`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://my.netscape.com/rdf/simple/0.9/"><channel><title>T</title></channel><item><title>i</title></item></rdf:RDF>`,
			[]string{"version", "rss090", "feed.title", "T", "title", "i"}},
		{`<Channel xmlns="http://purl.org/net/rss1.1#" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" rdf:about="http://e.org/c"><title>T</title><link>http://e.org/</link><description>d</description>` +
			`<items rdf:parseType="Collection"><item rdf:about="http://e.org/1"><title>a</title><link>http://e.org/1</link></item><item><title>b</title></item></items></Channel>`,
			[]string{"version", "rss11", "feed.title", "T", "feed.subtitle", "d", "title", "a", "link", "http://e.org/1", "id", "http://e.org/1", "items.1.title", "b"}},
		{`<?xml version="1.0"?><CHANNEL HREF="http://e.org/" BASE="http://e.org/b/" LASTMOD="2004-01-01T10:00"><TITLE>C</TITLE><ABSTRACT>A</ABSTRACT><LOGO HREF="l.png" STYLE="IMAGE"/>` +
			`<ITEM HREF="1" LASTMOD="2004-01-02T10:00"><TITLE>I</TITLE><ABSTRACT>J</ABSTRACT></ITEM><ITEM><A HREF="http://e.org/2">x</A></ITEM></CHANNEL>`,
			[]string{"version", "cdf", "feed.title", "C", "feed.subtitle", "A", "feed.link", "http://e.org/", "feed.updated", "2004-01-01T10:00:00Z", "feed.logo", "http://e.org/b/l.png",
				"title", "I", "link", "http://e.org/b/1", "summary", "J", "updated", "2004-01-02T10:00:00Z", "items.1.link", "http://e.org/2"}},
	} {
		in := Inspect(Input{Body: []byte(c.doc)})
		for i := 0; i < len(c.want); i += 2 {
			path := c.want[i]
			if !strings.HasPrefix(path, "feed.") && !strings.HasPrefix(path, "items.") && path != "version" {
				path = "items.0." + path
			}
			if got := pick(t, in, path); got != c.want[i+1] {
				t.Errorf("%s:\n\t%s = %q, want %q (%s)", c.doc, path, got, c.want[i+1], in.Error)
			}
		}
	}
}

// TestBases resolves addresses against bases of every element around them.
func TestBases(t *testing.T) {
	const html = `&lt;a href="c"&gt;x&lt;/a&gt;`
	for _, c := range []struct{ feed, entry, content, link, href string }{
		{"", "", "", "http://e.org/dir/l", "http://e.org/dir/c"},
		{"http://x.org/y/z.html", "", "", "http://x.org/y/l", "http://x.org/y/c"},
		{"http://x.org", "", "", "http://x.org/l", "http://x.org/c"},
		{"sub/", "", "", "http://e.org/dir/sub/l", "http://e.org/dir/sub/c"},
		{"", "/abs/", "", "http://e.org/abs/l", "http://e.org/abs/c"},
		{"", "", "../up/", "http://e.org/dir/l", "http://e.org/up/c"},
		{"a/", "b/", "c/", "http://e.org/dir/a/b/l", "http://e.org/dir/a/b/c/c"},
	} {
		attr := func(base string) string {
			if base == "" {
				return ""
			}
			return ` xml:base="` + base + `"`
		}
		atom := `<feed xmlns="http://www.w3.org/2005/Atom"` + attr(c.feed) + `><entry` + attr(c.entry) + `><link href="l"/><content type="html"` + attr(c.content) + `>` + html + `</content></entry></feed>`
		rss := `<rss version="2.0"><channel` + attr(c.feed) + `><item` + attr(c.entry) + `><link>l</link><description` + attr(c.content) + `>` + html + `</description></item></channel></rss>`
		for _, doc := range []string{atom, rss} {
			in := Inspect(Input{Body: []byte(doc), URL: "http://other.org/", Header: http.Header{"Content-Location": {"http://e.org/dir/feed.xml"}}})
			if link, sum := pick(t, in, "items.0.link"), pick(t, in, "items.0.summary"); link != c.link || sum != `<a href="`+c.href+`">x</a>` {
				t.Errorf("%s:\n\tlink %q, HTML %s", doc, link, sum)
			}
		}
	}
}

// TestSalvage reads documents that no XML parser takes: what is whole in them
// is kept.
func TestSalvage(t *testing.T) {
	const bad = `<item><title>bad</title><x:&><<"></item>`
	for name, c := range map[string]struct {
		doc  string
		want []string
	}{
		"unquoted attributes":  {`<rss><channel><title>t</title><item><title>a</title><description><a href=http://e.org/x/ checked>y</a></description></item></channel></rss>`, []string{"a"}},
		"unquoted in Atom":     {`<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>a</title><link href=http://e.org/x></entry></feed>`, []string{"a"}},
		"one item beyond help": {`<rss><channel><title>t</title><item><title>a</title></item>` + bad + `<item><title>c</title></item></channel></rss>`, []string{"a", "c"}},
		"nothing but a head":   {`<rss><channel><title>t</title>` + bad + `</channel></rss>`, nil},
		"bare entry":           {`<entry xmlns="http://www.w3.org/2005/Atom"><title>a</title><id>1</id></entry>`, []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			in := Inspect(Input{Body: []byte(c.doc)})
			var got []string
			for _, it := range in.Items {
				got = append(got, it.Title)
			}
			if in.Feed == nil || !slices.Equal(got, c.want) {
				t.Errorf("titles %q, want %q; error %q", got, c.want, in.Error)
			}
			if in.Error == "" && name != "bare entry" {
				t.Error("it does not say that something was wrong")
			}
		})
	}
	in := Inspect(Input{Body: []byte(`<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>a</title><link href=http://e.org/x></entry></feed>`)})
	if link := pick(t, in, "items.0.link"); link != "http://e.org/x" {
		t.Errorf("link %q", link)
	}
	// The items around a broken one are matched to their bytes.
	res := mustFeed(t, Input{Body: []byte(`<rss><channel><item><guid>a</guid></item>` + bad + `<item><guid>c</guid></item></channel></rss>`)})
	if len(res.Items) != 2 || res.Items[0].BlockHash != res.BlockHashes[0] || res.Items[1].BlockHash != res.BlockHashes[2] || res.Warning == "" {
		t.Errorf("got %+v", res)
	}
}

// TestTextKeepsItsZone reads text that ends in GMT, as dates do.
func TestTextKeepsItsZone(t *testing.T) {
	it := mustFeed(t, Input{Body: []byte(itemDoc(`<title>Meeting at 10:00 GMT</title><pubDate>Thu, 01 Jan 2004 19:48:21 GMT</pubDate><description><![CDATA[<p>At 10:00 GMT</p>]]></description>`))}).Items[0]
	if it.Title != "Meeting at 10:00 GMT" || it.Content != "<p>At 10:00 GMT</p>" || it.Published.Unix() != 1072986501 {
		t.Errorf("title %q, content %q, published %v", it.Title, it.Content, it.Published)
	}
}

// TestRepairsAreShown: whatever was not XML in a document is said in error,
// though all of it was read.
func TestRepairsAreShown(t *testing.T) {
	for name, c := range map[string]struct {
		doc   string
		shown bool
	}{
		"well-formed":         {rssDoc("<item><title>a &amp; b &#8217; &eacute;</title></item>"), false},
		"declaration":         {`<?xml version="1.0"?><!-- c --><!DOCTYPE rss [<!ENTITY x "y">]>` + rssDoc("<item/>"), false},
		"CDATA":               {rssDoc("<item><title><![CDATA[a & b < c]]></title></item>"), false},
		"bare ampersand":      {rssDoc("<item><title>a & b</title></item>"), true},
		"in an address":       {rssDoc("<item><link>http://e.org/?a=1&b=2</link></item>"), true},
		"bare less-than":      {rssDoc("<item><title>1 < 2</title></item>"), true},
		"control character":   {rssDoc("<item><title>a\x08</title></item>"), true},
		"reference to one":    {rssDoc("<item><title>a&#8;</title></item>"), true},
		"text before":         {"PHP warning: x\n" + rssDoc("<item/>"), true},
		"unquoted attribute":  {rssDoc("<item><title a=b/c>x</title></item>"), true},
		"cut off":             {strings.TrimSuffix(rssDoc("<item/>"), "</rss>"), true},
		"stray end tag":       {rssDoc("<item></b></item>"), true},
		"unclosed in channel": {rssDoc(`<x><item/>`), true},
	} {
		in := Inspect(Input{Body: []byte(c.doc)})
		if in.NotAFeed() || len(in.Items) != 1 {
			t.Errorf("%s: %+v", name, in)
		}
		if (in.Error != "") != c.shown {
			t.Errorf("%s: error %q", name, in.Error)
		}
	}
}
