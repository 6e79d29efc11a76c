package dedup

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"topicwire/aggregator"
)

// edited is an article in one language after one controlled edit; e0 is the
// original. The same doc and language is the same story.
type edited struct {
	ID, Title, Summary, Text, Language, URL, Doc, Edit string
	Published                                          time.Time
}

func (e *edited) item(t testing.TB) *aggregator.StoryItem {
	t.Helper()
	si := &aggregator.StoryItem{}
	si.Title, si.Summary, si.Language = e.Title, e.Text, e.Language
	si.URL, si.CanonicalURL = e.URL, CanonicalURL(e.URL)
	si.Published, si.FirstSeen = e.Published, e.Published
	return si
}

// corpus returns the edits that stand beside the checkout, else our own.
func corpus(t testing.TB) (items []edited, large bool) {
	t.Helper()
	if f, err := os.Open(filepath.Join("..", "..", "..", "shared", "data", "parallel", "stories-edits.jsonl.gz")); err == nil {
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		return sample(readEdits(t, z)), true
	}
	return ownCorpus(t), false
}

var whole = flag.Bool("whole", false, "measure on all articles, not every eighth")

// sample keeps every eighth article, in all languages and versions.
func sample(items []edited) []edited {
	if *whole {
		return items
	}
	number := map[string]int{}
	return slices.DeleteFunc(items, func(e edited) bool {
		if _, ok := number[e.Doc]; !ok {
			number[e.Doc] = len(number)
		}
		return number[e.Doc]%8 != 1
	})
}

func ownCorpus(t testing.TB) []edited {
	t.Helper()
	f, err := os.Open("testdata/edits.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return readEdits(t, f)
}

func readEdits(t testing.TB, r io.Reader) (items []edited) {
	t.Helper()
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		var e edited
		if err := json.Unmarshal(sc.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		items = append(items, e)
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return items
}

// recall is the share of edits that Link joins to their originals, and that
// anchors alone make a candidate.
type recall struct{ n, linked, found int }

func measure(t testing.TB, items []edited, n anchors) map[string]*recall {
	t.Helper()
	originals := map[string]*edited{}
	for i := range items {
		if items[i].Edit == "e0" {
			originals[items[i].Language+items[i].Doc] = &items[i]
		}
	}
	out := map[string]*recall{}
	for i := range items {
		e := &items[i]
		if e.Edit == "e0" {
			continue
		}
		r := out[e.Edit]
		if r == nil {
			r = &recall{}
			out[e.Edit] = r
		}
		r.n++
		a, b := e.item(t), originals[e.Language+e.Doc].item(t)
		if n == kept {
			if _, ok := Link(a, b); ok {
				r.linked++
			}
		}
		if shared(appendAnchors(nil, a.Text(), n), appendAnchors(nil, b.Text(), n)) >= 2 {
			r.found++
		}
	}
	return out
}

func shared(a, b []aggregator.StoryKey) (n int) {
	has := map[int64]bool{}
	for _, k := range a {
		has[k.Hash] = true
	}
	for _, k := range b {
		if has[k.Hash] {
			n++
		}
	}
	return n
}

var editNames = []string{"e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8"}

// oneRun spares the race detector what one goroutine measures.
func oneRun(t *testing.T) {
	t.Helper()
	if raceEnabled {
		t.Skip("measures: the run without the race detector does it")
	}
}

// TestRecall holds the ladder and its index to what they reach on controlled
// edits of articles in many languages.
func TestRecall(t *testing.T) {
	oneRun(t)
	items, large := corpus(t)
	for _, n := range []anchors{{4, 4}, {5, 5}, {4, 8}, {8, 8}} {
		var line strings.Builder
		got := measure(t, items, n)
		for _, e := range editNames {
			if r := got[e]; r != nil {
				fmt.Fprintf(&line, " %s %.1f", e, 100*float64(r.found)/float64(r.n))
			}
		}
		t.Logf("candidates by two of %d+%d anchors:%s", n.lead, n.whole, line.String())
	}
	floor := map[string]float64{"e1": 1, "e2": 1, "e3": 1, "e4": 1, "e5": 1, "e6": 1, "e7": 0.99, "e8": 0.97}
	got := measure(t, items, kept)
	for _, e := range editNames {
		r := got[e]
		if r == nil {
			continue
		}
		linked, found := float64(r.linked)/float64(r.n), float64(r.found)/float64(r.n)
		t.Logf("%s: linked %.2f %%, candidates by anchors %.2f %% of %d", e, 100*linked, 100*found, r.n)
		if large && (linked < floor[e] || found < 0.97) || !large && (linked < 1 || found < 1) {
			t.Errorf("%s: linked %d, found %d of %d", e, r.linked, r.found, r.n)
		}
	}
}

// TestFalsePairs links every two originals, and every edit in one language
// with every original of another article.
func TestFalsePairs(t *testing.T) {
	oneRun(t)
	items, _ := corpus(t)
	pairs, wrong, candidates := 0, 0, 0
	byLanguage := map[string][]*edited{}
	for i := range items {
		if items[i].Edit == "e0" {
			byLanguage[items[i].Language] = append(byLanguage[items[i].Language], &items[i])
		}
	}
	for _, list := range byLanguage {
		sis, keys := make([]*aggregator.StoryItem, len(list)), make([][]aggregator.StoryKey, len(list))
		for i, e := range list {
			sis[i] = e.item(t)
			keys[i] = Keys(sis[i])
		}
		for i := range sis {
			for j := range i {
				pairs++
				if shared(keys[i], keys[j]) >= 2 {
					candidates++
				}
				if l, ok := Link(sis[i], sis[j]); ok {
					wrong++
					t.Logf("false: %s and %s: %+v", list[i].ID, list[j].ID, l)
				}
			}
		}
	}
	t.Logf("%d false links, %d candidates among %d pairs of different articles", wrong, candidates, pairs)
	if wrong > 0 {
		t.Errorf("%d false links among %d pairs, want none", wrong, pairs)
	}
}

// TestGrouperOverEdits files all versions one after another, as a store would.
func TestGrouperOverEdits(t *testing.T) {
	oneRun(t)
	items, _ := corpus(t)
	var g Grouper
	story, articles := map[string]int{}, map[int]string{}
	split, wrong := 0, 0
	for i := range items {
		e := &items[i]
		key := e.Language + "/" + e.Doc
		n := g.Add(e.item(t))
		if had, ok := story[key]; !ok {
			story[key] = n
		} else if had != n {
			split++
		}
		if was, ok := articles[n]; !ok {
			articles[n] = key
		} else if was != key {
			wrong++
		}
	}
	t.Logf("%d items: %d not with the rest of their story, %d with another's", len(items), split, wrong)
	if wrong > 0 || split > len(items)/100 {
		t.Errorf("%d of %d items split off, %d folded wrongly", split, len(items), wrong)
	}
}
