package fetch_test

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"topicwire/aggregator/feedtest"
	"topicwire/aggregator/fetch"
)

// specialURLs are at addresses that must not be dialled: every row of X-02, in
// all the ways to write it.
var specialURLs = strings.Fields(`
		http://127.0.0.1/ http://127.0.0.1:80/ https://127.0.0.1/ http://127.255.255.254/
		http://0.0.0.0/ http://0.1.2.3/ http://10.0.0.1/ http://10.255.255.255/ http://100.64.0.1/ http://100.127.255.255/
		http://169.254.169.254/latest/meta-data/ http://172.16.0.1/ http://172.31.255.255/ http://192.0.0.1/ http://192.0.0.170/
		http://192.0.2.1/ http://192.88.99.1/ http://192.168.0.1/ http://192.168.255.255/ http://198.18.0.1/ http://198.19.255.255/
		http://198.51.100.1/ http://203.0.113.1/ http://224.0.0.1/ http://239.255.255.255/ http://240.0.0.1/ http://255.255.255.255/
		http://[::]/ http://[::1]/ http://[::1]:8080/ http://[::7f00:1]/ http://[::127.0.0.1]/ http://[::ffff:127.0.0.1]/
		http://[::ffff:10.0.0.1]/ http://[::ffff:a9fe:a9fe]/ http://[64:ff9b::7f00:1]/ http://[64:ff9b::10.0.0.1]/
		http://[64:ff9b::a9fe:a9fe]/ http://[64:ff9b:1::1]/ http://[100::1]/ http://[2001::1]/ http://[2001:1ff::1]/
		http://[2001:db8::1]/ http://[2002:7f00:1::1]/ http://[2002:a00:1::]/ http://[2002:5db8:d822::1]/ http://[3fff::1]/
		http://[5f00::1]/ http://[fc00::1]/ http://[fd12:3456::1]/ http://[fe80::1]/ http://[fe80::1%25eth0]/ http://[febf::1]/
		http://[::ffff:0:7f00:1]/ http://[1::1]/ http://[200::1]/ http://[1fff::1]/ http://[4000::1]/ http://[e000::1]/ http://[fe00::1]/
		http://[fec0::1]/ http://[ff02::1]/ http://①②⑦.⓪.⓪.①/ http://127。0。0。1/ http://１２７.0.0.1/
		http://localhost/ http://localhost.localdomain/ http://inside.example/ http://mixed.example/ http://mixed6.example/
		http://mapped.example/ http://inside.example./`)

// specialNames have addresses that must not be dialled.
var specialNames = map[string][]string{
	"localhost":             {"127.0.0.1", "::1"},
	"localhost.localdomain": {"127.0.0.1"},
	"inside.example":        {"192.168.7.7"},
	"mixed.example":         {"93.184.216.34", "10.0.0.1"},
	"mixed6.example":        {"93.184.216.34", "fd00::1"},
	"mapped.example":        {"::ffff:192.168.7.7"},
}

// TestX01X02SpecialAddresses: the dialer given never gets to see them.
func TestX01X02SpecialAddresses(t *testing.T) {
	urls := specialURLs
	if len(urls) < 60 {
		t.Fatalf("%d URLs, want at least 60", len(urls))
	}
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		for name, addrs := range specialNames {
			net.Name(name, addrs...)
		}
		for _, u := range urls {
			_, err := c.Feed(t.Context(), fetch.Request{URL: u})
			if fe := failure(t, err); fe.Kind != fetch.KindForbidden {
				t.Errorf("%s: %s: %v, want forbidden", u, fe.Kind, fe)
			}
		}
		if d := net.Dials(); len(d) > 0 {
			t.Errorf("dialled %v", d)
		}
	})
}

