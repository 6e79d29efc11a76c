package parse

import (
	"bytes"
	"encoding/binary"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// decode returns the document as valid UTF-8 and the name of its encoding, as
// the document or its header call it. A byte order mark goes before the
// header's charset, that before the XML declaration, that before UTF-8. Bytes
// that are not UTF-8 where they should be are read as windows-1252, unless the
// text shows what else they are.
func decode(in *Input) (text []byte, name string) {
	body := in.Body
	if enc, name, skip := byMark(body); enc != nil {
		if family := strings.ToLower(headerCharset(in.ContentType)); family != "" && len(family) == len("utf-16") && strings.HasPrefix(name, family) {
			name = family
		}
		return transcode(enc, body[skip:]), name
	}
	if rest, ok := bytes.CutPrefix(body, []byte("\xef\xbb\xbf")); ok {
		return mend(rest), "utf-8"
	}
	header, declared := headerCharset(in.ContentType), declaredCharset(body)
	if isASCII(body) && !strings.HasPrefix(strings.ToLower(header+declared), "hz") {
		return body, nameOfASCII(in, header, declared)
	}
	valid := utf8.Valid(body)
	for _, label := range []string{header, declared} {
		enc, name := lookup(label)
		if name == "" || strings.HasPrefix(name, "utf-16") || strings.HasPrefix(name, "utf-32") {
			continue // the bytes would have shown it
		}
		if name == "utf-8" || valid && (name == "windows-1252" || name == "us-ascii") {
			break
		}
		return transcode(enc, body), nameOf(label, name)
	}
	if valid {
		return body, "utf-8"
	}
	if header == "" && declared == "" {
		if enc, name := detect(body); enc != nil {
			return transcode(enc, body), name
		}
	}
	return mend(body), "windows-1252"
}

// nameOf returns what to call an encoding: as it was called, but for those
// read as what contains them.
func nameOf(label, name string) string {
	label = strings.ToLower(strings.TrimSpace(label))
	switch {
	case name == "us-ascii":
		return "windows-1252"
	case label == "gb2312":
		return "gb18030"
	}
	return label
}

// nameOfASCII names the encoding of a document that nearly all encodings would
// read alike: by RFC 3023, XML served as text is in US-ASCII unless the header
// says else.
func nameOfASCII(in *Input, header, declared string) string {
	kind, _, _ := strings.Cut(strings.ToLower(in.ContentType), ";")
	switch text := strings.HasPrefix(kind, "text/"); {
	case text && header == "":
		return "us-ascii"
	case !text && kind != "" && !strings.Contains(kind, "xml"):
		header = "" // it is no XML that the header speaks of
	}
	for _, label := range []string{header, declared} {
		switch _, name := lookup(label); name {
		case "", "utf-16be", "utf-16le":
		case "us-ascii":
			return strings.ToLower(strings.TrimSpace(label))
		default:
			return nameOf(label, name)
		}
	}
	if in.ContentType == "" && len(in.Header) > 0 {
		return "iso-8859-1"
	}
	return "utf-8"
}

// isASCII tells if all bytes are ASCII, and no shifts of ISO 2022.
func isASCII(b []byte) bool {
	if bytes.IndexByte(b, 0x1b) >= 0 {
		return false
	}
	for ; len(b) >= 8; b = b[8:] {
		if binary.LittleEndian.Uint64(b)&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
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
			return e, nameOf(label, n), 0
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
	return strings.Trim(params["charset"], "' ")
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
	if e, name := charset.Lookup(label); e != nil && e != encoding.Replacement && strings.IndexByte(label, '_') >= 0 {
		return controlled(e, name), name
	}
	label = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(label)), "_", "-")
	if to, ok := aliases[label]; ok {
		label = to
	}
	switch label {
	case "":
		return nil, ""
	case "johab", "cp1361", "ms1361":
		return decoder(johab), "johab"
	case "utf-7", "u7", "unicode-1-1-utf-7":
		return decoder(utf7), "utf-7"
	case "us-ascii", "ascii", "646", "ansi-x3.4-1968":
		return charmap.Windows1252, "us-ascii"
	case "gb2312", "gb-2312", "gbk", "gb18030", "euc-cn", "cp936", "chinese":
		return simplifiedchinese.GB18030, "gb18030"
	case "hz", "hz-gb-2312":
		return simplifiedchinese.HZGB2312, "hz"
	case "u8", "utf", "utf-8-sig":
		return unicode.UTF8, "utf-8"
	}
	if e, name := charset.Lookup(label); e != nil {
		if e == encoding.Replacement {
			return nil, ""
		}
		return controlled(e, name), name
	}
	for _, prefix := range []string{"iso8859-", "iso-8859", "iso8859", "8859-", "latin-"} {
		if rest, ok := strings.CutPrefix(label, prefix); ok {
			to := "iso-8859-"
			if prefix == "latin-" {
				to = "latin"
			}
			if e, name := charset.Lookup(to + strings.Trim(rest, "-")); e != nil {
				return controlled(e, name), name
			}
		}
	}
	for _, prefix := range []string{"ibm", "cp", "csibm", "windows-", "ms", "x-", ""} {
		if key, ok := strings.CutPrefix(label, prefix); ok {
			if e := named(strings.TrimLeft(key, "-")); e != nil {
				return e, "cp" + key
			}
		}
	}
	return nil, ""
}

