// Package dedup says when two items carry the same report.
//
// In go items as fed, with their article if it was read. Out come [Keys], by
// which a store finds candidates, and [Link], which decides about a pair of
// them and says why. The ladder is: same canonical URL, of the links or as the
// pages name it; same title, without
// the outlet's name, within three days; nearly all of the shorter text in the
// longer one, with numbers that agree.
//
// Everything is pure, safe for goroutines, independent of language and of the
// order of its arguments up to the direction of the link. Keys and canonical
// URLs are kept in databases: changing what they are computed from calls for
// rebuilding them.
//
// It leaves the search for candidates to the store, the GUID within a feed to
// whoever saves items, and translations to nobody yet.
package dedup

import (
	"math"
	"slices"
	"strings"
	"time"

	"topicwire/aggregator"
)

const (
	// Window is how far apart the dates of two items of a story may be when
	// they are joined by their text.
	Window = 14 * 24 * time.Hour
	// titleWindow is the same for titles: over a year most equal titles are
	// columns and templates, within three days they are copies.
	titleWindow = 3 * 24 * time.Hour

	// containment is the share of the shorter text's shingles that the longer
	// one must have.
	containment = 0.85
	// rewritten is the share that does for a copy with another lead.
	rewritten = 0.70
	// minShared is how many shingles must be shared: less is a phrase, not a
	// report.
	minShared = 12
)

// Link decides whether a carries the same report as b, and returns why. The
// link's To is b.
func Link(a, b *aggregator.StoryItem) (aggregator.Link, bool) {
	apart := a.Date().Sub(b.Date()).Abs()
	if apart > Window {
		return aggregator.Link{}, false
	}
	p := pair{a: a, b: b}
	if sameURL(a, b) && !p.reusedAddress() {
		return aggregator.Link{Reason: aggregator.LinkURL, Strength: 1, To: b.ID}, true
	}
	if namedURL(a, b) && !p.otherReport() {
		return aggregator.Link{Reason: aggregator.LinkURL, Strength: 0.98, To: b.ID}, true
	}
	if apart <= titleWindow && p.sameTitle() {
		return aggregator.Link{Reason: aggregator.LinkTitle, Strength: 0.95, To: b.ID}, true
	}
	if c := p.compare(); c.same() {
		return aggregator.Link{Reason: aggregator.LinkText, Strength: math.Round(c.share*1000) / 1000, To: b.ID}, true
	}
	return aggregator.Link{}, false
}

// pair is two items under comparison. It reads their texts once, if at all.
type pair struct {
	a, b *aggregator.StoryItem
	c    *comparison
}

type comparison struct {
	small, shared int     // distinct shingles of the shorter text, and how many of them the longer has
	share         float64 // shared/small
	numbersAgree  bool    // as far as a corrected copy goes
	numbersEqual  bool    // all but a tenth of the shorter text's numbers are in the longer
}

// same tells whether the texts are one report: nearly all of the shorter one
// is in the longer, or most of it is, at length, and its numbers are too.
func (c *comparison) same() bool {
	return c.share >= containment && c.shared >= minShared && c.numbersAgree ||
		c.share >= rewritten && c.shared >= 3*minShared && c.numbersEqual
}

func (p *pair) compare() comparison {
	if p.c == nil {
		c := compareTexts(p.a.Text(), p.b.Text())
		p.c = &c
	}
	return *p.c
}

func sameURL(a, b *aggregator.StoryItem) bool {
	return a.CanonicalURL != "" && a.CanonicalURL == b.CanonicalURL && !isHome(a.CanonicalURL)
}

// namedURL tells whether one item's page names the other's address as its
// own, or both name the same (BEHAVIOUR S-10).
func namedURL(a, b *aggregator.StoryItem) bool {
	pa, pb := pageURL(a), pageURL(b)
	return pa != "" && (pa == b.CanonicalURL || pa == pb) || pb != "" && pb == a.CanonicalURL
}

