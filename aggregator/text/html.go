package text

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const maxPlain = 1 << 20 // bytes of text that PlainText returns at most

// PlainText returns the text of an HTML fragment: a line for each paragraph,
// white space collapsed, without script, style and the like. Plain text comes
// back with its white space collapsed. It never fails; malformed markup gives
// what a browser would show, and more than 1 MiB of text is cut.
func PlainText(s string) string {
	if !strings.ContainsAny(s, "<&") {
		return collapse(s)
	}
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(s))
	skip := 0 // depth inside elements without text
	for b.Len() < maxPlain {
		switch z.Next() {
		case html.ErrorToken:
			return collapseLines(b.String())
		case html.TextToken:
			if skip == 0 {
				b.WriteString(collapseKeep(string(z.Text())))
			}
		case html.StartTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			if skipped(a) {
				skip++
			} else if blocks(a) {
				b.WriteByte('\n')
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			if skipped(a) {
				skip = max(0, skip-1)
			} else if blocks(a) {
				b.WriteByte('\n')
			}
		case html.SelfClosingTagToken:
			if name, _ := z.TagName(); blocks(atom.Lookup(name)) {
				b.WriteByte('\n')
			}
		}
	}
	return collapseLines(b.String())
}

func skipped(a atom.Atom) bool {
	switch a {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Iframe, atom.Svg, atom.Math, atom.Object, atom.Textarea, atom.Select, atom.Head:
		return true
	}
	return false
}

func blocks(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Br, atom.Div, atom.Li, atom.Ul, atom.Ol, atom.Dl, atom.Dt, atom.Dd, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6,
		atom.Blockquote, atom.Pre, atom.Table, atom.Tr, atom.Td, atom.Th, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Figure,
		atom.Figcaption, atom.Hr, atom.Aside, atom.Nav, atom.Main, atom.Address, atom.Form:
		return true
	}
	return false
}

// collapseKeep turns each run of white space into one space; one at an edge stays.
func collapseKeep(s string) string {
	t := strings.Join(strings.Fields(s), " ")
	if t == "" {
		if s == "" {
			return ""
		}
		return " "
	}
	if isSpace(s[0]) {
		t = " " + t
	}
	if isSpace(s[len(s)-1]) {
		t += " "
	}
	return t
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' }

func collapse(s string) string { return collapseLines(s) }

func collapseLines(s string) string {
	if len(s) > maxPlain {
		s = strings.ToValidUTF8(s[:maxPlain], "")
	}
	var b strings.Builder
	b.Grow(len(s))
	for line := range strings.SplitSeq(s, "\n") {
		first := true
		for w := range strings.FieldsSeq(line) {
			switch {
			case !first:
				b.WriteByte(' ')
			case b.Len() > 0:
				b.WriteByte('\n')
			}
			first = false
			b.WriteString(w)
		}
	}
	return b.String()
}