// TestX01OddSpellings: spellings that only old resolvers read as addresses
// are names to us, and unknown ones.
func TestX01OddSpellings(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		for _, u := range []string{"http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://127.0.0.1./", "http://0177.0.0.1/", "http://0x7f000001/"} {
			_, err := c.Feed(t.Context(), fetch.Request{URL: u})
			if fe := failure(t, err); fe.Kind != fetch.KindDNS {
				t.Errorf("%s: %s: %v, want dns", u, fe.Kind, fe)
			}
		}
	})
}

func TestPublicAddressesPass(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		for _, a := range []string{"93.184.216.34", "1.1.1.1", "172.15.255.255", "172.32.0.1", "100.128.0.1", "192.0.1.1", "198.20.0.1",
			"223.255.255.255", "2606:2800:220:1::1", "64:ff9b::5db8:d822"} {
			net.Name("a.example", a)
			net.Handle("a.example", answer(200, "", rss))
			if _, err := c.Feed(t.Context(), fetch.Request{URL: "http://a.example/"}); err != nil {
				t.Errorf("%s: %v", a, err)
			}
		}
	})
}

// flipping answers with a public address first, and with private ones then.
type flipping struct {
	mu    sync.Mutex
	asked int
}

func (f *flipping) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if f.asked == 1 {
		return []netip.Addr{netip.MustParseAddr("93.184.216.34")}, nil
	}
	return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
}

func TestX03RebindingName(t *testing.T) {
	var dialled []string
	r := new(flipping)
	c := fetch.New(fetch.Options{Resolver: r, DialContext: func(_ context.Context, _, addr string) (net.Conn, error) {
		dialled = append(dialled, addr)
		return nil, &net.OpError{Op: "dial", Err: context.DeadlineExceeded}
	}})
	for range 3 {
		if _, err := c.Feed(t.Context(), fetch.Request{URL: "http://flip.example/"}); err == nil {
			t.Fatal("Feed succeeded")
		}
	}
	if len(dialled) != 1 || dialled[0] != "93.184.216.34:80" || r.asked != 3 {
		t.Errorf("dialled %v after %d look-ups, want the one address that was checked", dialled, r.asked)
	}
}

func TestX01EveryHopIsChecked(t *testing.T) {
	for _, to := range []string{"http://127.0.0.1/", "http://[::1]/", "http://inside.example/", "http://93.184.0.1:6379/", "file:///etc/passwd", "gopher://93.184.0.1/"} {
		bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
			net.Name("inside.example", "10.0.0.1")
			net.Handle("a.example", answer(302, "Location: http://b.example/", ""))
			net.Handle("b.example", answer(301, "Location: "+to, ""))
			_, err := c.Feed(t.Context(), fetch.Request{URL: "http://a.example/"})
			if fe := failure(t, err); fe.Kind != fetch.KindForbidden && fe.Kind != fetch.KindURL {
				t.Errorf("to %s: %s: %v", to, fe.Kind, fe)
			}
			if n := len(net.Requests()); n != 2 {
				t.Errorf("to %s: %d requests, want 2", to, n)
			}
		})
	}
}

func TestX02AllowPrivate(t *testing.T) {
	rules := []string{"127.0.0.0/8", "192.168.1.7", "10.1.0.0/16:8080", "[fd00::/8]:80"}
	var o fetch.Options
	for _, s := range rules {
		r, err := fetch.ParseAllowRule(s)
		if err != nil {
			t.Fatal(err)
		}
		o.AllowPrivate = append(o.AllowPrivate, r)
	}
	for addr, want := range map[string]bool{
		"127.0.0.1:80": true, "127.3.2.1:6379": true, "192.168.1.7:19080": true, "192.168.1.8:80": false,
		"10.1.2.3:8080": true, "10.1.2.3:80": false, "10.2.0.1:8080": false, "[fd00::1]:80": true, "[fd00::1]:443": false,
		"[::1]:80": false, "[::ffff:127.0.0.1]:80": true, "0.0.0.0:80": false,
	} {
		bubbleWith(t, o, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
			_, err := c.Feed(t.Context(), fetch.Request{URL: "http://" + addr + "/"})
			// Nothing listens: the connection is refused if it may be made.
			fe := failure(t, err)
			if got := fe.Kind == fetch.KindConnect; got != want {
				t.Errorf("%s: %s (%v), want allowed %v", addr, fe.Kind, fe, want)
			}
		})
	}
}

