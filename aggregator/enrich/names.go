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
	for _, label := range strings.Split(u.Hostname(), ".") {
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
	return regexp.MustCompile(`(?i)^(by )?(the )?(redaksi|redaktion|editorial|editors?|admin(istrator)?|news ?room|news ?desk|staff|team|webmaster|online|web desk|agencies|unknown|null|undefined|guest|author|penulis|autor|автор|редакция)\b|\b(redaksi|redaktion|redacci[oó]n|rédaction|redazione|newsroom|news desk|editorial (team|staff)|cyber media|media group)\b|https?:|www\.|@|[0-9]{2}`)
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
	for _, open := range []string{"by ", "von ", "por ", "par ", "di ", "oleh ", "oleh: ", "av ", "af ", "door ", "penulis: ", "penulis ", "автор: "} {
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
