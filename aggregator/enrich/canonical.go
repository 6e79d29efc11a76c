package enrich

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// canonicalAddress returns the address that a page names as its own, if it can
// be believed: in its header, in its head, else to those who share it
// (BEHAVIOUR S-10, RFC 6596).
func canonicalAddress(h http.Header, head, shared string, base *url.URL) string {
	for _, named := range append(linkedCanonicals(h), head, shared) {
		if u := believable(named, base); u != "" {
			return u
		}
	}
	return ""
}

// linkedCanonicals returns the targets of the Link header's canonical links
// that speak of the page itself (RFC 8288 3).
func linkedCanonicals(h http.Header) (out []string) {
	for _, line := range h["Link"] {
		for line != "" && len(out) < 3 {
			_, rest, _ := strings.Cut(line, "<")
			target, rest, ok := strings.Cut(rest, ">")
			if !ok {
				break
			}
			var params string
			params, line = cutLink(rest)
			if isCanonical(params) {
				out = append(out, target)
			}
		}
	}
	return out
}

// cutLink cuts a link's parameters from the links after it: at the first comma
// outside quotation marks.
func cutLink(s string) (params, rest string) {
	i := unquoted(s, ',')
	if i < 0 {
		return s, ""
	}
	return s[:i], s[i+1:]
}

// isCanonical tells if parameters are those of a canonical link. An anchor
// says that another document's is meant.
func isCanonical(params string) bool {
	rel := ""
	for params != "" {
		one := params
		if i := unquoted(params, ';'); i >= 0 {
			one, params = params[:i], params[i+1:]
		} else {
			params = ""
		}
		name, value, _ := strings.Cut(one, "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "anchor":
			return false
		case "rel":
			if rel == "" { // RFC 8288 3.3: only the first counts
				rel = strings.Trim(strings.TrimSpace(value), `"`)
			}
		}
	}
	return hasToken(rel, "canonical")
}

// unquoted finds a byte outside quotation marks; -1: there is none.
func unquoted(s string, c byte) int {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == c && !quoted:
			return i
		}
	}
	return -1
}

// hasToken tells if a list of words has one, in whatever case.
func hasToken(list, word string) bool {
	return slices.ContainsFunc(strings.Fields(list), func(s string) bool { return strings.EqualFold(s, word) })
}
