package store

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// instant is a time in a column: unix seconds UTC, 0 for the zero time.
type instant time.Time

// Scan reads a column.
func (t *instant) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("instant is %T, not an integer", v)
	}
	*t = instant(fromUnix(n))
	return nil
}

func fromUnix(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

func toUnix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// seconds is a duration in a column.
type seconds time.Duration

// Scan reads a column.
func (d *seconds) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("duration is %T, not an integer", v)
	}
	*d = seconds(time.Duration(n) * time.Second)
	return nil
}

// flag is a truth in a column.
func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func toSeconds(d time.Duration) int64 { return int64(d / time.Second) }

// list is a list of strings in a column: a JSON array, empty text for none.
type list []string

// Scan reads a column.
func (l *list) Scan(v any) error { return fromJSON(v, (*[]string)(l)) }

func fromJSON[T any](v any, out *T) error {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("list is %T, not text", v)
	}
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), out)
}

func toList(l []string) string { return toJSON(l) }

func toJSON[T any](l []T) string {
	if len(l) == 0 {
		return ""
	}
	b, err := json.Marshal(l)
	if err != nil {
		return "" // strings and plain structs: cannot happen
	}
	// JSON spells NUL as an escape, which PostgreSQL's text takes.
	return string(b)
}

// clean makes text that PostgreSQL accepts: UTF-8 without NUL.
func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\x00", "")
}

// maxIndexed is how many bytes of a text may be in an index: PostgreSQL takes
// 2704, and a longer one would make all that is saved with it fail.
const maxIndexed = 2000

// indexed makes text that an index takes; what is too long is left out.
func indexed(s string) string {
	if s = clean(s); len(s) > maxIndexed {
		return ""
	}
	return s
}
