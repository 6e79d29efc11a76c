package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// QueryCheck tells if a topic query can be understood. Its error may carry the
// column in the query, from 1, by a method Position() int.
type QueryCheck func(query string, vocabulary map[string][]string) error

// Validate returns nil, or all Faults at once: those found while reading as
// well. check may be nil; queries are not looked into then.
func (c *Config) Validate(check QueryCheck) error {
	found := *c.source // a copy: Validate may be called again
	found.faults = slices.Clone(c.source.faults)
	v := &validation{&found}
	v.server(c)
	v.fetch(&c.Fetch)
	v.oneOf("enrich", c.Enrich, enrichModes)
	v.llm(&c.LLM)
	v.feeds(c.Feeds)
	v.topics(c, check)
	v.digests(c)
	v.smtp(&c.SMTP)
	v.vocabulary(c.Vocabulary)
	if all := sorted(v.faults); len(all) > 0 {
		return all
	}
	return nil
}

var (
	enrichModes  = []string{"auto", "always", "never"}
	publishModes = []string{"title", "excerpt", "full"}
)

// Patterns are compiled when first needed: `topicwire version` needs none.
var (
	slugPattern     = pattern(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	languagePattern = pattern(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	headerPattern   = pattern("^[-!#$%&'*+.^_`|~0-9A-Za-z]+$")
)

func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// validation collects what is wrong with the values.
type validation struct{ *source }

func (v *validation) server(c *Config) {
	if c.Listen == "" {
		v.fault("listen", "listen is empty; write an address such as 127.0.0.1:8080, or :8080 for all of them")
	} else if host, port, err := net.SplitHostPort(c.Listen); err != nil {
		v.fault("listen", "%q is no address to listen on; write host:port, such as 127.0.0.1:8080", c.Listen)
	} else if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		v.fault("listen", "%q is no port; write a number from 0 to 65535", port)
	} else if strings.ContainsAny(host, " /") {
		v.fault("listen", "%q is no host", host)
	}
	if c.BaseURL != "" && v.webURL("base_url", c.BaseURL) {
		if u, _ := url.Parse(c.BaseURL); u.RawQuery != "" || u.Fragment != "" {
			v.fault("base_url", "base_url ends at the path; take out what follows ? or #")
		}
	}
	if c.IDAuthority != "" {
		v.authority(c.IDAuthority)
	}
	switch scheme, rest, ok := strings.Cut(c.Database, "://"); {
	case c.Database == "":
		v.fault("database", "database is empty; name a file such as topicwire.db, or postgres://user@host/name")
	case ok && scheme != "postgres" && scheme != "postgresql":
		v.fault("database", "database kind %q is not known; name a file, or postgres://user@host/name", scheme)
	case ok && strings.Trim(rest, "/") == "":
		v.fault("database", "the address of the database is incomplete; write postgres://user@host/name")
	}
}

// authority checks what stands in tag URIs (RFC 4151 2.1).
func (v *validation) authority(a string) {
	name, date, ok := strings.Cut(a, ",")
	if ok {
		ok = false
		for _, layout := range []string{"2006", "2006-01", time.DateOnly} {
			if _, err := time.Parse(layout, date); err == nil {
				ok = true
			}
		}
	}
	if !ok || name == "" || strings.ContainsAny(name, " /:?#") {
		v.fault("id_authority", "%q should be a domain you own and a year in which you own it, such as news.example.org,2026", a)
	}
}

func (v *validation) fetch(f *Fetch) {
	if f.Contact != "" && !strings.HasPrefix(f.Contact, "mailto:") {
		if _, err := mail.ParseAddress(f.Contact); err != nil {
			v.webURL("fetch.contact", f.Contact)
		}
	}
	for i, rule := range f.AllowPrivate {
		v.allowRule(fmt.Sprintf("fetch.allow_private[%d]", i), rule)
	}
	for i, d := range f.MultiTenant {
		v.domain(fmt.Sprintf("fetch.multi_tenant[%d]", i), d)
	}
	v.between("fetch.min_interval", f.MinInterval, time.Minute, 7*24*time.Hour)
	v.between("fetch.max_interval", f.MaxInterval, time.Minute, 31*24*time.Hour)
	if f.MaxInterval < f.MinInterval {
		v.fault("fetch.max_interval", "max_interval (%s) is shorter than min_interval (%s)", f.MaxInterval, f.MinInterval)
	}
	v.between("fetch.host_gap", f.HostGap, 0, time.Hour)
	v.between("fetch.page_gap", f.PageGap, 0, time.Hour)
	v.between("fetch.timeout", f.Timeout, time.Second, 10*time.Minute)
	for i, p := range f.Ports {
		v.portRange(fmt.Sprintf("fetch.ports[%d]", i), p)
	}
	if f.Concurrency < 1 || f.Concurrency > 1024 {
		v.fault("fetch.concurrency", "concurrency is %d; it should be from 1 to 1024", f.Concurrency)
	}
}

// allowRule checks CIDR[:port]; an IPv6 range with a port is in brackets.
func (v *validation) allowRule(key, rule string) {
	cidr, port := rule, ""
	if in, after, ok := strings.Cut(strings.TrimPrefix(rule, "["), "]"); ok && rule[0] == '[' {
		cidr, port = in, strings.TrimPrefix(after, ":")
	} else if strings.Count(rule, ":") == 1 {
		cidr, port, _ = strings.Cut(rule, ":")
		if port == "" {
			port = "?"
		}
	}
	if port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			v.fault(key, "%q is no port; write a number from 1 to 65535", port)
		}
	}
	if _, err := netip.ParseAddr(cidr); err == nil {
		return
	}
	p, err := netip.ParsePrefix(cidr)
	switch {
	case err != nil:
		v.fault(key, "%q is no range of addresses; write one such as 192.168.1.0/24 or 127.0.0.0/8:8080 (names are not resolved here)", rule)
	case p != p.Masked():
		v.fault(key, "%q has bits beyond its length; did you mean %s?", cidr, p.Masked())
	}
}

