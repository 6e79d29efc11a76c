package text

import "unicode"

// scriptLanguage names the language of scripts that one language has (nearly)
// to itself.
var scriptLanguage = map[string]string{
	"Grek": "el", "Hebr": "he", "Deva": "hi", "Thai": "th", "Hang": "ko", "Kana": "ja",
	"Beng": "bn", "Taml": "ta", "Telu": "te", "Knda": "kn", "Mlym": "ml", "Gujr": "gu", "Guru": "pa", "Orya": "or", "Sinh": "si",
	"Geor": "ka", "Armn": "hy", "Khmr": "km", "Laoo": "lo", "Mymr": "my", "Ethi": "am", "Tibt": "bo", "Thaa": "dv",
}

// mainScript returns the script most of the letters are of, and their number.
func mainScript(s string) (script string, letters int) {
	var counts [32]int
	for _, r := range s {
		if i := scriptOf(r); i >= 0 {
			counts[i]++
		}
	}
	// Kana beside Han is Japanese, however much Han there is.
	if k := counts[kana]; k > 0 && k*8 >= counts[han] {
		counts[kana] += counts[han]
	}
	// One ideograph or syllable says as much as a few letters.
	for _, i := range []int{han, kana, hang} {
		counts[i] *= 3
	}
	best := 0
	for i, n := range counts {
		if n > counts[best] {
			best = i
		}
	}
	if counts[best] == 0 {
		return "", 0
	}
	return scripts[best].name, counts[best]
}

const (
	han  = 3
	kana = 4
	hang = 5
)

var scripts = [...]struct {
	name string
	from rune
	to   rune
}{
	{"Latn", 'A', 0x24F}, {"Cyrl", 0x400, 0x52F}, {"Arab", 0x600, 0x6FF}, {"Hani", 0x3400, 0x9FFF}, {"Kana", 0x3041, 0x30FF},
	{"Hang", 0xAC00, 0xD7A3}, {"Grek", 0x370, 0x3FF}, {"Hebr", 0x590, 0x5FF}, {"Deva", 0x900, 0x97F}, {"Thai", 0xE00, 0xE7F},
	{"Beng", 0x980, 0x9FF}, {"Guru", 0xA00, 0xA7F}, {"Gujr", 0xA80, 0xAFF}, {"Orya", 0xB00, 0xB7F}, {"Taml", 0xB80, 0xBFF},
	{"Telu", 0xC00, 0xC7F}, {"Knda", 0xC80, 0xCFF}, {"Mlym", 0xD00, 0xD7F}, {"Sinh", 0xD80, 0xDFF}, {"Laoo", 0xE80, 0xEFF},
	{"Tibt", 0xF00, 0xFFF}, {"Mymr", 0x1000, 0x109F}, {"Geor", 0x10A0, 0x10FF}, {"Ethi", 0x1200, 0x139F}, {"Khmr", 0x1780, 0x17FF},
	{"Armn", 0x530, 0x58F}, {"Thaa", 0x780, 0x7BF}, {"Latn", 0x1E00, 0x1EFF}, {"Hani", 0x20000, 0x323AF},
}

func scriptOf(r rune) int {
	if r < 0x80 {
		if r|0x20 >= 'a' && r|0x20 <= 'z' {
			return 0
		}
		return -1
	}
	for i := range scripts {
		if r >= scripts[i].from && r <= scripts[i].to {
			switch {
			case !unicode.IsLetter(r):
				return -1
			case i == 27:
				return 0
			case i == 28:
				return han
			}
			return i
		}
	}
	return -1
}
