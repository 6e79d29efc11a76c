package aggregator

import "time"

// FeedID identifies a feed within one database.
type FeedID int64

// FeedState says how a feed is doing.
type FeedState string

// The states of a feed.
const (
	FeedActive   FeedState = "active"   // polled on schedule, last poll succeeded or none was made yet
	FeedFailing  FeedState = "failing"  // the last polls failed; retried with back-off
	FeedGone     FeedState = "gone"     // answered 410 twice, a day apart; not polled until revived by hand
	FeedDead     FeedState = "dead"     // failing for 60 days; probed once a week
	FeedDisabled FeedState = "disabled" // switched off by the editor
)

// Declared says where a feed or topic was declared.
type Declared string

// Where a feed or topic may be declared.
const (
	InFile     Declared = "file"     // in topicwire.yml; read-only in the pages
	InDatabase Declared = "database" // added by a command or in the pages
)

// EnrichMode says which article pages are fetched.
type EnrichMode string

// The enrich modes. The empty mode inherits: a feed from the configuration.
const (
	EnrichAuto   EnrichMode = "auto"   // pages of items that match or still might
	EnrichAlways EnrichMode = "always" // every page
	EnrichNever  EnrichMode = "never"  // no page
)

// PublishMode says how much of an item is republished.
type PublishMode string

// The publish modes. The empty mode inherits: a feed from the topic, a topic
// from the default, which is PublishExcerpt.
const (
	PublishTitle   PublishMode = "title"
	PublishExcerpt PublishMode = "excerpt"
	PublishFull    PublishMode = "full"
)

// FeedSettings is what an editor says about a feed.
type FeedSettings struct {
	URL      string
	Outlet   string        // the news organisation; empty: the feed's own title
	Language string        // BCP 47; empty: as the feed declares, else detected
	Tags     []string      // sorted, without repeats
	Enrich   EnrichMode    // empty: as configured for all
	Publish  PublishMode   // empty: as the topic says
	Interval time.Duration // fixed poll interval; 0: adaptive
	Selector string        // CSS selector of the article's text; empty: found by enrich
}

// Feed is an RSS, Atom or JSON Feed document at a URL that we poll.
type Feed struct {
	ID FeedID
	FeedSettings
	Declared   Declared
	OriginURL  string // the URL as subscribed, if the feed has moved since; else empty
	DocumentID string // the feed's own id, such as atom:id, or empty
	Title      string // as the feed calls itself
	SiteURL    string // the feed's home page, absolute, or empty
	// DeclaredLanguage is the language the feed declares, BCP 47, or empty.
	// Settings.Language goes before it.
	DeclaredLanguage string
	CreatedAt        time.Time
	Items            int // items stored; filled by lists only
	PollState
	Lease Lease
	// Forced is set by a claim that was made by force: the poll is to be
	// unconditional, and what it brings is read whatever is known (F-07).
	Forced bool
}

// OutletName returns the name a reader should see: the outlet as set by the
// editor, else the feed's title, else its URL.
func (f *Feed) OutletName() string {
	switch {
	case f.Outlet != "":
		return f.Outlet
	case f.Title != "":
		return f.Title
	}
	return f.URL
}

// LanguageHint returns the language to assume for an item that declares none:
// as set by the editor, else as the feed declares.
func (f *Feed) LanguageHint() string {
	if f.Language != "" {
		return f.Language
	}
	return f.DeclaredLanguage
}

// PollState is what a feed's polls leave behind: everything the next poll
// needs to be polite, and everything a person needs to understand it. It is
// saved as a whole, in the transaction that saves the poll's items; only
// PushedUntil is not a poll's to say.
type PollState struct {
	State        FeedState
	ETag         string // opaque bytes, as received (BEHAVIOUR F-02)
	LastModified string // opaque bytes, as received
	// ValidatorsURL is the address that answered with ETag and LastModified,
	// and the only one they are sent to; empty: the feed's own (F-04).
	ValidatorsURL string
	BodyHash      string // of the last body that was read, hex; empty: none
	Parser        int    // version of the parser that read all of it (F-07)
	// WholeAt is when a body came last, or was last asked for without
	// validators (F-07).
	WholeAt    time.Time
	PlainBody  bool // the server mislabels encodings: none is offered (F-23)
	LastPollAt time.Time
	// LastSuccessAt is the last poll that ended in 200 with a feed, or 304.
	LastSuccessAt  time.Time
	NextPollAt     time.Time
	NextPollReason string // why then, in a word or two: "adaptive", "max-age", "Retry-After" …
	LastStatus     int    // HTTP status; 0: none was received
	LastError      string // in words; empty after a success
	Failures       int    // failed polls in a row
	FailingSince   time.Time
	SameBodies     int           // byte-identical 200s in a row (BEHAVIOUR F-10)
	GoneAt         time.Time     // first 410 of the current row of 410s
	MovedTo        string        // target of the permanent redirect seen last
	MovedSince     time.Time     // when that target was first seen
	MovedPolls     int           // polls that ended there
	MovedKnown     bool          // the document there carries what this feed carried before
	AwaySince      time.Time     // since then redirects of any kind lead elsewhere; zero: the feed is at home
	DuplicateOf    string        // URL of another feed that this one has moved to; empty: none
	ItemTimes      []time.Time   // of the newest items, oldest first, at most 20 (F-31)
	MedianGap      time.Duration // between ItemTimes; 0: unknown
	NewestItemAt   time.Time     // the last of ItemTimes; zero: no item's time is known
	MaxAge         time.Duration // hint of the last response's caching headers
	TTL            time.Duration // hint of the document: RSS ttl, sy:*
	SkipHours      uint32        // bit h set: no polls in hour h, GMT
	SkipDays       uint8         // bit d set: no polls on time.Weekday d, GMT
	PushedUntil    time.Time     // a hub announces changes until then (F-39)
	// LinkIdentity makes items known by their links: the feed invents its
	// GUIDs anew (F-63). Regenerated counts the polls in a row that showed it.
	LinkIdentity bool
	Regenerated  int
	// AdoptURL makes an address the feed's own, in the transaction that saves
	// the state, unless another feed has it (F-50). It is not stored.
	AdoptURL string
}

const (
	stuckAfter = 30 * 24 * time.Hour
	stuckGap   = 3 * 24 * time.Hour
)

// Stuck tells if nothing but 304 has come for 30 days from a feed that used to
// change at least every three: it should be asked once without validators
// (BEHAVIOUR F-07).
func (p *PollState) Stuck(now time.Time) bool {
	return (p.ETag != "" || p.LastModified != "") && p.MedianGap > 0 && p.MedianGap < stuckGap &&
		!p.WholeAt.IsZero() && now.Sub(p.WholeAt) >= stuckAfter
}

// LinkGUID returns the GUID of an item that is known by its link, from its
// canonical URL (BEHAVIOUR F-63).
func LinkGUID(canonical string) string { return "link\n" + canonical }

// HostPause keeps every request away from a host until a time.
type HostPause struct {
	Host   string // registrable domain, or address (fetch.HostKey)
	Until  time.Time
	Reason string // such as "429, Retry-After 3600 s"
}
