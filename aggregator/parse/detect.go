package parse

import (
	"strings"
	"unicode"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// The characters that written Chinese uses most.
const (
	simplified  = "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长"
	traditional = "的一是不了人我在有他這中大來上國個到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可里後小麼心多天而能好都然沒日於起還發成事只作當想看文無開手十用主行方又如前所本見經頭面公同三已老從動兩長"
)

const (
	minDetect = 12      // high bytes without which nothing can be told
	maxDetect = 1 << 16 // bytes that are looked at
)

// candidate is an encoding that a document may be in without saying so.
type candidate struct {
	name string
	enc  encoding.Encoding
	fits func(s sample) bool
}

// sample counts the runes that the high bytes of a document decode to.
type sample struct {
	all, bad, kana, halfKana, hangul, common, cyrillic, greek, lower, hebrew, thai int
	inner, finals                                                                  int // capitals, and letters that end words, within words
}

// written tells if letters are in the case that words have them in.
func (s *sample) written(letters int) bool { return s.lower*3 > letters*2 && s.inner*20 <= letters }

func (s *sample) most(n int) bool { return s.bad*50 <= s.all && n*100 >= s.all*85 }

// candidates are in the order in which they are tried: those first whose text
// is hardly anything else by chance.
var candidates = []candidate{
	{"euc-jp", japanese.EUCJP, func(s sample) bool { return s.bad*50 <= s.all && s.kana*5 >= s.all }},
	{"shift_jis", japanese.ShiftJIS, func(s sample) bool { return s.bad*50 <= s.all && s.kana*5 >= s.all && s.halfKana*5 < s.all }},
	{"euc-kr", korean.EUCKR, func(s sample) bool { return s.most(s.hangul) }},
	{"gb2312", simplifiedchinese.GB18030, func(s sample) bool { return s.bad*50 <= s.all && s.common*8 >= s.all }},
	{"big5", traditionalchinese.Big5, func(s sample) bool { return s.bad*50 <= s.all && s.common*8 >= s.all }},
	{"windows-1255", charmap.Windows1255, func(s sample) bool { return s.most(s.hebrew) && s.bad == 0 && s.finals*20 <= s.hebrew }},
	{"koi8-r", charmap.KOI8R, func(s sample) bool { return s.most(s.cyrillic) && s.written(s.cyrillic) }},
	{"windows-1251", charmap.Windows1251, func(s sample) bool { return s.most(s.cyrillic) && s.written(s.cyrillic) }},
	{"iso-8859-7", charmap.ISO8859_7, func(s sample) bool { return s.most(s.greek) && s.written(s.greek) }},
	{"tis-620", charmap.Windows874, func(s sample) bool { return s.most(s.thai) }},
}

// detect finds the encoding of a document that is no UTF-8 and does not say
// what it is. It answers nil for the languages of Western Europe, whose high
// bytes stand alone between ASCII letters, and when it is not sure.
func detect(b []byte) (encoding.Encoding, string) {
	high := highRuns(b)
	if len(high) < minDetect {
		return nil, ""
	}
	for _, c := range candidates {
		text, err := c.enc.NewDecoder().Bytes(high)
		if err == nil && c.fits(count(string(text))) {
			return c.enc, c.name
		}
	}
	return nil, ""
}

// highRuns returns the words of a document that have high bytes; nil if most
// of these stand alone.
func highRuns(b []byte) []byte {
	var out []byte
	high, together := 0, 0
	for i := 0; i < len(b) && len(out) < maxDetect; {
		if b[i] < 0x80 {
			i++
			continue
		}
		end := i
		for end < len(b) && (b[end] >= 0x80 || b[end] >= 0x40 && b[end] < 0x7f && end > i && b[end-1] >= 0x80) {
			if b[end] >= 0x80 { // the second byte of a pair may be low
				high++
				if end > 0 && b[end-1] >= 0x80 || end+1 < len(b) && b[end+1] >= 0x80 {
					together++
				}
			}
			end++
		}
		out = append(append(out, b[i:end]...), ' ')
		i = end
	}
	if 2*together < high {
		return nil
	}
	return out
}

func count(text string) (s sample) {
	var before rune
	for _, r := range text {
		if final(before) && unicode.Is(unicode.Hebrew, r) {
			s.finals++
		}
		if unicode.IsLower(before) && unicode.IsUpper(r) {
			s.inner++
		}
		if before = r; r < 0x80 {
			continue
		}
		s.all++
		switch {
		case r == unicode.ReplacementChar || r < 0xa0 || 0xe000 <= r && r < 0xf900:
			s.bad++
		case 0x3041 <= r && r <= 0x30ff:
			s.kana++
		case 0xff61 <= r && r <= 0xff9f:
			s.halfKana++
		case unicode.Is(unicode.Hangul, r):
			s.hangul++
		case unicode.Is(unicode.Cyrillic, r):
			s.cyrillic++
			if unicode.IsLower(r) {
				s.lower++
			}
		case unicode.Is(unicode.Greek, r):
			s.greek++
			if unicode.IsLower(r) {
				s.lower++
			}
		case unicode.Is(unicode.Hebrew, r):
			s.hebrew++
		case unicode.Is(unicode.Thai, r):
			s.thai++
		case strings.ContainsRune(simplified, r) || strings.ContainsRune(traditional, r):
			s.common++
		}
	}
	return s
}

// final tells if r is a letter of Hebrew that stands at the end of words only.
func final(r rune) bool {
	return r == 'ך' || r == 'ם' || r == 'ן' || r == 'ף' || r == 'ץ'
}
