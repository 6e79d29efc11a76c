package parse

import (
	"html"
	"net/url"
	"strings"
	"unicode/utf8"

	xlang "golang.org/x/text/language"

	"topicwire/aggregator/text"
)

// plainText returns the text of HTML.
func plainText(s string) string {
	if strings.IndexByte(s, '<') < 0 && strings.IndexByte(s, '&') < 0 {
		return strings.TrimSpace(printable(s))
	}
	return strings.TrimSpace(printable(text.PlainText(s)))
}

// printable drops control characters but for white space: what a terminal
// would obey.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || 0x7f <= r && r < 0xa0 || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, s)
}

// titleText returns a title as one line of plain text: tags removed, entities
// decoded once, and once more if they were escaped twice.
func titleText(s string) string {
	if strings.IndexByte(s, '<') >= 0 || strings.IndexByte(s, '&') >= 0 {
		s = text.PlainText(s)
		if strings.IndexByte(s, '&') >= 0 {
			s = html.UnescapeString(s)
		}
	}
	return oneLine(s)
}

// wordsOf is oneLine, without markup where there is some.
func wordsOf(s string) string {
	if looksLikeHTML(s) {
		return titleText(s)
	}
	return oneLine(s)
}

// oneLine joins the words of s by single spaces and drops control characters.
func oneLine(s string) string {
	return strings.Join(strings.Fields(printable(s)), " ")
}

// cutRunes cuts s to at most n runes, at a space if one is near.
func cutRunes(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	at := 0
	for range n - 1 {
		_, w := utf8.DecodeRuneInString(s[at:])
		at += w
	}
	cut := s[:at]
	if i := strings.LastIndexAny(cut, " \n"); i > len(cut)*3/4 {
		cut = cut[:i]
	}
	return cut + "…"
}

// language returns a BCP 47 tag in canonical spelling, or "".
func language(s string) string {
	s = strings.TrimSpace(strings.ReplaceAll(s, "_", "-"))
	if s == "" || len(s) > 35 {
		return ""
	}
	t, err := xlang.Raw.Parse(s)
	if err != nil || t == xlang.Und {
		return ""
	}
	return t.String()
}

// resolve returns ref as seen from base; ref itself if either is no URL.
func resolve(base, ref string) string {
	ref = strings.TrimSpace(ref)
	if base == "" || isHTTP(ref) {
		return ref
	}
	b, err := url.Parse(base)
	if err != nil {
		return ref
	}
	r, err := url.Parse(ref)
	if err != nil {
		return ref
	}
	return b.ResolveReference(r).String()
}

// absolute is resolve for addresses that may be missing.
func absolute(base, ref string) string {
	if ref = strings.TrimSpace(ref); ref == "" {
		return ""
	}
	return resolve(base, ref)
}

func isHTTP(s string) bool {
	return len(s) > 8 && (strings.EqualFold(s[:7], "http://") || strings.EqualFold(s[:8], "https://"))
}

// httpOnly returns s if it is an absolute http or https address, else "".
func httpOnly(s string) string {
	s = strings.TrimSpace(s)
	if !isHTTP(s) || len(s) > 4096 {
		return ""
	}
	if u, err := url.Parse(s); err != nil || u.Host == "" {
		return ""
	}
	return s
}
