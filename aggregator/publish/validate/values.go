package validate

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/text/language"
)

func pattern(s string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(s) })
}

var (
	uriChars  = pattern(`^[a-zA-Z][a-zA-Z0-9+.-]*:(?:[a-zA-Z0-9;/?:@&=+$._!~*'(),#-]|%[0-9a-fA-F]{2})+$`)
	tagURI    = pattern(`^tag:[a-z0-9._@-]+,\d{4}(-\d{2}(-\d{2})?)?:\S+$`)
	rfc3339   = pattern(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`)
	mimeTypes = pattern(`^[a-zA-Z]+/[a-zA-Z0-9][a-zA-Z0-9!#$&^_.+-]*$`)
	endTag    = pattern(`</?([a-zA-Z][a-zA-Z0-9]*)[^<>]*>`)
	entities  = pattern(`&(#?\w+)`)
	contacts  = pattern(`^[^\s@<>()]+@[^\s@<>()]+\.[^\s@<>()]+( \([^()]+\))?$`)
	positive  = pattern(`^[1-9][0-9]*$`)
)

// link checks an absolute http or https address.
func (c *checker) link(where, s string) {
	u, err := url.Parse(s)
	switch {
	case !uriChars().MatchString(s) || strings.Count(s, "#") > 1:
		c.add("InvalidUriChar", "%s %q", where, s)
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil:
		c.add("InvalidFullLink", "%s %q", where, s)
	}
}

// id checks an entry's or a feed's name: a tag URI in its canonical form.
func (c *checker) id(where, s string) {
	switch {
	case !uriChars().MatchString(s):
		c.add("InvalidUriChar", "%s %q", where, s)
	case !tagURI().MatchString(s):
		c.add("NonCanonicalURI", "%s %q", where, s)
	}
}

func (c *checker) rfc3339(where, s string) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || !rfc3339().MatchString(s) {
		c.add("InvalidRFC3339Date", "%s %q", where, s)
		return
	}
	c.plausible(where, t)
}

func (c *checker) rfc2822(where, s string) {
	t, err := time.Parse("Mon, 02 Jan 2006 15:04:05 MST", s)
	if err != nil || t.Format("Mon") != s[:3] {
		c.add("InvalidRFC2822Date", "%s %q", where, s)
		return
	}
	c.plausible(where, t)
}

// plausible keeps to what needs no clock: a date later than today's cannot be
// told without one.
func (c *checker) plausible(where string, t time.Time) {
	if t.Year() < 1970 || t.Year() > 9000 {
		c.add("ImplausibleDate", "%s %s", where, t)
	}
}

func (c *checker) language(where, s string) {
	base, _, _ := strings.Cut(s, "-")
	if _, err := language.Parse(s); err != nil || len(base) != 2 {
		c.add("InvalidLanguage", "%s %q", where, s)
	}
}

func (c *checker) mime(where, s string) {
	if !mimeTypes().MatchString(s) {
		c.add("InvalidMIMEType", "%s %q", where, s)
	}
}

// plainText checks a text that must not be blank nor look like markup.
func (c *checker) plainText(where, s string) {
	if strings.TrimSpace(s) == "" {
		c.add("NotBlank", "%s", where)
	}
	if m := endTag().FindString(s); m != "" {
		c.add("ContainsHTML", "%s: %s", where, m)
	}
	for _, m := range entities().FindAllStringSubmatch(s, -1) {
		if !unicode.IsLetter(rune(m[1][0])) || html.UnescapeString("&"+m[1]+";") != "&"+m[1]+";" {
			c.add("ContainsHTML", "%s: &%s", where, m[1])
		}
	}
}