func TestX04Ports(t *testing.T) {
	for port, want := range map[string]bool{
		"80": true, "443": true, "8000": true, "8080": true, "8999": true, "9000": false, "81": false, "22": false, "25": false,
		"3306": false, "5432": false, "6379": false, "9200": false, "11211": false, "65535": false,
	} {
		bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
			_, err := c.Feed(t.Context(), fetch.Request{URL: "http://93.184.216.34:" + port + "/"})
			if fe := failure(t, err); fe.Kind == fetch.KindConnect != want {
				t.Errorf("port %s: %s (%v), want allowed %v", port, fe.Kind, fe, want)
			}
		})
	}
	// A range opens what is for the web in it; other ports are opened one by one.
	for _, tt := range []struct {
		ports, open, closed string
	}{
		{"1-65535", "80 443 1024 8080 9000 65535", "22 25 81 465 587 1023 1433 2375 3306 5432 6379 9200 11211 27017"},
		{"1024-65535", "9000 50000", "80 443 6379 3306"},
		{"80-90", "80", "81 88 90"},
		{"8000-8999 25", "25 8086", "24 26 80 9000"},
		{"20-30 22", "22", "23 25"},
		{"5432 6379", "5432 6379", "5433 3306 80"},
	} {
		var o fetch.Options
		for s := range strings.FieldsSeq(tt.ports) {
			r, err := fetch.ParsePortRange(s)
			if err != nil {
				t.Fatal(err)
			}
			o.Ports = append(o.Ports, r)
		}
		for port := range strings.FieldsSeq(tt.open + " " + tt.closed) {
			want := slices.Contains(strings.Fields(tt.open), port)
			bubbleWith(t, o, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
				_, err := c.Feed(t.Context(), fetch.Request{URL: "http://93.184.216.34:" + port + "/"})
				if fe := failure(t, err); fe.Kind == fetch.KindConnect != want {
					t.Errorf("port %s of %s: %s (%v), want allowed %v", port, tt.ports, fe.Kind, fe, want)
				}
			})
		}
	}
}

func TestX05ProxyOfTheEnvironmentIsIgnored(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:9")
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		net.Handle("a.example", answer(200, "", rss))
		if _, err := c.Feed(t.Context(), fetch.Request{URL: "http://a.example/"}); err != nil {
			t.Error(err)
		}
	})
}

func TestX01DefaultDialerRefusesLoopback(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := fetch.New(fetch.Options{})
	_, err = c.Feed(t.Context(), fetch.Request{URL: "http://" + l.Addr().String() + "/"})
	if fe := failure(t, err); fe.Kind != fetch.KindForbidden {
		t.Errorf("%s: %v", fe.Kind, fe)
	}
	l.(*net.TCPListener).SetDeadline(time.Now())
	if conn, err := l.Accept(); err == nil {
		conn.Close()
		t.Error("a connection was made")
	}
}

func TestF27HappyEyeballsAndNames(t *testing.T) {
	bubble(t, func(t *testing.T, net *feedtest.Net, c *fetch.Client) {
		net.Name("xn--bcher-kva.example", "2606:2800::dead", "93.184.0.9") // the IPv6 address is down
		net.Handle("93.184.0.9", answer(200, "", rss))
		if _, err := c.Feed(t.Context(), fetch.Request{URL: "http://bücher.example/"}); err != nil {
			t.Error(err)
		}
	})
}

