package match

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"topicwire/aggregator/text"
)

// rules are how names are written in a language (research/topics.md §3, C5).
type rules struct {
	suffix     int    // letters that inflection may add
	article    string // fused article that names are indexed without
	proclitics string // letters that may be fused before a word
	capitalAdj bool   // adjectives of countries are written with a capital
	hungarian  bool
	initial    bool // short names are words too: not believed where a sentence begins
}

const (
	analytic  = " en vi id ms fil tl sw fr es it pt ca gl jv su oc ast ht "
	twoLetter = " de nl da sv nb no nn is fo lb af fy ro el ar he fa ur ps ckb hi mr ne bn pa gu yi "
	capitals  = " en nl id ms vi fil sw tr af "
)

func rulesFor(lang string) *rules {
	base, _, _ := strings.Cut(lang, "-")
	has := func(list string) bool { return strings.Contains(list, " "+base+" ") }
	r := &rules{suffix: 4, capitalAdj: has(capitals), hungarian: base == "hu", initial: base == "vi"}
	switch {
	case has(analytic):
		r.suffix = 0
	case has(twoLetter):
		r.suffix = 2
	}
	switch base {
	case "ar":
		r.article, r.proclitics = "ال", "وفبكل"
	case "he":
		r.article, r.proclitics = "", "ובלמהשכ"
	case "am", "ti":
		r.proclitics = "የበለከ"
	}
	return r
}

// starts appends where in a folded word a name may begin.
func (r *rules) starts(out []int, w []byte) []int {
	out = append(out, 0)
	if r.proclitics == "" {
		return out
	}
	s := string(w)
	add := func(off int) {
		if utf8.RuneCountInString(s[off:]) >= 3 && len(out) < cap(out) {
			out = append(out, off)
		}
	}
	for off, n := 0, 0; n < 3; n++ {
		if r.article != "" {
			if strings.HasPrefix(s[off:], r.article) {
				add(off + len(r.article))
				break
			}
			if rest, ok := strings.CutPrefix(s[off:], "لل"); ok {
				add(len(s) - len(rest))
			}
		}
		c, size := utf8.DecodeRuneInString(s[off:])
		if size == 0 || !strings.ContainsRune(r.proclitics, c) {
			break
		}
		off += size
		add(off)
	}
	return out
}

const vowels = "aeiouyáéíóúýàèìòùâêîôûäëïöüąęůěăаеиоуыэюяіїєёαεηιουωाीेैोिुূাীেিুாிீேைاهي"

// pattern makes a name into a pattern; false if it has no letters to go by.
func (r *rules) pattern(n named) (pattern, bool) {
	form, stem := strings.CutPrefix(n.form, "~")
	p := pattern{code: none, lang: r}
	if n.code != "--" {
		p.code = toCode(n.code)
	}
	toks := text.Tokens(form)
	if len(toks) == 0 || len(toks) == 1 && toks[0].Unspaced {
		return p, false
	}
	for _, t := range toks {
		word := form[t.ByteStart:t.ByteEnd]
		e := r.elem(word, stem, t)
		if len(p.elems) > 0 {
			e.capital, e.upper = e.capital && t.Capital && utf8.RuneCountInString(word) > 3, false
		}
		p.elems = append(p.elems, e)
		first, _ := utf8.DecodeRuneInString(word)
		p.katakana = text.IsKatakana(first) && (len(p.elems) == 1 || p.katakana)
	}
	return p, true
}

func (r *rules) elem(word string, stem bool, t text.Token) elem {
	folded := text.Fold(word)
	if r.article != "" && !stem {
		if rest := strings.TrimPrefix(folded, r.article); utf8.RuneCountInString(rest) >= 3 {
			folded = rest
		}
	}
	e := elem{text: folded, extra: r.suffix, capital: t.Capital && (!stem || r.capitalAdj)}
	letters := []rune(folded)
	first := letters[:min(1, len(letters))]
	switch {
	case len(first) == 0:
		return e
	case t.Unspaced:
		e.extra = 0
		return e
	case unicode.Is(unicode.Hangul, first[0]):
		e.extra = 4
		return e
	case stem:
		e.extra = max(r.suffix, 3)
	}
	small := strings.ContainsFunc(word, unicode.IsLower)
	if t.Capital && !small && len(letters) <= 5 { // USA, США: never a word in small letters
		e.upper = len(letters) <= 3
		e.extra = 0
		return e
	}
	if len(letters) <= 3 && !stem {
		e.extra = min(e.extra, 2)
	}
	last := letters[len(letters)-1]
	if len(letters) >= 5 && r.suffix > 0 && !stem && strings.ContainsRune(vowels, last) || r.hungarian && len(letters) == 4 && last == 'a' || stem && r.suffix == 0 && len(letters) >= 4 && strings.ContainsRune(vowels, last) {
		e.stem, e.stemMax = string(letters[:len(letters)-1]), 2
		if len(letters) >= 7 {
			e.stemMax = 3
		}
		if r.hungarian {
			e.stemMax = 5
		}
	}
	return e
}

// sameLanguage tells whether a tag is a language asked for, or a part of it.
func sameLanguage(want, tag string) bool {
	want, tag = strings.ToLower(want), strings.ToLower(tag)
	return want == tag || strings.HasPrefix(tag, want+"-") || slices.Contains(chain(tag), want)
}
