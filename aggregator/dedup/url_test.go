package dedup

import (
	"testing"
)

// canonicalURLs is the table of BEHAVIOUR S-20, S-21 and S-23.
var canonicalURLs = []struct{ name, raw, want string }{
	{"plain", "https://example.com/a/b", "https://example.com/a/b"},
	{"scheme", "http://example.com/a", "https://example.com/a"},
	{"scheme in capitals", "HTTPS://example.com/a", "https://example.com/a"},
	{"host in capitals", "https://EXAMPLE.Com/A", "https://example.com/A"},
	{"front page", "https://example.com", "https://example.com/"},
	{"front page with slash", "https://example.com/", "https://example.com/"},
	{"front page with query", "https://example.com?p=1", "https://example.com/?p=1"},
	{"www", "https://www.example.com/a", "https://example.com/a"},
	{"mobile", "https://m.example.com/a", "https://example.com/a"},
	{"amp host", "https://amp.example.com/a", "https://example.com/a"},
	{"www and mobile", "https://www.m.example.com/a", "https://example.com/a"},
	{"site called www", "https://www.com/a", "https://www.com/a"},
	{"other labels stay", "https://news.example.com/a", "https://news.example.com/a"},
	{"port 80", "http://example.com:80/a", "https://example.com/a"},
	{"port 443", "https://example.com:443/a", "https://example.com/a"},
	{"other port", "http://example.com:8080/a", "https://example.com:8080/a"},
	{"empty port", "http://example.com:/a", "https://example.com/a"},
	{"port with zeros", "http://example.com:0080/a", "https://example.com/a"},
	{"user", "https://user:pass@example.com/a", "https://example.com/a"},
	{"dot at the end of the host", "https://example.com./a", "https://example.com/a"},
	{"fragment", "https://example.com/a#comments", "https://example.com/a"},
	{"hash-bang", "https://example.com/#!/story/1", "https://example.com/#!/story/1"},
	{"text fragment", "https://example.com/a#:~:text=x", "https://example.com/a"},
	{"dot segments", "https://example.com/a/./b/../c", "https://example.com/a/c"},
	{"dot segments above the root", "https://example.com/../../a", "https://example.com/a"},
	{"escaped dot segments", "https://example.com/a/%2e%2e/b", "https://example.com/b"},
	{"double slashes", "https://example.com//a///b", "https://example.com/a/b"},
	{"slash at the end", "https://example.com/a/", "https://example.com/a"},
	{"backslashes", `https://example.com\a\b`, "https://example.com/a/b"},
	{"escapes in small letters", "https://example.com/%d0%b0", "https://example.com/%D0%B0"},
	{"escapes of the unreserved", "https://example.com/%7Euser/%61", "https://example.com/~user/a"},
	{"an escaped slash stays", "https://example.com/a%2fb", "https://example.com/a%2Fb"},
	{"an escaped percent stays", "https://example.com/100%25", "https://example.com/100%25"},
	{"a lone percent", "https://example.com/100%", "https://example.com/100%25"},
	{"space", "https://example.com/a b", "https://example.com/a%20b"},
	{"Cyrillic path", "https://example.com/а", "https://example.com/%D0%B0"},
	{"outer space", "  https://example.com/a\n", "https://example.com/a"},
	{"line break within", "https://example.com/a\nb", "https://example.com/ab"},
	{"IDN", "https://пример.рф/новости", "https://xn--e1afmkfd.xn--p1ai/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8"},
	{"IDN in capitals", "https://ПРИМЕР.рф/", "https://xn--e1afmkfd.xn--p1ai/"},
	{"A-label", "https://XN--E1AFMKFD.xn--p1ai/", "https://xn--e1afmkfd.xn--p1ai/"},
	{"sharp s", "https://straße.de/a", "https://xn--strae-oqa.de/a"},
	{"full-width host", "https://ｅｘａｍｐｌｅ.com/a", "https://example.com/a"},
	{"IPv4", "http://192.168.1.1:8080/a", "https://192.168.1.1:8080/a"},
	{"IPv6", "http://[2001:DB8::1]/a", "https://[2001:db8::1]/a"},
	{"query order", "https://example.com/?b=2&a=1", "https://example.com/?a=1&b=2"},
	{"query kept", "https://example.com/news?id=17", "https://example.com/news?id=17"},
	{"newsid kept", "https://example.com/index.php?newsid=17", "https://example.com/index.php?newsid=17"},
	{"ELEMENT_ID kept", "https://example.com/detail.php?ELEMENT_ID=17", "https://example.com/detail.php?ELEMENT_ID=17"},
	{"sid kept", "https://example.com/a?sid=7", "https://example.com/a?sid=7"},
	{"empty query", "https://example.com/a?", "https://example.com/a"},
	{"empty pairs", "https://example.com/a?&&x=1&", "https://example.com/a?x=1"},
	{"flag", "https://example.com/a?print", "https://example.com/a?print"},
	{"HTML escape too many", "https://example.com/a?x=1&amp;y=2", "https://example.com/a?x=1&y=2"},
	{"utm", "https://example.com/a?utm_source=rss&utm_medium=feed", "https://example.com/a"},
	{"utm in capitals", "https://example.com/a?UTM_Source=rss", "https://example.com/a"},
	{"utm escaped", "https://example.com/a?utm%5Fsource=rss", "https://example.com/a"},
	{"utm after amp;", "https://example.com/a?id=1&amp;utm_source=rss", "https://example.com/a?id=1"},
	{"utm among others", "https://example.com/a?id=1&utm_campaign=x&p=2", "https://example.com/a?id=1&p=2"},
	{"fbclid", "https://example.com/a?fbclid=IwAR0", "https://example.com/a"},
	{"gclid", "https://example.com/a?gclid=x&dclid=y&gbraid=z", "https://example.com/a"},
	{"yclid", "https://example.com/a?yclid=1&ysclid=2", "https://example.com/a"},
	{"Matomo", "https://example.com/a?mtm_campaign=x&pk_kwd=y", "https://example.com/a"},
	{"HubSpot", "https://example.com/a?hsa_acc=1&_hsenc=2&_hsmi=3", "https://example.com/a"},
	{"BBC", "https://www.bbc.co.uk/news/1?at_medium=RSS&at_campaign=KARANGA", "https://bbc.co.uk/news/1"},
	{"Mailchimp", "https://example.com/a?mc_cid=1&mc_eid=2", "https://example.com/a"},
	{"cmpid", "https://example.com/a?cmpid=rss", "https://example.com/a"},
	{"name that only begins so", "https://example.com/a?gclidx=1", "https://example.com/a?gclidx=1"},
	{"ref of the site itself", "https://example.com/a?ref=www.example.com", "https://example.com/a"},
	{"ref that chooses", "https://example.com/a?ref=chapter2", "https://example.com/a?ref=chapter2"},
	{"from stays", "https://example.com/a?from=main", "https://example.com/a?from=main"},
	{"Google", "https://www.google.com/url?sa=t&q=https%3A%2F%2Fexample.com%2Fa%3Fid%3D1&usg=x", "https://example.com/a?id=1"},
	{"Google by url", "https://www.google.co.in/url?url=http://example.com/a", "https://example.com/a"},
	{"Google News, old", "https://news.google.com/news/url?sa=t&fd=R&url=https://example.com/a", "https://example.com/a"},
	{"Google search is none", "https://www.google.com/search?q=https://example.com/a", "https://google.com/search?q=https://example.com/a"},
	{"Facebook", "https://l.facebook.com/l.php?u=https%3A%2F%2Fexample.com%2Fa%3Ffbclid%3Dx&h=y", "https://example.com/a"},
	{"YouTube", "https://www.youtube.com/redirect?q=https%3A%2F%2Fexample.com%2Fa", "https://example.com/a"},
	{"VK", "https://vk.com/away.php?to=http%3A%2F%2Fexample.com%2Fa", "https://example.com/a"},
	{"Bing News", "http://www.bing.com/news/apiclick.aspx?ref=FexRss&url=https%3a%2f%2fexample.com%2fa&c=1", "https://example.com/a"},
	{"Outlook", "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fexample.com%2Fa&data=x", "https://example.com/a"},
	{"wrapped twice", "https://www.google.com/url?q=https%3A%2F%2Fl.facebook.com%2Fl.php%3Fu%3Dhttps%253A%252F%252Fexample.com%252Fa", "https://example.com/a"},
	{"wrapper without target", "https://www.google.com/url?q=hello", "https://google.com/url?q=hello"},
	{"AMP cache", "https://example-com.cdn.ampproject.org/c/s/example.com/a", "https://example.com/a"},
	{"Google's AMP viewer", "https://www.google.com/amp/s/www.example.com/a", "https://example.com/a"},
	{"Yahoo's feeds", "http://us.rd.yahoo.com/dailynews/rss/x/*http://example.com/a", "https://example.com/a"},
	{"FeedBurner does not say", "https://feeds.feedburner.com/~r/x/~3/abc/", "https://feeds.feedburner.com/~r/x/~3/abc"},
	{"t.co does not say", "https://t.co/AbC", "https://t.co/AbC"},
	{"mailto", "mailto:a@example.com", ""},
	{"no host", "https:///", ""},
	{"relative", "/a/b", ""},
	{"without scheme", "//example.com/a", ""},
	{"javascript", "javascript:alert(1)", ""},
	{"bad port", "https://example.com:port/a", ""},
	{"space in host", "https://exa mple.com/a", ""},
	{"empty label", "https://a..b/c", ""},
	{"empty", "", ""},
}

func TestCanonicalURL(t *testing.T) {
	for _, tc := range canonicalURLs {
		got := CanonicalURL(tc.raw)
		if got != tc.want {
			t.Errorf("%s: CanonicalURL(%q) = %q, want %q", tc.name, tc.raw, got, tc.want)
		}
		if again := CanonicalURL(got); again != got {
			t.Errorf("%s: CanonicalURL(%q) = %q: not idempotent", tc.name, got, again)
		}
	}
}

func FuzzCanonicalURL(f *testing.F) {
	for _, tc := range canonicalURLs {
		f.Add(tc.raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got := CanonicalURL(raw)
		if again := CanonicalURL(got); again != got && len(got) <= maxURL {
			t.Errorf("CanonicalURL(%q) = %q, and of that %q", raw, got, again)
		}
		if got != "" && !isASCII(got) {
			t.Errorf("CanonicalURL(%q) = %q: not ASCII", raw, got)
		}
	})
}

func BenchmarkCanonicalURL(b *testing.B) {
	for b.Loop() {
		CanonicalURL("http://www.example.com/politics/2026/11/24/a-long-headline-in-the-path/?utm_source=rss&id=4711&utm_medium=feed#top")
	}
}
