package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// webURL checks an absolute http or https URL; it tells if it is one.
func (v *validation) webURL(key, raw string) bool {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		v.fault(key, "%q is no web address", redactURL(raw))
	case u.Scheme == "" || !strings.Contains(raw, "://"):
		v.fault(key, "%q is no web address; did you mean https://%s?", redactURL(raw), redactURL(raw))
	case u.Scheme != "http" && u.Scheme != "https":
		v.fault(key, "%q begins with %s:; only http:// and https:// are fetched", redactURL(raw), u.Scheme)
	case u.Hostname() == "":
		v.fault(key, "%q has no host", redactURL(raw))
	case strings.ContainsAny(raw, " \t\n"):
		v.fault(key, "%q has a space in it", redactURL(raw))
	case u.User != nil:
		v.fault(key, "the address carries a user or password; write user: and password_file: beside it")
	default:
		return true
	}
	return false
}

// redactURL hides what may be a password, also of what is no URL.
func redactURL(raw string) string {
	i, j := strings.Index(raw, "//"), strings.LastIndexByte(raw, '@')
	if i < 0 || j < i {
		return raw
	}
	return raw[:i+2] + "…" + raw[j:]
}

// domain checks the name of a host, without scheme, port and path.
func (v *validation) domain(key, name string) {
	host := name
	if u, err := url.Parse(name); err == nil && u.Host != "" {
		host = u.Hostname()
	}
	switch {
	case host != name && host != "":
		v.fault(key, "%q is more than a domain; write %s", redactURL(name), host)
	case name == "" || strings.ContainsAny(name, " /:@?#*") || !strings.Contains(name, "."):
		v.fault(key, "%q is no domain; write one such as blogs.example.org", name)
	}
}

// once faults a value that stands in the file twice, naming both lines.
func (v *validation) once(first map[string]string, value, key, what string) {
	if before, ok := first[value]; ok {
		v.fault(key, "%s stands here a second time, after line %d; change one of them", what, v.place(before).line)
		return
	}
	first[value] = key
}

func (v *validation) slug(key, slug string) {
	if slugPattern().MatchString(slug) && len(slug) <= 80 {
		return
	}
	msg := "%q should be small letters, digits and single hyphens, at most 80"
	if better := slugify(slug); better != "" {
		v.fault(key, msg+"; did you mean %q?", slug, better)
		return
	}
	v.fault(key, msg, slug)
}

func slugify(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	better := strings.Join(words, "-")
	return better[:min(len(better), 80)]
}

func (v *validation) language(key, tag string) {
	if tag != "" && !languagePattern().MatchString(tag) {
		v.fault(key, "%q is no language; write a code such as en, id or zh-Hans", tag)
	}
}

func (v *validation) labels(key string, tags []string) {
	for i, t := range tags {
		if strings.TrimSpace(t) == "" {
			v.fault(fmt.Sprintf("%s[%d]", key, i), "an empty tag")
		}
	}
}

func (v *validation) oneOf(key, value string, of []string) {
	if slices.Contains(of, value) {
		return
	}
	named := slices.DeleteFunc(slices.Clone(of), func(s string) bool { return s == "" })
	msg := fmt.Sprintf("%q should be one of %s", value, strings.Join(named, ", "))
	if meant := nearest(strings.ToLower(value), named); meant != "" {
		msg += fmt.Sprintf("; did you mean %q?", meant)
	}
	v.fault(key, "%s", msg)
}

func (v *validation) between(key string, d, low, high time.Duration) {
	if d < low || d > high {
		v.fault(key, "%s is out of bounds; it should be from %s to %s", d, low, high)
	}
}
