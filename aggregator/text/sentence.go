package text

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"github.com/clipperhouse/uax29/v2/sentences"
)

// Sentences cuts s into sentences, trimmed and in order: by UAX 29, then
// joined again where the cut came after an abbreviation or an initial. Lines
// are always cut. The language may be empty.
func Sentences(s, lang string) []string {
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		it := sentences.FromString(line)
		start := 0
		for it.Next() {
			if it.End() < len(line) && goesOn(line[start:it.End()], line[it.End():]) {
				continue
			}
			if t := strings.TrimSpace(line[start:it.End()]); t != "" {
				out = append(out, t)
			}
			start = it.End()
		}
		if t := strings.TrimSpace(line[start:]); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// abbreviations are those that a sentence does not end in, folded.
var abbreviations = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for a := range strings.FieldsSeq("mr mrs ms dr prof st sr jr gen col lt sgt rep sen gov hon rev vs no inc ltd co jan feb mar apr jun jul aug sep sept oct nov dec " +
		"bzw ca str nr abs evtl ggf z.b d.h u.a m mme mlle sra srta dott sig ing tgl dll г ул им тыс млн млрд руб д-р проф т.е т.д стр рис " +
		"u.s u.k u.n e.g i.e a.m p.m tzv např tj ul ks inż hr p kol av doç sn örn vb") {
		m[a] = true
	}
	return m
})

// goesOn tells whether the sentence that seems to end goes on in rest.
func goesOn(sentence, rest string) bool {
	t := strings.TrimRight(sentence, " \t\u00a0")
	if !strings.HasSuffix(t, ".") {
		return false
	}
	next, _ := utf8.DecodeRuneInString(strings.TrimLeft(rest, " \t\"'“„«("))
	if unicode.IsLower(next) {
		return true
	}
	word := t[lastWord(t) : len(t)-1]
	if r, size := utf8.DecodeRuneInString(word); size == len(word) && size > 0 && unicode.IsUpper(r) {
		return true // an initial: "J. Smith"
	}
	return abbreviations()[Fold(word)]
}

// Truncate returns s if it has at most n graphemes, else as many whole words
// as fit in n with the "…" that is put after them. A text without spaces is
// cut between graphemes.
func Truncate(s string, n int) string {
	s = strings.TrimSpace(s)
	if len(s) <= n {
		return s
	}
	if n <= 0 {
		return ""
	}
	it := graphemes.FromString(s)
	count, cut, space := 0, 0, 0
	for it.Next() {
		count++
		if count == n {
			cut = it.Start()
		}
		if count <= n && strings.TrimSpace(it.Value()) == "" {
			space = it.Start()
		}
		if count > n {
			break
		}
	}
	if count <= n {
		return s
	}
	if r, _ := utf8.DecodeRuneInString(s[cut:]); space > cut/2 && !unicode.IsSpace(r) {
		cut = space
	}
	return strings.TrimRightFunc(s[:cut], func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",;:–—-", r) }) + "…"
}

// lastWord returns where the last word of t begins.
func lastWord(t string) int {
	i := strings.LastIndexFunc(t, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("(\"“„«", r) })
	if i < 0 {
		return 0
	}
	_, size := utf8.DecodeRuneInString(t[i:])
	return i + size
}
