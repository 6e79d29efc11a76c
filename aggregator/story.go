package aggregator

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"time"
)

// StoryID identifies a story within one database.
type StoryID int64

// Story is the items that carry the same report, across outlets and languages.
type Story struct {
	ID StoryID
	// PublicID is the 26 characters of the published id; empty until an
	// entry of the story is first published, frozen from then on.
	PublicID  string
	CreatedAt time.Time
	Items     []StoryItem // in order of Date, then id
}

// StoryItem is an item with all that is known about it: its feed, its article
// and why it is in its story. Article is nil if no page was read.
type StoryItem struct {
	Item
	Outlet      string // see Feed.OutletName
	FeedURL     string
	FeedTitle   string
	FeedSiteURL string
	FeedTags    []string
	FeedPublish PublishMode
	Article     *Article
	Link        Link
}

// Text returns the best text known of the item: the article's, else the plain
// text of the feed's summary. It does not look into Content.
func (si *StoryItem) Text() string {
	if si.Article != nil && si.Article.Text != "" {
		return si.Article.Text
	}
	return si.Summary
}

// Link says why an item is in its story.
type Link struct {
	Reason   LinkReason
	Strength float64 // 0 to 1
	To       ItemID  // the item it was joined to; 0 for the story's founder
}

// LinkReason is the rung of the duplicate ladder that joined an item to a story.
type LinkReason string

// The rungs of the ladder, strongest first.
const (
	LinkFounder LinkReason = "founder" // the first item of its story
	LinkURL     LinkReason = "url"     // same canonical URL, of the link or named by the page
	LinkTitle   LinkReason = "title"   // same normalised title within three days
	LinkText    LinkReason = "text"    // most of the shorter text is in the longer
)

// StoryKey is a hash by which items of one story find each other. Two items
// are candidates for one story if they share an exact key, or two anchors.
type StoryKey struct {
	Hash  int64
	Exact bool // a canonical URL or title; else an anchor of the text
	// Page is the address that the item's page names as its own, if the key is
	// made from that. Such keys count while few items name it (BEHAVIOUR S-10).
	Page string
}

// Linker decides if item a carries the same report as b, which is already in
// a story. It is pure, and cheap enough to run inside a transaction.
type Linker func(a, b *StoryItem) (Link, bool)

// PublicStoryID derives the 26 characters of a story's published id from its
// first item: by content, so that a rebuilt database arrives at the same id.
// It reads the item's canonical URL, else its GUID and the URL of its feed.
func PublicStoryID(first *StoryItem) string {
	key := first.CanonicalURL
	if key == "" {
		key = first.FeedURL + "\n" + first.GUID
	}
	sum := sha256.Sum256([]byte("story\n" + key))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}
