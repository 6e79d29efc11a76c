package publish

import (
	"html"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// legal drops what XML 1.0 has no place for, and what readers show as damage:
// control characters, noncharacters, broken UTF-8 and its replacement.
func legal(s string) string {
	fine := true
	for _, r := range s {
		if !legalRune(r) {
			fine = false
			break
		}
	}
	if fine {
		return s
	}
	return strings.Map(func(r rune) rune {
		if legalRune(r) {
			return r
		}
		return -1
	}, s)
}

func legalRune(r rune) bool {
	switch {
	case r < 0x20:
		return r == '\n' || r == '\t'
	case r >= 0x7f && r <= 0x9f, r == utf8.RuneError, r&0xfffe == 0xfffe, r >= 0xfdd0 && r <= 0xfdef:
		return false
	}
	return true
}

var (
	tag      = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?s)<!--.*?-->|</?[a-zA-Z!?][^<>]*>`) })
	tagLike  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`<([/a-zA-Z!?])`) })
	entity   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`&(#?\w)`) })
	mail     = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^\s@<>()]*@[^\s@<>()]*`) })
	mimeType = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[a-z]+/[a-z0-9][a-z0-9!#$&^_.+-]*$`)
	})
)

// plain returns s as one line of text of at most max runes, in which nobody
// can see markup: tags are taken out, entities decoded at most twice.
func plain(s string, max int) string {
	if len(s) > 16*max {
		s = s[:16*max]
	}
	s = legal(s)
	for range 2 {
		if !strings.ContainsAny(s, "<&") {
			break
		}
		s = legal(html.UnescapeString(tag().ReplaceAllString(s, " ")))
	}
	if strings.ContainsAny(s, "<&") {
		s = tag().ReplaceAllString(s, " ")
		s = tagLike().ReplaceAllString(s, "‹$1")
		s = entity().ReplaceAllStringFunc(s, breakEntity(s))
	}
	return shorten(strings.Join(strings.Fields(s), " "), max)
}

// breakEntity keeps "AT&T" and takes apart what would be read as an entity.
func breakEntity(whole string) func(string) string {
	decodes := html.UnescapeString(whole) != whole
	return func(m string) string {
		if decodes || !unicode.IsLetter(rune(m[1])) {
			return "& " + m[1:]
		}
		return m
	}
}

// shorten cuts s to at most max runes, at a word's end if there is one near.
func shorten(s string, max int) string {
	if utf8.RuneCountInString(s) <= max {
		return s
	}
	runes := []rune(s)[:max-1]
	for i := len(runes) - 1; i > max/2; i-- {
		if unicode.IsSpace(runes[i]) {
			runes = runes[:i]
			break
		}
	}
	return strings.TrimRightFunc(string(runes), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsMark(r) }) + "…"
}

// plainList cleans a list of names: no blanks, no repeats, at most limit.
func plainList(list []string, limit int) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range list {
		if s = plain(s, 120); s == "" || seen[s] {
			continue
		}
		seen[s] = true
		if out = append(out, s); len(out) == limit {
			break
		}
	}
	return out
}

// names cleans a list of people. Addresses of mail are nobody's business, and
// some readers cut them out of names, with what is around them.
func names(list []string) []string {
	cleaned := make([]string, 0, len(list))
	for _, s := range list {
		s = mail().ReplaceAllString(plain(s, 120), "")
		s = strings.NewReplacer("<", "", ">", "", "()", "").Replace(s)
		cleaned = append(cleaned, s)
	}
	return plainList(cleaned, maxNames)
}

// languageTag returns tag if XML readers know it: a language of ISO 639-1 and
// what may follow, else nothing.
func languageTag(s string) string {
	tag, err := language.Parse(s)
	if err != nil {
		return ""
	}
	base, _, _ := tag.Raw() // not Base, which makes a guess at "und"
	if len(base.String()) != 2 {
		return ""
	}
	return tag.String()
}

func mediaType(s string) string {
	s, _, _ = strings.Cut(strings.ToLower(s), ";")
	if s = strings.TrimSpace(s); mimeType().MatchString(s) {
		return s
	}
	return ""
}
