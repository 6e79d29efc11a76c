package aggregator

import "time"

// FeedClaim asks for feeds to poll.
type FeedClaim struct {
	Now   time.Time
	Limit int           // at most so many
	Lease time.Duration // how long the claim lasts
	// All ignores NextPollAt, but not a feed's Retry-After or its host's
	// pause; Force ignores those too.
	All, Force bool
	// Sweep, if not 0, is a number of the caller's choosing: a feed is claimed
	// once under it, and not again unless it was released.
	Sweep int64
	// After, with All, goes on behind a feed: claims are made in the order of
	// ids then, and not in that of NextPollAt.
	After        FeedID
	Lane         Lane
	OnlyFeed     FeedID   // this feed and no other; 0: any
	ExcludeHosts []string // host keys that are busy
	OnlyHosts    []string // host keys; nil: any
}

// Lane parts feeds that answer from those that may hang, so that the former
// never wait for the latter.
type Lane string

// The lanes. The empty lane is all feeds.
const (
	LaneSteady Lane = "steady" // the last poll succeeded
	LaneShaky  Lane = "shaky"  // failing, or not polled yet
)

// FeedFilter narrows a list of feeds. The zero filter lists all.
type FeedFilter struct {
	State FeedState // empty: any
	Tag   string    // empty: any
	Limit int       // 0: no limit
}

// OrderSpan is how far before its poll an item without a date may be said to
// have been first seen, so that the order of its document is kept (F-64).
const OrderSpan = 2000 * time.Second

// PollRecord is all that a poll leaves in the database.
type PollRecord struct {
	Feed     FeedID
	Lease    Lease
	Fetch    Fetch
	Outcome  PollOutcome
	Document *FeedDocument // nil: not read
	Items    []Item        // parsed; known ones are told apart by GUID
	Total    int           // items in the document, with those whose bytes are known
	// Blocks are the hashes of all items in the document, to be known next
	// time; nil: leave them as they are.
	Blocks []uint64
	// FamiliarLinks says that most Items have links of earlier documents. If
	// their GUIDs are new nevertheless, they are taken for the items of those
	// links (F-63), unless LinkIdentity says that this is settled.
	FamiliarLinks, LinkIdentity bool
	// SharedBefore asks if the feed had an item of this document before then;
	// zero: it does not matter (F-50).
	SharedBefore time.Time
	At           time.Time
	// Backfill marks a feed's first document: its items are history.
	Backfill bool
	// Next computes the feed's state after the poll from what the rows tell.
	// It must not block, and may be called more than once.
	Next func(PollFound) (PollState, *HostPause)
}

// PollSaved says what a PollRecord changed.
type PollSaved struct {
	New, Updated int
	MovedTo      string // the feed's URL from now on; empty: as it was
	DuplicateOf  string // the feed that has the URL which this one would have moved to
	Relinked     bool   // its items are known by their links from now on
}

// WorkClaim asks for items to process.
type WorkClaim struct {
	Now   time.Time
	Stage Stage
	Limit int
	Lease time.Duration
	// ExcludeHosts are host keys whose pages are not to be read now; only
	// for StageEnrich.
	ExcludeHosts []string
}

// ClaimedItem is an item with its work, leased to the caller.
type ClaimedItem struct {
	StoryItem
	Work       Work
	FeedEnrich EnrichMode // as set on the feed; empty inherits
	Selector   string     // as set on the feed
	Backfill   bool       // the item is history: from its feed's first document
}

// Processed is the outcome of one step of an item's work.
type Processed struct {
	Work Work
	Item ItemID
	// Unchanged leaves everything but the work as it is: the item is put back.
	Unchanged bool
	Language  string   // as taken for matching
	Article   *Article // nil: leave as it is
	// Keys are those to file the item under; nil: leave its story as it is.
	Keys    []StoryKey
	Matches []Match // complete: they replace the item's matches
	// Topics are the revisions of the topics that the item was matched
	// against. A topic whose query has changed since, or that is not among
	// them, is matched against the history again. nil: not known, no check.
	Topics map[TopicID]int64
	// Next is the work that remains; nil: the item is done.
	Next *Work
}

// ProcessedSaved says what a batch of Processed changed.
type ProcessedSaved struct {
	Matches int // matches that are new
	Stories int // stories founded
	Entries int // entries published or changed
	Lost    int // items whose lease had passed to another worker; not saved
}

// Rematch is the outcome of matching stored items against a topic's query.
type Rematch struct {
	Topic    TopicID
	Revision int64    // of the topic whose query was used; ErrConflict if it changed since
	Items    []ItemID // that were evaluated
	Matches  []Match  // those of them that match
	Done     bool     // the whole history has been evaluated
}

// EntryFilter narrows the entries of a topic.
type EntryFilter struct {
	Topic TopicID
	Limit int       // 0: DefaultLimit
	Since time.Time // published at or after; zero: no bound
	// Offset leaves out so many of the newest.
	Offset int
}

// Retention says what Prune may delete.
type Retention struct {
	Now    time.Time
	MaxAge time.Duration // items first seen before Now-MaxAge, unless published in an entry
	// PerFeed items are kept of each feed at any age.
	PerFeed int
}

// CheckReport is the result of examining a database.
type CheckReport struct {
	OK       bool           `json:"ok"`
	Engine   string         `json:"engine"` // sqlite or postgres
	Schema   int            `json:"schema"`
	Problems []string       `json:"problems"`
	Counts   map[string]int `json:"counts"` // rows by table: feeds, items, stories …
	Bytes    int64          `json:"bytes"`
}
