package fetch_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"topicwire/aggregator/fetch"
)

// island is set in a process that has a network of its own, in which every
// address is its own.
const island = "TOPICWIRE_TEST_ISLAND"

// onIsland runs the test once more in a network namespace that no packet
// leaves, where whatever is dialled is answered.
func onIsland(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	if os.Getenv(island) != "" {
		out, err := exec.CommandContext(t.Context(), "sh", "-ec",
			"ip link set lo up; ip route add local default dev lo; ip -6 route add local default dev lo").CombinedOutput()
		if err != nil {
			fmt.Printf("island: no routes: %v %s\n", err, out)
			return
		}
		test(t)
		fmt.Println("island: tested")
		return
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^"+t.Name()+"$", "-test.v")
	proxy := "http://127.0.0.1:3128"
	cmd.Env = append(os.Environ(), island+"=1", "HTTP_PROXY="+proxy, "HTTPS_PROXY="+proxy, "ALL_PROXY="+proxy,
		"http_proxy="+proxy, "https_proxy="+proxy, "all_proxy="+proxy)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	switch {
	case err == nil && strings.Contains(string(out), "island: tested"):
	case err == nil || len(out) == 0:
		t.Skipf("no network namespaces here: %v %s", err, out)
	default:
		t.Fatalf("%v\n%s", err, out)
	}
}

// shore is what listens on the island: it notes where connections arrive.
type shore struct {
	mu       sync.Mutex
	arrivals []string
}

const secret = "the internal page of 10.66.66.66"

func newShore(t *testing.T, ports ...string) *shore {
	t.Helper()
	s := new(shore)
	for _, port := range ports {
		l, err := net.Listen("tcp", ":"+port)
		if err != nil {
			t.Fatal(err)
		}
		srv := &http.Server{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if to := r.URL.Query().Get("to"); to != "" {
					w.Header().Set("Location", to)
					w.WriteHeader(http.StatusFound)
				}
				io.WriteString(w, secret)
			}),
			ConnState: func(c net.Conn, state http.ConnState) {
				if state == http.StateNew {
					s.mu.Lock()
					defer s.mu.Unlock()
					a := netip.MustParseAddrPort(c.LocalAddr().String())
					s.arrivals = append(s.arrivals, netip.AddrPortFrom(a.Addr().Unmap(), a.Port()).String())
				}
			},
		}
		go srv.Serve(l)
		t.Cleanup(func() { srv.Close() })
	}
	return s
}

// since returns the arrivals since the last call.
func (s *shore) since() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.arrivals = nil }()
	return strings.Join(s.arrivals, " ")
}

// legacy resolves names of a table, and spellings of addresses as the
// resolvers of old do.
type legacy map[string][]string

func (l legacy) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	var out []netip.Addr
	for _, a := range l[strings.TrimSuffix(host, ".")] {
		out = append(out, netip.MustParseAddr(a))
	}
	if len(out) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return out, nil
}

type islandCase struct {
	url, rules, ports string
	dialled           string // all connections made
	kind              string // empty: no failure
}

