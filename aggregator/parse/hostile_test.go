//go:build unix

package parse

import (
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestHostile reads documents made to exhaust a parser.
func TestHostile(t *testing.T) {
	if raceEnabled {
		t.Skip("measures: the run without the race detector does it")
	}
	var spaces strings.Builder
	for i := range 1000 {
		spaces.WriteString(` xmlns:a` + strings.Repeat("b", i%9) + string(rune('a'+i%26)) + `="urn:x"`)
	}
	for name, doc := range map[string]string{
		"nested":     `<rss version="2.0" xmlns:m="urn:m"><channel><m:x>` + strings.Repeat("<m:a>", 2_000_000),
		"namespaces": `<rss version="2.0"><channel` + spaces.String() + `>` + strings.Repeat("<aba:x/>", 20_000) + `</channel></rss>`,
		"comments":   `<rss version="2.0" xmlns:m="urn:m"><channel><m:x>` + strings.Repeat("a<!---->", 500_000) + `</m:x></channel></rss>`,
		"items":      `<rss version="2.0"><channel>` + strings.Repeat("<item/>", 500_000) + `</channel></rss>`,
		"less-than":  `<rss version="2.0"><channel><title>` + strings.Repeat("< ", 1_000_000) + `</title></channel></rss>`,
		"quotes":     `<rss version="2.0"><channel>` + strings.Repeat(`<a b="`, 500_000),
		"end tags":   `<rss version="2.0"><channel>` + strings.Repeat(`</x>`, 1_000_000),
		"open cdata": `<rss version="2.0"><channel>` + strings.Repeat(`<![CDATA[`, 500_000),
		"doctypes":   `<rss version="2.0"><channel>` + strings.Repeat(`<!x[`, 500_000),
		"dates":      `<rss version="2.0"><channel>` + strings.Repeat("<item><pubDate>Xyz, 99 Foo 2004 99:99</pubDate></item>", 20_000) + `</channel></rss>`,
		"html":       rssWith("<item><description>" + strings.Repeat("&lt;div&gt;&lt;a&gt;&lt;b&gt;", 100_000) + "</description></item>"),
		"attributes": `<rss version="2.0"><channel><item ` + strings.Repeat(`a="b" `, 500_000) + `/></channel></rss>`,
		"bases":      `<feed xmlns="http://www.w3.org/2005/Atom">` + strings.Repeat(`<x xml:base="a/b">`, 150) + strings.Repeat(`<y xml:base="/`, 100_000),
		"json":       `{"version":"https://jsonfeed.org/version/1","items":[` + strings.Repeat(`{"id":1},`, 500_000) + `{}]}`,
		"deep base":  `<feed xmlns="http://www.w3.org/2005/Atom">` + strings.Repeat(`<x xml:base="`+strings.Repeat("a", 1000)+`/">`, 150) + strings.Repeat(`<y xml:base="b/"/>`, 30_000),
		"guids":      `<rss version="2.0"><channel>` + strings.Repeat("<item>"+strings.Repeat("<guid", 100)+">x</item>", 2000) + `</channel></rss>`,
		"links":      `<feed xmlns="http://www.w3.org/2005/Atom"><entry>` + strings.Repeat(`<link rel="x" href="y"/>`, 150_000) + `</entry></feed>`,
		"tags":       itemDoc(strings.Repeat("<dc:subject>x</dc:subject><category>y</category>", 50_000)),
		"authors":    itemDoc(strings.Repeat("<dc:creator>x</dc:creator>", 100_000)),
		"media":      itemDoc(strings.Repeat(`<media:content url="http://e.org/"><media:thumbnail url="http://e.org/t"/></media:content>`, 50_000)),
		"media 2":    itemDoc(strings.Repeat(`<media:content url="http://e.org/`+strings.Repeat("x", 60)+`"><media:thumbnail url="http://e.org/t"/></media:content>`, 25_000)),
		"cdf":        `<CHANNEL>` + strings.Repeat(`<ITEM HREF="x"><TITLE>y</TITLE></ITEM>`, 50_000) + `</CHANNEL>`,
		"cdf bare":   `<CHANNEL>` + strings.Repeat(`<x/>`, 190_000) + `</CHANNEL>`,
		"entities":   itemDoc("<title>" + strings.Repeat("&amp;amp;", 200_000) + "</title>"),
		"bare attrs": `<rss version="2.0"><channel><item ` + strings.Repeat(`a `, 1_000_000) + `/></channel></rss>`,
		"salvage":    `<rss version="2.0" x="` + strings.Repeat("y", 100_000) + `"><channel>` + strings.Repeat(`<item><a:&></item>`, 2000) + `</channel></rss>`,
		"salvage 2":  `<rss version="2.0"><channel>` + strings.Repeat(`<item><a:&></item>`, 2000) + strings.Repeat("<b c=d>", 20_000) + `</channel></rss>`,
		"images":     itemDoc("<description>" + strings.Repeat(`&lt;img src="http://e.org/i.png"&gt;`, 10<<20/39) + "</description>"),
		"images 2":   itemDoc("<description><![CDATA[" + strings.Repeat("<img>", 2<<20) + "]]></description>"),
		"images 3":   rssWith(strings.Repeat("<item><description>"+strings.Repeat("&lt;img src=x&gt;", 600)+"</description></item>", 1950)),
		"20 MB of <": strings.Repeat("<", 20<<20),
		"< in CDATA": itemDoc("<description><![CDATA[" + strings.Repeat("<", 19<<20) + "]]></description>"),
		"< in title": itemDoc("<title>" + strings.Repeat("<", 10<<20) + "</title>"),
		"bangs":      itemDoc("<description><![CDATA[" + strings.Repeat("<!'", 5<<20) + "]]></description>"),
		"one text":   itemDoc("<description>" + strings.Repeat("a b ", 19<<18) + "</description>"),
		"head":       rssDoc("<description>" + strings.Repeat("a b ", 19<<18) + "</description>"),
		"entities 2": itemDoc("<description>" + strings.Repeat("&eacute;&amp;lt;", 1<<20) + "</description>"),
		"tags 2":     itemDoc("<description><![CDATA[" + strings.Repeat("<foo a=b>", 2<<20) + "]]></description>"),
		"deep HTML":  itemDoc("<description><![CDATA[" + strings.Repeat("<div>", 2<<20) + "]]></description>"),
		"items 2":    rssDoc(strings.Repeat("<item><title>a</title></item>", 100_000)),
		"attrs 1e6":  `<rss version="2.0"><channel><item ` + strings.Repeat(`a="b" `, 1_000_000) + `/></channel></rss>`,
		"names":      itemDoc("<author>" + strings.Repeat("a@b.c ", 1<<20) + "</author>"),
		"JSON items": `{"version":"https://jsonfeed.org/version/1.1","items":[` + strings.Repeat(`{},`, 3<<20) + `{"id":"z"}]}`,
		"JSON tags":  `{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"z","tags":[` + strings.Repeat(`"",`, 3<<20) + `"x"]}]}`,
		"JSON keys":  `{"version":"https://jsonfeed.org/version/1.1",` + strings.Repeat(`"a":1,`, 1<<20) + `"items":[]}`,
		"prefix":     `<x:rss xmlns:x="http://purl.org/rss/1.0/" xmlns="urn:y"><x:channel><x:item>` + strings.Repeat("<a/>", 2<<20),
		"johab":      `<?xml version="1.0" encoding="johab"?>` + itemDoc("<title>"+strings.Repeat("\xd9\x31", 2<<20)+"</title>"),
		"utf-7":      `<?xml version="1.0" encoding="utf-7"?>` + itemDoc("<title>\x80"+strings.Repeat("+AOk-", 1<<20)+"</title>"),
		"twice":      itemDoc("<title>" + strings.Repeat("Ã© ", 1<<20) + "</title>"),
		"contents":   `<feed xmlns="http://www.w3.org/2005/Atom"><entry>` + strings.Repeat("<content>a</content>", 9<<10) + strings.Repeat(" ", 5<<20),
		"unquoted":   `<rss version="2.0"><channel>` + strings.Repeat(`<item><a href=http://e.org/>x</a></item>`, 2000) + `</channel></rss>`,
	} {
		in := Input{Body: []byte(doc)}
		t.Run(name, func(t *testing.T) { bounded(t, len(doc), func() { _, _ = Feed(in) }) }) // either way
		t.Run(name+", inspected", func(t *testing.T) { bounded(t, len(doc), func() { Inspect(in) }) })
	}
}

// bounded fails if reading a document allocates more than 20 times its size and
// 32 MB, or takes more than a second of the processor, and one for each MB.
func bounded(t *testing.T, size int, read func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := cpuTime(t)
	read()
	took := cpuTime(t) - start
	runtime.ReadMemStats(&after)
	got, most := after.TotalAlloc-before.TotalAlloc, uint64(20*size+32<<20)
	t.Logf("%d KB: %v, %d MB allocated", size>>10, took, got>>20)
	if got > most {
		t.Errorf("allocated %d MB, want at most %d", got>>20, most>>20)
	}
	if limit := time.Second + time.Duration(size>>20)*time.Second; took > limit {
		t.Errorf("took %v, want at most %v", took, limit)
	}
}

// cpuTime returns what this process used of the processors: on a busy machine
// the clock says nothing.
func cpuTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
