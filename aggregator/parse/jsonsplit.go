package parse

import (
	"bytes"
	stdjson "encoding/json"
	"strconv"
)

// splitJSON takes a JSON Feed apart without reading it: the feed without its
// items, and the items, at most one more than maxItems.
func splitJSON(text []byte) (head []byte, items [][]byte, err error) {
	s := jsonScanner{text: text, start: -1}
	if err := s.scan(); err != nil {
		return nil, nil, err
	}
	if !stdjson.Valid(text) {
		var v any
		return nil, nil, errorf("unparsable", "the JSON could not be read: %v", stdjson.Unmarshal(text[:min(len(text), s.at)], &v))
	}
	if !s.found && !s.version {
		return nil, nil, errorf("not_a_feed", "this is JSON, but not a JSON Feed")
	}
	head = text
	if s.found {
		head = append(append(bytes.Clone(text[:s.from]), "null"...), text[s.to:]...)
	}
	if jsonValues(head) > maxValues {
		return nil, nil, errorf("too_large", "the feed has more than %d values beside its items", maxValues)
	}
	return head, s.items, nil
}

// jsonScanner walks over a JSON document.
type jsonScanner struct {
	text    []byte
	at      int
	depth   int
	key     []byte // the last string at depth 1
	inItems bool
	found   bool // there are items
	version bool // it says that it is a JSON Feed
	from    int  // the value of "items"
	to      int
	start   int // of the item that is open
	items   [][]byte
}

func (s *jsonScanner) scan() *Error {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case '"':
			s.quoted()
		case '{', '[':
			if s.depth == 1 && c == '[' && string(s.key) == "items" && !s.found {
				s.inItems, s.from = true, s.at
			} else if s.depth == 2 && s.inItems {
				s.start = s.at
			}
			if s.depth++; s.depth > maxDepth {
				return errorf("too_large", "the JSON is nested more than %d deep", maxDepth)
			}
		case '}', ']':
			s.depth--
			s.close()
		}
	}
	return nil
}

// quoted passes over a string.
func (s *jsonScanner) quoted() {
	from := s.at + 1
	for s.at++; s.at < len(s.text) && s.text[s.at] != '"'; s.at++ {
		if s.text[s.at] == '\\' {
			s.at++
		}
	}
	if s.depth != 1 || s.at > len(s.text) {
		return
	}
	word := s.text[from:min(s.at, len(s.text))]
	if string(s.key) == "version" && bytes.Contains(word, []byte("jsonfeed.org")) {
		s.version = true
	} else if string(s.key) == "version" {
		if v, err := strconv.Unquote(`"` + string(word[:min(len(word), 200)]) + `"`); err == nil {
			s.version = s.version || bytes.Contains([]byte(v), []byte("jsonfeed.org"))
		}
	}
	s.key = word
}

func (s *jsonScanner) close() {
	switch {
	case !s.inItems:
	case s.depth == 2 && s.start >= 0:
		if len(s.items) <= maxItems {
			s.items = append(s.items, s.text[s.start:s.at+1])
		}
		s.start = -1
	case s.depth == 1:
		s.inItems, s.found, s.to = false, true, s.at+1
	}
}

// jsonValues counts those in JSON, about.
func jsonValues(raw []byte) (n int) {
	quoted := false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ',' || c == '[' || c == '{'):
			n++
		}
	}
	return n
}
