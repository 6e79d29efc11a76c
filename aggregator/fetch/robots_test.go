package fetch

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// The cases are RFC 9309's own and the behaviours that its authors' reference
// parser publishes, in our words.
func TestS04RobotsRules(t *testing.T) {
	for _, tt := range []struct {
		name   string
		robots string
		path   string
		want   bool
	}{
		{"empty file", "", "/a", true},
		{"no group for us", "user-agent: other\ndisallow: /", "/a", true},
		{"group for all", "user-agent: *\ndisallow: /", "/a", false},
		{"own group goes before all", "user-agent: *\ndisallow: /\nuser-agent: topicwire\nallow: /", "/a", true},
		{"own group without rules", "user-agent: *\ndisallow: /\nuser-agent: topicwire\n", "/a", true},
		{"order of groups does not matter", "user-agent: topicwire\ndisallow: /x\nuser-agent: *\ndisallow: /", "/a", true},
		{"product in any case", "user-agent: TopicWire\ndisallow: /", "/a", false},
		{"product with version", "User-Agent: topicwire/1.0\ndisallow: /", "/a", false},
		{"a longer product is another", "user-agent: topicwirebot\ndisallow: /", "/a", true},
		{"a longer product with hyphen is another", "user-agent: topicwire-images\ndisallow: /", "/a", true},
		{"a shorter product is another", "user-agent: topic\ndisallow: /", "/a", true},
		{"groups of one product are one", "user-agent: topicwire\ndisallow: /a\n\nuser-agent: x\ndisallow: /\n\nuser-agent: topicwire\ndisallow: /b", "/b", false},
		{"groups of all are one", "user-agent: *\ndisallow: /a\n\nuser-agent: *\ndisallow: /b", "/a", false},
		{"several agents of a group", "user-agent: x\nuser-agent: topicwire\ndisallow: /a", "/a", false},
		{"an empty line does not end a group", "user-agent: topicwire\n\ndisallow: /a", "/a", false},
		{"a sitemap does not end a group", "user-agent: topicwire\nsitemap: https://a.example/s.xml\ndisallow: /a", "/a", false},
		{"rules before any group", "disallow: /\nuser-agent: x\ndisallow: /", "/a", true},

		{"longest match, disallow", "user-agent: *\nallow: /a\ndisallow: /a/b", "/a/b/c", false},
		{"longest match, allow", "user-agent: *\ndisallow: /a\nallow: /a/b", "/a/b/c", true},
		{"longest match whatever the order", "user-agent: *\nallow: /a/b\ndisallow: /a", "/a/b/c", true},
		{"equal rules allow", "user-agent: *\ndisallow: /a\nallow: /a", "/a", true},
		{"equal length allows", "user-agent: *\ndisallow: /page\nallow: /*.ht", "/page.htm", true},
		{"a longer wildcard wins", "user-agent: *\nallow: /page\ndisallow: /*.htm", "/page.htm", false},
		{"empty disallow allows all", "user-agent: *\ndisallow:", "/a", true},
		{"the root alone", "user-agent: *\nallow: /$\ndisallow: /", "/", true},
		{"not the root alone", "user-agent: *\nallow: /$\ndisallow: /", "/page", false},
		{"robots.txt itself", "user-agent: *\ndisallow: /", "/robots.txt", true},

		{"prefix", "user-agent: *\ndisallow: /fish", "/fish.html", false},
		{"prefix and query", "user-agent: *\ndisallow: /fish", "/fish?id=1", false},
		{"prefix elsewhere", "user-agent: *\ndisallow: /fish", "/catfish", true},
		{"paths know case", "user-agent: *\ndisallow: /fish", "/Fish", true},
		{"directory", "user-agent: *\ndisallow: /fish/", "/fish", true},
		{"star", "user-agent: *\ndisallow: /*.php", "/a/b.php?x=1", false},
		{"star at the end", "user-agent: *\ndisallow: /fish*", "/fish", false},
		{"end", "user-agent: *\ndisallow: /*.php$", "/a.php", false},
		{"not the end", "user-agent: *\ndisallow: /*.php$", "/a.php?x", true},
		{"two stars", "user-agent: *\ndisallow: /a*b*c", "/axxbyyc/d", false},
		{"two stars in another order", "user-agent: *\ndisallow: /a*b*c", "/acb", true},
		{"star before the end may be empty", "user-agent: *\ndisallow: /a*$", "/a", false},
		{"stars in a row", "user-agent: *\ndisallow: /a***b", "/ab", false},
		{"an end inside is a character", "user-agent: *\ndisallow: /a$b", "/a$b", false},
		{"query only", "user-agent: *\ndisallow: /*?print=", "/a?print=1", false},
		{"a rule without slash", "user-agent: *\ndisallow: fish", "/fish", true},
		{"a rule with star and without slash", "user-agent: *\ndisallow: *fish", "/a/fish", false},

		{"encoded letters are letters", "user-agent: *\ndisallow: /%7Ea", "/~a/b", false},
		{"letters are encoded letters", "user-agent: *\ndisallow: /~a", "/%7ea/b", false},
		{"encoded slash is no slash", "user-agent: *\ndisallow: /a%2Fb", "/a/b", true},
		{"hex digits in any case", "user-agent: *\ndisallow: /a%2fb", "/a%2Fb", false},
		{"UTF-8 in the rule", "user-agent: *\ndisallow: /ツ", "/%E3%83%84", false},
		{"UTF-8 in the path", "user-agent: *\ndisallow: /%e3%83%84", "/ツ", false},
		{"a bare percent sign", "user-agent: *\ndisallow: /100%", "/100%", false},

		{"comment", "user-agent: * # all\ndisallow: /a # not this", "/a", false},
		{"space before the colon", "user-agent : *\ndisallow : /a", "/a", false},
		{"CR", "user-agent: *\rdisallow: /a\r", "/a", false},
		{"CR LF", "user-agent: *\r\ndisallow: /a\r\n", "/a", false},
		{"byte order mark", "\xef\xbb\xbfuser-agent: *\ndisallow: /a", "/a", false},
		{"a missing colon", "user-agent *\ndisallow /a", "/a", false},
		{"a missing colon in prose", "user-agent: *\ndisallow this path", "/this", true},
		{"misspelt", "useragent: *\ndissallow: /a", "/a", false},
		{"keys in any case", "USER-AGENT: *\nDISALLOW: /a", "/a", false},
		{"values know case", "user-agent: *\nDISALLOW: /A", "/a", true},
		{"words after the product", "user-agent: topicwire the reader\ndisallow: /", "/a", false},
		{"words after the star", "user-agent: * everyone\ndisallow: /", "/a", false},
		{"a star in a word is no star", "user-agent: *bot\ndisallow: /", "/a", true},
		{"unknown records between agents", "user-agent: x\nfoo: bar\nuser-agent: topicwire\ndisallow: /a", "/a", false},
		{"a rule closes the agents", "user-agent: topicwire\nallow: /a\nuser-agent: x\ndisallow: /", "/b", true},
		{"own and all in one group", "user-agent: topicwire\nuser-agent: *\ndisallow: /a", "/a", false},
		{"an empty agent", "user-agent:\ndisallow: /", "/a", true},
		{"no final line end", "user-agent: topicwire\ndisallow: /a", "/a/b", false},
		{"tabs and spaces", "\t user-agent\t:\t*\t\n\t disallow :\t /a\t ", "/a", false},
		{"line ends of all kinds", "user-agent: *\r\n\rdisallow: /a\n\rallow: /a/b\r", "/a/c", false},
		{"a broken byte order mark", "\xef\xbbuser-agent: *\ndisallow: /a", "/a", true},
		{"a byte order mark inside", "user-agent: *\n\xef\xbb\xbfdisallow: /a", "/a", true},
		{"not UTF-8", "user-agent: *\ndisallow: /\xe9t\xe9", "/%E9t%E9", false},
		{"a comment is no path", "user-agent: *\ndisallow: # /a", "/a", true},
		{"reserved characters stay encoded", "user-agent: *\ndisallow: /a?b=http%3A%2F%2Fc", "/a?b=http://c", true},
		{"query characters as written", "user-agent: *\ndisallow: /a?b=http://c", "/a?b=http://c/d", false},
		{"an encoded star is a character", "user-agent: *\ndisallow: /a%2Ab", "/axb", true},
		{"an encoded star meets a star", "user-agent: *\ndisallow: /a%2Ab", "/a%2ab", false},
		{"an encoded dollar", "user-agent: *\ndisallow: /a%24", "/a", true},
		{"the dollar alone", "user-agent: *\ndisallow: $", "/a", true},
		{"the star alone", "user-agent: *\ndisallow: *", "/a", false},
		{"empty path", "user-agent: *\ndisallow: /", "", false},
		{"a double slash", "user-agent: *\ndisallow: /a//b", "/a/b", true},
		{"the longest of three", "user-agent: *\ndisallow: /\nallow: /p\ndisallow: /p/q", "/p/q", false},
		{"the longest counts the pattern, not the match", "user-agent: *\nallow: /x*\ndisallow: /xyz", "/xyz/long/path", false},
		{"an HTML page with rules in it", "<html>\nuser-agent: *\n<br>disallow: /a\ndisallow: /b\n</html>", "/b", false},
		{"an HTML page", "<!DOCTYPE html>\n<html><body>user-agent: *</body>", "/a", true},
		{"binary", "\x00\xff\xfe:\x01\n\n\n:::", "/a", true},
	} {
		if got := parseRobots([]byte(tt.robots), "topicwire").allowed(tt.path); got != tt.want {
			t.Errorf("%s: allowed(%q) = %v by %q", tt.name, tt.path, got, tt.robots)
		}
	}
}

