package aggregator

import "time"

// ItemID identifies an item within one database. Later items have higher ids.
type ItemID int64

// Item is one entry that a feed carries. Its identity is (Feed, GUID).
type Item struct {
	ID           ItemID
	Feed         FeedID
	GUID         string // atom:id, RSS guid, else derived (BEHAVIOUR F-63)
	URL          string // the article's address as the feed gives it, absolute; may be empty
	CanonicalURL string // dedup key made from URL; never published
	Title        string // plain text
	Summary      string // plain text; may be empty
	Content      string // sanitised HTML with absolute links; may be empty
	Authors      []string
	Categories   []string
	Language     string // BCP 47; "und": unknown
	ImageURL     string // lead image, absolute, or empty
	Enclosures   []Enclosure
	SourceURL    string // the feed it was taken from, if it says so (RSS source, atom:source)
	SourceTitle  string
	Published    time.Time // zero: the feed gives none that can be believed (BEHAVIOUR F-64)
	Updated      time.Time // zero: none
	FirstSeen    time.Time // when we stored it; never changes
	// BlockHash is the hash of the item's raw bytes in the document, by which
	// a later poll knows it without parsing it.
	BlockHash uint64
	// ContentHash changes when title, text or address change, and with
	// nothing else: a changed date alone never re-publishes.
	ContentHash string
}

// Date returns the time to sort and publish the item under: as published, but
// never later than we first saw it, which is also the answer without a date.
func (it *Item) Date() time.Time {
	if it.Published.IsZero() || it.Published.After(it.FirstSeen) {
		return it.FirstSeen
	}
	return it.Published
}

// Enclosure is a media file attached to an item.
type Enclosure struct {
	URL    string `json:"url"`
	Type   string `json:"type,omitempty"`
	Length int64  `json:"length,omitempty"` // bytes; 0: unknown
}

// Stage is the next step that a stored item waits for.
type Stage string

// The stages of an item's work.
const (
	StageMatch  Stage = "match"  // to be matched on the feed's text
	StageEnrich Stage = "enrich" // to have its article page read, then matched again
)

// Work is the claim on an item that waits to be processed. An item without
// work is done.
type Work struct {
	Item      ItemID
	Stage     Stage
	RunAt     time.Time // not before
	Attempts  int       // claims so far that did not finish the stage
	LastError string
	Lease     Lease
}
