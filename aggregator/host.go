package aggregator

import "time"

// HostState is what the pages of a host leave behind: all that the next page
// needs to be polite, whichever process reads it.
type HostState struct {
	Host       string    // registrable domain, or address (fetch.HostKey)
	HeldUntil  time.Time // somebody reads a page of the host now; the claim ends then at the latest
	NextPageAt time.Time // no page before
	// Reason says in words why NextPageAt lies further off than the usual gap;
	// empty: it does not.
	Reason   string
	Refusals int           // pages refused in a row: 401, 402, 403, 451 (BEHAVIOUR S-11)
	Gap      time.Duration // between pages, as robots.txt wishes; 0: the usual one
	Day      time.Time     // when the 24 hours began that Today counts; zero: not counted
	Today    int           // pages of that day, of a host that bounds them (BEHAVIOUR S-05)
}

// RobotsState is a robots.txt as read last.
type RobotsState struct {
	Origin string // scheme, host and port
	// Rules are those that concern us, as lines of a robots.txt with one
	// group; Known tells whether there are any to go by: "everything is
	// allowed" has none.
	Rules        string
	Known        bool
	ETag         string // opaque bytes, as received
	LastModified string // opaque bytes, as received
	GoodUntil    time.Time
	RetryAt      time.Time // after a failure, not before
	FailingSince time.Time // zero: it is not failing
}