// controlled returns an ISO 8859 with the control characters replaced.
func controlled(e encoding.Encoding, name string) encoding.Encoding {
	if bare, err := htmlindex.Get(name); err == nil && (strings.HasPrefix(name, "iso-8859-") || name == "windows-874") {
		if m, ok := bare.(*charmap.Charmap); ok {
			return controls{m}
		}
	}
	return e
}

// aliases are names that other software has for encodings.
var aliases = map[string]string{
	"646": "us-ascii", "us": "us-ascii", "iso-ir-6": "us-ascii", "csascii": "us-ascii", "cp367": "us-ascii", "ibm367": "us-ascii", "ansi-x3.4-1986": "us-ascii", "ascii": "us-ascii",
	"8859": "iso-8859-1", "cp819": "iso-8859-1", "iso-8859-1:1987": "iso-8859-1", "latin": "iso-8859-1", "latin7": "iso-8859-13", "l7": "iso-8859-13", "latin8": "iso-8859-14", "l8": "iso-8859-14", "latin9": "iso-8859-15", "latin10": "iso-8859-16", "l10": "iso-8859-16",
	"elot-928": "iso-8859-7", "ecma-118": "iso-8859-7", "greek8": "iso-8859-7", "asmo-708": "iso-8859-6", "ecma-114": "iso-8859-6", "thai": "windows-874", "iso-ir-166": "windows-874", "tis620": "windows-874",
	"1250": "windows-1250", "1251": "windows-1251", "1252": "windows-1252", "1253": "windows-1253", "1254": "windows-1254", "1255": "windows-1255", "1256": "windows-1256", "1257": "windows-1257", "1258": "windows-1258", "palmos": "windows-1252",
	"s-jis": "shift-jis", "sjis-2004": "shift-jis", "shift-jis": "shift-jis", "shift-jisx0213": "shift-jis", "shift-jis-2004": "shift-jis", "shiftjis": "shift-jis", "sjis": "shift-jis",
	"ujis": "euc-jp", "u-jis": "euc-jp", "eucjp": "euc-jp", "euc-jis-2004": "euc-jp", "euc-jisx0213": "euc-jp", "iso2022-jp": "iso-2022-jp", "iso2022-jp-1": "iso-2022-jp", "iso2022-jp-2": "iso-2022-jp", "iso2022-jp-3": "iso-2022-jp", "iso2022-jp-ext": "iso-2022-jp", "csiso2022jp": "iso-2022-jp",
	"ks-c-5601": "euc-kr", "ks-c-5601-1987": "euc-kr", "ksc5601": "euc-kr", "ksx1001": "euc-kr", "euckr": "euc-kr", "korean": "euc-kr",
	"hkscs": "big5-hkscs", "big5hkscs": "big5-hkscs", "big5-tw": "big5", "csbig5": "big5", "eucgb2312-cn": "gbk", "gb2312-80": "gbk", "gb-2312-80": "gbk", "gb2312-1980": "gbk", "euccn": "gbk", "iso-ir-58": "gbk", "hz": "hz", "hz-gb": "hz", "hzgb": "hz",
	"mac-centeuro": "maclatin2", "maccentraleurope": "maclatin2", "mac-central-europe": "maclatin2", "ebcdic-cp-he": "cp424", "ebcdic-cp-de": "cp273", "u16": "utf-16", "u32": "utf-32", "utf32": "utf-32",
}

// named finds the encodings that browsers do not know.
func named(key string) encoding.Encoding {
	switch key {
	case "037", "37", "ebcdic-cp-us", "ebcdic-cp-ca", "ebcdic-cp-nl":
		return charmap.CodePage037
	case "437":
		return charmap.CodePage437
	case "850":
		return charmap.CodePage850
	case "852":
		return charmap.CodePage852
	case "855":
		return charmap.CodePage855
	case "858", "00858":
		return charmap.CodePage858
	case "860":
		return charmap.CodePage860
	case "862":
		return charmap.CodePage862
	case "863":
		return charmap.CodePage863
	case "865":
		return charmap.CodePage865
	case "866":
		return charmap.CodePage866
	case "874":
		return charmap.Windows874
	case "932", "31j", "kanji":
		return japanese.ShiftJIS
	case "949", "uhc":
		return korean.EUCKR
	case "950":
		return traditionalchinese.Big5
	case "1047":
		return charmap.CodePage1047
	case "1140", "01140":
		return charmap.CodePage1140
	case "mac-roman", "macroman", "macintosh":
		return charmap.Macintosh
	case "mac-cyrillic", "maccyrillic":
		return charmap.MacintoshCyrillic
	}
	if strings.HasPrefix(key, "mac") {
		key = strings.ReplaceAll(key, "-", "")
	}
	switch key {
	case "roman8", "r8":
		key = "hp-roman8"
	case "kz-1048", "rk1048", "strk1048-2002":
		key = "kz1048"
	case "csptcp154", "pt154", "154", "cyrillic-asian":
		key = "ptcp154"
	case "ebcdic-cp-be", "ebcdic-cp-ch":
		key = "500"
	}
	if p, ok := codePages()[key]; ok {
		return p
	}
	return nil
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
