package parse

import (
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
			bare, closed := strings.CutSuffix(tag, "/")
			bare = strings.TrimSuffix(bare, " ")
			if src, ok := simpleImage(bare); ok {
				b = append(append(b, '<'), bare...)
				if closed {
					b = append(b, '/')
				}
				b = append(b, '>')
				if image == "" {
					image = httpOnly(unescape(src))
				}
				break
			}
			if strings.ContainsAny(tag, "<'`") || !quotesFit(tag) {
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

// quotesFit tells of a tag that quotation marks stand around values only, so
// that it ends where it seems to.
func quotesFit(tag string) bool {
	for {
		i := strings.IndexByte(tag, '"')
		if i < 0 {
			return true
		}
		n := strings.IndexByte(tag[i+1:], '"')
		if n < 0 || i < 2 || tag[i-1] != '=' || !plainByte[tag[i-2]] || tag[i-2] == '=' {
			return false
		}
		tag = tag[i+n+2:]
	}
}

// simpleLink tells if what follows <a href=" is an address that needs no
// change, and the end of the tag.
func simpleLink(s string) bool {
	s, ok := strings.CutSuffix(s, `"`)
	return ok && simpleAddress(s)
}

// simpleAddress tells of an attribute's value that it is an absolute address
// of http or https which a URL parser would write as it is.
func simpleAddress(s string) bool {
	if !isHTTP(s) {
		return false
	}
	rest, ok := strings.CutPrefix(s, "https://")
	if !ok {
		if rest, ok = strings.CutPrefix(s, "http://"); !ok {
			return false
		}
	}
	host := 0
	for host < len(rest) && plainByte[rest[host]] && rest[host] != '_' && rest[host] != '~' && rest[host] != '=' {
		host++
	}
	if host == 0 || host < len(rest) && rest[host] != '/' {
		return false
	}
	for i := host; i < len(rest); i++ {
		switch c := rest[i]; {
		case plainByte[c], c == '/', c == ':', c == '?':
		case c == '&' && strings.HasPrefix(rest[i:], "&amp;"):
			i += len("amp;")
		default:
			return false
		}
	}
	return true
}

// plainByte marks the bytes that mean themselves in addresses.
var plainByte = func() (t [256]bool) {
	for c := range 256 {
		t[c] = 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_' || c == '~' || c == '='
	}
	return t
}()

// simpleImage returns the address in an image's tag, given what stands between
// < and >, if the policy would pass the tag as it is: attributes that it
// allows, values that need no change, an address and no size of a tracker's.
func simpleImage(tag string) (src string, ok bool) {
	rest := strings.TrimPrefix(tag, "img")
	for rest != "" {
		if rest[0] != ' ' {
			return "", false
		}
		name, after, found := strings.Cut(rest[1:], `="`)
		value, after, closed := strings.Cut(after, `"`)
		if !found || !closed {
			return "", false
		}
		switch rest = after; name {
		case "src":
			if src != "" || !simpleAddress(value) || isTracker(value) {
				return "", false
			}
			src = value
		case "alt":
			if strings.ContainsAny(value, "&'<>") {
				return "", false
			}
		case "width", "height":
			if len(value) < 2 || strings.Trim(value, "0123456789") != "" || value[0] == '0' {
				return "", false
			}
		default:
			return "", false
		}
	}
	return src, src != ""
}

// appendEscaped adds text, its entities written as the policy writes them.
func appendEscaped(b []byte, s string) []byte {
	if !strings.ContainsAny(s, "&'\">") {
		return append(b, s...)
	}
	return append(b, html.EscapeString(html.UnescapeString(s))...)
}
