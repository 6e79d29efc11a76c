package enrich

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// phraseList is a list of telltale words, in small letters. "^" before them:
// the line opens with them; "$" after them: it ends with them; "*": anything
// of up to 60 bytes; "~" at the end: the word may go on. Otherwise a phrase of
// letters stands as whole words.
type phraseList struct {
	heads map[rune][]phrase // by the first letter of the line
	inner []phrase
}

type phrase struct {
	parts []string
	ends  bool
	on    bool
}

func phrases(lines ...string) *phraseList {
	l := &phraseList{heads: map[rune][]phrase{}}
	for _, line := range lines {
		for s := range strings.SplitSeq(line, "|") {
			s = strings.TrimSpace(s)
			rest, opens := strings.CutPrefix(s, "^")
			var p phrase
			rest, p.ends = strings.CutSuffix(rest, "$")
			rest, p.on = strings.CutSuffix(rest, "~")
			p.parts = strings.Split(rest, "*")
			if r, _ := utf8.DecodeRuneInString(rest); opens {
				l.heads[r] = append(l.heads[r], p)
			} else {
				l.inner = append(l.inner, p)
			}
		}
	}
	return l
}

// match tells if a line in small letters has a phrase of the list.
func (l *phraseList) match(low string) bool {
	head := strings.TrimLeftFunc(low, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '©' && r != '【'
	})
	r, _ := utf8.DecodeRuneInString(head)
	for _, p := range l.heads[r] {
		if strings.HasPrefix(head, p.parts[0]) && p.follows(head, 0) {
			return true
		}
	}
	for _, p := range l.inner {
		for from := 0; ; {
			i := strings.Index(low[from:], p.parts[0])
			if i < 0 {
				break
			}
			from += i
			if !inWord(low[:from], p.parts[0]) && p.follows(low, from) {
				return true
			}
			from += len(p.parts[0])
		}
	}
	return false
}

// follows tells if the phrase whose first part is at i goes on as it should.
func (p phrase) follows(s string, i int) bool {
	const most = 60
	i += len(p.parts[0])
	for _, part := range p.parts[1:] {
		j := strings.Index(s[i:min(len(s), i+most+len(part))], part)
		if j < 0 {
			return false
		}
		i += j + len(part)
	}
	last := p.parts[len(p.parts)-1]
	if !p.on && last != "" {
		r, _ := utf8.DecodeRuneInString(s[i:])
		l, _ := utf8.DecodeLastRuneInString(last)
		if spaced(l) && spaced(r) {
			return false
		}
	}
	return !p.ends || strings.TrimFunc(s[i:], func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) == ""
}

// inWord tells if a part that opens with a letter goes on a word before it.
func inWord(before, part string) bool {
	l, _ := utf8.DecodeLastRuneInString(before)
	r, _ := utf8.DecodeRuneInString(part)
	return before != "" && spaced(l) && spaced(r)
}

// spaced tells if a letter is of a script that puts spaces between words.
func spaced(r rune) bool {
	return unicode.IsLetter(r) && r != utf8.RuneError && !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Hangul, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}