func TestS03OnlyTheFirst512KiBCount(t *testing.T) {
	pad := strings.Repeat("# padding\n", 60_000)
	if !parseRobots([]byte(pad+"user-agent: *\ndisallow: /"), "topicwire").allowed("/a") {
		t.Error("a rule beyond 512 KiB counts")
	}
	if parseRobots([]byte("user-agent: *\ndisallow: /\n"+pad), "topicwire").allowed("/a") {
		t.Error("a rule before 512 KiB does not count")
	}
}

func TestS05CrawlDelay(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"user-agent: *\ncrawl-delay: 5":                                  5 * time.Second,
		"user-agent: *\ncrawl-delay: 0.5":                                500 * time.Millisecond,
		"user-agent: x\ncrawl-delay: 5":                                  0,
		"user-agent: *\ncrawl-delay: -5":                                 0,
		"user-agent: *\ncrawl-delay: NaN":                                0,
		"user-agent: *\ncrawl-delay: 1e300":                              0,
		"user-agent: topicwire\nallow: /\nuser-agent: *\ncrawl-delay: 5": 0,
	} {
		if got := parseRobots([]byte(in), "topicwire").crawlDelay; got != want {
			t.Errorf("crawl delay of %q = %v, want %v", in, got, want)
		}
	}
}