func TestParseAllowRule(t *testing.T) {
	for in, want := range map[string]string{
		"127.0.0.0/8":         "127.0.0.0/8",
		"127.0.0.1/32:19080":  "127.0.0.1/32:19080",
		"192.168.1.7":         "192.168.1.7/32",
		"192.168.1.7:8080":    "192.168.1.7/32:8080",
		"::1":                 "::1/128",
		"fd00::/8":            "fd00::/8",
		"[fd00::/8]:8080":     "[fd00::/8]:8080",
		"[fd00::]/8:8080":     "[fd00::/8]:8080",
		"[::1]:80":            "[::1/128]:80",
		"":                    "",
		"example.org":         "",
		"10.0.0.1/8":          "",
		"10.0.0.0/33":         "",
		"10.0.0.0/8:0":        "",
		"10.0.0.0/8:99999":    "",
		"[::1]x":              "",
		"fe80::1%eth0":        "",
		"::ffff:10.0.0.0/104": "",
	} {
		r, err := fetch.ParseAllowRule(in)
		if got := r.String(); err == nil && got != want || err != nil && want != "" {
			t.Errorf("ParseAllowRule(%q) = %s, %v, want %q", in, got, err, want)
		}
	}
}

func TestParsePortRange(t *testing.T) {
	for in, want := range map[string]string{
		"443": "443", "8000-8999": "8000-8999", " 80 ": "80", "": "", "0": "", "70000": "", "9-8": "", "a": "", "25": "25", "1-": "",
	} {
		r, err := fetch.ParsePortRange(in)
		if err == nil && r.String() != want || err != nil && want != "" {
			t.Errorf("ParsePortRange(%q) = %s, %v, want %q", in, r, err, want)
		}
	}
}

func TestHostKey(t *testing.T) {
	rule, _ := fetch.ParseAllowRule("10.0.0.1:8080")
	allow := []fetch.AllowRule{rule}
	for in, want := range map[string]string{
		"https://www.news.example.co.uk/feed":   "example.co.uk",
		"https://News.Example.ORG./feed":        "example.org",
		"https://a.blogspot.com/":               "blogspot.com",
		"https://b.c.blogspot.com/":             "blogspot.com",
		"https://user.github.io/feed":           "github.io",
		"https://x.tumblr.com/rss":              "tumblr.com",
		"https://xn--bcher-kva.example.de/":     "example.de",
		"https://www.bücher.de/":                "xn--bcher-kva.de",
		"http://localhost:8080/":                "localhost",
		"http://nas/":                           "nas",
		"http://com/":                           "com",
		"http://127.0.0.1:19080/a":              "127.0.0.1",
		"http://127.0.0.2:19080/a":              "127.0.0.2",
		"http://[::ffff:127.0.0.2]/":            "127.0.0.2",
		"http://[2606:2800::1]:8080/":           "2606:2800::1",
		"http://10.0.0.1:8080/":                 "10.0.0.1:8080",
		"http://10.0.0.1/":                      "10.0.0.1",
		"not a url":                             "not a url",
		"https://a.b.c.kobe.jp/":                "b.c.kobe.jp",
		"https://feeds.bbci.co.uk/news/rss.xml": "bbci.co.uk",
	} {
		if got := fetch.HostKey(in, allow); got != want {
			t.Errorf("HostKey(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzParseAllowRule(f *testing.F) {
	for _, s := range []string{"127.0.0.0/8", "127.0.0.1/32:19080", "[fd00::/8]:8080", "[fd00::]/8:1", "::1", "[", "]:", "1:2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := fetch.ParseAllowRule(s)
		if err != nil {
			return
		}
		if again, err := fetch.ParseAllowRule(r.String()); err != nil || again != r {
			t.Errorf("ParseAllowRule(%q) = %v; its text gives %v, %v", s, r, again, err)
		}
		if !r.Prefix.IsValid() {
			t.Errorf("ParseAllowRule(%q) = %v", s, r)
		}
	})
}
