package aggregator

import "time"

// Lease is a time-limited claim on a row by one worker. Whoever saves the
// outcome passes it back; the store refuses with ErrConflict if the row was
// claimed by somebody else in the meantime.
type Lease struct {
	Until time.Time
	Fence int64 // counts the claims of the row; a stale worker holds an old one
}
