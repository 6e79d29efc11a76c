package config

import (
	"fmt"
	"sort"
	"strings"
)

// Fault is one thing wrong with a configuration.
type Fault struct {
	File         string
	Line, Column int    // from 1, in characters; 0: of the file as a whole, or of the environment
	Msg          string // what is wrong, and the cure
}

// Error returns file:line:column: message.
func (f Fault) Error() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s", f.File, f.Msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Msg)
}

// Faults is everything wrong with a configuration, in the order of the file.
type Faults []Fault

// Error returns a line for each fault.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i := range f {
		lines[i] = f[i].Error()
	}
	return strings.Join(lines, "\n")
}

// place is a position in the file.
type place struct {
	line, column int
	width        int // characters before the first of a scalar's content: 1 for a quoted one; -1: over several lines
}

// source remembers where in the file each key and value stands, by path such
// as "feeds[2].url", and what was wrong.
type source struct {
	name   string
	digest string // of the bytes read
	at     map[string]place
	env    map[string]string // keys set by the environment, and by what variable
	faults Faults
}

func newSource(name string) *source {
	return &source{name: name, at: map[string]place{}, env: map[string]string{}}
}

// fault records a fault of a key's value.
func (s *source) fault(key, format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	if v, ok := s.env[key]; ok {
		s.faults = append(s.faults, Fault{File: "environment", Msg: v + ": " + msg})
		return
	}
	p := s.place(key)
	s.faultAt(p, msg)
}

func (s *source) faultAt(p place, msg string) {
	s.faults = append(s.faults, Fault{File: s.name, Line: p.line, Column: p.column, Msg: msg})
}

// place returns where a key's value stands, or what contains it.
func (s *source) place(key string) place {
	for {
		if p, ok := s.at[key]; ok {
			return p
		}
		i := strings.LastIndexAny(key, ".[")
		if i < 0 {
			return place{}
		}
		key = key[:i]
	}
}

// sorted returns faults in the order of the file, without repeats.
func sorted(faults Faults) Faults {
	sort.SliceStable(faults, func(i, j int) bool {
		a, b := &faults[i], &faults[j]
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Column < b.Column
	})
	out := faults[:0]
	for i, f := range faults {
		if i == 0 || f != out[len(out)-1] {
			out = append(out, f)
		}
	}
	return out
}

// nearest returns the word of a list that was probably meant, or "".
func nearest(word string, of []string) string {
	best, at := "", max(1, len(word)/3)+1
	for _, w := range of {
		if d := distance(word, w); d < at {
			best, at = w, d
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap.
func distance(a, b string) int {
	before, prev := []int(nil), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur := make([]int, len(b)+1)
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev = prev, cur
	}
	return prev[len(b)]
}
