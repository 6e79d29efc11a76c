package match

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"topicwire/aggregator/text"
)

// The fields of a document that are scanned.
const (
	title = iota
	summary
	body
	nfields
)

var fieldNames = [nfields]string{"title", "summary", "body"}

const maxBody = 200_000 // bytes of a body that are looked at

// token is a word of the document, folded.
type token struct {
	text.Token
	field    uint8
	from, to int // in scan.folded
}

// hit is a term found: tokens [from, to).
type hit struct {
	from, to int32
	next     int32 // the term's next hit, as index + 1; 0: none
}

// scan is one pass over a document.
type scan struct {
	doc     *Document
	quick   bool // the score of what is False is not wanted
	fields  [nfields]string
	shouts  [nfields]bool // no small letters
	tokens  []token
	folded  []byte
	words   []text.Token
	heads   []int32 // by term: its first hit, as index + 1
	tails   []int32
	hits    []hit
	touched []int32
	// countries, once asked for
	counted   bool
	mentions  []mention
	tallies   [codes]tally
	named     []code
	sentences []int32
	leadEnd   int // end of the lead in bytes of the body, if there is no summary
	bodyFrom  int // where the body begins to count: after the summary it repeats
}

var scans = sync.Pool{New: func() any { return new(scan) }}

func newScan(d *Document) *scan {
	s := scans.Get().(*scan)
	s.doc = d
	s.fields = [nfields]string{d.Title, d.Summary, d.Body}
	if len(d.Body) > maxBody {
		s.fields[body] = strings.ToValidUTF8(d.Body[:maxBody], "")
	}
	for f, t := range s.fields {
		s.read(uint8(f), t)
	}
	s.findLead()
	return s
}

func (s *scan) free() {
	for _, t := range s.touched {
		s.heads[t] = 0
	}
	for _, c := range s.named {
		s.tallies[c] = tally{}
	}
	s.doc, s.counted, s.quick = nil, false, false
	s.fields = [nfields]string{}
	s.tokens, s.folded, s.words = s.tokens[:0], s.folded[:0], s.words[:0]
	s.hits, s.touched, s.mentions = s.hits[:0], s.touched[:0], s.mentions[:0]
	s.named, s.sentences = s.named[:0], s.sentences[:0]
	if cap(s.tokens) < 1<<16 {
		scans.Put(s)
	}
}

// read appends a field's tokens.
func (s *scan) read(field uint8, t string) {
	s.words = text.AppendTokens(s.words[:0], t)
	normal := text.IsNormal(t)
	small := false
	for _, w := range s.words {
		word := t[w.ByteStart:w.ByteEnd]
		if from := len(s.folded); s.readASCII(word) {
			small = small || hasSmallASCII(word)
			s.tokens = append(s.tokens, token{Token: w, field: field, from: from, to: len(s.folded)})
			continue
		}
		if !normal && !text.IsNormal(word) {
			word = norm.NFKC.String(word)
		}
		from := len(s.folded)
		for _, r := range word {
			s.folded = text.AppendFold(s.folded, r)
		}
		small = small || hasSmall(word)
		s.tokens = append(s.tokens, token{Token: w, field: field, from: from, to: len(s.folded)})
	}
	s.shouts[field] = !small
}

