package enrich

import (
	"bytes"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/gogs/chardet"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// notHTML says in words that a body is no page, or returns nothing.
func notHTML(h http.Header, body []byte) string {
	if len(bytes.TrimSpace(body)) == 0 {
		return "the page is empty"
	}
	if typ, _, err := mime.ParseMediaType(h.Get("Content-Type")); err == nil {
		switch {
		case strings.HasPrefix(typ, "image/"), strings.HasPrefix(typ, "video/"), strings.HasPrefix(typ, "audio/"), typ == "application/pdf":
			return "not a page but " + typ
		}
	}
	typ := http.DetectContentType(body)
	for _, no := range []string{"image/", "video/", "audio/", "font/", "application/pdf", "application/zip", "application/x-gzip"} {
		if strings.HasPrefix(typ, no) {
			return "not a page but " + typ
		}
	}
	return ""
}

// decode returns the page as UTF-8. A byte order mark and valid UTF-8 are
// believed before any label, since labels are often wrong.
func decode(body []byte, contentType string) string {
	switch {
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")):
		return clean(string(body[3:]))
	case bytes.HasPrefix(body, []byte("\xff\xfe")), bytes.HasPrefix(body, []byte("\xfe\xff")):
		out, err := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder().Bytes(body)
		if err == nil {
			return clean(string(out))
		}
	}
	if validUTF8(body) {
		return clean(string(body))
	}
	for _, label := range []string{headerCharset(contentType), metaCharset(body)} {
		if s, ok := decodeAs(body, label); ok {
			return clean(s)
		}
	}
	sample := body
	if len(sample) > 64<<10 {
		sample = sample[:64<<10]
	}
	if bad := strings.Count(strings.ToValidUTF8(string(sample), "\uFFFD"), "\uFFFD"); bad*1000 < len(sample) && bad < 20 {
		return clean(strings.ToValidUTF8(string(body), "\uFFFD")) // UTF-8 with a scar
	}
	if r, err := chardet.NewHtmlDetector().DetectBest(sample); err == nil && r != nil && r.Confidence >= 10 {
		if s, ok := decodeAs(body, r.Charset); ok {
			return clean(s)
		}
	}
	out, _ := charmap.Windows1252.NewDecoder().Bytes(body)
	return clean(string(out))
}

// validUTF8 forgives a rune cut by the size limit.
func validUTF8(b []byte) bool {
	for i := 0; i < utf8.UTFMax && i < len(b); i++ {
		if utf8.Valid(b[:len(b)-i]) {
			return true
		}
		if len(b) < maxBody {
			return false
		}
	}
	return len(b) == 0
}

func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return strings.ReplaceAll(s, "\u00ad", "")
}

func headerCharset(contentType string) string {
	_, params, _ := mime.ParseMediaType(contentType)
	return params["charset"]
}

func metaCharset(body []byte) string {
	head := bytes.ToLower(body[:min(len(body), 4096)])
	_, rest, found := bytes.Cut(head, []byte("charset="))
	if !found {
		return ""
	}
	rest = bytes.TrimLeft(rest, `"' `)
	if j := bytes.IndexAny(rest, `"' />;`); j >= 0 {
		return string(rest[:j])
	}
	return ""
}

// decodeAs decodes by a label, unless it is one that is given out of habit, or
// plainly wrong.
func decodeAs(body []byte, label string) (string, bool) {
	enc, name := charset.Lookup(label)
	if enc == nil || name == "utf-8" || name == "windows-1252" || name == "replacement" {
		return "", false
	}
	out, err := enc.NewDecoder().Bytes(body)
	if err != nil {
		return "", false
	}
	s := string(out)
	return s, strings.Count(s, "\uFFFD")*200 < len(s)
}
