package aggregator

import "time"

// Truth is the value of a query on what is known of an item so far.
type Truth int8

// With only the feed's text a query may be Unknown: the article decides.
const (
	False Truth = iota
	Unknown
	True
)

func (t Truth) String() string {
	switch t {
	case True:
		return "true"
	case Unknown:
		return "unknown"
	}
	return "false"
}

// Match is the fact that an item is about a topic.
type Match struct {
	Topic     TopicID
	Item      ItemID
	Score     float64
	Threshold float64
	Evidence  []Evidence
	At        time.Time // when it was found
	// Backfill marks a match found in history: by a new topic, a changed
	// query or a new feed's old items. It is published with its own date and
	// never as news.
	Backfill bool
}

// Evidence says which term matched, in which field, where.
type Evidence struct {
	Term    string `json:"term"`            // as the query writes it: country:ru
	Alias   string `json:"alias,omitempty"` // the form found in the text: Rusia
	Field   string `json:"field"`           // title, summary, body …
	Start   int    `json:"start"`           // in runes from the start of the field
	End     int    `json:"end"`
	Snippet string `json:"snippet,omitempty"` // at most 120 characters around it
}
