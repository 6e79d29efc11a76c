package text

import (
	"sync"
	"unicode"
	"unicode/utf8"
)

// Token is a word of a text; in scripts written without spaces, a character
// with its marks.
type Token struct {
	Start, End         int // in runes
	ByteStart, ByteEnd int
	Capital            bool // begins with a capital letter
	Unspaced           bool // of a script written without spaces
}

// Tokens returns the words of s in order: runs of letters, marks and digits.
func Tokens(s string) []Token { return AppendTokens(nil, s) }

// AppendTokens appends the words of s to dst.
func AppendTokens(dst []Token, s string) []Token {
	open := false // the last token may go on
	n := 0
	table := kinds()
	for i := 0; i < len(s); n++ {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		var kind kind
		if r < kindsEnd {
			kind = table[r]
		} else {
			kind = kindOf(r)
		}
		capital := kind&upper != 0
		switch kind &^= upper; {
		case kind == other:
			open = false
		case open && (kind == mark || kind == letter && !dst[len(dst)-1].Unspaced):
			last := &dst[len(dst)-1]
			last.End, last.ByteEnd = n+1, i+size
		case kind == mark: // a mark without a letter is no word
		default:
			dst = append(dst, Token{
				Start: n, End: n + 1, ByteStart: i, ByteEnd: i + size,
				Capital: capital, Unspaced: kind == unspaced,
			})
			open = true
		}
		i += size
	}
	return dst
}

type kind uint8

const (
	other kind = iota
	letter
	mark
	unspaced

	upper kind = 0x80 // beside letter: a capital
)

// kinds answers kindOf for runes below kindsEnd, with capitals marked.
var kinds = sync.OnceValue(func() *[kindsEnd]kind {
	var t [kindsEnd]kind
	for r := range t {
		if t[r] = kindOf(rune(r)); t[r] == letter && isUpper(rune(r)) {
			t[r] |= upper
		}
	}
	return &t
})

const kindsEnd = 0x3000

func kindOf(r rune) kind {
	switch {
	case r < utf8.RuneSelf:
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
			return letter
		}
		return other
	case IsUnspaced(r):
		if unicode.Is(unicode.M, r) {
			return mark
		}
		return unspaced
	case r >= 0x200B && r <= 0x200F || r == 0xAD || r == 0x2060: // joiners: part of the word
		return mark
	case unicode.IsLetter(r) || unicode.IsNumber(r):
		return letter
	case unicode.Is(unicode.M, r):
		return mark
	}
	return other
}

// IsUnspaced tells whether r belongs to a script that puts no spaces between words.
func IsUnspaced(r rune) bool {
	switch {
	case r < 0xE00:
		return false
	case r < 0xF00: // Thai, Lao
		return r != 0xE3F && (r < 0xE50 || r > 0xE5B)
	case r < 0x2E80:
		return r >= 0x1000 && r < 0x1040 || r >= 0x1780 && r < 0x17D4
	case r >= 0x3005 && r <= 0x3007, r >= 0x3040 && r < 0x3100, r >= 0x31F0 && r < 0x3200:
		return r != 0x30FB && r != 0x30A0
	case r >= 0x3400 && r < 0xA000, r >= 0xF900 && r < 0xFB00, r >= 0x20000 && r < 0x32000:
		return r < 0x4DC0 || r >= 0x4E00
	}
	return r >= 0xFF66 && r < 0xFFA0
}

// IsKatakana tells whether r is a katakana letter or its long mark.
func IsKatakana(r rune) bool { return r >= 0x30A1 && r <= 0x30FA || r == 0x30FC }

func isUpper(r rune) bool {
	if r < utf8.RuneSelf {
		return 'A' <= r && r <= 'Z'
	}
	return r < 0x2D00 && (unicode.IsUpper(r) || unicode.IsTitle(r))
}
