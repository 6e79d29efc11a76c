package match

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"topicwire/aggregator/text"
)

//go:generate go run ./gazetteer -out names.txt.gz

//go:embed names.txt.gz
var packedNames []byte

// supplement is what news says and CLDR does not, written by hand.
//
//go:embed supplement.txt
var supplement string

// named is a form of a country's name; a stem is written "~form".
type named struct {
	code string
	form string
}

// gazetteer holds the names by language, each as the pieces of text that list
// them: lines of a code and its forms. There are some ninety thousand, most of
// them never asked for, so they are read language by language.
var gazetteer = sync.OnceValue(func() map[string][]string {
	out := map[string][]string{}
	add := func(s string) {
		for piece := range strings.SplitSeq("\n"+s, "\n@") {
			if lang, lines, ok := strings.Cut(piece, "\n"); ok && lang != "" && lang[0] != '#' {
				out[lang] = append(out[lang], lines)
			}
		}
	}
	if z, err := gzip.NewReader(bytes.NewReader(packedNames)); err == nil {
		if b, err := io.ReadAll(z); err == nil {
			add(string(b))
		}
	}
	add(supplement)
	return out
})

// namesOf returns the names in a language, without those of related ones.
func namesOf(lang string) []named {
	var out []named
	for _, piece := range gazetteer()[lang] {
		for line := range strings.SplitSeq(piece, "\n") {
			code, forms, ok := strings.Cut(line, " ")
			if !ok || line[0] == '#' {
				continue
			}
			for f := range strings.SplitSeq(forms, "|") {
				out = append(out, named{code, f})
			}
		}
	}
	return out
}

// chain returns the languages whose names count in a text of lang, most
// particular first.
func chain(lang string) []string {
	lang = strings.ReplaceAll(lang, "_", "-")
	base, rest, _ := strings.Cut(lang, "-")
	base = strings.ToLower(base)
	switch base {
	case "zh":
		if r := strings.ToLower(rest); strings.HasPrefix(r, "hant") || r == "tw" || r == "hk" || r == "mo" {
			return []string{"zh-Hant", "zh"}
		}
		return []string{"zh", "zh-Hant"}
	case "nb", "nn":
		return []string{base, "no"}
	case "no":
		return []string{"no", "nb"}
	case "tl":
		return []string{"fil"}
	case "iw":
		return []string{"he"}
	case "in":
		return []string{"id"}
	}
	if rest != "" {
		return []string{base + "-" + rest, base}
	}
	return []string{base}
}

// CountryNames returns what a country is called in a language: names first,
// then stems of adjectives, which end in "-". Unknown codes and languages have none.
func CountryNames(countryCode, lang string) []string {
	var names, stems []string
	for _, l := range chain(lang) {
		for _, n := range namesOf(l) {
			if !strings.EqualFold(n.code, countryCode) {
				continue
			}
			if f, stem := strings.CutPrefix(n.form, "~"); stem {
				stems = append(stems, f+"-")
			} else {
				names = append(names, n.form)
			}
		}
	}
	slices.Sort(stems)
	out := append(names, slices.Compact(stems)...)
	seen := map[string]bool{}
	return slices.DeleteFunc(out, func(s string) bool { was := seen[s]; seen[s] = true; return was })
}

type langIndex struct {
	rules *rules
	index func() *index
}

var langIndexes sync.Map // language → *langIndex

// namesFor returns the rules and the names to look for in a text of a
// language. An index is kept for each language that has names, not for each
// tag that anybody can invent.
func namesFor(lang string) (*rules, *index) {
	li, ok := langIndexes.Load(lang)
	if !ok {
		lang = known(lang)
		if li, ok = langIndexes.Load(lang); !ok {
			r := rulesFor(lang)
			li, _ = langIndexes.LoadOrStore(lang, &langIndex{rules: r, index: sync.OnceValue(func() *index { return buildNames(lang, r) })})
		}
	}
	return li.(*langIndex).rules, li.(*langIndex).index()
}

// known returns the language of the gazetteer that a tag asks for, or "und".
func known(tag string) string {
	if len(tag) <= 35 { // no tag is longer
		for _, l := range chain(tag) {
			if len(gazetteer()[l]) > 0 {
				return l
			}
		}
	}
	return "und"
}

func buildNames(lang string, r *rules) *index {
	var out []pattern
	seen := map[named]bool{}
	add := func(n named, r *rules, short bool) {
		if seen[n] {
			return
		}
		seen[n] = true
		if short && !longEnough(n.form) {
			return
		}
		if p, ok := r.pattern(n); ok {
			out = append(out, p)
		}
	}
	if lang == "und" {
		for l := range gazetteer() {
			lr := rulesFor(l)
			for _, n := range namesOf(l) {
				if !strings.HasPrefix(n.form, "~") {
					add(n, lr, true)
				}
			}
		}
		return newIndex(out)
	}
	for _, l := range chain(lang) {
		for _, n := range namesOf(l) {
			add(n, r, false)
		}
	}
	english := rulesFor("en")
	for _, n := range namesOf("en") { // the press mixes scripts
		if !strings.HasPrefix(n.form, "~") {
			add(n, english, lang != "en")
		}
	}
	return newIndex(out)
}

// longEnough tells whether a name may be believed in a text of another language.
func longEnough(form string) bool {
	form = strings.TrimPrefix(form, "~")
	r, _ := utf8.DecodeRuneInString(form)
	n := utf8.RuneCountInString(form)
	if text.IsUnspaced(r) || unicode.Is(unicode.Hangul, r) {
		return n >= 2
	}
	return n >= 4
}
