package aggregator

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// Entry is what a topic feed carries for one story: one entry, however many
// outlets tell it.
type Entry struct {
	Topic     TopicID
	Story     StoryID
	PublicID  string    // see Story.PublicID
	Published time.Time // frozen at publication
	Updated   time.Time // grows with material changes only
	Backfill  bool      // came in as history, never as news
	// Best is the item whose text speaks for the story.
	Best StoryItem
	// Sources are all items of the story, Best included, earliest first.
	Sources []StoryItem
	Match   Match
}

// EntryMark is what tells if an entry has to be rendered anew: without its
// text, so that a whole history can be looked through.
type EntryMark struct {
	PublicID  string
	Published time.Time
	Digest    string // changes with anything that is rendered from the entry
}

// ComposeEntry chooses what speaks for a story in a topic: own words before
// walls, read articles before bare feed texts, the topic's languages first,
// longer before shorter, earliest first. The choice depends on the items
// alone, not on their order. It returns false if there are no items.
func ComposeEntry(t *Topic, items []StoryItem) (best StoryItem, sources []StoryItem, ok bool) {
	if len(items) == 0 {
		return StoryItem{}, nil, false
	}
	sources = slices.Clone(items)
	slices.SortFunc(sources, func(a, b StoryItem) int {
		return orElse(a.Date().Compare(b.Date()), strings.Compare(a.CanonicalURL, b.CanonicalURL), int(a.ID-b.ID))
	})
	best = sources[0]
	for _, c := range sources[1:] {
		if betterFor(t, &c, &best) {
			best = c
		}
	}
	return best, sources, true
}

// betterFor tells whether a should speak for a story rather than b, which is
// the earlier of the two.
func betterFor(t *Topic, a, b *StoryItem) bool {
	if la, lb := inLanguages(t, a.Language), inLanguages(t, b.Language); la != lb {
		return la
	}
	if ra, rb := hasArticle(a), hasArticle(b); ra != rb {
		return ra
	}
	// A little longer is not better: the entry would change its face with
	// every copy.
	return len(a.Text()) > 2*len(b.Text())+200
}

func inLanguages(t *Topic, lang string) bool {
	if len(t.Languages) == 0 {
		return true
	}
	base, _, _ := strings.Cut(lang, "-")
	for _, l := range t.Languages {
		lb, _, _ := strings.Cut(l, "-")
		if strings.EqualFold(lb, base) {
			return true
		}
	}
	return false
}

func hasArticle(si *StoryItem) bool { return si.Article != nil && si.Article.Status == ArticleRead }

// Fingerprint changes when a reader would call the entry changed: its title,
// its summary or its address.
func Fingerprint(best *StoryItem) string {
	h := sha256.New()
	for _, s := range []string{best.Title, best.EntrySummary(), best.URL} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// EntrySummary returns the summary to publish for the item: the article's,
// else the feed's, else nothing. A page that asks not to be quoted is not.
func (si *StoryItem) EntrySummary() string {
	if si.Article != nil {
		if si.Article.NoSnippet {
			return ""
		}
		if si.Article.Summary != "" {
			return si.Article.Summary
		}
	}
	return si.Summary
}

func orElse(cs ...int) int {
	for _, c := range cs {
		if c != 0 {
			return c
		}
	}
	return 0
}
