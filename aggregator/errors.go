package aggregator

import "errors"

// The few kinds of failure that callers tell apart with errors.Is. Everything
// else is an error whose text is for a person.
var (
	// ErrNotFound: no such feed, item, topic or story.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the row was changed by somebody else, or a lease has
	// passed to another worker. Nothing was saved.
	ErrConflict = errors.New("conflict")
	// ErrExists: a feed with that URL, or a topic with that slug, exists.
	ErrExists = errors.New("already exists")
	// ErrTooSoon: politeness forbids a request for now; the error says until
	// when, in words fit for the page.
	ErrTooSoon = errors.New("too soon")
	// ErrDamaged: the database is damaged, or newer than this program.
	ErrDamaged = errors.New("database unusable")
	// ErrLocked: another instance polls this database.
	ErrLocked = errors.New("another instance is polling this database")
)
