package dedup

import (
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"topicwire/aggregator/text"
)

// maxText is how much of a text is read: the start of a very long document
// tells it apart as well as all of it.
const maxText = 256 << 10

// Values of fold that are not runes of words.
const (
	separator rune = 0
	skipped   rune = -1 // invisible or optional: as if it were not there
)

// tokens are the words of a text as hashes, in order. Scripts without spaces
// give each pair of neighbouring runes as a word.
type tokens struct {
	hashes  []uint64
	numbers []uint64 // those made of digits alone
}

var tokenPool = sync.Pool{New: func() any { return new(tokens) }}

func (t *tokens) release() { tokenPool.Put(t) }

// tokenise reads s. The result goes back by release.
func tokenise(s string) *tokens {
	t := tokenPool.Get().(*tokens)
	t.hashes, t.numbers = t.hashes[:0], t.numbers[:0]
	if len(s) > maxText {
		s = s[:maxText]
	}
	if !text.IsNormal(s) {
		s = norm.NFKC.String(s)
	}
	w := words{t: t, h: seed}
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r < utf8.RuneSelf {
			r = ascii[r]
		} else {
			r, size = utf8.DecodeRuneInString(s[i:])
			r = fold(r)
		}
		i += size
		w.add(r)
	}
	w.end()
	return t
}

// words is the word being read.
type words struct {
	t      *tokens
	h      uint64
	n      int // runes in it
	digits bool
	before rune // the rune before, in a script without spaces
	run    int  // runes of such a script in a row
}

func (w *words) add(r rune) {
	switch {
	case r == skipped:
	case r == separator:
		w.end()
	case r >= 0xe00 && unspaced(r):
		w.endWord()
		if w.run > 0 {
			w.t.hashes = append(w.t.hashes, mix(uint64(w.before), uint64(r)))
		}
		w.before, w.run = r, w.run+1
	default:
		w.endRun()
		d := r >= '0' && r <= '9'
		w.digits = d && (w.digits || w.n == 0)
		w.h = (w.h ^ uint64(r)) * prime
		w.n++
		if r == 'ß' {
			w.h = ((w.h^'s')*prime ^ 's') * prime
		}
	}
}

func (w *words) end() {
	w.endWord()
	w.endRun()
}

func (w *words) endWord() {
	if w.n == 0 {
		return
	}
	h := mix(w.h, uint64(w.n))
	w.t.hashes = append(w.t.hashes, h)
	if w.digits {
		w.t.numbers = append(w.t.numbers, h)
	}
	w.h, w.n, w.digits = seed, 0, false
}

func (w *words) endRun() {
	if w.run == 1 {
		w.t.hashes = append(w.t.hashes, mix(uint64(w.before), 1))
	}
	w.run = 0
}

// unspaced tells whether r is of a script that does not put spaces between
// words: Thai, Lao, Burmese, Khmer, kana and Han.
func unspaced(r rune) bool {
	switch {
	case r < 0x1000:
		return r <= 0xeff
	case r < 0x3040:
		return r <= 0x109f || r >= 0x1780 && r <= 0x17ff
	case r < 0xac00:
		return r <= 0x30ff || r >= 0x3400 && r <= 0x9fff
	}
	return r >= 0xf900 && r <= 0xfaff || r >= 0x20000 && r <= 0x3ffff
}

// foldTable answers fold for the scripts below it.
const foldTableEnd = 0x3000

var foldTable = sync.OnceValue(func() *[foldTableEnd]rune {
	var t [foldTableEnd]rune
	for r := range t {
		t[r] = foldSlow(rune(r))
	}
	return &t
})

var ascii = func() (t [utf8.RuneSelf]rune) {
	for r := range t {
		switch c := rune(r); {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			t[r] = c
		case c >= 'A' && c <= 'Z':
			t[r] = c + 'a' - 'A'
		}
	}
	return t
}()

// fold returns the form in which r counts for a comparison, or separator, or
// skipped.
func fold(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		return ascii[max(r, 0)]
	case r < foldTableEnd:
		return foldTable()[r]
	case r >= 0x4e00 && r <= 0x9fff, r >= 0xac00 && r <= 0xd7a3:
		return r
	}
	return foldSlow(r)
}

func foldSlow(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		return ascii[r]
	case r == 'ı': // as capitals they are one letter in some languages, two in others
		return 'i'
	case r == 'ё', r == 'Ё':
		return 'е'
	case r == 'ς':
		return 'σ'
	case r == 'ß', r == 'ẞ':
		return 'ß'
	case r == 0x307, r == 0x640, r >= 0x64b && r <= 0x652, unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r):
		return skipped // a dot over i, Arabic tatweel and vowels, joiners
	case unicode.Is(unicode.Nd, r):
		// Decimal digits come in runs of ten from a zero.
		zero := r
		for unicode.Is(unicode.Nd, zero-1) && r-zero < 9 {
			zero--
		}
		if r > 0xffff {
			return r
		}
		return '0' + r - zero
	case unicode.IsLetter(r), unicode.IsMark(r), unicode.IsNumber(r):
		return unicode.ToLower(r)
	}
	return separator
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

const (
	seed  = 14695981039346656037
	prime = 1099511628211
)

// mix joins two hashes into one with all bits stirred.
func mix(a, b uint64) uint64 {
	h := a*0x9e3779b97f4a7c15 ^ (b+0x7f4a7c15)*0xc2b2ae3d27d4eb4f
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	return h ^ h>>32
}

func hashString(s string) uint64 {
	h := uint64(seed)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * prime
	}
	return mix(h, uint64(len(s)))
}

// shingle turns words into overlapping triples of them, in place.
func shingle(tokens []uint64) []uint64 {
	n := len(tokens) - 2
	if n <= 0 {
		return nil
	}
	for i := range n {
		tokens[i] = mix(mix(tokens[i], tokens[i+1]), tokens[i+2])
	}
	return tokens[:n]
}

func shingleSet(tokens []uint64) []uint64 { return set(shingle(tokens)) }
