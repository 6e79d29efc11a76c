package parse

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// dirty marks the bytes at which clean has to look closer.
var dirty = func() (t [256]bool) {
	for c := range 0x20 {
		t[c] = c != '\t' && c != '\n' && c != '\r'
	}
	t[0x7f], t['&'], t['<'], t[0xc2], t[0xef] = true, true, true, true, true
	return t
}()

// clean removes what XML does not allow: control characters, written raw or
// as references, and noncharacters. C1 controls are what windows-1252 means by
// them. A "<" that starts no markup becomes a reference. The document comes
// back as it is if there is nothing to do. It also tells if the document was
// not XML, be it that an "&" starts no reference.
func clean(b []byte) (_ []byte, broken bool) {
	var out []byte
	from, cdata, stray := 0, 0, 0 // cdata: where the CDATA section ends that i is in
	put := func(i, n int, s string) {
		if out == nil {
			out = make([]byte, 0, len(b)+64)
		}
		out = append(append(out, b[from:i]...), s...)
		from = i + n
	}
	for i := 0; i < len(b); i++ {
		if !dirty[b[i]] {
			continue
		}
		switch b[i] {
		case '<':
			if i < cdata || startsMarkup(b[i+1:]) {
				if i >= cdata && bytes.HasPrefix(b[i:], []byte("<![CDATA[")) {
					cdata = len(b)
					if j := bytes.Index(b[i:], []byte("]]>")); j >= 0 {
						cdata = i + j
					}
				}
				continue
			}
			if stray++; stray <= maxEdits {
				put(i, 1, "&lt;")
			}
			broken = true
		case '&':
			if i < cdata {
				continue
			}
			if n, s, bad := reference(b[i:]); bad {
				put(i, n, s)
				i += n - 1
				broken = broken || s == "" // the others are legal
			} else if !broken {
				broken = !startsReference(b[i+1:])
			}
		case 0xc2:
			if i+1 < len(b) && b[i+1] < 0xa0 {
				put(i, 2, latin(b[i+1]))
				i++
			}
		case 0xef:
			if i+2 < len(b) && b[i+1] == 0xbf && b[i+2] >= 0xbe {
				put(i, 3, "")
				i += 2
			}
		default:
			put(i, 1, "")
			broken = broken || b[i] != 0x7f
		}
	}
	if out == nil {
		return b, broken
	}
	return append(out, b[from:]...), broken
}

// startsReference tells if what follows an "&" makes it a reference.
func startsReference(rest []byte) bool {
	for i, c := range rest[:min(len(rest), 34)] {
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z', i > 0 && c >= '0' && c <= '9', i == 0 && c == '#':
		default:
			return c == ';' && i > 0
		}
	}
	return false
}

// startsMarkup tells if what follows a "<" makes it markup.
func startsMarkup(rest []byte) bool {
	if len(rest) == 0 {
		return true
	}
	c := rest[0]
	return c == '/' || c == '!' || c == '?' || c == '_' || c >= 0x80 || 'a' <= c|0x20 && c|0x20 <= 'z'
}

func latin(c byte) string {
	r := charmap.Windows1252.DecodeByte(c)
	if r < 0xa0 {
		return ""
	}
	return string(r)
}

// reference tells if b starts with a character reference that XML does not
// allow, how long it is and what to write instead.
func reference(b []byte) (n int, s string, bad bool) {
	if len(b) < 4 || b[1] != '#' {
		return 0, "", false
	}
	end := bytes.IndexByte(b[:min(len(b), 12)], ';')
	if end < 0 {
		return 0, "", false
	}
	digits, base := string(b[2:end]), 10
	if digits != "" && digits[0]|0x20 == 'x' {
		digits, base = digits[1:], 16
	}
	v, err := strconv.ParseUint(digits, base, 32)
	if err != nil {
		return 0, "", false
	}
	switch {
	case v == '\t' || v == '\n' || v == '\r' || 0x20 <= v && v < 0x7f || 0xa0 <= v && v < 0xd800 || 0xe000 <= v && v < 0xfffe || 0x10000 <= v && v <= utf8.MaxRune:
		return 0, "", false
	case 0x80 <= v && v < 0xa0:
		return end + 1, latin(byte(v)), true
	}
	return end + 1, "", true
}
