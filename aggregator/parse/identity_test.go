package parse

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// poller polls documents as the pipeline does: what it remembers of a poll
// are the hashes of the one before.
type poller struct{ saved []uint64 }

func (p *poller) poll(t *testing.T, body string) *Result {
	t.Helper()
	saved := p.saved
	res := mustFeed(t, Input{Body: []byte(body), URL: "https://example.org/feed", Now: testNow, Saved: saved,
		Known: func(h uint64) bool { return slices.Contains(saved, h) }})
	p.saved = res.BlockHashes
	return res
}

func guids(res *Result) []string {
	var gs []string
	for _, it := range res.Items {
		gs = append(gs, it.GUID)
	}
	return gs
}

func rssItem(guid, link, title string) string {
	s := "<item><title>" + title + "</title>"
	if guid != "" {
		s += `<guid isPermaLink="false">` + guid + "</guid>"
	}
	if link != "" {
		s += "<link>" + link + "</link>"
	}
	return s + "</item>\n"
}

// TestSharedGUIDs polls feeds whose items share a guid: each item keeps the
// GUID it had first, whatever becomes of the others.
func TestSharedGUIDs(t *testing.T) {
	a, b := rssItem("g", "https://e.org/a", "A"), rssItem("g", "https://e.org/b", "B")
	a2, b2 := rssItem("g", "https://e.org/a", "A, edited"), rssItem("g", "https://e.org/b", "B, edited")
	other := rssItem("h", "https://e.org/h", "H")
	const ga, gb = "g\nhttps://e.org/a", "g\nhttps://e.org/b"
	for name, polls := range map[string][]struct {
		items string
		want  []string
	}{
		"together":                     {{a + b, []string{ga, gb}}},
		"one edited":                   {{a + b, []string{ga, gb}}, {a + b2, []string{gb}}, {a2 + b2, []string{ga}}},
		"one leaves":                   {{a + b, []string{ga, gb}}, {b + other, []string{"h"}}, {b2 + other, []string{gb}}},
		"both leave, one returns":      {{a + b, []string{ga, gb}}, {other, []string{"h"}}, {b2, []string{gb}}},
		"the second comes later":       {{a, []string{"g"}}, {a + b, []string{gb}}, {a2 + b, []string{"g"}}, {b2, []string{gb}}},
		"the first edited as it comes": {{a, []string{"g"}}, {a2 + b, []string{"g", gb}}},
		"link changes":                 {{a, []string{"g"}}, {rssItem("g", "https://e.org/new", "A"), []string{"g"}}},
		"same link otherwise written":  {{a + rssItem("g", "http://E.org:80/a?utm_source=rss", "A"), []string{"g"}}},
		"guid is one's own link":       {{rssItem("https://e.org/a", "https://e.org/a", "A") + rssItem("https://e.org/a", "https://e.org/b", "B"), []string{"https://e.org/a", "https://e.org/a\nhttps://e.org/b"}}},
	} {
		t.Run(name, func(t *testing.T) {
			var p poller
			for i, poll := range polls {
				if got := guids(p.poll(t, rssWith(poll.items))); !slices.Equal(got, poll.want) {
					t.Errorf("poll %d: GUIDs %q, want %q", i, got, poll.want)
				}
			}
		})
	}
}

// TestAllGUIDsEqual has feeds whose guids say nothing (BEHAVIOUR F-63).
func TestAllGUIDsEqual(t *testing.T) {
	for name, item := range map[string]func(n int) string{
		"links":            func(n int) string { return rssItem("x", fmt.Sprint("https://e.org/", n), fmt.Sprint(n)) },
		"no links":         func(n int) string { return rssItem("x", "", fmt.Sprint(n)) },
		"equal links":      func(n int) string { return rssItem("x", "https://e.org/", fmt.Sprint(n)) },
		"only equal links": func(n int) string { return rssItem("", "https://e.org/", fmt.Sprint(n)) },
		"permalinks":       func(n int) string { return rssItem("https://e.org/", "https://e.org/", fmt.Sprint(n)) },
	} {
		t.Run(name, func(t *testing.T) {
			var p poller
			first := guids(p.poll(t, rssWith(item(1)+item(2)+item(3)+item(4))))
			slices.Sort(first)
			if first = slices.Compact(first); len(first) != 4 {
				t.Fatalf("GUIDs %q, want four", first)
			}
			p.saved = slices.DeleteFunc(p.saved, func(h uint64) bool { return h>>40 != markTag }) // as if all had been edited
			again := guids(p.poll(t, rssWith(item(5)+item(2))))
			if len(again) != 2 || slices.Contains(first, again[0]) || !slices.Contains(first, again[1]) {
				t.Errorf("GUIDs %q after %q", again, first)
			}
		})
	}
}

func TestDuplicatesWithinADocument(t *testing.T) {
	atom := `<feed xmlns="http://www.w3.org/2005/Atom">` + strings.Repeat(`<entry><id>1</id><link href="https://e.org/a"/><title>a</title></entry>`, 2) +
		`<entry><source><id>1</id></source><id>2</id><link rel="self" href="https://e.org/x"/><link href="https://e.org/b"/></entry><entry><id>1</id><link href="https://e.org/c"/></entry></feed>`
	var p poller
	if got, want := guids(p.poll(t, atom)), []string{"1\nhttps://e.org/a", "2", "1\nhttps://e.org/c"}; !slices.Equal(got, want) {
		t.Errorf("Atom: GUIDs %q, want %q", got, want)
	}
	js := `{"version":"https://jsonfeed.org/version/1.1","items":[{"id":1,"url":"https://e.org/a"},{"id":"1","url":"https://e.org/b"},{"id":"2"}]}`
	p = poller{}
	if got, want := guids(p.poll(t, js)), []string{"1\nhttps://e.org/a", "1\nhttps://e.org/b", "2"}; !slices.Equal(got, want) {
		t.Errorf("JSON: GUIDs %q, want %q", got, want)
	}
}

// TestIdentityIsForEver polls random windows of random feeds, in which items
// share guids and are edited: each item has one GUID for ever.
func TestIdentityIsForEver(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 1))
		type item struct{ guid, link string }
		items := make([]item, 3+r.IntN(20))
		for i := range items {
			items[i] = item{fmt.Sprintf("g%d", r.IntN(len(items))), fmt.Sprintf("https://e.org/%d", i)}
			switch r.IntN(6) {
			case 0:
				items[i].guid = items[i].link
			case 1:
				items[i].guid = ""
			}
		}
		had := map[string]string{} // by link
		var p poller
		for range 12 {
			from := r.IntN(len(items))
			var body strings.Builder
			for i := from; i < min(len(items), from+1+r.IntN(10)); i++ {
				title := fmt.Sprint("t", r.IntN(3))
				body.WriteString(rssItem(items[i].guid, items[i].link, title))
			}
			for _, it := range p.poll(t, rssWith(body.String())).Items {
				if old, ok := had[it.URL]; ok && old != it.GUID {
					t.Fatalf("seed %d: %s had GUID %q, now %q", seed, it.URL, old, it.GUID)
				}
				had[it.URL] = it.GUID
			}
		}
	}
}
