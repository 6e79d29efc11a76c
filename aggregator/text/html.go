package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const maxPlain = 1 << 20 // bytes of text that PlainText returns at most

// PlainText returns the text of an HTML fragment: a line for each paragraph,
// white space collapsed, without script, style and the like. Plain text comes
// back with its white space collapsed. It never fails; malformed markup gives
// what a browser would show, and more than 1 MiB of text is cut.
func PlainText(s string) string {
	p := plain{b: make([]byte, 0, min(len(s), maxPlain))}
	switch {
	case !strings.ContainsAny(s, "<&"):
		p.lines(s)
	case !p.simple(s):
		p.b, p.gap = p.b[:0], 0
		p.any(s)
	}
	if len(p.b) > maxPlain {
		return strings.ToValidUTF8(string(p.b[:maxPlain]), "")
	}
	return string(p.b)
}

// plain gathers text. White space is written when something follows it.
type plain struct {
	b   []byte
	gap byte // what stands before the next word: nothing, a space or a line's end
}

// lines adds text whose line ends count.
func (p *plain) lines(s string) {
	for line := range strings.SplitSeq(s, "\n") {
		p.text(line)
		p.gap = '\n'
	}
}

// text adds text whose white space is all alike.
func (p *plain) text(s string) {
	for i := 0; i < len(s); {
		space, n := spaceAt(s, i)
		if space {
			if i += n; p.gap == 0 {
				p.gap = ' '
			}
			continue
		}
		from := i
		for i < len(s) {
			if space, n = spaceAt(s, i); space {
				break
			}
			i += n
		}
		if p.gap != 0 && len(p.b) > 0 {
			p.b = append(p.b, p.gap)
		}
		p.b, p.gap = append(p.b, s[from:i]...), 0
	}
}

// spaceAt tells if white space begins at s[i], and how long it or the next
// piece of a word is.
func spaceAt(s string, i int) (space bool, n int) {
	switch c := s[i]; {
	case c <= ' ':
		return c == ' ' || '\t' <= c && c <= '\r', 1
	case c == 0xc2, 0xe1 <= c && c <= 0xe3: // how all other white space begins
		r, n := utf8.DecodeRuneInString(s[i:])
		return unicode.IsSpace(r), n
	}
	return false, 1
}

// simple adds the text of HTML without comments, elements that hold no text,
// and anything malformed; false: it is not that.
func (p *plain) simple(s string) bool {
	for len(p.b) < maxPlain {
		at := strings.IndexByte(s, '<')
		if at < 0 {
			p.escaped(s)
			return true
		}
		p.escaped(s[:at])
		end := strings.IndexByte(s[at:], '>')
		if end < 0 {
			return false
		}
		tag := s[at+1 : at+end]
		s = s[at+end+1:]
		a, ok := simpleTag(tag)
		if !ok {
			return false
		}
		if blocks(a) {
			p.gap = '\n'
		}
	}
	return true
}

func (p *plain) escaped(s string) {
	if strings.IndexByte(s, '&') >= 0 {
		s = html.UnescapeString(s)
	}
	p.text(s)
}

// simpleTag returns the element of a tag, given what stands between < and >.
func simpleTag(tag string) (a atom.Atom, ok bool) {
	tag = strings.TrimPrefix(tag, "/")
	n := 0
	for n < len(tag) && ('a' <= tag[n] && tag[n] <= 'z' || n > 0 && '0' <= tag[n] && tag[n] <= '9') {
		n++
	}
	rest := tag[n:]
	if n == 0 || rest != "" && rest[0] != ' ' && rest != "/" ||
		strings.IndexByte(rest, '<') >= 0 || strings.IndexByte(rest, '\'') >= 0 || strings.Count(rest, `"`)%2 != 0 {
		return 0, false
	}
	var name [16]byte
	a = atom.Lookup(append(name[:0], tag[:n]...))
	return a, !skipped(a) && !raw(a)
}

// any adds the text of HTML as a browser reads it.
func (p *plain) any(s string) {
	z := html.NewTokenizer(strings.NewReader(s))
	skip := 0 // depth inside elements without text
	for len(p.b) < maxPlain {
		kind := z.Next()
		switch kind {
		case html.ErrorToken:
			return
		case html.TextToken:
			if skip == 0 {
				p.text(string(z.Text()))
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			switch {
			case skipped(a) && kind == html.StartTagToken:
				skip++
			case skipped(a) && kind == html.EndTagToken:
				skip = max(0, skip-1)
			case blocks(a):
				p.gap = '\n'
			}
		}
	}
}

func skipped(a atom.Atom) bool {
	switch a {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Iframe, atom.Svg, atom.Math, atom.Object, atom.Textarea, atom.Select, atom.Head:
		return true
	}
	return false
}

// raw tells if the content of an element is no markup.
func raw(a atom.Atom) bool {
	switch a {
	case atom.Title, atom.Xmp, atom.Noembed, atom.Noframes, atom.Plaintext:
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
