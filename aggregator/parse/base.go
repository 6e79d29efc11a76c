package parse

import (
	"bytes"
	"html"
	"net/url"
)

const (
	baseName = "xml:base"
	maxBase  = 1024
)

// absoluteBases writes each xml:base as the absolute address of a directory,
// seen from the bases around it and, last, from that of the document. gofeed
// takes the file names in bases for directories. A base too long is that of
// the element around.
func absoluteBases(doc []byte, base string) []byte {
	if !bytes.Contains(doc, []byte(baseName)) {
		return doc
	}
	out := make([]byte, 0, len(doc)+256)
	from := 0
	bases := []string{base} // of the elements that are open
	for i := 0; i < len(doc); {
		lt := bytes.IndexByte(doc[i:], '<')
		if lt < 0 {
			break
		}
		i += lt
		end := markupEnd(doc, i)
		if end < 0 {
			break
		}
		tag := doc[i:end]
		i = end
		switch tag[1] {
		case '!', '?':
			continue
		case '/':
			bases = bases[:max(1, len(bases)-1)]
			continue
		}
		own := bases[len(bases)-1]
		if at, to := attrValue(tag, baseName); at > 0 {
			if to-at < maxBase && len(out) < 2*len(doc)+(1<<20) {
				if u := resolve(own, unescape(string(tag[at:to]))); len(u) < maxBase && isURL(u) {
					own = u
				}
			}
			start := end - len(tag)
			out = append(out, doc[from:start+at]...)
			if len(out) < 2*len(doc)+(1<<20) {
				out = append(out, html.EscapeString(string(dirOf([]byte(own))))...)
			}
			from = start + to
		}
		if tag[len(tag)-2] != '/' {
			bases = append(bases, own)
		}
	}
	return append(out, doc[from:]...)
}

func isURL(s string) bool {
	_, err := url.Parse(s)
	return err == nil
}

// markupEnd returns where the markup that begins at i ends; -1 if it does not.
func markupEnd(doc []byte, i int) int {
	rest := doc[i:]
	for _, m := range [][2]string{{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}} {
		if bytes.HasPrefix(rest, []byte(m[0])) {
			j := bytes.Index(rest[len(m[0]):], []byte(m[1]))
			if j < 0 {
				return -1
			}
			return i + len(m[0]) + j + len(m[1])
		}
	}
	return tagEnd(doc, i+1)
}

func dirOf(base []byte) []byte {
	from := 0
	if i := bytes.Index(base, []byte("://")); i >= 0 {
		if from = i + 3; bytes.IndexByte(base[from:], '/') < 0 {
			return append(base, '/')
		}
	}
	path, _, _ := bytes.Cut(base[from:], []byte("?"))
	return base[:from+bytes.LastIndexByte(path, '/')+1]
}

// attrValue returns where the value of an attribute of a start tag stands;
// zeros if it has none.
func attrValue(tag []byte, name string) (at, to int) {
	for from := 0; ; {
		i := bytes.Index(tag[from:], []byte(name))
		if i < 0 {
			return 0, 0
		}
		i += from
		from = i + len(name)
		if i == 0 || tag[i-1] > ' ' && tag[i-1] != '"' && tag[i-1] != '\'' {
			continue
		}
		j := from + spaces(tag[from:])
		if j >= len(tag) || tag[j] != '=' {
			continue
		}
		j += 1 + spaces(tag[j+1:])
		if j >= len(tag) || tag[j] != '"' && tag[j] != '\'' {
			return 0, 0
		}
		n := bytes.IndexByte(tag[j+1:], tag[j])
		if n < 0 {
			return 0, 0
		}
		return j + 1, j + 1 + n
	}
}

func spaces(b []byte) int { return len(b) - len(bytes.TrimLeft(b, " \t\r\n")) }

// attr returns the value of an attribute in a start tag.
func attr(tag []byte, name string) string {
	at, to := attrValue(tag, name)
	return unescape(string(tag[at:to]))
}
