package dedup

import (
	"net/url"
	"strings"
)

// BEHAVIOUR S-21: a short list of our own. A parameter that is not on it may
// choose the article: dropping all queries merges different articles.
var (
	trackingPrefixes = []string{"utm_", "mtm_", "pk_", "hsa_", "at_"}
	trackingNames    = map[string]bool{
		"fbclid": true, "gclid": true, "dclid": true, "gbraid": true, "wbraid": true, "gclsrc": true, "msclkid": true,
		"yclid": true, "ysclid": true, "twclid": true, "ttclid": true, "igshid": true, "mc_cid": true, "mc_eid": true,
		"_hsenc": true, "_hsmi": true, "mkt_tok": true, "vero_id": true, "oly_enc_id": true, "srsltid": true, "cmpid": true,
	}
)

// tracks tells whether a pair of a query says how the reader came, not what is
// read.
func tracks(pair, host string) bool {
	name, value, _ := strings.Cut(pair, "=")
	name = strings.ToLower(name)
	for _, p := range trackingPrefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return trackingNames[name] || name == "ref" && namesHost(value, host)
}

// namesHost tells whether a value of "ref" is the site itself.
func namesHost(value, host string) bool {
	value, err := url.QueryUnescape(value)
	if err != nil || value == "" {
		return false
	}
	if rest, ok := cutScheme(value); ok {
		value = rest
	}
	value, _, _ = strings.Cut(value, "/")
	h, ok := canonicalHost(value)
	return ok && (h == host || strings.HasSuffix(host, "."+h) && strings.Contains(h, "."))
}

// wrapper is a redirector that carries its target in a parameter.
type wrapper struct{ host, path, param string }

// BEHAVIOUR S-23. Hosts are as canonicalHost leaves them.
var wrappers = []wrapper{
	{"google.", "/url", "q"}, {"google.", "/url", "url"},
	{"news.google.", "/news/url", "url"}, {"translate.google.", "/translate", "u"},
	{"l.facebook.com", "/l.php", "u"}, {"lm.facebook.com", "/l.php", "u"}, {"facebook.com", "/l.php", "u"},
	{"l.instagram.com", "/", "u"}, {"out.reddit.com", "*", "url"},
	{"youtube.com", "/redirect", "q"}, {"vk.com", "/away.php", "to"}, {"t.umblr.com", "/redirect", "z"},
	{"duckduckgo.com", "/l", "uddg"}, {"bing.com", "/news/apiclick.aspx", "url"},
	{"getpocket.com", "/redirect", "url"}, {"slack-redir.net", "/link", "url"},
	{".safelinks.protection.outlook.com", "*", "url"}, {"linkedin.com", "/redir/redirect", "url"},
	{"click.mail.ru", "/redir", "u"}, {"clck.yandex.ru", "*", "url"},
}

// target returns the address that this one redirects to, if its own text says
// so, else nothing. FeedBurner and t.co do not say.
func (a *address) target() string {
	for _, w := range wrappers {
		if w.matches(a) {
			if t := param(a.query, w.param); isHTTP(t) {
				return t
			}
		}
	}
	return a.embedded()
}

func (w *wrapper) matches(a *address) bool {
	if w.path != "*" && w.path != a.path {
		return false
	}
	if strings.HasSuffix(w.host, ".") { // any country's
		tld, ok := strings.CutPrefix(a.host, w.host)
		return ok && len(tld) <= 6 && strings.Trim(tld, "abcdefghijklmnopqrstuvwxyz.") == ""
	}
	return a.host == w.host || w.host[0] == '.' && strings.HasSuffix(a.host, w.host)
}

// embedded finds a target that stands in the path: AMP caches, Yahoo's feeds.
func (a *address) embedded() string {
	if i := strings.Index(a.path, "*http"); i >= 0 && strings.HasSuffix(a.host, "yahoo.com") {
		// The double slash was folded with the rest of the path.
		for _, scheme := range []string{"https:/", "http:/"} {
			if rest, ok := strings.CutPrefix(a.path[i+1:], scheme); ok && rest != "" {
				return "https://" + rest
			}
		}
	}
	rest, ok := "", false
	switch {
	case strings.HasPrefix(a.host, "google."):
		rest, ok = strings.CutPrefix(a.path, "/amp/")
	case strings.HasSuffix(a.host, ".cdn.ampproject.org"), a.host == "cdn.ampproject.org":
		if rest, ok = strings.CutPrefix(a.path, "/c/"); !ok {
			rest, ok = strings.CutPrefix(a.path, "/v/")
		}
	}
	rest = strings.TrimPrefix(rest, "s/")
	if host, _, _ := strings.Cut(rest, "/"); !ok || !strings.Contains(host, ".") {
		return ""
	}
	if len(a.query) > 0 {
		rest += "?" + strings.Join(a.query, "&")
	}
	return "https://" + rest
}

func param(pairs []string, name string) string {
	for _, p := range pairs {
		if n, v, _ := strings.Cut(p, "="); n == name {
			v, err := url.QueryUnescape(v)
			if err == nil {
				return v
			}
		}
	}
	return ""
}

func isHTTP(s string) bool {
	a, ok := split(s)
	return ok && strings.Contains(a.host, ".")
}
