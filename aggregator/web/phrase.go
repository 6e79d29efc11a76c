package web

import (
	"slices"
	"strings"
	"unicode"

	"topicwire/aggregator"
)

// newPhrase marks in text what the evidence names. The evidence must be of
// this very text, or say by its alias what to look for: a place that does not
// hold the alias is not marked.
func newPhrase(text, lang string, evidence []aggregator.Evidence) phrase {
	p := phrase{Lang: knownLanguage(lang), Dir: direction(lang)}
	if text == "" {
		return p
	}
	runes := []rune(text)
	at := 0
	for _, m := range marks(runes, evidence) {
		if m.start > at {
			p.Parts = append(p.Parts, part{Text: string(runes[at:m.start])})
		}
		p.Parts = append(p.Parts, part{Text: string(runes[m.start:m.end]), Mark: m.term})
		at = m.end
	}
	if at < len(runes) {
		p.Parts = append(p.Parts, part{Text: string(runes[at:])})
	}
	return p
}

// ofField keeps the evidence found in one field.
func ofField(evidence []aggregator.Evidence, fields ...string) []aggregator.Evidence {
	var out []aggregator.Evidence
	for _, ev := range evidence {
		if slices.Contains(fields, ev.Field) {
			out = append(out, ev)
		}
	}
	return out
}

// aliases keeps of the evidence what to look for in another text.
func aliases(evidence []aggregator.Evidence) []aggregator.Evidence {
	var out []aggregator.Evidence
	seen := map[string]bool{}
	for _, ev := range evidence {
		if ev.Alias != "" && !seen[ev.Alias] {
			seen[ev.Alias] = true
			out = append(out, aggregator.Evidence{Term: ev.Term, Alias: ev.Alias})
		}
	}
	return out
}

type mark struct {
	start, end int
	term       string
}

// marks returns places in order, none overlapping another.
func marks(text []rune, evidence []aggregator.Evidence) []mark {
	var found []mark
	for _, ev := range evidence {
		alias := []rune(ev.Alias)
		switch {
		case holds(text, ev.Start, ev.End, alias):
			found = append(found, mark{ev.Start, ev.End, ev.Term})
		case len(alias) > 0:
			found = append(found, occurrences(text, alias, ev.Term)...)
		}
	}
	slices.SortStableFunc(found, func(a, b mark) int {
		if a.start != b.start {
			return a.start - b.start
		}
		return b.end - a.end
	})
	out := found[:0]
	end := 0
	for _, m := range found {
		if m.start >= end {
			out = append(out, m)
			end = m.end
		}
	}
	return out
}

// holds tells if the text has the alias at the place; without an alias any
// place within the text will do.
func holds(text []rune, start, end int, alias []rune) bool {
	if start < 0 || end <= start || end > len(text) {
		return false
	}
	return len(alias) == 0 || strings.EqualFold(string(text[start:end]), string(alias))
}

// mostMarks bounds the search in one text.
const mostMarks = 200

func occurrences(text, alias []rune, term string) []mark {
	var out []mark
	for i := 0; i+len(alias) <= len(text) && len(out) < mostMarks; i++ {
		end := i + len(alias)
		if !strings.EqualFold(string(text[i:end]), string(alias)) {
			continue
		}
		if joined(text, i) || joined(text, end) {
			continue
		}
		out = append(out, mark{i, end, term})
		i = end - 1
	}
	return out
}

// joined tells if a word runs across the place: "India" is not in "Indiana".
// Scripts that write no spaces have no such places.
func joined(text []rune, at int) bool {
	if at <= 0 || at >= len(text) {
		return false
	}
	a, b := text[at-1], text[at]
	return wordRune(a) && wordRune(b) && !unspaced(a) && !unspaced(b)
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}
