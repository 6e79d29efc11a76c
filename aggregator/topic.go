package aggregator

import "time"

// TopicID identifies a topic within one database.
type TopicID int64

// Defaults of a topic's published feed.
const (
	DefaultLimit  = 50
	DefaultMaxAge = 14 * 24 * time.Hour
)

// Topic is a named standing query, such as Russia–India.
type Topic struct {
	ID          TopicID
	Slug        string
	Title       string
	Description string
	Query       string
	Languages   []string      // only items in these languages; empty: all
	Feeds       []string      // only items of feeds with these URLs; empty: all
	Tags        []string      // only items of feeds with one of these tags; empty: all
	Threshold   float64       // 1 = the measured optimum; lower is wider; 0 means 1
	Limit       int           // entries in the published feed; 0 means DefaultLimit
	MaxAge      time.Duration // of published entries; 0 means DefaultMaxAge
	Publish     PublishMode
	Private     bool
	Token       string    // path token of a private topic; set by the store, 26 characters
	Since       time.Time // nothing older is published; zero: no such bound
	Declared    Declared
	CreatedAt   time.Time
	// Revision grows with every change of the topic or of its entries: the
	// validity of anything rendered from it.
	Revision int64
	// ChangedAt is when Revision last grew.
	ChangedAt time.Time
	// Pending says that the stored history is still to be matched against
	// the query as it is now.
	Pending bool
	Entries int // published entries; filled by lists only
}
