package fetch

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Candidate is a feed that a web page announces.
type Candidate struct{ URL, Title, Type string }

const maxCandidates = 50

// Discover returns the feeds that a page announces by Link headers and
// <link rel="alternate">, the likeliest first: as announced, but feeds of
// comments last. No address is guessed (BEHAVIOUR F-28). base is the page's
// own address.
func Discover(base string, header http.Header, page []byte) []Candidate {
	b, err := url.Parse(base)
	if err != nil {
		return nil
	}
	var out []Candidate
	seen := make(map[string]bool)
	add := func(against *url.URL, href, typ, title string) {
		u, err := against.Parse(strings.TrimSpace(href))
		if err != nil || checkURL(u) != nil || len(out) >= maxCandidates {
			return
		}
		u.Fragment, u.RawFragment = "", ""
		if s := u.String(); !seen[s] {
			seen[s] = true
			out = append(out, Candidate{URL: s, Title: strings.Join(strings.Fields(title), " "), Type: typ})
		}
	}
	for _, line := range header["Link"] {
		for href, params := range linkHeader(line) {
			if typ := feedType(params["type"]); typ != "" && hasToken(params["rel"], "alternate") {
				add(b, href, typ, params["title"])
			}
		}
	}
	scanLinks(b, page, add)
	slices.SortStableFunc(out, func(a, b Candidate) int { return comments(a) - comments(b) })
	return out
}

// scanLinks reads the <link> elements of a page. It goes through the whole
// page: some put them into the body.
func scanLinks(base *url.URL, page []byte, add func(against *url.URL, href, typ, title string)) {
	z := html.NewTokenizer(bytes.NewReader(page))
	z.SetMaxBuf(1 << 20)
	against := base
	for {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			tag := atom.Lookup(name)
			if tag != atom.Link && tag != atom.Base || !more {
				continue
			}
			attrs := attributes(z)
			if tag == atom.Base {
				if u, err := base.Parse(attrs["href"]); err == nil && against == base && attrs["href"] != "" {
					against = u
				}
				continue
			}
			typ := feedType(attrs["type"])
			feedRel := hasToken(attrs["rel"], "alternate") || hasToken(attrs["rel"], "feed")
			if typ != "" && feedRel && attrs["href"] != "" {
				add(against, attrs["href"], typ, attrs["title"])
			}
		}
	}
}

func attributes(z *html.Tokenizer) map[string]string {
	attrs := make(map[string]string, 4)
	for more := true; more; {
		var k, v []byte
		k, v, more = z.TagAttr()
		if _, ok := attrs[string(k)]; !ok {
			attrs[string(k)] = string(v)
		}
	}
	return attrs
}

// feedType returns the media type if it is a feed's.
func feedType(s string) string {
	s, _, _ = strings.Cut(s, ";")
	switch s = strings.ToLower(strings.TrimSpace(s)); s {
	case "application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml",
		"text/rss+xml", "application/x-rss+xml":
		return s
	}
	return ""
}

func hasToken(list, token string) bool {
	for t := range strings.FieldsSeq(list) {
		if strings.EqualFold(t, token) {
			return true
		}
	}
	return false
}

func comments(c Candidate) int {
	if strings.Contains(strings.ToLower(c.URL+" "+c.Title), "comment") {
		return 1
	}
	return 0
}

// linkHeader yields the links of a Link header (RFC 8288).
func linkHeader(line string) func(yield func(string, map[string]string) bool) {
	return func(yield func(string, map[string]string) bool) {
		for {
			_, rest, ok := strings.Cut(line, "<")
			href, rest, ok2 := strings.Cut(rest, ">")
			if !ok || !ok2 {
				return
			}
			params, rest := linkParams(rest)
			if !yield(href, params) {
				return
			}
			line = rest
		}
	}
}

func linkParams(s string) (params map[string]string, rest string) {
	params = make(map[string]string)
	for {
		s = strings.TrimLeft(s, " \t")
		if !strings.HasPrefix(s, ";") {
			return params, s
		}
		s = strings.TrimLeft(s[1:], " \t")
		n := strings.IndexAny(s, "=;,")
		if n < 0 || s[n] != '=' {
			if n < 0 {
				return params, ""
			}
			s = s[n:]
			continue
		}
		key := strings.ToLower(strings.TrimSpace(s[:n]))
		s = strings.TrimLeft(s[n+1:], " \t")
		var value string
		if strings.HasPrefix(s, `"`) {
			value, s, _ = strings.Cut(s[1:], `"`)
		} else if n = strings.IndexAny(s, ";,"); n >= 0 {
			value, s = strings.TrimSpace(s[:n]), s[n:]
		} else {
			value, s = strings.TrimSpace(s), ""
		}
		if _, ok := params[key]; !ok {
			params[key] = value
		}
	}
}