func islandCases() []islandCase {
	const public, public6 = "93.184.216.34", "[2606:2800::7]"
	var all []islandCase
	for _, u := range specialURLs {
		if !strings.HasPrefix(u, "https:") {
			all = append(all,
				islandCase{url: u, kind: fetch.KindForbidden},
				islandCase{url: "http://" + public + "/?to=" + url.QueryEscape(u), dialled: public + ":80", kind: fetch.KindForbidden})
		}
	}
	for _, name := range []string{"2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "017700000001", "127.0.0.1.", "127.0.0.01"} {
		all = append(all, islandCase{url: "http://" + name + "/", kind: fetch.KindForbidden}) // the resolver reads them
	}
	for _, port := range []string{"25", "22", "3306", "5432", "6379", "11211", "9200", "81", "9000"} {
		all = append(all,
			islandCase{url: "http://" + public + ":" + port + "/", kind: fetch.KindForbidden},
			islandCase{url: "http://" + public + "/?to=http://" + public + ":" + port, dialled: public + ":80", kind: fetch.KindForbidden})
	}
	for _, u := range []string{"file:///etc/passwd", "gopher://" + public + "/", "ftp://" + public + "/", "dict://" + public + ":11211/", "unix:///run/x.sock",
		"data:text/xml,<rss/>", "javascript:alert(1)", "http://" + public + "\\@127.0.0.1/", "http://[127.0.0.1/", "http://" + public + ":99999/", "http://" + public + ":0/"} {
		all = append(all, islandCase{url: u, kind: fetch.KindURL})
	}
	return append(all,
		// Who is asked stands behind the last @ and before the first # and /.
		islandCase{url: "http://" + public + "@127.0.0.1/", kind: fetch.KindForbidden},
		islandCase{url: "http://" + public + ":80@127.0.0.1/", kind: fetch.KindForbidden},
		islandCase{url: "http://127.0.0.1@" + public + "/", dialled: public + ":80"},
		islandCase{url: "http://" + public + "#@127.0.0.1/", dialled: public + ":80"},
		islandCase{url: "http://" + public + "/@127.0.0.1/", dialled: public + ":80"},
		islandCase{url: "http://" + public + "?@127.0.0.1/", dialled: public + ":80"},
		// What may be read is read.
		islandCase{url: "http://" + public + "/", dialled: public + ":80"},
		islandCase{url: "http://" + public6 + ":8080/", dialled: public6 + ":8080"},
		islandCase{url: "http://public.example./", dialled: public + ":80"},
		islandCase{url: "http://[64:ff9b::5db8:d822]/", dialled: "[64:ff9b::5db8:d822]:80"},
		islandCase{url: "http://[::ffff:93.184.216.34]/", dialled: public + ":80"},
		// Rules open addresses, with all ports or with one.
		islandCase{url: "http://10.1.2.3/", rules: "10.0.0.0/8", dialled: "10.1.2.3:80"},
		islandCase{url: "http://10.1.2.3:6379/", rules: "10.0.0.0/8", dialled: "10.1.2.3:6379"},
		islandCase{url: "http://10.1.2.3:8080/", rules: "10.1.2.3:8080", dialled: "10.1.2.3:8080"},
		islandCase{url: "http://10.1.2.3/", rules: "10.1.2.3:8080", kind: fetch.KindForbidden},
		islandCase{url: "http://10.1.2.4:8080/", rules: "10.1.2.3:8080", kind: fetch.KindForbidden},
		islandCase{url: "http://[::ffff:10.1.2.3]/", rules: "10.1.2.3", dialled: "10.1.2.3:80"},
		islandCase{url: "http://[fd00::1]/", rules: "[fd00::/8]:80", dialled: "[fd00::1]:80"},
		islandCase{url: "http://[fd00::1]:8080/", rules: "[fd00::/8]:80", kind: fetch.KindForbidden},
		islandCase{url: "http://inside.example/", rules: "192.168.7.0/24", dialled: "192.168.7.7:80"},
		islandCase{url: "http://mixed.example/", rules: "192.168.7.0/24", kind: fetch.KindForbidden},
		islandCase{url: "http://mixed.example/", rules: "10.0.0.1", dialled: public + ":80"},
		islandCase{url: "http://169.254.169.254/latest/meta-data/", rules: "10.0.0.0/8 192.168.0.0/16", kind: fetch.KindForbidden},
		islandCase{url: "http://10.1.2.3/?to=http://10.9.9.9/", rules: "10.1.2.3", dialled: "10.1.2.3:80", kind: fetch.KindForbidden},
		islandCase{url: "http://10.1.2.3/?to=http://127.0.0.1:3128/", rules: "10.1.2.3", dialled: "10.1.2.3:80", kind: fetch.KindForbidden},
		// Ranges do not open the ports of others, a number does.
		islandCase{url: "http://" + public + ":9000/", ports: "1-65535", dialled: public + ":9000"},
		islandCase{url: "http://" + public + ":6379/", ports: "1-65535", kind: fetch.KindForbidden},
		islandCase{url: "http://" + public + ":25/", ports: "1-65535", kind: fetch.KindForbidden},
		islandCase{url: "http://" + public + ":25/", ports: "1-65535 25", dialled: public + ":25"},
	)
}