// readASCII appends a folded word, or nothing if it is not ASCII.
func (s *scan) readASCII(word string) bool {
	from := len(s.folded)
	for i := range len(word) {
		c := word[i]
		if c >= utf8.RuneSelf {
			s.folded = s.folded[:from]
			return false
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		s.folded = append(s.folded, c)
	}
	return true
}

func hasSmallASCII(word string) bool {
	for i := range len(word) {
		if 'a' <= word[i] && word[i] <= 'z' {
			return true
		}
	}
	return false
}

func hasSmall(word string) bool {
	for _, r := range word {
		if unicode.IsLower(r) {
			return true
		}
	}
	return false
}

// findLead finds the lead in the body, and what of the body the summary repeats.
func (s *scan) findLead() {
	b := s.fields[body]
	s.leadEnd, s.bodyFrom = 0, 0
	if sum := strings.TrimRight(strings.TrimSpace(s.fields[summary]), "….[] "); sum != "" {
		if strings.HasPrefix(b, sum) {
			s.bodyFrom = len(sum)
		}
		return
	}
	start := len(b) - len(strings.TrimLeft(b, "\n "))
	if i := strings.IndexByte(b[start:], '\n'); i >= 0 {
		s.leadEnd = start + i
	} else {
		s.leadEnd = len(b)
	}
}

func (s *scan) word(i int) []byte { return s.folded[s.tokens[i].from:s.tokens[i].to] }

// source returns the text of tokens [from, to) as written.
func (s *scan) source(from, to int) string {
	a, b := &s.tokens[from], &s.tokens[to-1]
	return s.fields[a.field][a.ByteStart:b.ByteEnd]
}

// sentence returns the number of the sentence that a token is in.
func (s *scan) sentence(i int) int32 {
	if len(s.sentences) == 0 {
		n := int32(0)
		for j := range s.tokens {
			if j > 0 && s.endsBefore(j) {
				n++
			}
			s.sentences = append(s.sentences, n)
		}
	}
	return s.sentences[i]
}

// endsBefore tells whether a sentence ends between token j-1 and j.
func (s *scan) endsBefore(j int) bool {
	a, b := &s.tokens[j-1], &s.tokens[j]
	if a.field != b.field {
		return true
	}
	gap := s.fields[a.field][a.ByteEnd:b.ByteStart]
	if strings.ContainsAny(gap, "\n。！？।॥؟…!?") {
		return true
	}
	if !strings.HasPrefix(gap, ".") || len(strings.TrimLeft(gap, ".")) == 0 {
		return false
	}
	word := s.fields[a.field][a.ByteStart:a.ByteEnd]
	next, _ := utf8.DecodeRuneInString(s.fields[b.field][b.ByteStart:])
	return utf8.RuneCountInString(word) > 2 && !unicode.IsLower(next)
}

// findTerms records every hit of the literal terms.
func (s *scan) findTerms(ix *index, n int) {
	if n == 0 {
		return
	}
	if len(s.heads) < n {
		s.heads, s.tails = make([]int32, n), make([]int32, n)
	}
	for i := range s.tokens {
		s.at(ix, i, 0, func(p *pattern, to int) {
			s.hits = append(s.hits, hit{from: int32(i), to: int32(to)})
			h := int32(len(s.hits))
			if s.heads[p.id] == 0 {
				s.heads[p.id] = h
				s.touched = append(s.touched, p.id)
			} else {
				s.hits[s.tails[p.id]-1].next = h
			}
			s.tails[p.id] = h
		})
	}
}

// at calls fn for every pattern that matches at token i, read from byte off of
// the folded word.
func (s *scan) at(ix *index, i, off int, fn func(p *pattern, to int)) {
	w := s.word(i)[off:]
	h := uint64(fnvBasis)
	for n := 0; n < len(w) && n < maxKey; {
		for {
			h = (h ^ uint64(w[n])) * fnvPrime
			n++
			if n == len(w) || utf8.RuneStart(w[n]) {
				break
			}
		}
		k := h ^ h>>29
		if ix.filter[(k&ix.mask)>>6]&(1<<(k&63)) == 0 {
			continue
		}
		for _, pi := range ix.keys[h] {
			p := &ix.patterns[pi]
			if to, ok := s.matches(p, i, off); ok {
				fn(p, to)
			}
		}
	}
}

// matches tells whether a pattern matches at token i, and where it ends.
func (s *scan) matches(p *pattern, i, off int) (to int, ok bool) {
	if i+len(p.elems) > len(s.tokens) {
		return 0, false
	}
	for k := range p.elems {
		e, t := &p.elems[k], &s.tokens[i+k]
		if t.field != s.tokens[i].field || k > 0 && !s.adjacent(i+k) {
			return 0, false
		}
		w := s.word(i + k)
		if k == 0 {
			w = w[off:]
		} else if p.lang != nil && p.lang.article != "" && !e.fits(w) {
			w = []byte(strings.TrimPrefix(string(w), p.lang.article))
		}
		if !e.fits(w) || e.capital && !t.Capital || e.upper && !s.upper(t) {
			return 0, false
		}
	}
	to = i + len(p.elems)
	if p.katakana && s.insideKatakana(i, to) {
		return 0, false
	}
	return to, true
}

// adjacent tells whether only what may stand inside a name is before token j.
func (s *scan) adjacent(j int) bool {
	a, b := &s.tokens[j-1], &s.tokens[j]
	return b.ByteStart-a.ByteEnd <= 6 && !strings.ContainsAny(s.fields[a.field][a.ByteEnd:b.ByteStart], "\n,;:!?()。，、")
}

// upper tells whether a token is all capitals in a text that is not.
func (s *scan) upper(t *token) bool {
	return !s.shouts[t.field] && !hasSmall(s.fields[t.field][t.ByteStart:t.ByteEnd])
}

func (s *scan) insideKatakana(from, to int) bool {
	a, b := &s.tokens[from], &s.tokens[to-1]
	f := s.fields[a.field]
	before, _ := utf8.DecodeLastRuneInString(f[:a.ByteStart])
	after, _ := utf8.DecodeRuneInString(f[b.ByteEnd:])
	return text.IsKatakana(before) || text.IsKatakana(after)
}
