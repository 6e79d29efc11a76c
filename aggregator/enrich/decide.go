package enrich

import (
	"net/url"
	"strings"
	"unicode/utf8"

	readability "codeberg.org/readeck/go-readability/v2"
	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
)

// decide returns the article's paragraphs: the blocks that readability keeps,
// what it should not have left out, less what is furniture by our own rules.
// The tree is spent afterwards.
func decide(doc *html.Node, base *url.URL, blocks []*block, f *facts) string {
	voted := ""
	if f.nodes <= maxReader && vote(doc, base, blocks) {
		voted = finish(blocks, f)
	}
	densest(blocks)
	if dense := finish(blocks, f); len(dense) > 2*len(voted) {
		return dense
	}
	return voted
}

func finish(blocks []*block, f *facts) string {
	rescue(blocks)
	standfirst(blocks, f)
	dropLists(blocks)
	dropOthers(blocks, f)
	return join(blocks, f)
}

// vote marks the blocks of which readability keeps the most.
func vote(doc *html.Node, base *url.URL, blocks []*block) bool {
	ps := readability.NewParser()
	ps.DisableJSONLD = true
	art, err := ps.ParseAndMutate(doc, base)
	if err != nil || art.Node == nil {
		return false
	}
	have := map[string]bool{}
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			have[strings.TrimSpace(n.Data)] = true
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(art.Node)
	runes := 0
	for _, b := range blocks {
		in, all := 0, 0
		for _, s := range b.pieces {
			all += len(s)
			if have[strings.TrimSpace(s)] {
				in += len(s)
			}
		}
		if b.kept = 2*in >= all && all > 0; b.kept && !b.furniture {
			runes += b.runes
		}
	}
	return runes >= 140
}

// prose tells if a block reads like a paragraph.
func (b *block) prose() bool {
	return !b.furniture && b.linked() < 0.4 && (b.runes >= 80 || b.runes >= 30 && ended(b.text) || wide(b.text) && b.runes >= 20)
}

// wide tells if a text is written without spaces, so that fewer characters
// say as much.
func wide(s string) bool {
	return !strings.Contains(s, " ") && utf8.RuneCountInString(s)*2 < len(s)
}

// densest marks the paragraphs of the element that holds the most prose: the
// element two levels above the paragraph shares its score with the nearer.
func densest(blocks []*block) {
	score := map[*elem]float64{}
	for _, b := range blocks {
		b.kept = false
		if !b.prose() {
			continue
		}
		w := float64(b.runes) * (1 - b.linked())
		for e, share := b.in, 1.0; e != nil && share > 0.2; e, share = e.up, share*0.7 {
			score[e] += w * share
		}
	}
	var best *elem
	for _, b := range blocks { // in order of the page: the choice is the same every time
		for e, i := b.in, 0; e != nil && i < 5; e, i = e.up, i+1 {
			if score[e] > 0 && (best == nil || score[e] > score[best]) {
				best = e
			}
		}
	}
	for _, b := range blocks {
		b.kept = b.prose() && b.in.under(best)
	}
}

// rescue takes back paragraphs that readability leaves out of an article:
// between those it keeps, and in elements of the same class as theirs, into
// which an article is often cut.
func rescue(blocks []*block) {
	from, to := span(blocks)
	if from < 0 {
		return
	}
	const much = 200
	holders, alike := map[*elem]int{}, map[string]int{}
	for _, b := range blocks {
		if h := b.in.up; b.kept && b.prose() && h != nil {
			holders[h] += b.runes
			alike[h.likeness(b.in)] += b.runes
		}
	}
	for i, b := range blocks {
		h := b.in.up
		if b.kept || !b.prose() || h == nil {
			continue
		}
		switch {
		case i > from && i < to && b.tag() == "p" && holders[h] > much:
			b.kept = true
		case i > from && b.tag() == "p" && b.linked() < 0.1 && h.up != nil && h.tag == "div" && holders[h.up] > much:
			b.kept = true
		case h.class != "" && b.linked() < 0.3 && alike[h.likeness(b.in)] > much && b.item == blocks[from].item:
			b.kept = true
		}
	}
}