func (v *validation) portRange(key, text string) {
	from, to, isRange := strings.Cut(text, "-")
	if !isRange {
		to = from
	}
	a, errA := strconv.ParseUint(strings.TrimSpace(from), 10, 16)
	b, errB := strconv.ParseUint(strings.TrimSpace(to), 10, 16)
	switch {
	case errA != nil || errB != nil || a == 0:
		v.fault(key, "%q is no port; write a number from 1 to 65535, or a range such as 8000-8999", text)
	case a > b:
		v.fault(key, "the range %q runs backwards; did you mean %d-%d?", text, b, a)
	}
}

func (v *validation) llm(l *LLM) {
	if l.URL != "" && v.webURL("llm.url", l.URL) && l.Model == "" {
		v.fault("llm.url", "llm has a url but no model; name the model")
	}
	if l.URL == "" && (l.Model != "" || l.KeyFile != "") {
		v.fault("llm", "llm has no url; write the address of the service, such as http://localhost:11434/v1")
	}
	if l.DailyBudget < 0 {
		v.fault("llm.daily_budget", "daily_budget is negative")
	}
}

func (v *validation) feeds(feeds []Feed) {
	first := map[string]string{}
	for i := range feeds {
		f, key := &feeds[i], fmt.Sprintf("feeds[%d]", i)
		if f.URL == "" {
			v.fault(key, "the feed has no url")
		} else {
			v.webURL(key+".url", f.URL)
			v.once(first, f.URL, key+".url", "the feed "+redactURL(f.URL))
		}
		v.language(key+".language", f.Language)
		v.labels(key+".tags", f.Tags)
		v.oneOf(key+".enrich", f.Enrich, append([]string{""}, enrichModes...))
		v.oneOf(key+".publish", f.Publish, append([]string{""}, publishModes...))
		if f.Interval != 0 {
			v.between(key+".interval", f.Interval, time.Minute, 31*24*time.Hour)
		}
		if f.PasswordFile != "" && f.User == "" {
			v.fault(key+".password_file", "a password without a user; add user: to this feed")
		}
		v.headers(key+".headers", f.Headers)
	}
}

func (v *validation) headers(key string, headers map[string]string) {
	for _, name := range sortedKeys(headers) {
		switch {
		case !headerPattern().MatchString(name):
			v.fault(key+"."+name, "%q is no header name", name)
		case slices.Contains([]string{"host", "user-agent", "cookie", "content-length", "connection", "accept-encoding"}, strings.ToLower(name)):
			v.fault(key+"."+name, "the header %s is not yours to set here", name)
		case strings.ContainsAny(headers[name], "\r\n"):
			v.fault(key+"."+name, "the value of header %s runs over several lines", name)
		}
	}
}

func (v *validation) topics(c *Config, check QueryCheck) {
	first := map[string]string{}
	for i := range c.Topics {
		t, key := &c.Topics[i], fmt.Sprintf("topics[%d]", i)
		if t.Slug == "" {
			v.fault(key, "the topic has no slug: its short name in addresses, such as russia-india")
		} else {
			v.slug(key+".slug", t.Slug)
			v.once(first, t.Slug, key+".slug", fmt.Sprintf("the slug %q", t.Slug))
		}
		if strings.TrimSpace(t.Title) == "" {
			v.fault(key, "the topic has no title")
		}
		v.query(c, key, t.Query, check)
		for j, l := range t.Languages {
			v.language(fmt.Sprintf("%s.languages[%d]", key, j), l)
		}
		for j, u := range t.Feeds {
			v.webURL(fmt.Sprintf("%s.feeds[%d]", key, j), u)
		}
		v.labels(key+".tags", t.Tags)
		v.oneOf(key+".publish", t.Publish, append([]string{""}, publishModes...))
		if t.Threshold < 0 || t.Threshold > 100 {
			v.fault(key+".threshold", "threshold is %v; it should be above 0, such as 1, or 0.5 to find more", t.Threshold)
		}
		if v.isSet(key+".limit") && (t.Limit < 1 || t.Limit > 1000) {
			v.fault(key+".limit", "limit is %d; it should be from 1 to 1000 entries", t.Limit)
		}
		if v.isSet(key + ".max_age") {
			v.between(key+".max_age", t.MaxAge, time.Hour, 100*365*24*time.Hour)
		}
	}
}

