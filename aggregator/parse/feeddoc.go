package parse

import (
	"strings"
	"time"

	"topicwire/aggregator"
)

// feedDoc is a feed in one shape for all formats. Strings are as the feed has
// them until settle.
type feedDoc struct {
	id, title, link, subtitle, language, rights, generator string
	image, icon, logo, published, updated                  string
	authors                                                []Person
	tags                                                   []Tag
	links                                                  []Link
	ttl, period, frequency                                 string
	skipHours, skipDays                                    []string
	entries                                                []entry
	version                                                string
	base, xmlLang                                          string
}

// entry is an item in one shape for all formats.
type entry struct {
	id, title, link, summary string
	guidIsLink               bool
	content                  []Content
	authors, contributors    []Person
	published, updated       string
	tags                     []Tag
	enclosures, links        []Link
	language, comments       string
	rights, image, base      string
	source                   *Source
	plainText                bool   // title and summary hold no markup
	other                    string // what to have for a summary if there is none
	level                    int    // how it is identified: byGUID, byLink or byAll
}

// settle makes addresses absolute and languages proper.
func (f *feedDoc) settle(base string) {
	if f.base != "" {
		base = resolve(base, f.base)
	}
	f.base = base
	f.language = firstNonEmpty(language(f.xmlLang), language(f.language))
	f.title, f.subtitle = once(f.title), once(f.subtitle)
	if f.link == "" && isHTTP(f.id) && strings.HasPrefix(f.version, "atom") {
		f.link = f.id
	}
	for _, p := range []*string{&f.link, &f.image, &f.icon, &f.logo} {
		*p = absolute(base, *p)
	}
	settleLinks(base, f.links)
	settlePeople(base, f.authors)
}

func (e *entry) settle(base string, f *feedDoc) {
	if e.base != "" {
		base = resolve(base, e.base)
	}
	e.base = base
	e.language = firstNonEmpty(language(e.language), f.language)
	e.title, e.summary = once(e.title), once(e.summary)
	for i := range e.content {
		e.content[i].Value = once(e.content[i].Value)
	}
	if e.link == "" && e.guidIsLink && isHTTP(e.id) {
		e.link = e.id
	}
	e.link, e.image, e.comments = absolute(base, e.link), absolute(base, e.image), absolute(base, e.comments)
	settleLinks(base, e.links)
	settleLinks(base, e.enclosures)
	settlePeople(base, e.authors)
	settlePeople(base, e.contributors)
	if e.source != nil {
		e.source.URL = absolute(base, e.source.URL)
	}
}

func settleLinks(base string, links []Link) {
	for i := range links {
		links[i].URL = absolute(base, links[i].URL)
	}
}

func settlePeople(base string, ps []Person) {
	for i := range ps {
		ps[i].URL = absolute(base, ps[i].URL)
	}
}

// document returns what the document says of the feed itself.
func (f *feedDoc) document() aggregator.FeedDocument {
	return aggregator.FeedDocument{
		ID:    cutRunes(strings.TrimSpace(f.id), maxTitle),
		Title: cutRunes(titleText(beginning(f.title, 64*maxTitle)), maxTitle), SiteURL: httpOnly(f.link), Language: f.language,
		TTL: f.interval(), SkipHours: hoursMask(f.skipHours), SkipDays: daysMask(f.skipDays),
	}
}

// interval returns how often the feed asks to be polled: ttl, in minutes, or
// sy:updatePeriod divided by sy:updateFrequency.
func (f *feedDoc) interval() time.Duration {
	var d time.Duration
	if n := number(f.ttl, 1_000_000); n > 0 {
		d = time.Duration(n) * time.Minute
	}
	var p time.Duration
	period := strings.ToLower(strings.TrimSpace(f.period))
	if period == "" && f.frequency != "" {
		period = "daily"
	}
	switch period {
	case "hourly":
		p = time.Hour
	case "daily":
		p = 24 * time.Hour
	case "weekly":
		p = 7 * 24 * time.Hour
	case "monthly":
		p = 30 * 24 * time.Hour
	case "yearly":
		p = 365 * 24 * time.Hour
	}
	if n := number(f.frequency, 1_000_000); n > 1 {
		p /= time.Duration(n)
	}
	return max(d, p)
}

func hoursMask(hours []string) (m uint32) {
	for _, h := range hours {
		if n, ok := wholeNumber(h); ok && n <= 24 {
			m |= 1 << (n % 24)
		}
	}
	return m
}

func daysMask(days []string) (m uint8) {
	for _, s := range days {
		for d := range time.Weekday(7) {
			if strings.EqualFold(strings.TrimSpace(s), d.String()) {
				m |= 1 << d
			}
		}
	}
	return m
}

func wholeNumber(s string) (int, bool) {
	s = strings.TrimSpace(s)
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' || n > 1<<56 { // files are larger than 1 GB
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, s != ""
}

func number(s string, most int) int {
	if n, ok := wholeNumber(s); ok && n <= most {
		return n
	}
	return 0
}

func firstNonEmpty(ss ...string) string {
	for _, s := range ss {
		if s != "" {
			return s
		}
	}
	return ""
}