// pageURL returns the canonical form of the address that an item's page names
// as its own; empty if that says no more than its link, or if no article was
// read there: walls and empty pages name addresses that are not the article's.
func pageURL(si *aggregator.StoryItem) string {
	a := si.Article
	if a == nil || a.Status != aggregator.ArticleRead || a.CanonicalURL == "" {
		return ""
	}
	u := CanonicalURL(a.CanonicalURL)
	if u == si.CanonicalURL || isHome(u) {
		return ""
	}
	return u
}

func sameFeed(a, b *aggregator.StoryItem) bool {
	return a.Feed == b.Feed && a.FeedURL == b.FeedURL && (a.Feed != 0 || a.FeedURL != "")
}

// reusedAddress tells whether one feed puts different reports under one
// address, as change logs and live pages do.
func (p *pair) reusedAddress() bool {
	return sameFeed(p.a, p.b) && p.otherReport()
}

// otherReport tells whether titles and texts both say that the reports differ.
// A page may name an address that others stand under, too: its section's, or
// its live blog's.
func (p *pair) otherReport() bool {
	if titleHash(p.a) == titleHash(p.b) {
		return false
	}
	c := p.compare()
	return c.small >= minShared && c.share < 0.3
}

// sameTitle tells whether the titles are equal and mean the same report.
func (p *pair) sameTitle() bool {
	ha, na := titleKey(p.a)
	hb, _ := titleKey(p.b)
	if ha == 0 || ha != hb {
		return false
	}
	c := p.compare()
	if c.small < minShared {
		// One of them has no text to speak of. Within one feed, the same
		// title again is a column.
		return !sameFeed(p.a, p.b) || p.a.Date().Sub(p.b.Date()).Abs() < 12*time.Hour
	}
	switch {
	case sameFeed(p.a, p.b):
		return c.share >= 0.5
	case otherLanguage(p.a.Language, p.b.Language): // "Dundee Stars 5-3 Belfast Giants" is a title in all
		return c.share >= 0.3
	case na < 4:
		return c.share >= 0.3
	case c.small >= 4*minShared:
		return c.share >= 0.1 || c.numbersAgree
	}
	return true
}

// otherLanguage tells whether two languages are known to differ.
func otherLanguage(a, b string) bool {
	a, _, _ = strings.Cut(a, "-")
	b, _, _ = strings.Cut(b, "-")
	return a != b && a != "" && b != "" && a != "und" && b != "und"
}

// compareTexts measures how much of the shorter text is in the longer one.
func compareTexts(a, b string) comparison {
	ta, tb := tokenise(a), tokenise(b)
	defer ta.release()
	defer tb.release()
	sa, sb := shingleSet(ta.hashes), shingleSet(tb.hashes)
	if len(sa) > len(sb) {
		sa, sb, ta, tb = sb, sa, tb, ta
	}
	c := comparison{small: len(sa), shared: common(sa, sb)}
	if c.small > 0 {
		c.share = float64(c.shared) / float64(c.small)
	}
	na, nb := set(ta.numbers), set(tb.numbers)
	missing := len(na) - common(na, nb)
	c.numbersAgree = numbersAgree(len(na), missing, len(ta.hashes))
	c.numbersEqual = missing*10 <= len(na)
	return c
}

// numbersAgree tells whether the numbers of the shorter text are in the longer
// one. What differs from bulletin to bulletin of a template is its numbers,
// and there they are a large part of the text; a corrected figure in a long
// report is one among many words.
func numbersAgree(all, missing, words int) bool {
	return missing*5 <= all*2 || missing*80 <= words
}

// set sorts h and drops repeats, in place.
func set(h []uint64) []uint64 {
	slices.Sort(h)
	return slices.Compact(h)
}

// common counts what two sorted sets share.
func common(a, b []uint64) (n int) {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			n, i, j = n+1, i+1, j+1
		}
	}
	return n
}