// likeness names the kind of place that a paragraph stands in.
func (e *elem) likeness(p *elem) string { return e.tag + "." + e.class + ">" + p.tag + "." + p.class }

// span returns the first and the last paragraph that is kept, or -1.
func span(blocks []*block) (from, to int) {
	from, to = -1, -1
	for i, b := range blocks {
		if b.kept && b.prose() {
			if from < 0 {
				from = i
			}
			to = i
		}
	}
	return from, to
}

// standfirst takes in the sentences between the headline and the article, if
// they are called so, or say what the page says of itself.
func standfirst(blocks []*block, f *facts) {
	const far = 40
	from, _ := span(blocks)
	for i := max(0, from-far); i < from; i++ {
		b := blocks[i]
		if b.kept || b.furniture || b.linked() > 0.3 || b.runes < 40 || b.tag() == "h1" {
			continue
		}
		if b.in.within(isTeaser, 4) && (ended(b.text) || b.runes > 80) || f.describes(b.text) {
			b.kept = true
		}
	}
}

// describes tells if a line is the page's own description.
func (f *facts) describes(s string) bool {
	k := letters(s)
	for _, d := range f.descriptions {
		if dk := letters(d); len(k) > 30 && len(dk) > 30 && (strings.Contains(k, dk) && len(dk)*2 > len(k) || strings.Contains(dk, k)) {
			return true
		}
	}
	return false
}

// dropLists drops lists of other headlines: four or more neighbours that each
// open with a link to another page, with all that stands between them, and
// the short heading above.
func dropLists(blocks []*block) {
	for i := 0; i < len(blocks); i++ {
		if !blocks[i].listed() || !blocks[i].opensLink() {
			continue
		}
		items, last := 1, i
		for j := i + 1; j < len(blocks) && j-last <= 3; j++ {
			b := blocks[j]
			if !b.listed() {
				last++
				continue
			}
			if b.opensLink() && (b.item != nil || blocks[i].item == nil) {
				items, last = items+1, j
			} else if !b.inList() && b.linked() < 0.2 && (b.runes > 200 || b.item != nil && b.prose() && !blocks[i].in.under(b.item)) {
				break // a paragraph, or the way into the article
			}
		}
		if items < 4 {
			continue
		}
		end := last
		for end+1 < len(blocks) && blocks[last].item != nil && blocks[last].item.tag == "li" && blocks[end+1].item == blocks[last].item {
			end++
		}
		for j := i; j <= end; j++ {
			blocks[j].kept = false
		}
		for j := i - 1; j >= 0 && j >= i-2; j-- {
			if b := blocks[j]; b.kept && b.runes <= 40 && !ended(b.text) {
				b.kept = false
				break
			}
		}
		i = end
	}
}

// dropOthers drops further articles on the page: those that have a headline of
// their own.
func dropOthers(blocks []*block, f *facts) {
	title, own := letters(f.title), false
	ours, others := map[*elem]bool{}, map[*elem]bool{}
	for _, b := range blocks {
		if b.tag() != "h1" {
			continue
		}
		if !own || letters(b.text) == title { // the first is ours, whatever it says
			own = true
			for e := b.in; e != nil; e = e.up {
				ours[e] = true
			}
		} else if b.item != nil && b.item.tag == "article" {
			others[b.item] = true
		}
	}
	if len(others) == 0 {
		return
	}
	for _, b := range blocks {
		for e := b.in; e != nil && b.kept; e = e.up {
			b.kept = !others[e] || ours[e]
		}
	}
}

// inList tells if a block is part of a list or table.
func (b *block) inList() bool { return b.item != nil && b.item.tag != "article" }

// listed tells if a block may be part of a list within the article.
func (b *block) listed() bool { return b.kept || b.item != nil && b.item.tag == "li" }

func (b *block) opensLink() bool {
	return b.href != "" && !strings.HasPrefix(b.href, "#") && b.linked() > 0.75
}

