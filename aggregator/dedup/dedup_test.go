package dedup

import (
	"strings"
	"testing"
	"time"

	"topicwire/aggregator"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func story(feed aggregator.FeedID, url, title, text string, hours int) *aggregator.StoryItem {
	si := &aggregator.StoryItem{}
	si.Feed, si.URL, si.CanonicalURL, si.Title, si.Summary = feed, url, CanonicalURL(url), title, text
	si.Published = noon.Add(time.Duration(hours) * time.Hour)
	si.FirstSeen = si.Published
	return si
}

const (
	bridge = "The harbour bridge in Lindholm opened to traffic on Monday after months of repairs that cost the town millions. Engineers replaced steel plates and the whole of the western pier."
	oak    = "A storm on Saturday night brought down an oak that had stood in the royal gardens for centuries. Gardeners found the trunk across the main path in the morning."
	money  = "The bank gave the money market 120 mln stg of assistance in the afternoon session, buying bills outright in band one at 10 and in band two at 9 pct. This brings help so far today to 155 mln stg, against a shortage of 300 mln stg."
)

func TestLink(t *testing.T) {
	other := strings.NewReplacer("120", "40", "10", "11", "9", "8", "155", "95", "300", "250").Replace(money)
	tests := []struct {
		name string
		a, b *aggregator.StoryItem
		want aggregator.LinkReason // empty: not linked
	}{
		{"same address", story(1, "https://a.example/1?utm_source=x", "One title here", bridge, 0), story(2, "http://www.a.example/1/", "Another title there", oak, 2), aggregator.LinkURL},
		{"front pages are no address", story(1, "https://a.example/", "One title here", bridge, 0), story(2, "https://a.example/", "Another title there", oak, 2), ""},
		{"one feed reuses an address", story(1, "https://a.example/log#1", "One title here", bridge, 0), story(1, "https://a.example/log#2", "Another title there", oak, 2), ""},
		{"one feed corrects a title", story(1, "https://a.example/1", "One title here", bridge, 0), story(1, "https://a.example/1", "One better title here", bridge, 2), aggregator.LinkURL},
		{"same title", story(1, "https://a.example/1", "Harbour bridge reopens after repairs", "", 0), story(2, "https://b.example/2", "Harbour Bridge re\u00adopens after repairs | B News", "", 20), aggregator.LinkTitle},
		{"same title, a week apart", story(1, "https://a.example/1", "Harbour bridge reopens after repairs", "", 0), story(2, "https://b.example/2", "Harbour bridge reopens after repairs", "", 170), ""},
		{"a column's title", story(1, "https://a.example/1", "What we are reading today", bridge, 0), story(1, "https://a.example/2", "What we are reading today", oak, 24), ""},
		{"short titles say little", story(1, "https://a.example/1", "Morning briefing", bridge, 0), story(2, "https://b.example/2", "Morning briefing", oak, 1), ""},
		{"same text", story(1, "https://a.example/1", "Bridge is open", bridge, 0), story(2, "https://b.example/2", "Traffic at last in Lindholm", "LINDHOLM – "+bridge+" (Agency)", 30), aggregator.LinkText},
		{"same text, a month apart", story(1, "https://a.example/1", "Bridge is open", bridge, 0), story(2, "https://b.example/2", "Traffic at last in Lindholm", bridge, 800), ""},
		{"a bulletin's numbers differ", story(1, "https://a.example/1", "UK money market given 120 mln", money, 0), story(1, "https://a.example/2", "UK money market given 40 mln", other, 3), ""},
		{"different reports", story(1, "https://a.example/1", "Bridge is open", bridge, 0), story(2, "https://b.example/2", "Oak is down", oak, 0), ""},
		{"nothing to go by", story(1, "", "", "", 0), story(2, "", "", "", 0), ""},
	}
	for _, tc := range tests {
		for _, p := range [][2]*aggregator.StoryItem{{tc.a, tc.b}, {tc.b, tc.a}} {
			l, ok := Link(p[0], p[1])
			if ok != (tc.want != "") || l.Reason != tc.want {
				t.Errorf("%s: Link = %+v, %v, want %q", tc.name, l, ok, tc.want)
			}
		}
	}
}

func TestTitleKeyIgnoresTheOutlet(t *testing.T) {
	base, _ := titleKey(story(1, "", "Harbour bridge reopens after repairs", "", 0))
	for _, title := range []string{
		"Harbour bridge reopens after repairs | Kompas.com", "HARBOUR BRIDGE REOPENS AFTER REPAIRS",
		"“Harbour bridge” reopens – after repairs", "Harbour bridge reopens after repairs - Tidende", "Harbour bridge reopens after repairs | World | Tidende",
	} {
		si := story(1, "https://tidende.example/1", title, "", 0)
		si.Outlet = "Tidende"
		if h, _ := titleKey(si); h != base {
			t.Errorf("%q has a key of its own", title)
		}
	}
	for _, title := range []string{"Harbour bridge reopens after repairs - mayor", "Harbour bridge reopens after repairs | Part 2"} {
		if h, _ := titleKey(story(1, "", title, "", 0)); h == base {
			t.Errorf("%q lost its end", title)
		}
	}
}

func TestKeysAreStable(t *testing.T) {
	// They are kept in databases: another value here calls for a migration.
	keys := Keys(story(1, "https://a.example/1", "Harbour bridge reopens", bridge, 0))
	if len(keys) < 2+kept.whole || len(keys) > 2+kept.lead+kept.whole {
		t.Fatalf("%d keys", len(keys))
	}
	var sum int64
	for _, k := range keys {
		sum ^= k.Hash
	}
	if want := int64(-3876653297266660255); sum != want {
		t.Errorf("keys of the sample xor to %d, want %d", sum, want)
	}
}

func BenchmarkKeys(b *testing.B) {
	for name, text := range map[string]string{
		"en": strings.Repeat(bridge+" "+oak+" ", 7)[:2048],
		"ru": strings.Repeat("Мост через гавань открыли для движения в понедельник после ремонта, который обошёлся городу в миллионы. ", 11),
		"zh": strings.Repeat("港口大桥在经过二十六个月的维修之后于星期一重新开放通行，工程师更换了一千二百块钢板。", 20)[:2046],
	} {
		si := story(1, "https://a.example/1", "Harbour bridge reopens after two years of repairs", text, 0)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Keys(si)
			}
		})
	}
}

func BenchmarkLink(b *testing.B) {
	text := strings.Repeat(bridge+" "+oak+" ", 7)[:2048]
	x, y := story(1, "https://a.example/1", "Harbour bridge reopens", text, 0), story(2, "https://b.example/1", "Traffic at last in Lindholm", text+bridge, 0)
	b.ReportAllocs()
	for b.Loop() {
		Link(x, y)
	}
}