// TestX01X06OnAnIsland asks for each URL by the real dialer, in a network where
// every connection would succeed, and looks at which were made. The proxy
// that the environment names must see none.
func TestX01X06OnAnIsland(t *testing.T) {
	all := islandCases()
	if len(all) < 60 {
		t.Fatalf("%d URLs, want at least 60", len(all))
	}
	onIsland(t, func(t *testing.T) {
		s := newShore(t, "80", "8080", "9000", "6379", "25", "3128")
		names := legacy{
			"public.example": {"93.184.216.34"}, "2130706433": {"127.0.0.1"}, "0x7f000001": {"127.0.0.1"}, "0x7f.1": {"127.0.0.1"},
			"127.1": {"127.0.0.1"}, "0177.0.0.1": {"127.0.0.1"}, "017700000001": {"127.0.0.1"}, "127.0.0.1": {"127.0.0.1"}, "127.0.0.01": {"127.0.0.1"},
		}
		maps.Copy(names, specialNames)
		for _, tt := range all {
			o := fetch.Options{Resolver: names}
			for r := range strings.FieldsSeq(tt.rules) {
				rule, err := fetch.ParseAllowRule(r)
				if err != nil {
					t.Fatal(err)
				}
				o.AllowPrivate = append(o.AllowPrivate, rule)
			}
			for p := range strings.FieldsSeq(tt.ports) {
				ports, err := fetch.ParsePortRange(p)
				if err != nil {
					t.Fatal(err)
				}
				o.Ports = append(o.Ports, ports)
			}
			c := fetch.New(o)
			_, err := c.Feed(t.Context(), fetch.Request{URL: tt.url})
			c.Close()
			if got := s.since(); got != tt.dialled {
				t.Errorf("%s (rules %s, ports %s): dialled %q, want %q", tt.url, tt.rules, tt.ports, got, tt.dialled)
			}
			if tt.kind == "" {
				if err != nil {
					t.Errorf("%s: %v", tt.url, err)
				}
				continue
			}
			fe := failure(t, err)
			if fe.Kind != tt.kind {
				t.Errorf("%s: %s: %v, want %s", tt.url, fe.Kind, fe, tt.kind)
			}
			// neither a body nor an address that was not typed.
			words := fe.Error()
			if u, err := url.Parse(tt.url); err == nil {
				words = strings.ReplaceAll(words, u.Hostname(), "")
			}
			if strings.Contains(words, secret) || strings.ContainsFunc(words, func(r rune) bool { return r >= '0' && r <= '9' }) {
				t.Errorf("%s: %q tells too much", tt.url, fe)
			}
			if blocked := c.Counts().SSRFBlocked; (blocked == 1) != (tt.kind == fetch.KindForbidden) {
				t.Errorf("%s: %d refusals counted", tt.url, blocked)
			}
		}
	})
}

// TestX03RebindingOnAnIsland: a name that turns private after it was checked
// is not connected to at its new address.
func TestX03RebindingOnAnIsland(t *testing.T) {
	onIsland(t, func(t *testing.T) {
		s := newShore(t, "80")
		r := new(flipping)
		c := fetch.New(fetch.Options{Resolver: r})
		defer c.Close()
		var kinds []string
		for range 3 {
			_, err := c.Feed(t.Context(), fetch.Request{URL: "http://flip.example/"})
			if err == nil {
				kinds = append(kinds, "read")
			} else {
				kinds = append(kinds, failure(t, err).Kind)
			}
		}
		if got := s.since(); got != "93.184.216.34:80" || !slices.Equal(kinds, []string{"read", "forbidden", "forbidden"}) || r.asked != 3 {
			t.Errorf("dialled %s, %v after %d look-ups", got, kinds, r.asked)
		}
	})
}
