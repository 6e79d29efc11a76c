package enrich

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"topicwire/aggregator"
	"topicwire/aggregator/text"
)

// Summarize returns one to three whole sentences of at most max characters,
// from the feed's summary if it is fit to publish, else from the article's own
// first sentences: no dateline, no invitation to read on, no mark of
// truncation, and not the title again. It is empty if there is no such text.
func Summarize(title, feedSummary string, a *aggregator.Article, limit int) string {
	if a == nil {
		a = &aggregator.Article{}
	}
	return summarize(title, []string{feedSummary, a.Summary}, a, limit)
}

// summarize takes the first candidate that is good, else the article's lead,
// else the first that gives a sentence at all.
func summarize(title string, candidates []string, a *aggregator.Article, limit int) string {
	const short = 50
	body := bag(a.Text)
	spare := ""
	for _, c := range candidates {
		s := sentences(plain(c), title, a.Language, limit)
		if s == "" {
			continue
		}
		if spare == "" && (a.Text == "" || covered(s, body) >= 0.3) {
			spare = s
		}
		if n := utf8.RuneCountInString(s); n < short && !(wide(s) && n >= 20) || a.Text != "" && covered(s, body) < 0.5 {
			continue
		}
		return s
	}
	if s := lead(title, a, limit); s != "" {
		return s
	}
	return spare
}

// lead makes a summary of an article's first paragraphs.
func lead(title string, a *aggregator.Article, limit int) string {
	var b strings.Builder
	for line := range strings.SplitSeq(a.Text, "\n") {
		if utf8.RuneCountInString(b.String()) >= 140 {
			break
		}
		if alsoRead().match(strings.ToLower(line)) || promotion().match(strings.ToLower(line)) || !ended(line) && utf8.RuneCountInString(line) < 80 {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(cutDateline(line))
	}
	return sentences(b.String(), title, a.Language, limit)
}

// sentences returns the first whole sentences of s, at most three, within the
// limit. A sentence that is cut off is left out.
func sentences(s, title, lang string, limit int) string {
	const most = 3
	s = cutDateline(cutMore(strings.TrimSpace(s)))
	s = cutTitle(s, title)
	if s == "" || alsoRead().match(strings.ToLower(s)) || letters(s) == letters(title) {
		return ""
	}
	if len(s) > 16*limit+1024 {
		s = strings.ToValidUTF8(s[:16*limit+1024], "")
	}
	out, n := "", 0
	for _, sent := range whole(text.Sentences(s, lang)) {
		sent = strings.TrimSpace(sent)
		if sent == "" || promotion().match(strings.ToLower(sent)) || alsoRead().match(strings.ToLower(sent)) {
			break
		}
		if truncated(sent) || !ended(sent) && n > 0 && len(s) > 140 {
			break
		}
		next := sent
		if out != "" {
			next = out + gap(out) + sent
		}
		if n == most || utf8.RuneCountInString(next) > limit {
			break
		}
		out, n = next, n+1
	}
	return out
}

// whole joins what was taken apart after an ordinal or an initial, as "am 3." is.
func whole(parts []string) []string {
	var out []string
	for _, p := range parts {
		if n := len(out); n > 0 && openEnd(out[n-1]) {
			out[n-1] = strings.TrimSpace(out[n-1]) + " " + p
		} else {
			out = append(out, p)
		}
	}
	return out
}

func openEnd(s string) bool {
	s, dot := strings.CutSuffix(strings.TrimSpace(s), ".")
	word := s[strings.LastIndexAny(s, " (")+1:]
	number := len(word) <= 2 && strings.Trim(word, "0123456789") == ""
	return dot && word != "" && (number || utf8.RuneCountInString(word) == 1)
}

// cutTitle removes a title that stands before the text, and not as its first
// words.
func cutTitle(s, title string) string {
	rest, ok := strings.CutPrefix(s, title)
	if !ok || title == "" {
		return s
	}
	cut := strings.TrimLeft(rest, " .:!?|-–—。")
	if r, _ := utf8.DecodeRuneInString(cut); cut == "" || cut != strings.TrimSpace(rest) || unicode.IsUpper(r) && ended(title) {
		return cut
	}
	return s
}

// gap is what stands between two sentences: nothing in scripts without spaces.
func gap(before string) string {
	r, _ := utf8.DecodeLastRuneInString(before)
	if strings.ContainsRune("。！？」』", r) {
		return ""
	}
	return " "
}

func truncated(s string) bool {
	s = strings.TrimRight(s, `"'”’»)] `)
	return strings.HasSuffix(s, "…") || strings.HasSuffix(s, "..") || strings.HasSuffix(s, "[") || strings.HasSuffix(s, "•••")
}

// bag is the words of a text, folded.
func bag(s string) map[string]bool {
	m := map[string]bool{}
	if len(s) > 64<<10 {
		s = s[:64<<10]
	}
	for _, w := range words(s) {
		m[w] = true
	}
	return m
}

func words(s string) []string {
	var out []string
	for _, t := range text.Tokens(s) {
		out = append(out, s[t.ByteStart:t.ByteEnd])
	}
	for i := range out {
		out[i] = text.Fold(out[i])
	}
	return out
}

// covered is the share of the words of s that a bag has.
func covered(s string, body map[string]bool) float64 {
	ws := words(s)
	in := 0
	for _, w := range ws {
		if body[w] {
			in++
		}
	}
	return float64(in) / float64(max(1, len(ws)))
}
