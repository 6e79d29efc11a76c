package match

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"topicwire/aggregator/text"
)

const (
	fnvBasis = 14695981039346656037
	fnvPrime = 1099511628211
	maxKey   = 120 // bytes of a word that are looked up
)

// elem matches one token.
type elem struct {
	text    string // folded
	extra   int    // letters that may follow text; -1: any number
	stem    string // text less its last vowel; empty: none
	stemMax int    // letters that may follow stem
	capital bool   // the token must begin with a capital
	upper   bool   // the token must be all capitals
}

func (e *elem) fits(w []byte) bool {
	if follows(w, e.text, e.extra) {
		return true
	}
	return e.stem != "" && follows(w, e.stem, e.stemMax)
}

// follows tells whether w is prefix and at most extra letters more.
func follows(w []byte, prefix string, extra int) bool {
	if len(w) < len(prefix) || string(w[:len(prefix)]) != prefix {
		return false
	}
	rest := w[len(prefix):]
	return extra < 0 || len(rest) == 0 || len(rest) <= 4*extra && utf8.RuneCount(rest) <= extra
}

func (e *elem) key() string {
	k := e.text
	if e.stem != "" {
		k = e.stem
	}
	if len(k) > maxKey {
		k = strings.ToValidUTF8(k[:maxKey], "")
	}
	return k
}

// pattern is a sequence of elems: a term of a query, or a name of a country.
type pattern struct {
	elems    []elem
	id       int32 // of the term
	code     code  // of the country
	lang     *rules
	katakana bool
}

// index finds the patterns that may begin with a token.
type index struct {
	keys     map[uint64][]int32
	filter   []uint64
	mask     uint64
	patterns []pattern
}

func newIndex(patterns []pattern) *index {
	bits := uint64(1024)
	for bits < uint64(len(patterns))*16 {
		bits *= 2
	}
	ix := &index{keys: make(map[uint64][]int32, len(patterns)), filter: make([]uint64, bits/64), mask: bits - 1, patterns: patterns}
	for i := range patterns {
		h := hash(patterns[i].elems[0].key())
		ix.keys[h] = append(ix.keys[h], int32(i))
		k := h ^ h>>29
		ix.filter[(k&ix.mask)>>6] |= 1 << (k & 63)
	}
	return ix
}

func hash(s string) uint64 {
	h := uint64(fnvBasis)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return h
}

// terms gathers the literal terms of queries; equal ones share an id.
type terms struct {
	patterns []pattern
	ids      map[string]int32
}

func (t *terms) index() *index { return newIndex(t.patterns) }

// add returns the id of a phrase, or false if it has no words.
func (t *terms) add(phrase string, prefix bool) (int32, bool) {
	phrase = text.Fold(phrase)
	toks := text.Tokens(phrase)
	if len(toks) == 0 {
		return 0, false
	}
	var key bytes.Buffer
	p := pattern{id: int32(len(t.patterns))}
	for i, tok := range toks {
		e := elem{text: phrase[tok.ByteStart:tok.ByteEnd]}
		if prefix && i == len(toks)-1 {
			e.extra = -1
		}
		p.elems = append(p.elems, e)
		key.WriteString(e.text)
		key.WriteByte(byte(1 - e.extra))
	}
	if t.ids == nil {
		t.ids = map[string]int32{}
	}
	if id, ok := t.ids[key.String()]; ok {
		return id, true
	}
	t.ids[key.String()] = p.id
	t.patterns = append(t.patterns, p)
	return p.id, true
}
