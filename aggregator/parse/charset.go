package parse

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// decode returns the document as valid UTF-8 and the name of its encoding. A
// byte order mark goes before the header's charset, that before the XML
// declaration, that before UTF-8. Bytes that are not UTF-8 where they should
// be are read as windows-1252.
func decode(body []byte, contentType string) (text []byte, name string) {
	if enc, name, skip := byMark(body); enc != nil {
		return transcode(enc, body[skip:]), name
	}
	if rest, ok := bytes.CutPrefix(body, []byte("\xef\xbb\xbf")); ok {
		return mend(rest), "utf-8"
	}
	for _, label := range []string{headerCharset(contentType), declaredCharset(body)} {
		enc, name := lookup(label)
		if name == "" || strings.HasPrefix(name, "utf-16") || strings.HasPrefix(name, "utf-32") {
			continue // the bytes would have shown it
		}
		if name == "utf-8" || (name == "windows-1252" && utf8.Valid(body)) {
			break
		}
		return transcode(enc, body), name
	}
	if utf8.Valid(body) {
		return body, "utf-8"
	}
	return mend(body), "windows-1252"
}

// byMark tells UTF-16 and UTF-32 by byte order mark, or by how "<" looks.
func byMark(b []byte) (enc encoding.Encoding, name string, skip int) {
	has := func(s string) bool { return bytes.HasPrefix(b, []byte(s)) }
	u16 := func(e unicode.Endianness) encoding.Encoding { return unicode.UTF16(e, unicode.IgnoreBOM) }
	u32 := func(e utf32.Endianness) encoding.Encoding { return utf32.UTF32(e, utf32.IgnoreBOM) }
	switch {
	case has("\x00\x00\xfe\xff"):
		return u32(utf32.BigEndian), "utf-32be", 4
	case has("\xff\xfe\x00\x00"):
		return u32(utf32.LittleEndian), "utf-32le", 4
	case has("\xfe\xff"):
		return u16(unicode.BigEndian), "utf-16be", 2
	case has("\xff\xfe"):
		return u16(unicode.LittleEndian), "utf-16le", 2
	case has("\x00\x00\x00<"):
		return u32(utf32.BigEndian), "utf-32be", 0
	case has("<\x00\x00\x00"):
		return u32(utf32.LittleEndian), "utf-32le", 0
	case has("\x00<\x00"), has("\x00{\x00"):
		return u16(unicode.BigEndian), "utf-16be", 0
	case has("<\x00"), has("{\x00"):
		return u16(unicode.LittleEndian), "utf-16le", 0
	case has("Lo\xa7\x94"): // "<?xm" in EBCDIC
		label := declaredCharset(transcode(charmap.CodePage037, b[:min(len(b), 200)]))
		if e, n := lookup(label); n != "" {
			return e, n, 0
		}
		return charmap.CodePage037, "cp037", 0
	}
	return nil, "", 0
}

func headerCharset(contentType string) string {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil && params == nil {
		_, after, ok := strings.Cut(strings.ToLower(contentType), "charset=")
		if !ok {
			return ""
		}
		return strings.Trim(strings.TrimSpace(after), `"';`)
	}
	return params["charset"]
}

// declaredCharset returns the encoding that an XML declaration names.
func declaredCharset(b []byte) string {
	b = bytes.TrimLeft(b, " \t\r\n")
	if !bytes.HasPrefix(b, []byte("<?xml")) {
		return ""
	}
	end := bytes.Index(b[:min(len(b), 512)], []byte("?>"))
	if end < 0 {
		return ""
	}
	_, after, ok := bytes.Cut(b[:end], []byte("encoding"))
	if !ok {
		return ""
	}
	after = bytes.TrimLeft(after, " \t\r\n=")
	if len(after) < 2 || (after[0] != '"' && after[0] != '\'') {
		return ""
	}
	label, _, _ := bytes.Cut(after[1:], after[:1])
	return string(label)
}

// lookup finds an encoding by label, and its name; "" if there is none such.
func lookup(label string) (encoding.Encoding, string) {
	label = strings.ToLower(strings.TrimSpace(label))
	if label == "" {
		return nil, ""
	}
	for _, l := range []string{label, strings.ReplaceAll(label, "_", "-")} {
		if e, name := charset.Lookup(l); e != nil {
			return e, name
		}
	}
	digits := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(label, "ibm"), "cp"), "csibm")
	switch strings.Trim(digits, "-_") {
	case "037", "37":
		return charmap.CodePage037, "cp037"
	case "437":
		return charmap.CodePage437, "cp437"
	case "850":
		return charmap.CodePage850, "cp850"
	case "852":
		return charmap.CodePage852, "cp852"
	case "855":
		return charmap.CodePage855, "cp855"
	case "858":
		return charmap.CodePage858, "cp858"
	case "860":
		return charmap.CodePage860, "cp860"
	case "862":
		return charmap.CodePage862, "cp862"
	case "863":
		return charmap.CodePage863, "cp863"
	case "865":
		return charmap.CodePage865, "cp865"
	case "1047":
		return charmap.CodePage1047, "cp1047"
	case "1140":
		return charmap.CodePage1140, "cp1140"
	}
	return nil, ""
}

// transcode decodes; what cannot be decoded becomes U+FFFD.
func transcode(e encoding.Encoding, b []byte) []byte {
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return mend(b)
	}
	if !utf8.Valid(out) {
		return bytes.ToValidUTF8(out, []byte("\ufffd"))
	}
	return out
}

// mend reads each byte that is not part of valid UTF-8 as windows-1252.
func mend(b []byte) []byte {
	if utf8.Valid(b) {
		return b
	}
	out := make([]byte, 0, len(b)+len(b)/8)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			r = charmap.Windows1252.DecodeByte(b[0])
			out = utf8.AppendRune(out, r)
		} else {
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return out
}
