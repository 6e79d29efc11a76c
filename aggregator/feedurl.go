package aggregator

import (
	"net/url"
	"strings"
)

// FeedURL returns the one spelling of a feed's address by which it is
// subscribed, stored and asked for: scheme and host in small letters, without
// default port and fragment, which no server is sent; feed: addresses are http
// ones. Path and query are left alone. What is no web address comes back
// trimmed.
func FeedURL(raw string) string {
	raw = strings.TrimSpace(raw)
	s := raw
	if scheme, rest, ok := strings.Cut(s, ":"); ok && strings.EqualFold(scheme, "feed") {
		if s = rest; strings.HasPrefix(s, "//") {
			s = "http:" + s
		}
	}
	scheme, rest, ok := strings.Cut(s, "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "http" && scheme != "https" {
		return raw
	}
	rest, _, _ = strings.Cut(rest, "#")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	host, tail := rest[:end], rest[end:]
	if u, err := url.Parse(scheme + "://" + host); err != nil || u.Hostname() == "" {
		return raw
	}
	user := ""
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		user, host = host[:i+1], host[i+1:]
	}
	host = strings.ToLower(host)
	port := map[string]string{"http": ":80", "https": ":443"}[scheme]
	return scheme + "://" + user + strings.TrimSuffix(strings.TrimSuffix(host, port), ":") + tail
}
