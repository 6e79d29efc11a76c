package dedup

import (
	"slices"
	"strings"

	"topicwire/aggregator"
)

// leadShingles is how much of the text counts as its lead: what an excerpt
// still has.
const leadShingles = 48

// anchors is how many of the smallest shingle hashes are kept of the lead, and
// of the whole text. See TestRecall for what fewer would lose.
type anchors struct{ lead, whole int }

var kept = anchors{lead: 6, whole: 6}

// minShingles is the shortest text that is compared at all.
const minShingles = minShared

// Keys returns the hashes by which items of one story find each other: of the
// canonical URL, of the one its page names, of the title, and anchors of the text. There are no repeats.
func Keys(si *aggregator.StoryItem) []aggregator.StoryKey {
	keys := make([]aggregator.StoryKey, 0, 3+kept.lead+kept.whole)
	if u := si.CanonicalURL; u != "" && !isHome(u) {
		keys = append(keys, exact(hashString(u), 'u'))
	}
	if u := pageURL(si); u != "" {
		k := exact(hashString(u), 'u')
		k.Page = u
		keys = append(keys, k)
	}
	if h, _ := titleKey(si); h != 0 {
		keys = append(keys, exact(h, 't'))
	}
	return appendAnchors(keys, si.Text(), kept)
}

func exact(h, domain uint64) aggregator.StoryKey {
	return aggregator.StoryKey{Hash: int64(mix(h, domain)), Exact: true}
}

// appendAnchors adds the smallest shingle hashes of the lead and of the whole
// text: an excerpt, a longer version and the original mostly pick the same.
func appendAnchors(keys []aggregator.StoryKey, text string, n anchors) []aggregator.StoryKey {
	t := tokenise(text)
	defer t.release()
	sh := shingle(t.hashes)
	if len(sh) < minShingles {
		return keys
	}
	var buf [32]uint64
	chosen := smallest(buf[:0], sh[:min(len(sh), leadShingles)], n.lead)
	chosen = smallest(chosen, sh, n.whole)
	slices.Sort(chosen)
	for _, h := range slices.Compact(chosen) {
		keys = append(keys, aggregator.StoryKey{Hash: int64(h)})
	}
	return keys
}

// smallest appends the n smallest distinct values of h to dst, in order.
func smallest(dst, h []uint64, n int) []uint64 {
	start := len(dst)
	for _, v := range h {
		best := dst[start:]
		if len(best) == n && v >= best[n-1] {
			continue
		}
		i, found := slices.BinarySearch(best, v)
		if found {
			continue
		}
		if len(best) == n {
			dst = dst[:len(dst)-1]
		}
		dst = slices.Insert(dst, start+i, v)
	}
	return dst
}

// titleKey returns the hash of the title without case, punctuation and the
// outlet's name, and how many words went into it. The hash is 0 if the title
// is too short to tell reports apart.
func titleKey(si *aggregator.StoryItem) (hash uint64, words int) {
	title := cutOutlet(si)
	t := tokenise(title)
	defer t.release()
	if len(t.hashes) < 3 {
		return 0, len(t.hashes)
	}
	return hashAll(t.hashes), len(t.hashes)
}

func titleHash(si *aggregator.StoryItem) uint64 {
	t := tokenise(cutOutlet(si))
	defer t.release()
	return hashAll(t.hashes)
}

func hashAll(tokens []uint64) uint64 {
	h := uint64(len(tokens)) + 1
	for _, v := range tokens {
		h = mix(h, v)
	}
	return h
}

// Between a title and the outlet's name stand bars, which stand nowhere else,
// or dashes, which do.
var bars, dashes = []string{" | ", " :: ", " » ", " ｜ "}, []string{" - ", " – ", " — ", " · ", " • "}

// cutOutlet returns the item's title without the outlet's name at its end.
func cutOutlet(si *aggregator.StoryItem) string {
	title := strings.TrimSpace(strings.ReplaceAll(si.Title, "\u00a0", " "))
	for range 2 { // "Title | World | Outlet"
		head, tail, bar := lastTail(title)
		if tail == "" || !plainTail(head, tail) {
			break
		}
		if !bar && !namesOutlet(si, tail) {
			break
		}
		title = head
	}
	return title
}

func lastTail(title string) (head, tail string, bar bool) {
	at, width := -1, 0
	find := func(seps []string, isBar bool) {
		for _, sep := range seps {
			if i := strings.LastIndex(title, sep); i > at {
				at, width, bar = i, len(sep), isBar
			}
		}
	}
	find(bars, true)
	find(dashes, false)
	if at < 0 {
		return title, "", false
	}
	return strings.TrimSpace(title[:at]), strings.TrimSpace(title[at+width:]), bar
}

// plainTail tells whether the tail can be a name: short beside the title, and
// no number, which would be a date or a part.
func plainTail(head, tail string) bool {
	h, t := tokenise(head), tokenise(tail)
	defer h.release()
	defer t.release()
	return len(h.hashes) >= 3 && len(t.hashes) <= max(4, len(h.hashes)/3) && len(t.numbers) == 0
}

// namesOutlet tells whether the tail is how this item's outlet calls itself:
// its name as we know it, or its domain.
func namesOutlet(si *aggregator.StoryItem, tail string) bool {
	site := ""
	if si.Article != nil {
		site = si.Article.SiteName
	}
	fold := foldName(tail)
	if fold == "" {
		return false
	}
	for _, name := range []string{si.Outlet, si.FeedTitle, site} {
		if n := foldName(name); n != "" && (n == fold || strings.HasPrefix(n, fold) && len(fold) >= 3 || strings.HasPrefix(fold, n) && len(n) >= 3) {
			return true
		}
	}
	host, _, _ := strings.Cut(strings.TrimPrefix(si.CanonicalURL, "https://"), "/")
	host = strings.ReplaceAll(foldName(host), ".", "")
	return len(fold) >= 3 && strings.HasPrefix(host, strings.ReplaceAll(fold, ".", ""))
}

func foldName(s string) string {
	return strings.Map(func(r rune) rune {
		f := fold(r)
		if f == separator || f == skipped {
			if r == '.' {
				return r
			}
			return -1
		}
		return f
	}, s)
}
