// Package text folds, cuts and recognises text in any script: what dedup,
// match and enrich share. Strings go in; folded strings, tokens, sentences,
// plain text of HTML and language tags come out. Every function is pure, safe
// for concurrent use and linear in its input; none panics on bad UTF-8. What
// words mean is left to match.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold returns s as comparing needs it: NFKC, small letters, and without what
// spellings of one word differ in: Arabic alef forms and vowel points, nukta,
// ё, ß, Greek and Hebrew points, joiners, soft hyphens.
func Fold(s string) string {
	if i := firstUnfolded(s); i == len(s) {
		return s
	}
	if isASCII(s) {
		return strings.ToLower(s)
	}
	if !IsNormal(s) {
		s = norm.NFKC.String(s)
	}
	b := make([]byte, 0, len(s)+4)
	for _, r := range s {
		b = AppendFold(b, r)
	}
	return string(b)
}

// AppendFold appends what a rune of NFKC text folds to: nothing, one rune or two.
func AppendFold(b []byte, r rune) []byte {
	switch {
	case r < utf8.RuneSelf:
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return append(b, byte(r))
	case r == 'ß' || r == 'ẞ':
		return append(b, "ss"...)
	}
	if r = foldRune(r); r < 0 {
		return b
	}
	return utf8.AppendRune(b, r)
}

// foldRune returns the folded rune, or -1 if it folds to nothing.
func foldRune(r rune) rune {
	switch {
	case r < 0x370:
		return foldLatin(r)
	case r < 0x400:
		return foldGreek(unicode.ToLower(r))
	case r < 0x590:
		r = unicode.ToLower(r)
		if r == 'ё' {
			return 'е'
		}
		return r
	case r < 0x700:
		return foldSemitic(r)
	case r < 0xE00:
		return foldIndic(r)
	case r >= 0x200B && r <= 0x200F || r == 0x2060 || r == 0xFEFF || r >= 0xFE00 && r <= 0xFE0F:
		return -1
	case r >= 0x4E00 && r < 0xE000:
		return r
	}
	return unicode.ToLower(r)
}

func foldLatin(r rune) rune {
	switch r {
	case 0xAD, 0x307: // soft hyphen; the dot that İ leaves behind
		return -1
	case 'İ':
		return 'i'
	}
	return unicode.ToLower(r)
}

func foldGreek(r rune) rune {
	switch r {
	case 'ά':
		return 'α'
	case 'έ':
		return 'ε'
	case 'ή':
		return 'η'
	case 'ί', 'ϊ', 'ΐ':
		return 'ι'
	case 'ό':
		return 'ο'
	case 'ύ', 'ϋ', 'ΰ':
		return 'υ'
	case 'ώ':
		return 'ω'
	case 'ς':
		return 'σ'
	}
	return r
}

func foldSemitic(r rune) rune {
	switch {
	case r >= 0x591 && r <= 0x5C7 && r != 0x5BE, r >= 0x610 && r <= 0x61A,
		r >= 0x64B && r <= 0x65F, r == 0x670, r == 0x640:
		return -1
	}
	switch r {
	case 'أ', 'إ', 'آ', 'ٱ':
		return 'ا'
	case 'ى', 'ی', 'ې':
		return 'ي'
	case 'ة', 'ۀ', 'ہ', 'ە', 'ۂ', 'ۃ', 'ھ':
		return 'ه'
	case 'ک':
		return 'ك'
	case 'ؤ':
		return 'و'
	case 'ئ':
		return 'ي'
	}
	return r
}

func foldIndic(r rune) rune {
	switch r {
	case 0x93C, 0x9BC, 0xA3C, 0xABC, 0xB3C: // nukta
		return -1
	case 0x901: // candrabindu as anusvara
		return 0x902
	}
	return r
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// firstUnfolded returns the place of the first byte that ASCII folding would change.
func firstUnfolded(s string) int {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return i
		}
	}
	return len(s)
}