// query checks a topic's query, and puts its column into the file's.
func (v *validation) query(c *Config, key, query string, check QueryCheck) {
	if strings.TrimSpace(query) == "" {
		v.fault(key, "the topic has no query, such as country:ru country:in")
		return
	}
	if check == nil {
		return
	}
	err := check(query, c.Vocabulary)
	if err == nil {
		return
	}
	p, msg := v.place(key+".query"), "the query does not parse: "+err.Error()
	var at interface{ Position() int }
	if errors.As(err, &at) && at.Position() > 0 {
		if p.width >= 0 {
			p.column += p.width + at.Position() - 1
		} else {
			msg += fmt.Sprintf(" (column %d of the query)", at.Position())
		}
	}
	v.faultAt(p, msg)
}

func (v *validation) digests(c *Config) {
	for i := range c.Digests {
		d, key := &c.Digests[i], fmt.Sprintf("digests[%d]", i)
		if d.Topic == "" {
			v.fault(key, "the digest has no topic; name the slug of one")
		} else {
			v.slug(key+".topic", d.Topic)
		}
		if err := checkSchedule(d.Schedule); err != nil {
			v.fault(key+".schedule", "%v", err)
		}
		if _, err := mail.ParseAddress(d.From); err != nil {
			v.fault(key+".from", "%q is no mail address; write one such as desk@news.example.org", d.From)
		}
	}
	if len(c.Digests) > 0 && c.SMTP.Host == "" {
		v.fault("smtp.host", "digests need a mail server; write its name")
	}
}

var weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// checkSchedule reads "daily 07:00 Europe/Berlin", "weekly mon 07:00 UTC" and
// "monthly 1 07:00 UTC"; the time zone may be left out.
func checkSchedule(text string) error {
	bad := fmt.Errorf("schedule %q should be daily 07:00, weekly mon 07:00 or monthly 1 07:00, with a time zone such as Europe/Berlin behind it", text)
	f := strings.Fields(text)
	if len(f) == 0 {
		return errors.New("the digest has no schedule, such as weekly mon 07:00 Europe/Berlin")
	}
	kind, f := f[0], f[1:]
	if kind != "daily" && kind != "weekly" && kind != "monthly" {
		return bad
	}
	if kind != "daily" {
		if len(f) == 0 {
			return bad
		}
		day, err := strconv.Atoi(f[0])
		switch {
		case kind == "weekly" && !slices.Contains(weekdays, strings.ToLower(f[0])):
			return fmt.Errorf("schedule: %q is no weekday; write one of %s", f[0], strings.Join(weekdays, ", "))
		case kind == "monthly" && (err != nil || day < 1 || day > 28):
			return fmt.Errorf("schedule: %q is no day of every month; write a number from 1 to 28", f[0])
		}
		f = f[1:]
	}
	if len(f) == 0 || len(f) > 2 {
		return bad
	}
	if _, err := time.Parse("15:04", f[0]); err != nil {
		return fmt.Errorf("schedule: %q is no time of day; write one such as 07:00", f[0])
	}
	if len(f) == 2 {
		if _, err := time.LoadLocation(f[1]); err != nil {
			return fmt.Errorf("schedule: time zone %q is not known; write one such as Europe/Berlin or UTC", f[1])
		}
	}
	return nil
}

func (v *validation) smtp(s *SMTP) {
	if s.Port < 1 || s.Port > 65535 {
		v.fault("smtp.port", "port is %d; it should be from 1 to 65535, mostly 25, 465 or 587", s.Port)
	}
	if strings.ContainsAny(s.Host, " /:") && net.ParseIP(s.Host) == nil {
		v.fault("smtp.host", "%q is no host; write its name alone, the port beside it", s.Host)
	}
	if s.PasswordFile != "" && s.User == "" {
		v.fault("smtp.password_file", "a password without a user; add user: to smtp")
	}
}

func (v *validation) vocabulary(words map[string][]string) {
	for _, name := range sortedKeys(words) {
		key := "vocabulary." + name
		if !slugPattern().MatchString(name) {
			v.fault(key, "the name %q should be small letters, digits and single hyphens, such as sputnik-v: queries say @sputnik-v", name)
		}
		if len(words[name]) == 0 {
			v.fault(key, "%q has no words", name)
		}
		for i, w := range words[name] {
			if strings.TrimSpace(w) == "" {
				v.fault(fmt.Sprintf("%s[%d]", key, i), "an empty word would match nothing")
			}
		}
	}
}

func (s *source) isSet(key string) bool {
	_, ok := s.at[key]
	return ok
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
