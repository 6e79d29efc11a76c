package main

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"topicwire/aggregator"
	"topicwire/aggregator/fetch"
	"topicwire/aggregator/pipeline"
	"topicwire/config"
)

// accessByURL holds what the file sets for the requests of single feeds, by
// the address in the file: ten thousand feeds ask for theirs at each poll.
type accessByURL map[string]pipeline.Access

// accessOf reads what a configuration sets. Feeds that it sets nothing for are
// left out.
func accessOf(cfg *config.Config) accessByURL {
	m := make(accessByURL)
	for i := range cfg.Feeds {
		f := &cfg.Feeds[i]
		if f.User == "" && f.Password == "" && len(f.Headers) == 0 && !f.Delta && f.HTTP2 && !f.Insecure {
			continue
		}
		m[f.URL] = pipeline.Access{
			User: f.User, Password: string(f.Password), Headers: f.Headers,
			Delta: f.Delta, HTTP1: !f.HTTP2, Insecure: f.Insecure,
		}
	}
	return m
}

// of returns what is set for a feed. One that has moved keeps it as long as it
// stays at the origin that it was set for: another host is told no secret, and
// not trusted without a certificate (BEHAVIOUR F-25, F-26).
func (m accessByURL) of(f *aggregator.Feed) pipeline.Access {
	if a, ok := m[f.URL]; ok {
		return a
	}
	if a, ok := m[f.OriginURL]; ok && sameOrigin(f.URL, f.OriginURL) {
		return a
	}
	return pipeline.Access{}
}

// sameOrigin tells if two addresses have the same scheme, host and port.
func sameOrigin(a, b string) bool {
	ua, errA := url.Parse(aggregator.FeedURL(a)) // without default port, in small letters
	ub, errB := url.Parse(aggregator.FeedURL(b))
	return errA == nil && errB == nil && ua.Scheme == ub.Scheme && ua.Host == ub.Host && ua.Host != ""
}

// userAgent says who we are and where a site's owner can reach the operator:
// as configured, else where we publish (BEHAVIOUR F-20).
func userAgent(cfg *config.Config) string {
	contact := cfg.Fetch.Contact
	if contact == "" {
		contact = baseURLOf(cfg)
	}
	return fmt.Sprintf("topicwire/%s (+%s)", buildVersion(), contact)
}

// warn logs what the configuration allows although it is unwise.
func (e *env) warn(cfg *config.Config) {
	for _, w := range cfg.Warnings() {
		e.log.Warn("configuration", "err", w)
	}
}

// privateHosts tells which hosts are addresses that allow_private opens. Names
// do not count, but for localhost: what they stand for may change.
func privateHosts(cfg *config.Config) func(string) bool {
	rules := allowRules(cfg)
	return func(host string) bool {
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if host == "localhost" { // as fetch has it
			host = "127.0.0.1"
		}
		addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
		if err != nil {
			return false
		}
		return slices.ContainsFunc(rules, func(r fetch.AllowRule) bool { return r.Prefix.Contains(addr.Unmap()) })
	}
}

// strangers tells which hosts carry feeds that have nothing to do with each
// other, so that what one is told does not hold for the rest: machines of the
// local network, and hosters, by configuration or known as such (BEHAVIOUR F-35).
func strangers(cfg *config.Config) func(string) bool {
	private, key := privateHosts(cfg), hostKeys(cfg)
	hosters := make(map[string]bool)
	for _, d := range cfg.Fetch.MultiTenant {
		hosters[key("https://"+strings.ToLower(d)+"/")] = true
	}
	return func(host string) bool { return hosters[host] || private(host) || fetch.Hoster(host) }
}
