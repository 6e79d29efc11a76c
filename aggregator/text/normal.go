package text

import (
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// IsNormal tells if s is in the form NFKC.
func IsNormal(s string) bool {
	for i, r := range s {
		if r >= utf8.RuneSelf && !stable(r) {
			return norm.NFKC.IsNormalString(s[lastASCII(s, i):])
		}
	}
	return true
}

// stable tells of the commonest runes that NFKC changes none of them, alone
// or beside another: there are no marks among them but the Devanagari vowels
// and virama, which stand in one order only.
func stable(r rune) bool {
	switch {
	case r < 0x370:
		return r >= 0xc0 && r <= 0x17e && (r < 0x132 || r > 0x133) && (r < 0x13f || r > 0x140) && r != 0x149 || r == 0xab || r == 0xbb
	case r < 0x600:
		return r >= 0x391 && r <= 0x3ce && r != 0x3a2 || r >= 0x400 && r <= 0x481
	case r < 0x900:
		return r >= 0x621 && r <= 0x63a || r >= 0x641 && r <= 0x64a || r >= 0x660 && r <= 0x669 || r == 0x60c || r == 0x61b || r == 0x61f
	case r < 0x980:
		return r <= 0x93b || r >= 0x93d && r <= 0x950 || r >= 0x964
	case r < 0x3000:
		return r >= 0x2012 && r <= 0x2014 || r >= 0x2018 && r <= 0x201e
	}
	return r >= 0x3001 && r <= 0x3002 || r >= 0x3041 && r <= 0x3094 || r >= 0x30a1 && r <= 0x30fa || r >= 0x4e00 && r <= 0x9fff || r >= 0xac00 && r <= 0xd7a3
}

// lastASCII returns the place of the last ASCII byte before s[i]; 0: there is
// none. What stands before it has no part in what follows.
func lastASCII(s string, i int) int {
	for i--; i > 0 && s[i] >= utf8.RuneSelf; i-- {
	}
	return max(i, 0)
}
