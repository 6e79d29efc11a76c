package fetch

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// AllowRule opens a part of the forbidden address space: feeds of the local
// network, say. All ports are open unless Port is set.
type AllowRule struct {
	Prefix netip.Prefix
	Port   uint16 // 0: any
}

// ParseAllowRule reads "192.168.1.0/24", "127.0.0.1/32:19080", "192.168.1.7"
// or "[fd00::/8]:8080".
func ParseAllowRule(s string) (AllowRule, error) {
	prefix, port, err := splitAllowRule(s)
	if err != nil {
		return AllowRule{}, err
	}
	if !strings.Contains(prefix, "/") {
		a, err := netip.ParseAddr(prefix)
		if err != nil || a.Zone() != "" {
			return AllowRule{}, fmt.Errorf("%q is no address, such as 192.168.1.7 or 192.168.1.0/24", prefix)
		}
		a = a.Unmap()
		return AllowRule{Prefix: netip.PrefixFrom(a, a.BitLen()), Port: port}, nil
	}
	p, err := netip.ParsePrefix(prefix)
	if err != nil {
		return AllowRule{}, fmt.Errorf("%q is no address range, such as 192.168.1.0/24", prefix)
	}
	if p.Addr().Is4In6() {
		return AllowRule{}, fmt.Errorf("write %q as a range of IPv4 addresses", prefix)
	}
	if p != p.Masked() {
		return AllowRule{}, fmt.Errorf("%q has bits beyond its length: did you mean %s?", prefix, p.Masked())
	}
	return AllowRule{Prefix: p, Port: port}, nil
}

func splitAllowRule(s string) (prefix string, port uint16, err error) {
	prefix, rest := s, ""
	if in, after, ok := strings.Cut(s, "]"); ok && strings.HasPrefix(in, "[") {
		prefix, rest = in[1:], after
		if tail, ok := strings.CutPrefix(after, "/"); ok { // [fd00::]/8:8080
			bits, p, _ := strings.Cut(tail, ":")
			prefix += "/" + bits
			if rest = ""; strings.Contains(tail, ":") {
				rest = ":" + p
			}
		}
	} else if strings.Count(s, ":") == 1 { // with more it is IPv6 without a port
		prefix, rest, _ = strings.Cut(s, ":")
		rest = ":" + rest
	}
	if rest == "" {
		return prefix, 0, nil
	}
	digits, ok := strings.CutPrefix(rest, ":")
	if !ok {
		return "", 0, fmt.Errorf("%q: unexpected %q after the address", s, rest)
	}
	port, err = parsePort(digits)
	return prefix, port, err
}

// Allows tells if the rule opens the address and port.
func (r AllowRule) Allows(a netip.AddrPort) bool {
	return r.Prefix.Contains(plain(a.Addr())) && (r.Port == 0 || r.Port == a.Port())
}

func (r AllowRule) String() string {
	switch {
	case r.Port == 0:
		return r.Prefix.String()
	case r.Prefix.Addr().Is6():
		return fmt.Sprintf("[%s]:%d", r.Prefix, r.Port)
	}
	return fmt.Sprintf("%s:%d", r.Prefix, r.Port)
}

// PortRange is a range of ports, both ends included. A range opens no ports of
// other protocols, such as 25 or 5432: those have to be given one by one.
type PortRange struct{ First, Last uint16 }

// DefaultPorts are the ports fetched from if the options name none.
func DefaultPorts() []PortRange { return []PortRange{{80, 80}, {443, 443}, {8000, 8999}} }

// otherPorts carry other protocols. They, and all ports below 1024 but 80 and
// 443, are opened by their own number only, never by a range around them
// (BEHAVIOUR X-04).
var otherPorts = [...]uint16{
	1080, 1433, 1521, 1719, 1720, 1723, 1883, 2049, 2181, 2375, 2376, 2379, 2380, 3128, 3306, 3389, 3659, 4045, 4190,
	4369, 5060, 5061, 5432, 5672, 5900, 5984, 5985, 5986, 6000, 6379, 6443, 6566, 6665, 6666, 6667, 6668, 6669, 6679,
	6697, 9042, 9092, 9200, 9300, 10080, 10250, 11211, 15672, 25565, 27017,
}

func forOthers(port uint16) bool {
	return port < 1024 && port != 80 && port != 443 || slices.Contains(otherPorts[:], port)
}

// ParsePortRange reads "443" or "8000-8999".
func ParsePortRange(s string) (PortRange, error) {
	from, to, isRange := strings.Cut(s, "-")
	if !isRange {
		to = from
	}
	first, err := parsePort(from)
	if err != nil {
		return PortRange{}, err
	}
	last, err := parsePort(to)
	if err != nil {
		return PortRange{}, err
	}
	if first > last {
		return PortRange{}, fmt.Errorf("port range %q ends before it begins", s)
	}
	return PortRange{First: first, Last: last}, nil
}

func (r PortRange) String() string {
	if r.First == r.Last {
		return strconv.Itoa(int(r.First))
	}
	return fmt.Sprintf("%d-%d", r.First, r.Last)
}

func parsePort(s string) (uint16, error) {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 16)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%q is no port (1-65535)", s)
	}
	return uint16(n), nil
}

// forbiddenPrefixes are the special-purpose ranges of the IANA registries: no
// site of the public internet has an address in them (BEHAVIOUR X-02). Of IPv6
// only 2000::/3 is given out: what lies outside is local, old ways to write an
// IPv4 address, or nobody's.
var forbiddenPrefixes = sync.OnceValue(func() []netip.Prefix {
	var out []netip.Prefix
	for s := range strings.FieldsSeq(`
		0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
		192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
		::/3 4000::/2 8000::/1 2001::/23 2001:db8::/32 2002::/16 3fff::/20`) {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
})

var nat64 = netip.PrefixFrom(netip.AddrFrom16([16]byte{1: 0x64, 2: 0xff, 3: 0x9b}), 96)

// plain strips what hides an address: the zone, and IPv6 around IPv4.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// forbidden tells if an address is special and must not be fetched from.
func forbidden(a netip.Addr) bool {
	a = plain(a)
	if !a.IsValid() {
		return true
	}
	if nat64.Contains(a) {
		b := a.As16()
		return forbidden(netip.AddrFrom4([4]byte(b[12:])))
	}
	for _, p := range forbiddenPrefixes() {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// guard judges addresses by the rules of the configuration.
type guard struct {
	allow []AllowRule
	ports []PortRange
}

func newGuard(allow []AllowRule, ports []PortRange) guard {
	if len(ports) == 0 {
		ports = DefaultPorts()
	}
	ports = slices.Clone(ports)
	slices.SortFunc(ports, func(a, b PortRange) int { return cmp.Compare(a.First, b.First) })
	return guard{allow: slices.Clone(allow), ports: ports}
}

// allowed tells if a rule of the configuration opens the address.
func (g *guard) allowed(a netip.AddrPort) bool {
	for _, r := range g.allow {
		if r.Allows(a) {
			return true
		}
	}
	return false
}

// check returns nil if the address and port may be connected to.
func (g *guard) check(a netip.AddrPort) error {
	if g.allowed(a) {
		return nil
	}
	if forbidden(a.Addr()) {
		return errForbidden
	}
	if !g.openPort(a.Port()) {
		return errPort
	}
	return nil
}

func (g *guard) openPort(port uint16) bool {
	for _, r := range g.ports {
		if r.First <= port && port <= r.Last && (r.First == r.Last || !forOthers(port)) {
			return true
		}
	}
	return false
}
