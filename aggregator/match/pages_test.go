package match

import (
	"os"
	"slices"
	"strings"
	"testing"

	"topicwire/aggregator"
)

// TestPages measures country topics on real pages with labels: what is named
// in passing, and traps, must stay out.
func TestPages(t *testing.T) {
	const dir = "../../../shared/data/"
	if _, err := os.Stat(dir + "topics/labels.jsonl"); err != nil {
		t.Skip("no shared/data/topics beside the checkout")
	}
	type page struct{ File, Title, Language, Body string }
	pages := map[string]page{}
	for _, p := range lines[page](t, dir+"newsroom/gold.jsonl") {
		pages[p.File] = p
	}
	type label struct {
		File             string
		Topics, Doubtful []string
	}
	queries := map[string]*Query{}
	for slug, query := range map[string]string{
		"russia-ukraine": "country:ru country:ua", "israel-gaza": "country:il country:ps", "us-china": "country:us country:cn",
		"us-venezuela": "country:us country:ve", "us-russia": "country:us country:ru", "russia-india": "country:ru country:in",
		"india-pakistan": "country:in country:pk", "iran": "country:ir", "south-korea": "country:kr",
	} {
		queries[slug] = compiled(t, query)
	}
	scores := map[string]*score{}
	var all score
	for _, l := range lines[label](t, dir+"topics/labels.jsonl") {
		p, ok := pages[l.File]
		if !ok {
			continue
		}
		d := &Document{Title: p.Title, Body: p.Body, Language: p.Language, BodyKnown: true}
		for slug, q := range queries {
			if slices.Contains(l.Doubtful, slug) {
				continue
			}
			if scores[slug] == nil {
				scores[slug] = &score{}
			}
			var found, gold []string
			if q.Evaluate(d, 1).Truth == aggregator.True {
				found = []string{slug}
			}
			if slices.Contains(l.Topics, slug) {
				gold = []string{slug}
			}
			scores[slug].add(found, gold)
			all.add(found, gold)
			if len(found) > len(gold) {
				t.Logf("wrong %s %s (%s) %s", slug, l.File, p.Language, strings.TrimSpace(p.Title))
			}
		}
	}
	for slug, s := range scores {
		t.Logf("%-16s %v", slug, s)
	}
	t.Logf("all: %v", all)
	if all.p() < floorPagesP || all.r() < floorPagesR {
		t.Errorf("pages: %v, want P ≥ %d R ≥ %d", all, floorPagesP, floorPagesR)
	}
}

// Floors are what was measured, a little less.
const (
	floorPagesP = 58
	floorPagesR = 85
)
