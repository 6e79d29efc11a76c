package pipeline

import (
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/parse"
)

// Among the hashes by which a document's items are known again are those of
// their links. A document whose items are new, but whose links are not, may
// be one whose GUIDs are made up anew (BEHAVIOUR F-63); the store looks
// closer then.
const (
	linkTag      = 0x54574c // first 24 bits of a link's hash
	minLinks     = 200
	maxLinks     = 2000
	fewFamiliar  = 3
	maxRemember  = 6000 // hashes kept of a feed whose answers are parts
	linksPerItem = 3
)

// linkMarks returns what is to be remembered of links, and tells if most of
// the items read have links of earlier documents.
func linkMarks(doc *parse.Result, known []uint64) (marks []uint64, familiar bool) {
	earlier, have := make(map[uint64]bool), make(map[uint64]bool)
	for _, h := range known {
		earlier[h] = h>>40 == linkTag
	}
	old := 0
	for i := range doc.Items {
		link := doc.Items[i].CanonicalURL
		if link == "" {
			continue
		}
		h := linkMark(link)
		if earlier[h] {
			old++
		}
		if !have[h] {
			have[h] = true
			marks = append(marks, h)
		}
	}
	limit := max(minLinks, min(linksPerItem*doc.Total, maxLinks))
	for _, h := range known {
		if len(marks) >= limit {
			break
		}
		if earlier[h] && !have[h] {
			have[h] = true
			marks = append(marks, h)
		}
	}
	return marks, old >= fewFamiliar && 2*old >= len(doc.Items)
}

func linkMark(canonical string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(canonical)) // never fails
	return linkTag<<40 | h.Sum64()>>24
}

// oneGUID tells if a document gives all its items the same GUID, and each a
// link of its own: parse adds what tells them apart in a second line.
func oneGUID(doc *parse.Result) bool {
	if len(doc.Items) < fewFamiliar || len(doc.Items) != doc.Total {
		return false
	}
	links := make(map[string]bool, len(doc.Items))
	first, _, _ := strings.Cut(doc.Items[0].GUID, "\n")
	for i := range doc.Items {
		guid, rest, two := strings.Cut(doc.Items[i].GUID, "\n")
		if link := doc.Items[i].CanonicalURL; !two || rest == "" || guid != first || link == "" || links[link] {
			return false
		}
		links[doc.Items[i].CanonicalURL] = true
	}
	return true
}

// withKnown adds what was known to what a part of a document holds.
func withKnown(blocks, known []uint64) []uint64 {
	have := make(map[uint64]bool, len(blocks))
	for _, h := range blocks {
		have[h] = true
	}
	for _, h := range known {
		if len(blocks) >= maxRemember {
			break
		}
		if !have[h] {
			have[h] = true
			blocks = append(blocks, h)
		}
	}
	return blocks
}

// anyKnown tells if an item of a document was in the one before.
func anyKnown(blocks, known []uint64) bool {
	have := make(map[uint64]bool, len(known))
	for _, h := range known {
		have[h] = !parse.Mark(h) && h>>40 != linkTag
	}
	return slices.ContainsFunc(blocks, func(h uint64) bool { return have[h] })
}

// sharedBefore returns the time before which the feed should have had an item
// of the document, for a redirect to be believed; zero: there is nothing to
// decide (BEHAVIOUR F-50).
func sharedBefore(f *aggregator.Feed, r *aggregator.PollReport) time.Time {
	switch {
	case !r.Fetch.PermanentMove || f.MovedKnown || r.Outcome != aggregator.PollRead:
		return time.Time{}
	case f.AwaySince.IsZero():
		return r.At.Add(time.Second)
	}
	return f.AwaySince.Add(-aggregator.OrderSpan)
}
