package aggregator

import "time"

// ArticleStatus says what became of reading an item's article page.
type ArticleStatus string

// What may become of reading a page.
const (
	ArticleRead    ArticleStatus = "read"    // text was extracted
	ArticleEmpty   ArticleStatus = "empty"   // a page, but no article on it
	ArticleWall    ArticleStatus = "wall"    // consent, paywall, challenge or "enable JavaScript" page
	ArticleBarred  ArticleStatus = "barred"  // robots.txt, X-Robots-Tag or meta robots say no
	ArticleFailed  ArticleStatus = "failed"  // given up after retries
	ArticleSkipped ArticleStatus = "skipped" // not wanted: the feed's own text settles it
)

// Article is the page an item links to, and the main text extracted from it.
type Article struct {
	Item         ItemID
	URL          string // where the page was read, after redirects
	Status       ArticleStatus
	Note         string // why there is no text, in words; empty with ArticleRead
	Title        string // without the outlet's tail
	Text         string // paragraphs separated by "\n"; empty unless ArticleRead
	Summary      string // one to three whole sentences
	ImageURL     string
	Authors      []string
	Published    time.Time // zero: unknown; keeps the page's own offset until stored
	Modified     time.Time
	Language     string // BCP 47; "und": unknown
	CanonicalURL string // named by the page, if it can be believed (BEHAVIOUR S-10); stored as a dedup key, never published
	SiteName     string
	Paywalled    bool
	NoSnippet    bool // the page asks not to be quoted (BEHAVIOUR S-06)
	FetchedAt    time.Time

	// What decides if and how the page is asked for again (BEHAVIOUR S-09): the
	// item's ContentHash that the page was read for, the page's validators, and
	// when it may be asked for at the earliest.
	ItemHash           string
	ETag, LastModified string // opaque bytes, as received from URL; empty: none
	NotBefore          time.Time
}
