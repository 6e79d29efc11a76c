package parse

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// simpleTag tells of a tag, given what stands between < and >, that the policy
// passes it as it is.
func simpleTag(tag string) bool {
	switch strings.TrimPrefix(tag, "/") {
	case "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "em", "strong", "b", "i", "u", "ul", "ol", "li", "figure", "figcaption":
		return true
	}
	switch tag {
	case "br", "hr", "br/", "hr/", "/a":
		return true
	}
	return false
}

const maxSingle = 25

// sanitizeSimple does what sanitize does for the HTML of most feeds: text in
// simple elements, links and images. The result is put together from escaped
// text, tags of a fixed list, and what the policy makes of single links and
// images; false: there is more in it than that.
func sanitizeSimple(s, base string) (clean, image string, ok bool) {
	if strings.IndexByte(s, '\r') >= 0 || strings.IndexByte(s, 0) >= 0 {
		return "", "", false
	}
	b := make([]byte, 0, len(s)+len(s)/16)
	single := 0 // tags that the policy was asked for
	for {
		at := strings.IndexByte(s, '<')
		if at < 0 {
			return strings.TrimSpace(string(appendEscaped(b, s))), image, true
		}
		b = appendEscaped(b, s[:at])
		end := strings.IndexByte(s[at:], '>')
		if end < 0 {
			return "", "", false
		}
		tag := s[at+1 : at+end]
		switch {
		case simpleTag(tag):
			b = append(b, s[at:at+end+1]...)
		case tag == "br /" || tag == "hr /":
			b = append(append(append(b, '<'), tag[:2]...), "/>"...)
		case strings.HasPrefix(tag, `a href="`) && simpleLink(tag[len(`a href="`):]):
			b = append(b, s[at:at+end+1]...)
		case strings.HasPrefix(tag, "a ") || strings.HasPrefix(tag, "img "):
			if strings.ContainsAny(tag, "<'`") || strings.Count(tag, `"`)%2 != 0 {
				return "", "", false
			}
			if single++; single > maxSingle { // all at once is cheaper
				return "", "", false
			}
			out, img := absolutize(s[at:at+end+1], base)
			out = policy().Sanitize(out)
			if out == "" && tag[0] == 'a' { // its end goes too
				return "", "", false
			}
			b = append(b, out...)
			if image == "" {
				image = img
			}
		default:
			return "", "", false
		}
		s = s[at+end+1:]
	}
}

// simpleLink tells if what follows <a href=" is an address that needs no
// change, and the end of the tag.
func simpleLink(s string) bool {
	s, ok := strings.CutSuffix(s, `"`)
	if !ok || !strings.HasPrefix(s, "http://") && !strings.HasPrefix(s, "https://") {
		return false
	}
	s = strings.ReplaceAll(s, "&amp;", "\x00") // which is not in s
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("/:.-_~?=\x00", c) >= 0:
		default:
			return false
		}
	}
	s = strings.ReplaceAll(s, "\x00", "&")
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && u.String() == s
}

// appendEscaped adds text, its entities written as the policy writes them.
func appendEscaped(b []byte, s string) []byte {
	if !strings.ContainsAny(s, "&'\">") {
		return append(b, s...)
	}
	return append(b, html.EscapeString(html.UnescapeString(s))...)
}
