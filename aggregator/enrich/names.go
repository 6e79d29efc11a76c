package enrich

import (
	"net/url"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"topicwire/aggregator/text"
)

// titleMarks stand between a headline and the outlet's name.
var titleMarks = []string{" | ", " - ", " – ", " — ", " :: ", " » ", " · ", "｜", " / "}

// cutTail removes the outlet's name from an end of a title, and what says
// that all pages are shown.
func cutTail(title, site, pageURL string) string {
	for range 3 {
		cut := title
		for _, m := range titleMarks {
			if i := strings.LastIndex(title, m); i > 0 && isOutlet(title[i+len(m):], site, pageURL) {
				cut = title[:i]
				break
			}
			if i := strings.Index(title, m); i > 0 && isOutlet(title[:i], site, pageURL) {
				cut = title[i+len(m):]
				break
			}
		}
		cut = strings.TrimSpace(cutMore(cut))
		if cut == title || utf8.RuneCountInString(cut) < 8 {
			return title
		}
		title = cut
	}
	return title
}

// isOutlet tells if a piece of a title names the outlet: as the page does, or
// as its host does.
func isOutlet(s, site, pageURL string) bool {
	k := letters(s)
	if k == "" || utf8.RuneCountInString(s) > 40 {
		return false
	}
	if sk := letters(site); sk != "" && (k == sk || len(sk) > 3 && (strings.Contains(k, sk) || strings.Contains(sk, k))) {
		return true
	}
	u, err := url.Parse(pageURL)
	if err != nil || u.Host == "" {
		return false
	}
	for label := range strings.SplitSeq(u.Hostname(), ".") {
		if l := letters(label); len(l) > 2 && (k == l || len(k) > 3 && strings.HasPrefix(k, l)) {
			return true
		}
	}
	return letters(u.Hostname()) == k
}

func letters(s string) string {
	var b strings.Builder
	for _, r := range text.Fold(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// notPeople are bylines that name a desk.
var notPeople = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^(by )?(the )?(redaksi|redaktion|editorial|editors?|admin(istrator)?|news ?room|news ?desk|staff|team|webmaster|online|web desk|agencies|unknown|null|undefined|guest|author$|penulis$|autor$|автор$|редакция)\b|\b(redaksi|redaktion|redacci[oó]n|rédaction|redazione|newsroom|news desk|editorial (team|staff)|cyber media|media group)\b|https?:|www\.|@|[0-9]{2}`)
})

func (f *facts) isName(s string) bool {
	n := utf8.RuneCountInString(s)
	if n < 2 || n > 60 || len(strings.Fields(s)) > 6 || notPeople().MatchString(s) {
		return false
	}
	k := letters(s)
	return k != "" && k != letters(f.site) && k != letters(f.ld.publisher)
}

var nameCuts = strings.NewReplacer(" and ", ",", " und ", ",", " y ", ",", " et ", ",", " dan ", ",", " och ", ",", " og ", ",", ";", ",", "、", ",", " | ", ",", " & ", ",", "،", ",")

// splitNames cuts a byline into names, and what opens it off.
func splitNames(s string) []string {
	s = plain(s)
	if s == "" || strings.HasPrefix(s, "http") {
		return nil
	}
	low := strings.ToLower(s)
	for _, open := range []string{"by ", "von ", "por ", "par ", "di ", "oleh ", "oleh: ", "av ", "af ", "door ", "penulis: ", "автор: "} {
		if strings.HasPrefix(low, open) && len(low) == len(s) {
			s = s[len(open):]
			break
		}
	}
	var out []string
	for name := range strings.SplitSeq(nameCuts.Replace(s), ",") {
		if name = strings.Trim(name, " .-–|:"); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// fromLines looks for author and date in the short lines under the title, for
// pages that state neither otherwise. A name is believed only beside a date.
func (f *facts) fromLines(blocks []*block) {
	if len(f.authors) > 0 && !f.published.IsZero() {
		return
	}
	title, at := letters(f.title), -1
	for i, b := range blocks {
		if b.runes < 200 && title != "" && letters(b.text) == title {
			at = i
			break
		}
	}
	if at < 0 {
		return
	}
	for i := at + 1; i < min(at+7, len(blocks)); i++ {
		when, ok := readDate(blocks[i].text)
		if blocks[i].runes > 90 || !ok {
			continue
		}
		if f.published.IsZero() {
			f.published = when
		}
		lines := strings.Split(blocks[i].text, "|")
		for _, j := range []int{i - 1, i + 1} {
			if j > at && j < len(blocks) && blocks[j].runes <= 40 && blocks[j].linked() < 0.1 {
				lines = append(lines, blocks[j].text)
			}
		}
		for _, l := range lines {
			if l = strings.TrimSpace(l); len(f.authors) == 0 && personal(l) && f.isName(l) {
				f.authors = []string{l}
			}
		}
		return
	}
}

// personal tells if a line is two to four capitalised words and nothing else.
func personal(s string) bool {
	ws := strings.Fields(s)
	for _, w := range ws {
		r, _ := utf8.DecodeRuneInString(w)
		if !unicode.IsUpper(r) || strings.ContainsFunc(w, func(r rune) bool { return !unicode.IsLetter(r) && r != '.' && r != '-' && r != '\'' }) {
			return false
		}
	}
	return len(ws) >= 2 && len(ws) <= 4
}
