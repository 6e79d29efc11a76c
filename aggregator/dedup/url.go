package dedup

import (
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/idna"
)

const maxURL = 8 << 10

// CanonicalURL returns the form of an address under which two spellings of it
// are the same: a key, never to be published or fetched. It drops what does
// not choose the document (scheme, www and mobile host, default port,
// fragment, tracking parameters), looks through redirectors that carry their
// target, and sorts the rest of the query. It is idempotent. The result is
// empty for what is not an absolute http or https address.
func CanonicalURL(raw string) string {
	for len(raw) <= maxURL {
		a, ok := split(raw)
		if !ok {
			return ""
		}
		target := a.target()
		if target == "" {
			return a.String()
		}
		raw = target // shorter than what it was in: this ends
	}
	return ""
}

// isHome tells whether a canonical URL is a site's front page, which is no
// item's own address.
func isHome(canonical string) bool {
	rest := strings.TrimPrefix(canonical, "https://")
	i := strings.IndexByte(rest, '/')
	return i < 0 || i == len(rest)-1
}

// address is a URL in parts, each in its canonical form.
type address struct {
	host     string // with port, if not a default one
	path     string // begins with a slash; ends with one only if it is one
	query    []string
	fragment string // with its #!, or empty
}

func (a *address) String() string {
	var b strings.Builder
	n := len("https://") + len(a.host) + len(a.path) + len(a.fragment)
	for _, q := range a.query {
		n += len(q) + 1
	}
	b.Grow(n)
	b.WriteString("https://")
	b.WriteString(a.host)
	b.WriteString(a.path)
	for i, q := range a.query {
		b.WriteByte("&?"[btoi(i == 0)])
		b.WriteString(q)
	}
	b.WriteString(a.fragment)
	return b.String()
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func split(raw string) (a address, ok bool) {
	raw = clean(raw)
	rest, ok := cutScheme(raw)
	if !ok {
		return a, false
	}
	rest, fragment, _ := strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	authority, path := rest, ""
	if i := strings.IndexAny(rest, `/\`); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	if a.host, ok = canonicalHost(authority); !ok {
		return a, false
	}
	a.path = canonicalPath(path)
	a.query = canonicalQuery(query, a.host)
	if strings.HasPrefix(fragment, "!") && len(fragment) > 1 {
		a.fragment = "#" + escape(fragment, pathSafe+"?")
	}
	return a, true
}

// clean takes off what browsers take off: outer space, and control characters
// anywhere.
func clean(raw string) string {
	raw = strings.TrimFunc(raw, func(r rune) bool { return r <= ' ' || r == '\u00a0' || r == '\ufeff' })
	if strings.IndexFunc(raw, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0 {
		return raw
	}
	return clean(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, raw))
}

func cutScheme(raw string) (rest string, ok bool) {
	scheme, _, ok := strings.Cut(raw[:min(len(raw), 6)], ":")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return "", false
	}
	rest = raw[len(scheme)+1:]
	if !strings.HasPrefix(rest, "//") {
		return "", false
	}
	return strings.TrimLeft(rest, "/"), true
}

var idn = sync.OnceValue(func() *idna.Profile {
	return idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))
})

func canonicalHost(authority string) (string, bool) {
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	host, port := authority, ""
	if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
		host, port = authority[:i], authority[i+1:]
	}
	host, ok := hostName(host)
	if !ok {
		return "", false
	}
	port = strings.TrimLeft(port, "0")
	if len(port) > 5 || strings.Trim(port, "0123456789") != "" {
		return "", false
	}
	if port != "" && port != "80" && port != "443" {
		host += ":" + port
	}
	return host, true
}

func hostName(host string) (string, bool) {
	if strings.HasPrefix(host, "[") {
		host = strings.ToLower(host)
		ok := len(host) > 3 && host[len(host)-1] == ']' && strings.Trim(host[1:len(host)-1], "0123456789abcdef:.") == ""
		return host, ok
	}
	if !isASCII(host) {
		var err error
		if host, err = idn().ToASCII(host); err != nil {
			return "", false
		}
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "" || len(host) > 253 || host[0] == '.' || host[len(host)-1] == '.' || strings.Contains(host, "..") {
		return "", false
	}
	for i := range len(host) {
		if c := host[i]; !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_') {
			return "", false
		}
	}
	return cutVariant(host), true
}

// cutVariant drops the labels that name another dress of the same site.
func cutVariant(host string) string {
	for {
		label, rest, _ := strings.Cut(host, ".")
		if label != "www" && label != "m" && label != "amp" || !strings.Contains(rest, ".") {
			return host
		}
		host = rest
	}
}

// Bytes that stand for themselves beside the unreserved ones: RFC 3986 3.3,
// 3.4. Everything else is written as an escape.
const (
	pathSafe  = "/!$&'()*+,;=:@"
	querySafe = pathSafe + "?"
)

func canonicalPath(p string) string {
	if p == "" || p == "/" {
		return "/"
	}
	p = escape(strings.ReplaceAll(p, `\`, "/"), pathSafe)
	if !strings.Contains(p, "//") && !strings.Contains(p, "/.") {
		if len(p) > 1 {
			p = strings.TrimSuffix(p, "/")
		}
		return p
	}
	var kept []string
	for seg := range strings.SplitSeq(p, "/") {
		switch seg {
		case "", ".":
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		default:
			kept = append(kept, seg)
		}
	}
	return "/" + strings.Join(kept, "/")
}

func canonicalQuery(query, host string) []string {
	if query == "" {
		return nil
	}
	pairs := make([]string, 0, 1+strings.Count(query, "&"))
	for pair := range strings.SplitSeq(query, "&") {
		pair = escape(pair, querySafe)
		for strings.HasPrefix(pair, "amp;") { // an HTML escape too many
			pair = pair[len("amp;"):]
		}
		if pair == "" || pair == "=" || tracks(pair, host) {
			continue
		}
		pairs = append(pairs, pair)
	}
	slices.Sort(pairs)
	return pairs
}

// escape writes s with upper-case escapes, and only where they are needed.
func escape(s, safe string) string {
	plain := true
	for i := range len(s) {
		if !unreserved(s[i]) && strings.IndexByte(safe, s[i]) < 0 {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := 0; i < len(s); i++ {
		c := s[i]
		escaped := false
		if c == '%' && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				c, escaped = byte(hi<<4|lo), true
				i += 2
			}
		}
		// An escaped delimiter is not the delimiter: it stays escaped.
		if unreserved(c) || !escaped && strings.IndexByte(safe, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		const hex = "0123456789ABCDEF"
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
