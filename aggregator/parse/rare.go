package parse

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/transform"
)

// decoder is an encoding that is only read, in one piece.
type decoder func(b []byte) string

// NewDecoder and NewEncoder make a decoder an encoding.Encoding.
func (d decoder) NewDecoder() *encoding.Decoder { return &encoding.Decoder{Transformer: whole{d}} }

// NewEncoder returns the encoder to nothing.
func (d decoder) NewEncoder() *encoding.Encoder { return encoding.Nop.NewEncoder() }

type whole struct{ decoder }

// Reset has nothing to forget.
func (whole) Reset() {}

// Transform decodes src when all of it and the room for it are there.
func (w whole) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	if !atEOF {
		return 0, 0, transform.ErrShortSrc
	}
	s := w.decoder(src)
	if len(s) > len(dst) {
		return 0, 0, transform.ErrShortDst
	}
	return copy(dst, s), len(src), nil
}

// utf7 reads UTF-7 (RFC 2152).
func utf7(b []byte) string {
	var out strings.Builder
	for i := 0; i < len(b); i++ {
		if b[i] != '+' {
			out.WriteRune(charmap.ISO8859_1.DecodeByte(b[i]))
			continue
		}
		end := i + 1
		for end < len(b) && strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", b[end]) >= 0 {
			end++
		}
		if end == i+1 {
			out.WriteByte('+')
		} else {
			raw, _ := base64.RawStdEncoding.DecodeString(string(b[i+1 : end])) // a rest of bits is left over
			units := make([]uint16, len(raw)/2)
			for j := range units {
				units[j] = binary.BigEndian.Uint16(raw[2*j:])
			}
			out.WriteString(string(utf16.Decode(units)))
		}
		if i = end - 1; end < len(b) && b[end] == '-' {
			i++
		}
	}
	return out.String()
}

// johab reads Johab, the Korean encoding that composes syllables of letters.
func johab(b []byte) string {
	medials := [32]int8{3: 1, 4: 2, 5: 3, 6: 4, 7: 5, 10: 6, 11: 7, 12: 8, 13: 9, 14: 10, 15: 11, 18: 12, 19: 13, 20: 14, 21: 15, 22: 16, 23: 17, 26: 18, 27: 19, 28: 20, 29: 21}
	out := make([]byte, 0, len(b)+len(b)/2)
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c < 0x80 || i+1 == len(b) {
			out = utf8.AppendRune(out, charmap.Windows1252.DecodeByte(c))
			continue
		}
		i++
		code := int(c)<<8 | int(b[i])
		first, last := code>>10&31-2, code&31-1
		if last > 17 {
			last--
		}
		switch medial := int(medials[code>>5&31]) - 1; {
		case c >= 0xd8:
			out = utf8.AppendRune(out, ksx1001(c, b[i]))
		case first < 0 || first > 18 || medial < 0 || last < 0 || last > 27:
			out = append(out, "\ufffd"...)
		default:
			out = utf8.AppendRune(out, rune(0xac00+(first*21+medial)*28+last))
		}
	}
	return string(out)
}

// ksx1001 reads the signs and Chinese characters of Johab, which has two rows
// of KS X 1001 for each lead byte.
func ksx1001(lead, trail byte) rune {
	at, row := int(trail)-0x31, 2*(int(lead)-0xd9)
	if trail >= 0x91 {
		at = int(trail) - 0x91 + 78
	}
	if lead >= 0xe0 {
		row = 2*(int(lead)-0xe0) + 41
	}
	if row += at / 94; at < 0 || row < 0 || row > 93 {
		return utf8.RuneError
	}
	return ksx1001Rows()[94*row+at%94]
}

var ksx1001Rows = sync.OnceValue(func() []rune {
	table, dec := make([]rune, 0, 94*94), korean.EUCKR.NewDecoder()
	for i := range 94 * 94 {
		b, err := dec.Bytes([]byte{byte(0xa1 + i/94), byte(0xa1 + i%94)})
		r, _ := utf8.DecodeRune(b)
		if err != nil || len(b) == 0 {
			r = utf8.RuneError
		}
		table = append(table, r)
	}
	return table
})

// controls reads the bytes that an ISO 8859 leaves to control characters as
// windows-1252 has them.
type controls struct{ *charmap.Charmap }

// NewDecoder returns its decoder.
func (c controls) NewDecoder() *encoding.Decoder {
	p := make(codePage, 128)
	for i := range p {
		b := byte(0x80 + i)
		if p[i] = c.DecodeByte(b); b < 0xa0 && (p[i] < 0xa0 || p[i] == utf8.RuneError) {
			p[i] = charmap.Windows1252.DecodeByte(b)
		}
	}
	return p.NewDecoder()
}

// once undoes the encoding of UTF-8 as UTF-8: s comes back as it is unless it
// can be nothing else.
func once(s string) string {
	pairs, sure := 0, false
	for i := 0; i+3 < len(s); i++ { // a lead byte, as UTF-8, before another such
		if s[i] != 0xc3 || s[i+2] < 0xc2 {
			continue
		}
		switch s[i+1] {
		case 0x82, 0x83, 0xa2: // "\u00c2", "\u00c3", "\u00e2": accents, quotation marks
			sure = true
		case 0x8e, 0x8f, 0x90, 0x91, 0xa0, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9: // other scripts
			pairs++
		}
	}
	if !sure && pairs < 2 {
		return s
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r < 0x100 {
			b = append(b, byte(r))
			continue
		}
		c, ok := charmap.Windows1252.EncodeRune(r)
		if !ok {
			return s
		}
		b = append(b, c)
	}
	if !utf8.Valid(b) {
		return s
	}
	return string(b)
}
