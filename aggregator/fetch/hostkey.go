package fetch

import (
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// HostKey names the site that must not be asked twice at a time: the domain
// registered under an ICANN suffix, so that all of a hoster's users count as
// one; for an IP literal the address, so that each loopback address is a host
// of its own. An address that a rule opens for one port is known with its
// port: two servers on one machine are two sites. A URL without host is
// returned as it is.
func HostKey(rawURL string, allow []AllowRule) string {
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" {
		return rawURL
	}
	return hostKey(u, allow)
}

func hostKey(u *url.URL, allow []AllowRule) string {
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if a, err := netip.ParseAddr(host); err == nil {
		a = plain(a)
		for _, r := range allow {
			if r.Port != 0 && r.Prefix.Contains(a) && u.Port() != "" {
				return netip.AddrPortFrom(a, portOf(u)).String()
			}
		}
		return a.String()
	}
	return registrable(asciiName(host))
}

// asciiName returns the A-labels of a name. net/http writes the Host header
// without the mapping of letters that its own look-up of the name does.
func asciiName(host string) string {
	if isASCII(host) {
		return host
	}
	if a, err := idna.Lookup.ToASCII(host); err == nil {
		return a
	}
	return host
}

// hostHeader returns what the Host header says of a URL.
func hostHeader(u *url.URL) string {
	if isASCII(u.Host) {
		return u.Host
	}
	host, port := u.Hostname(), u.Port()
	if host = asciiName(host); port == "" {
		return host
	}
	return host + ":" + port
}

// registrable returns the ICANN suffix of host and one label more. Suffixes
// of the list's private section, such as blogspot.com, are no suffixes here.
func registrable(host string) string {
	suffix, icann := publicsuffix.PublicSuffix(host)
	for !icann {
		_, parent, ok := strings.Cut(suffix, ".")
		if !ok {
			break
		}
		suffix, icann = publicsuffix.PublicSuffix(parent)
	}
	if len(host) <= len(suffix) {
		return host
	}
	rest := host[:len(host)-len(suffix)-1]
	return host[strings.LastIndexByte(rest, '.')+1:]
}

// Hoster tells if a host key is a domain whose names belong to strangers, such
// as blogspot.com: a suffix of the list's private section.
func Hoster(key string) bool {
	suffix, icann := publicsuffix.PublicSuffix("any." + key)
	return suffix == key && !icann && strings.Contains(key, ".")
}

func portOf(u *url.URL) uint16 {
	port, err := parsePort(u.Port())
	switch {
	case err == nil:
		return port
	case u.Scheme == "https":
		return 443
	}
	return 80
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
