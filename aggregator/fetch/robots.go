package fetch

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// maxRobots is how much of a robots.txt is read (RFC 9309 2.5 asks for at
// least 500 KiB).
const maxRobots = 512 << 10

// robotsRules are the rules of a robots.txt for one product.
type robotsRules struct {
	rules      []robotsRule
	crawlDelay time.Duration
}

type robotsRule struct {
	pattern string // normalised
	allow   bool
}

// parseRobots reads the rules for a product token by RFC 9309. Groups of the
// same product are one; a file without one for the product is read for "*".
func parseRobots(body []byte, product string) *robotsRules {
	if len(body) > maxRobots {
		body = body[:maxRobots]
		if i := bytes.LastIndexByte(body, '\n'); i >= 0 {
			body = body[:i] // half a rule is none
		}
	}
	return parseRules(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), product)
}

// parseRules reads rules of any length.
func parseRules(body []byte, product string) *robotsRules {
	var own, star robotsRules
	var found, inOwn, inStar bool
	inAgents := false // the last rule line named an agent: groups stay open
	for line := range strings.FieldsFuncSeq(string(body), func(r rune) bool { return r == '\n' || r == '\r' }) {
		key, value, ok := robotsLine(line)
		if !ok {
			continue
		}
		if key == "user-agent" {
			if !inAgents {
				inOwn, inStar = false, false
			}
			inAgents = true
			inStar = inStar || value == "*" || strings.HasPrefix(value, "* ")
			if robotsToken(value, product) {
				inOwn, found = true, true
			}
			continue
		}
		if key != "allow" && key != "disallow" && key != "crawl-delay" {
			continue // RFC 9309 2.2.4: other records do not end a group
		}
		inAgents = false
		if inOwn {
			own.add(key, value)
		}
		if inStar {
			star.add(key, value)
		}
	}
	if found {
		return &own
	}
	return &star
}

// String returns the rules as a robots.txt from which parseRules makes the
// same.
func (r *robotsRules) String() string {
	var b strings.Builder
	b.WriteString("user-agent: *\n")
	if r.crawlDelay > 0 {
		b.WriteString("crawl-delay: " + strconv.FormatFloat(r.crawlDelay.Seconds(), 'f', -1, 64) + "\n")
	}
	for _, rule := range r.rules {
		if rule.allow {
			b.WriteString("allow: " + rule.pattern + "\n")
		} else {
			b.WriteString("disallow: " + rule.pattern + "\n")
		}
	}
	return b.String()
}

// robotsLine takes a line apart. A colon may be missing between two words, and
// the usual misspellings are understood: nobody writes them for nothing.
func robotsLine(line string) (key, value string, ok bool) {
	line, _, _ = strings.Cut(line, "#")
	if key, value, ok = strings.Cut(line, ":"); !ok {
		if words := strings.Fields(line); len(words) == 2 {
			key, value, ok = words[0], words[1], true
		}
	}
	key, value = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
	switch key {
	case "useragent", "user agent":
		key = "user-agent"
	case "dissallow", "dissalow", "disalow", "diasllow", "disallaw":
		key = "disallow"
	case "crawldelay", "crawl delay":
		key = "crawl-delay"
	}
	return key, value, ok
}

// robotsToken tells if a user-agent line names the product: the whole token,
// in any case. A version after it does not matter.
func robotsToken(value, product string) bool {
	end := 0
	for end < len(value) && (isLetter(value[end]) || value[end] == '_' || value[end] == '-') {
		end++
	}
	return strings.EqualFold(value[:end], product)
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func (r *robotsRules) add(key, value string) {
	switch key {
	case "crawl-delay":
		if d, err := strconv.ParseFloat(value, 64); err == nil && d > 0 && d < 1e6 {
			r.crawlDelay = max(r.crawlDelay, time.Duration(d*float64(time.Second)))
		}
	default:
		if value != "" { // an empty rule says nothing
			r.rules = append(r.rules, robotsRule{pattern: normalPath(value), allow: key == "allow"})
		}
	}
}

// allowed tells if the path, with its query, may be fetched: the longest
// matching rule decides, and Allow between equals (RFC 9309 2.2.2).
func (r *robotsRules) allowed(path string) bool {
	if path == "" {
		path = "/"
	}
	path = normalPath(path)
	if path == "/robots.txt" {
		return true
	}
	best, allow := -1, true
	for _, rule := range r.rules {
		n := len(rule.pattern)
		if n < best || n == best && (allow || !rule.allow) {
			continue
		}
		if matchPath(rule.pattern, path) {
			best, allow = n, rule.allow
		}
	}
	return allow
}

// matchPath matches a prefix with "*" for anything and a final "$" for the
// end, in time linear in the path for each star.
func matchPath(pattern, path string) bool {
	toEnd := strings.HasSuffix(pattern, "$")
	pattern = strings.TrimSuffix(pattern, "$")
	head, rest, starred := strings.Cut(pattern, "*")
	if !strings.HasPrefix(path, head) {
		return false
	}
	path = path[len(head):]
	if !starred {
		return !toEnd || path == ""
	}
	for {
		part, after, more := strings.Cut(rest, "*")
		if !more {
			if toEnd {
				return strings.HasSuffix(path, part)
			}
			return strings.Contains(path, part)
		}
		i := strings.Index(path, part)
		if i < 0 {
			return false
		}
		path, rest = path[i+len(part):], after
	}
}

// normalPath brings a path or pattern to one spelling: what is not ASCII is
// percent-encoded, what need not be encoded is not, hex digits are capitals
// (RFC 9309 2.2.2).
func normalPath(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) {
			if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				i += 2
				if unreserved(byte(v)) {
					b.WriteByte(byte(v))
				} else {
					writeEscaped(&b, byte(v))
				}
				continue
			}
		}
		if c <= ' ' || c >= 0x7f {
			writeEscaped(&b, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// unreserved are the characters that mean the same encoded (RFC 3986 2.3).
func unreserved(c byte) bool {
	return isLetter(c) || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

func writeEscaped(b *strings.Builder, c byte) {
	const hex = "0123456789ABCDEF"
	b.WriteByte('%')
	b.WriteByte(hex[c>>4])
	b.WriteByte(hex[c&15])
}
