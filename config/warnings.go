package config

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// Warnings returns what is allowed but unwise, in the order of the keys.
func (c *Config) Warnings() Faults {
	found := *c.source
	found.faults = nil
	v := &validation{&found}
	if c.Fetch.Contact == "" && c.BaseURL == "" {
		v.fault("fetch", "neither fetch.contact nor base_url is set: owners of the sites that are read cannot reach you; write fetch.contact (or set TOPICWIRE_FETCH_CONTACT): a page or mail address")
	}
	for _, k := range []struct{ key, value string }{{"fetch.contact", c.Fetch.Contact}, {"base_url", c.contactBase()}} {
		if word := blocked(k.value); word != "" {
			v.fault(k.key, "%q goes into the User-Agent, and some servers refuse every User-Agent with %q in it", k.value, word)
		}
	}
	for i := range c.Feeds {
		f := &c.Feeds[i]
		if f.Insecure {
			v.fault(fmt.Sprintf("feeds[%d].insecure", i), "the certificate of %s is not verified: anyone on the way can change what is read%s", redactURL(f.URL), readable(f))
		} else if u, err := url.Parse(f.URL); err == nil && u.Scheme == "http" && f.Password != "" {
			v.fault(fmt.Sprintf("feeds[%d].url", i), "the password of %s is sent in the clear; write https:// if the server can", redactURL(f.URL))
		}
	}
	return found.faults
}

// contactBase is base_url where it stands in for fetch.contact.
func (c *Config) contactBase() string {
	if c.Fetch.Contact != "" {
		return ""
	}
	return c.BaseURL
}

func readable(f *Feed) string {
	if f.Password == "" && len(f.Headers) == 0 {
		return ""
	}
	return ", and read its password and headers"
}

// blocklist holds what patterns against machines that crawl look for
// (BEHAVIOUR F-20).
var blocklist = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)bot|crawl|spider|scrap|gpt|flux|\bai\b`)
})

// blocked returns the word in a text that blocklists look for, or "".
func blocked(text string) string { return strings.ToLower(blocklist().FindString(text)) }
