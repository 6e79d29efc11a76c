package publish

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/net/idna"

	"topicwire/aggregator"
)

// TopicURL returns the address of a topic's page. The base may be empty: the
// address is then a path.
func TopicURL(base string, t *aggregator.Topic) string {
	base = strings.TrimRight(base, "/")
	if t.Private {
		return base + "/t/" + url.PathEscape(t.Token)
	}
	return base + "/topics/" + url.PathEscape(t.Slug)
}

// FeedURL returns the address of a topic's feed; format is "rss", "atom" or
// "json".
func FeedURL(base string, t *aggregator.Topic, format string) string {
	return TopicURL(base, t) + "." + format
}

// StoryURL returns the address of a story's page within a topic.
func StoryURL(base string, t *aggregator.Topic, publicID string) string {
	return TopicURL(base, t) + "/stories/" + url.PathEscape(publicID)
}

// ArchiveURL returns the address of a page of a topic's history in a format,
// by its name as History gives it.
func ArchiveURL(base string, t *aggregator.Topic, name, format string) string {
	return TopicURL(base, t) + "/archive/" + name + "." + format
}

const maxURL = 4 << 10

var idn = sync.OnceValue(func() *idna.Profile {
	return idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))
})

// asciiURL returns raw as an absolute ASCII http or https address that the
// strictest reader accepts, changed no further than that needs; without
// credentials. It returns nothing if there is none to be made.
func asciiURL(raw string) string {
	raw = strings.TrimFunc(raw, func(r rune) bool { return unicode.IsSpace(r) || !legalRune(r) })
	if len(raw) > maxURL {
		return ""
	}
	scheme, rest, ok := strings.Cut(raw, "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "http" && scheme != "https" {
		return ""
	}
	authority, path := rest, ""
	if i := strings.IndexAny(rest, `/\?#`); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	host := asciiHost(authority)
	if host == "" {
		return ""
	}
	if path == "" || path[0] != '/' {
		path = "/" + strings.TrimPrefix(path, `\`)
	}
	path = strings.TrimSuffix(escapeURL(path), "#") // some readers drop a fragment that is empty
	for strings.Contains(path, "&amp;") {           // escaped twice: some readers decode it, others do not
		path = strings.ReplaceAll(path, "&amp;", "&")
	}
	return scheme + "://" + host + path
}

func asciiHost(authority string) string {
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	host, port, hasPort := strings.Cut(authority, ":")
	if hasPort && port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return ""
		}
		port = ":" + strconv.FormatUint(n, 10)
	}
	for i := range len(host) {
		if host[i] >= 0x80 {
			var err error
			if host, err = idn().ToASCII(host); err != nil {
				return ""
			}
			break
		}
	}
	host = strings.ToLower(host)
	if host == "" || len(host) > 253 || strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789.-_") != "" ||
		host[0] == '.' || strings.Contains(host, "..") {
		return ""
	}
	return host + port
}

// escapeURL escapes what RFC 2396 has no place for. Escapes that are there
// stay as they are; a percent sign that begins none becomes one.
func escapeURL(s string) string {
	var b strings.Builder
	hash := false
	for i := range len(s) {
		c := s[i]
		switch {
		case c < 0x20 || c == 0x7f: // browsers drop them
			continue
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]), c == '#' && !hash, plainURLByte(c):
			hash = hash || c == '#'
			b.WriteByte(c)
		default:
			const hex = "0123456789ABCDEF"
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

func plainURLByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(";/?:@&=+$.-_!~*'(),", c) >= 0
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// BEHAVIOUR S-21: the same short list that decides about duplicates, kept
// apart because stages do not import each other.
var (
	trackingPrefixes = []string{"utm_", "mtm_", "pk_", "hsa_", "at_"}
	trackingNames    = strings.Fields("fbclid gclid dclid gbraid wbraid gclsrc msclkid yclid ysclid twclid ttclid igshid " +
		"mc_cid mc_eid _hsenc _hsmi mkt_tok vero_id oly_enc_id srsltid cmpid")
)

// cutTracking cuts the pairs that say how a reader came out of a link, and
// leaves every other byte where it is.
func cutTracking(link string) string {
	main, fragment, hasFragment := strings.Cut(link, "#")
	path, query, hasQuery := strings.Cut(main, "?")
	if !hasQuery {
		return link
	}
	var kept []string
	cut := false
	for pair := range strings.SplitSeq(query, "&") {
		if tracks(pair) {
			cut = true
			continue
		}
		kept = append(kept, pair)
	}
	if !cut {
		return link
	}
	if len(kept) > 0 {
		path += "?" + strings.Join(kept, "&")
	}
	if hasFragment {
		path += "#" + fragment
	}
	return path
}

func tracks(pair string) bool {
	name, _, _ := strings.Cut(pair, "=")
	name = strings.ToLower(name)
	return slices.Contains(trackingNames, name) ||
		slices.ContainsFunc(trackingPrefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}
