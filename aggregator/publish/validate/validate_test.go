package validate_test

import (
	"bytes"
	"os"
	"testing"

	"topicwire/aggregator/publish/validate"
)

const self = "https://news.example.org/topics/russia-india."

func sample(t *testing.T, format string) []byte {
	t.Helper()
	doc, err := os.ReadFile("../testdata/sample." + format)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestCheck breaks good feeds in one place each.
func TestCheck(t *testing.T) {
	tests := []struct{ format, old, new, rule string }{
		{"rss", "", "", ""}, {"atom", "", "", ""}, {"json", "", "", ""},
		{"rss", "</channel>", "", "SAXError"},
		{"rss", "Russia–India", "Russia\x0bIndia", "SAXError"},
		{"rss", "Russia–India", "Russia\u0085India", "BadCharacters"},
		{"atom", "Russia–India", "Russia\ufffdIndia", "BadCharacters"},
		{"atom", "Russia–India", "Russia\xff", "UnicodeError"},
		{"rss", "http://search.yahoo.com/mrss/", "https://search.yahoo.com/mrss/", "UnknownNamespace"},
		{"rss", "<ttl>15</ttl>", "<ttl>0</ttl>", "InvalidTTL"},
		{"rss", "<ttl>15</ttl>", "<tll>15</tll>", "UndefinedElement"},
		{"rss", "<title>Russia–India</title>", "", "MissingElement"},
		{"rss", `rel="self"`, `rel="via"`, "MissingAtomSelfLink"},
		{"rss", "russia-india.rss", "other.rss", "SelfDoesntMatchLocation"},
		{"rss", `isPermaLink="false"`, `isPermaLink="true"`, "InvalidPermalink"},
		{"rss", "bbbbbbbbbbbbbbbbbbbbbbbbbb", "aaaaaaaaaaaaaaaaaaaaaaaaaa", "DuplicateValue"},
		{"rss", "Sun, 22", "Mon, 22", "InvalidRFC2822Date"},
		{"rss", "22 Nov 2026 09:30:00 GMT", "2026-11-22", "InvalidRFC2822Date"},
		{"rss", "https://kabar.example/2</link>", "/2</link>", "InvalidUriChar"},
		{"rss", "https://kabar.example/2</link>", "https://kabar.example/ж</link>", "InvalidUriChar"},
		{"rss", "https://kabar.example/2</link>", "ftp://kabar.example/2</link>", "InvalidFullLink"},
		{"rss", `length="1234"`, `length="x"`, "InvalidIntegerAttribute"},
		{"rss", `type="audio/mpeg"`, `type="audio"`, "InvalidMIMEType"},
		{"rss", "rail &amp; port", "rail &lt;b&gt;", "ContainsHTML"},
		{"rss", "rail &amp; port", "rail &amp;copy;", "ContainsHTML"},
		{"rss", "<language>en", "<language>english", "InvalidLanguage"},
		{"rss", "<b>menan", "<script>x</script><b>menan", "SecurityRisk"},
		{"rss", "<b>menan", "<b onclick='x'>menan", "SecurityRiskAttr"},
		{"rss", "<b>menan", "<b style='x'>menan", "DangerousStyleAttr"},
		{"rss", "<b>menan", "<b><i>menan", "NotHtml"},
		{"rss", "<b>menan", "<x-y></x-y><b>menan", "NotHtml"},
		{"rss", "<b>menan", "a & b <b>menan", "NotHtml"},
		{"rss", `href="https://kabar.example/abs"`, `href="/abs"`, "ContainsRelRef"},
		{"rss", `href="https://kabar.example/abs"`, `href="javascript:x"`, "SecurityRiskAttr"},
		{"rss", "<width>88", "<width>145", "InvalidWidth"},
		{"rss", "<height>88", "<height>401", "InvalidHeight"},
		{"rss", "<image>", "<image><title>Russia</title>", "DuplicateElement"},
		{"rss", "   <title>Russia–India</title>\n   <link>https://news.example.org/topics/russia-india</link>", "<title>Other</title><link>https://news.example.org/topics/russia-india</link>", "ImageTitleDoesntMatch"},
		{"rss", "   <link>https://news.example.org/topics/russia-india</link>\n   <width>", "<link>https://news.example.org/</link><width>", "ImageLinkDoesntMatch"},
		{"rss", `medium="image"`, `medium="picture"`, "InvalidMediaMedium"},
		{"rss", "<guid", "<author>Jane</author><guid", "InvalidContact"},
		{"rss", "<guid", "<author>j@example.org (Jane)</author><guid", "DuplicateItemSemantics"},
		{"rss", "<rss version", "<!DOCTYPE rss><rss version", "UnexpectedDoctype"},
		{"rss", `encoding="UTF-8"`, `encoding="latin1"`, "SAXError"},
		{"rss", "<ttl>", `<archive xmlns="http://purl.org/syndication/history/1.0"/><ttl>`, "MissingCurrentInArchive"},
		{"atom", `rel="prev-archive"`, `rel="next-archive"`, "LinkOutsideArchive"},
		{"atom", `rel="prev-archive"`, `rel="next"`, "DuplicateAtomLink"},
		{"atom", "<icon>https:", "<icon>ftp:", "InvalidFullLink"},
		{"atom", "</name>", "</name><name>x</name>", "DuplicateElement"},
		{"atom", `rel="self"`, `rel="me"`, "MissingSelf"},
		{"atom", `rel="hub"`, `rel="me"`, "UnregisteredAtomRel"},
		{"atom", `rel="related" type="text/html"`, `rel="alternate"`, "DuplicateAtomLink"},
		{"atom", "2026-11-22T09:30:00Z", "2026-11-22", "InvalidRFC3339Date"},
		{"atom", "2026-11-22T09:30:00Z", "1900-11-22T09:30:00Z", "ImplausibleDate"},
		{"atom", "2026-11-22T10:30:00.190Z", "2026-11-22T10:30:00.748Z", "DuplicateUpdated"},
		{"atom", "bbbbbbbbbbbbbbbbbbbbbbbbbb", "aaaaaaaaaaaaaaaaaaaaaaaaaa", "DuplicateEntries"},
		{"atom", "<id>tag:", "<id>TAG:", "NonCanonicalURI"},
		{"atom", `xml:lang="ar"`, `xml:lang="arabic"`, "InvalidLanguage"},
		{"json", "version/1.1", "version/1", "ObsoleteVersion"},
		{"json", `"items": [`, `"itemz": [`, "MissingElement"},
		{"json", `"language": "en"`, `"langage": "en"`, "UndefinedElement"},
		{"json", `"content_html"`, `"_html"`, "MissingTextualContent"},
		{"json", `"backfill": false`, `"backfill": "\u0000"`, "BadCharacters"},
		{"json", `"size_in_bytes": 1234`, `"size_in_bytes": "1234"`, "TypeError"},
		{"json", "}\n", "", "SAXError"},
	}
	for _, tc := range tests {
		doc := sample(t, tc.format)
		if tc.old != "" {
			broken := bytes.ReplaceAll(doc, []byte(tc.old), []byte(tc.new))
			if bytes.Equal(doc, broken) {
				t.Errorf("%s: %q is not in the sample", tc.format, tc.old)
			}
			doc = broken
		}
		got := validate.Check(tc.format, doc, self+tc.format)
		if tc.rule == "" {
			if len(got) > 0 {
				t.Errorf("%s, %q for %q: %v, want nothing", tc.format, tc.new, tc.old, got)
			}
			continue
		}
		found := false
		for _, f := range got {
			found = found || f.Rule == tc.rule
		}
		if !found {
			t.Errorf("%s, %q for %q: %v, want %s", tc.format, tc.new, tc.old, got, tc.rule)
		}
	}
}