// join cleans the kept blocks and joins them.
func join(blocks []*block, f *facts) string {
	seen := map[string]int{}
	for _, b := range blocks {
		if b.runes > 10 {
			seen[b.text]++
		}
	}
	title := letters(f.title)
	var kept []*block
	for _, b := range blocks {
		if !b.kept || b.furniture || len(kept) == maxParagraphs {
			continue
		}
		if n := seen[b.text]; n < 0 || n > 1 && b.runes < 80 {
			continue // said already, or on every corner of the page
		}
		if isFurnitureLine(b, f, title) {
			continue
		}
		if b.runes > 10 {
			seen[b.text] = -1
		}
		kept = append(kept, b)
	}
	kept = trimEnds(kept)
	out := make([]string, len(kept))
	for i, b := range kept {
		out[i] = b.text
	}
	return strings.Join(out, "\n")
}

// longestFurniture is how many characters a promotion or caption may have.
const longestFurniture = 500

// labels are elements whose few words, without an end mark, are no sentence.
var labels = set("td th dt li button label summary legend")

func isFurnitureLine(b *block, f *facts, title string) bool {
	switch {
	case b.tag() == "h1":
		return true
	case b.runes < 120 && title != "" && letters(b.text) == title:
		return true
	case b.linked() > 0.8 && b.runes < 200 && (b.tag() != "p" || !ended(b.text)), b.linked() > 0.5 && b.runes < 200 && !ended(b.text):
		return true
	case labels[b.tag()] && b.runes < 60 && !ended(b.text):
		return true
	case b.low == "":
		return false
	case alsoRead().match(b.low) && (b.linked() > 0.3 || b.runes < 60):
		return true
	case promotion().match(b.low) && (b.linked() > 0.1 || b.runes < 200 || strings.Contains(b.text, "http") || b.tag() != "p"):
		return true
	case b.runes < 200 && mailAddress(b.low):
		return true
	case b.runes < 300 && signature().match(b.low), b.runes < 300 && !ended(b.text) && caption().match(b.low), b.runes < 60 && junk().match(b.low):
		return true
	}
	return isByline(b, f)
}

// mailAddress tells if a line gives an address to write to.
func mailAddress(low string) bool {
	i := strings.IndexByte(low, '@')
	return i > 0 && low[i-1] > ' ' && low[i-1] < utf8.RuneSelf && strings.Contains(low[i:], ".")
}

// isByline knows a line of names and dates by the names and dates in it.
func isByline(b *block, f *facts) bool {
	if b.runes > 130 || ended(b.text) && b.runes > 60 {
		return false
	}
	if b.runes < 100 && !ended(b.text) && strings.ContainsAny(b.text, "0123456789") && datelike().MatchString(b.text) {
		return true
	}
	for _, name := range f.authors {
		if len(name) > 4 && strings.Contains(b.text, name) && b.runes < utf8.RuneCountInString(name)+50 {
			return true
		}
	}
	return b.runes < 60 && (strings.HasPrefix(b.low, "by ") || strings.HasPrefix(b.low, "von ") && !ended(b.text) || strings.HasPrefix(b.low, "oleh "))
}

// trimEnds drops headings and labels after the last paragraph and before the
// first, and headings that head nothing.
func trimEnds(kept []*block) []*block {
	for len(kept) > 0 && !kept[len(kept)-1].prose() && kept[len(kept)-1].tag() != "p" {
		kept = kept[:len(kept)-1]
	}
	for len(kept) > 1 && kept[0].runes < 30 && !ended(kept[0].text) && !wide(kept[0].text) {
		kept = kept[1:]
	}
	return kept
}

// selected returns the text of the elements that a feed's selector names.
func selected(doc *html.Node, blocks []*block, selector string, f *facts) string {
	sel, err := cascadia.ParseGroup(selector)
	if err != nil {
		return ""
	}
	tops := map[*html.Node]bool{}
	for _, n := range cascadia.QueryAll(doc, sel) {
		tops[n] = true
	}
	for _, b := range blocks {
		for n := b.leaf; n != nil && !b.kept; n = n.Parent {
			b.kept = tops[n]
		}
	}
	dropLists(blocks)
	return join(blocks, f)
}
