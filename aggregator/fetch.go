package aggregator

import "time"

// Fetch is the account of one HTTP exchange: what scheduling, storing and
// reporting need to know, without header or body.
type Fetch struct {
	URL           string        // as asked for
	FinalURL      string        // after redirects
	PermanentMove bool          // every redirect of the chain was permanent, and there was one
	Status        int           // HTTP status; 0: no answer was received
	ETag          string        // as received; empty: none
	LastModified  string        // as received; empty: none
	ValidatorsURL string        // the address that ETag and LastModified belong to
	PlainBody     bool          // encodings turned out to be mislabelled; do not offer any next time
	Delta         bool          // 226: the body holds what is new only (F-12)
	MaxAge        time.Duration // from Cache-Control or Expires (BEHAVIOUR F-32); 0: none
	// RetryAfter is what the answer asks for; meaningful only with HasRetryAfter.
	RetryAfter    time.Duration
	HasRetryAfter bool
	// RateLimit is how long the host's allowance is used up for all that ask it
	// (X-RateLimit-Reset with nothing remaining); RetryAfter is no less. 0: it
	// is not.
	RateLimit time.Duration
	WireBytes int64 // of the body, as it came over the wire
	Bytes     int64 // of the body, decoded
	Duration  time.Duration
}

// PollOutcome classifies a poll.
type PollOutcome string

// The outcomes of a poll.
const (
	PollRead        PollOutcome = "read"         // a new document was read
	PollNotModified PollOutcome = "not_modified" // 304
	PollUnchanged   PollOutcome = "unchanged"    // 200 with the bytes of last time
	PollFailed      PollOutcome = "failed"
)

// PollReport is what a poll brought, as far as scheduling needs it.
type PollReport struct {
	Outcome PollOutcome
	Fetch   Fetch
	At      time.Time // when the poll ended
	Err     string    // in words; with PollFailed the reason, with PollRead what was wrong with a document saved in part
	// ErrKind is a stable word for the kind of failure: "dns", "connect",
	// "timeout", "tls", "status", "not_a_feed", "unparsable", "too_large",
	// "protocol", "forbidden" (an address we do not fetch from) …
	ErrKind  string
	BodyHash string
	Document *FeedDocument // nil unless PollRead
	// Whole says that the document was asked for without validators;
	// Truncated that its body broke off.
	Whole, Truncated bool
	Parser           int // version of the parser, if it has now read all of the document; else 0
	// Shared says that the document has items, by their bytes, of the document
	// read before (F-50).
	Shared bool
	// OneGUID says that all items of the document have the same GUID, and
	// links of their own (F-63).
	OneGUID bool
	Found   PollFound
}

// PollFound is what the transaction that saves a poll learns from the rows.
type PollFound struct {
	New    []time.Time // publication dates of the items that are new; zero: undated
	Shared bool        // the document carries an item, by GUID or link, from before PollRecord.SharedBefore (F-50)
	// Regenerated says that the document's items are known ones, by their
	// links, under new GUIDs (F-63).
	Regenerated bool
	Failing     int // other feeds of the host that answered 503 within ten minutes (F-35)
}

// FeedDocument is what a feed's document says of the feed itself.
type FeedDocument struct {
	ID        string // as the document declares, such as atom:id; empty: none
	Title     string
	SiteURL   string
	Language  string
	TTL       time.Duration
	SkipHours uint32
	SkipDays  uint8
}
