package parse

import (
	"net/http"
	"testing"
)

// TestEncodingNames holds what Inspect calls an encoding to what the header or
// the document calls it, and to RFC 3023 where neither says.
func TestEncodingNames(t *testing.T) {
	const ascii, word = "x", "caf\xe9"
	for _, c := range []struct{ contentType, declared, title, want string }{
		{"", "", ascii, "utf-8"},
		{"application/xml", "", ascii, "utf-8"},
		{"application/rss+xml; charset=iso-8859-1", "", ascii, "iso-8859-1"},
		{"application/rss+xml; charset='utf-8'", "iso-8859-1", ascii, "utf-8"},
		{"application/xml", "iso-8859-1", ascii, "iso-8859-1"},
		{"application/xml", "gb2312", ascii, "gb18030"},
		{"application/xml; charset=bogus", "koi8-r", ascii, "koi8-r"},
		{"text/xml", "", ascii, "us-ascii"},
		{"text/xml", "iso-8859-1", ascii, "us-ascii"},
		{"text/xml; charset=bogus", "", ascii, "utf-8"},
		{"text/xml; charset=US-ASCII", "", ascii, "us-ascii"},
		{"text/xml", "iso-8859-1", word, "iso-8859-1"},
		{"text/xml", "", word, "windows-1252"},
		{"text/xml; charset=us-ascii", "", word, "windows-1252"},
		{"application/xml", "iso-8859-1", "café", "utf-8"},
	} {
		doc := `<rss version="2.0"><channel><title>` + c.title + `</title></channel></rss>`
		if c.declared != "" {
			doc = `<?xml version="1.0" encoding="` + c.declared + `"?>` + doc
		}
		in := Inspect(Input{Body: []byte(doc), ContentType: c.contentType})
		if in.Encoding != c.want {
			t.Errorf("%q, declared %q, title %q: encoding %q, want %q", c.contentType, c.declared, c.title, in.Encoding, c.want)
		}
		if c.title == word && in.Feed.Title != "café" {
			t.Errorf("%q, declared %q: title %q", c.contentType, c.declared, in.Feed.Title)
		}
	}
	doc := []byte(`<rss version="2.0"><channel><title>x</title></channel></rss>`)
	if in := Inspect(Input{Body: doc, Header: http.Header{"Content-Location": {"http://e.org/"}}}); in.Encoding != "iso-8859-1" {
		t.Errorf("headers without a content type: encoding %q", in.Encoding)
	}
}

// TestCodePages reads the bytes 0xC1 0xB5 in encodings that browsers do not
// know.
func TestCodePages(t *testing.T) {
	for label, want := range map[string]string{
		"437": "┴╡", "IBM437": "┴╡", "cp775": "┴Ą", "857": "┴Á", "cp864": "ﺀ٥", "cp869": "┴Κ", "cp874": "มต", "cp1006": "ﭼﭖ", "cp1125": "┴╡",
		"iso8859_2": "Áľ", "ISO8859-16": "Á”", "koi8_t": "аӢ", "kz1048": "Бµ", "ptcp154": "Бө", "hp-roman8": "êç", "mac_roman": "¡µ", "mac_cyrillic": "Ѕµ", "macgreek": "ΝΒ",
		"mac_latin2": "ŃĶ", "cp932": "ﾁｵ", "cp949": "졔", "cp950": "蟋", "gb2312": "恋", "x-mac-cyrillic": "Ѕµ",
	} {
		doc := `<?xml version="1.0" encoding="` + label + `"?><rss version="2.0"><channel><title>` + "\xc1\xb5" + `</title></channel></rss>`
		in := Inspect(Input{Body: []byte(doc)})
		if in.Feed == nil || in.Feed.Title != want {
			t.Errorf("%s (%s): title %q, want %q", label, in.Encoding, pick(t, in, "feed.title"), want)
		}
	}
	// EBCDIC, with its own code for "<": <?xml version="1.0" encoding="cp500"?><rss><channel><title>A!</title>
	ebcdic := codePages()["500"]
	back := map[rune]byte{}
	for b, r := range ebcdic {
		back[r] = byte(b)
	}
	var body []byte
	for _, r := range `<?xml version="1.0" encoding="cp500"?><rss><channel><title>A![]</title></channel></rss>` {
		body = append(body, back[r])
	}
	if in := Inspect(Input{Body: body}); in.Feed == nil || in.Feed.Title != "A![]" || in.Encoding != "cp500" {
		t.Errorf("EBCDIC: %+v", in)
	}
}
