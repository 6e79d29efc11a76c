package text

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/binary"
	"io"
	"math"
	"sync"
	"unicode"
)

//go:generate go run ./langmodel -data ../../../shared/data/parallel/flores -out languages.bin.gz

//go:embed languages.bin.gz
var packedLanguages []byte

const (
	maxDetect = 4096 // bytes that are looked at
	gramMax   = 4
	// minMargin is the log-likelihood by which the best language must lead.
	minMargin = 1.5
)

// model holds the grams of the languages that share a script.
type model struct {
	langs []string
	grams map[uint32][]uint8 // a byte for each language: -8·ln p
	miss  []uint8
}

var models = sync.OnceValue(func() map[string]*model {
	z, err := gzip.NewReader(bytes.NewReader(packedLanguages))
	if err != nil {
		return nil
	}
	b, err := io.ReadAll(z)
	if err != nil {
		return nil
	}
	return decodeModels(b)
})

// decodeModels reads what langmodel writes: for each script its name, the
// number of languages and their tags, the bytes for an unseen gram, the number
// of grams, their hashes, their bytes.
func decodeModels(b []byte) map[string]*model {
	out := map[string]*model{}
	next := func(n int) []byte { v := b[:n]; b = b[n:]; return v }
	str := func() string { return string(next(int(next(1)[0]))) }
	for len(b) > 0 {
		name := str()
		m := &model{langs: make([]string, next(1)[0])}
		for i := range m.langs {
			m.langs[i] = str()
		}
		m.miss = next(len(m.langs))
		n := int(binary.LittleEndian.Uint32(next(4)))
		keys := next(4 * n)
		m.grams = make(map[uint32][]uint8, n)
		for i := range n {
			m.grams[binary.LittleEndian.Uint32(keys[4*i:])] = next(len(m.langs))
		}
		out[name] = m
	}
	return out
}

// DetectLanguage returns the language that s seems to be written in, as a BCP
// 47 tag, and how sure that is, from 0 to 1. The tag is "und" where the text
// is too short or two languages are too close. Scripts that one language has
// to itself are decided by script; the others by their letter sequences.
func DetectLanguage(s string) (tag string, confidence float64) {
	if len(s) > maxDetect {
		s = s[:maxDetect]
	}
	script, letters := mainScript(s)
	if letters < 2 {
		return "und", 0
	}
	if only, ok := scriptLanguage[script]; ok {
		return only, 1
	}
	m := models()[script]
	if m == nil {
		return "und", 0
	}
	best, margin := m.judge(s)
	if margin < minMargin {
		return "und", 0
	}
	return m.langs[best], 1 - math.Exp(-margin/2)
}

// judge returns the likeliest language and its lead in log-likelihood.
func (m *model) judge(s string) (best int, margin float64) {
	var sums [32]int
	EachGram(s, func(h uint32) {
		v := m.grams[h]
		if v == nil {
			return
		}
		for i, p := range v {
			sums[i] += int(p)
		}
	})
	second := -1
	for i := range m.langs {
		switch {
		case sums[i] < sums[best] || i == 0:
			if i > 0 {
				second = best
			}
			best = i
		case second < 0 || sums[i] < sums[second]:
			second = i
		}
	}
	if second < 0 {
		return best, 100
	}
	return best, float64(sums[second]-sums[best]) / 8 / gramMax
}

// EachGram calls fn with the hash of each sequence of one to four letters of
// s, folded to small letters; a word is framed by spaces.
func EachGram(s string, fn func(h uint32)) {
	var last [gramMax]rune // the latest runes, newest first
	push := func(r rune) {
		copy(last[1:], last[:gramMax-1])
		last[0] = r
		h := uint32(2166136261)
		for n := range gramMax {
			if last[n] == 0 {
				break
			}
			h = (h ^ uint32(last[n])) * 16777619
			h ^= h >> 13
			if n > 0 || r != ' ' {
				fn(h)
			}
			if last[n] == ' ' && n > 0 {
				break
			}
		}
	}
	push(' ')
	for _, r := range s {
		switch {
		case unicode.IsLetter(r) || unicode.Is(unicode.M, r):
			push(unicode.ToLower(r))
		case last[0] != ' ':
			push(' ')
		}
	}
	if last[0] != ' ' {
		push(' ')
	}
}