func TestRobotsManyStarsAreCheap(t *testing.T) {
	rules := parseRobots([]byte("user-agent: *\ndisallow: /"+strings.Repeat("*a", 200)+"$"), "topicwire")
	start := time.Now()
	rules.allowed("/" + strings.Repeat("a", 5000) + "b")
	if took := time.Since(start); took > 10*time.Second { // by trying every way it would be years
		t.Errorf("matching took %v", took)
	}
}

func FuzzRobots(f *testing.F) {
	f.Add("user-agent: *\ndisallow: /a*b$", "/axb")
	f.Add("user-agent: topicwire\nallow: /%7e\ncrawl-delay: 1", "/~?q")
	f.Add("\xef\xbb\xbf:\r\r\n#", "")
	f.Fuzz(func(t *testing.T, robots, path string) {
		r := parseRobots([]byte(robots), "topicwire")
		r.allowed(path)
		if r.crawlDelay < 0 {
			t.Errorf("crawl delay %v", r.crawlDelay)
		}
		if again := parseRules([]byte(r.String()), "topicwire"); again.crawlDelay != r.crawlDelay || !slices.Equal(again.rules, r.rules) {
			t.Errorf("%q saved and read is %+v, want %+v", robots, again, r)
		}
		if n := normalPath(path); normalPath(n) != n {
			t.Errorf("normalPath(%q) = %q, and then %q", path, n, normalPath(n))
		}
		if !new(robotsRules).allowed(path) {
			t.Errorf("no rules bar %q", path)
		}
	})
}
