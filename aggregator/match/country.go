package match

import (
	"cmp"
	"slices"
	"strings"

	"topicwire/aggregator"
)

// The points of research: a country is in focus from focus points on.
const (
	titlePoints = 4
	leadPoints  = 3
	leadMax     = 2
	bodyMax     = 4
	focus       = 3
)

// code is a country code as a number; none is a name that is no country.
type code uint16

const (
	codes      = 26*26 + 1
	none  code = 26 * 26
)

func toCode(s string) code { return code(s[0]-'A')*26 + code(s[1]-'A') }

func (c code) String() string { return string([]byte{'A' + byte(c/26), 'A' + byte(c%26)}) }

// mention is a country named by tokens [from, to).
type mention struct {
	code     code
	from, to int32
}

// tally counts the mentions of a country.
type tally struct {
	n                 int
	title, lead, body int
	last              int32 // the sentence of the body named last, from 1
}

func (t *tally) points() int {
	return titlePoints*min(t.title, 1) + leadPoints*min(t.lead, leadMax) + min(t.body, bodyMax)
}

// Country is a country that a document names.
type Country struct {
	Code     string                `json:"code"`
	Points   int                   `json:"points"`
	InFocus  bool                  `json:"in_focus"`
	Evidence []aggregator.Evidence `json:"evidence"`
}

// Countries returns the countries a document names, most points first.
func Countries(d *Document) []Country {
	s := newScan(d)
	defer s.free()
	s.count()
	out := make([]Country, 0, len(s.named))
	for _, c := range s.named {
		points := s.tallies[c].points()
		out = append(out, Country{
			Code: c.String(), Points: points, InFocus: points >= focus,
			Evidence: s.mentionsOf(nil, c, "country:"+strings.ToLower(c.String())),
		})
	}
	slices.SortFunc(out, func(a, b Country) int { return cmp.Or(b.Points-a.Points, strings.Compare(a.Code, b.Code)) })
	return out
}

// count finds every country named, once per document.
func (s *scan) count() {
	if s.counted {
		return
	}
	s.counted = true
	r, ix := namesFor(s.doc.Language)
	if ix == nil {
		return
	}
	var offsets [8]int
	for i := 0; i < len(s.tokens); {
		var best *pattern
		bestTo, bestLen := 0, 0
		for _, off := range r.starts(offsets[:0], s.word(i)) {
			s.at(ix, i, off, func(p *pattern, to int) {
				n := len(p.elems[0].text)
				if p.elems[0].text == string(s.word(i)[off:]) { // the very word goes before an inflected one
					n += maxBody
				}
				if to > bestTo || to == bestTo && n > bestLen {
					best, bestTo, bestLen = p, to, n
				}
			})
		}
		if best == nil || r.initial && bestTo == i+1 && len(s.word(i)) <= 5 && (i == 0 || s.endsBefore(i)) {
			i++
			continue
		}
		s.mention(best.code, i, bestTo)
		i = bestTo
	}
}

func (s *scan) mention(c code, from, to int) {
	tok := &s.tokens[from]
	if c == none || tok.field == body && tok.ByteStart < s.bodyFrom {
		return
	}
	t := &s.tallies[c]
	if t.n == 0 {
		s.named = append(s.named, c)
	}
	t.n++
	switch {
	case tok.field == title:
		t.title++
	case tok.field == summary || tok.ByteStart < s.leadEnd:
		t.lead++
	default: // a sentence counts once, however often it says the name
		if n := s.sentence(from) + 1; n != t.last {
			t.body, t.last = t.body+1, n
		}
	}
	s.mentions = append(s.mentions, mention{code: c, from: int32(from), to: int32(to)})
}

func (s *scan) mentionsOf(out []aggregator.Evidence, c code, term string) []aggregator.Evidence {
	n := 0
	for _, m := range s.mentions {
		if m.code == c && n < maxEvidence {
			out = append(out, s.evidence(term, int(m.from), int(m.to)))
			n++
		}
	}
	return out
}
