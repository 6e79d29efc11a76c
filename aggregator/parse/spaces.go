package parse

import (
	"bytes"
	"slices"
	"strings"
)

// space is a namespace declared on the root element.
type space struct {
	prefix, uri string
	at, to      int // where the address stands in the tag
}

// known is a namespace as gofeed knows it: by address, or else by prefix.
type known struct{ prefix, uri string }

// otherSpellings are namespaces by how feeds spell them, in lower case and
// without the last slash.
var otherSpellings = map[string]known{
	"http://www.itunes.com/dtds/podcast-1.0.dtd": {"itunes", "http://www.itunes.com/DTDs/PodCast-1.0.dtd"},
	"http://example.com/dtds/podcast-1.0.dtd":    {"itunes", "http://www.itunes.com/DTDs/PodCast-1.0.dtd"},
	"http://search.yahoo.com/mrss":               {"media", "http://search.yahoo.com/mrss/"},
	"http://purl.org/dc/elements/1.1":            {"dc", "http://purl.org/dc/elements/1.1/"},
	"http://purl.org/dc/elements/1.0":            {"dc", "http://purl.org/dc/elements/1.1/"},
	"http://purl.org/dc/terms":                   {"dcterms", "http://purl.org/dc/terms/"},
	"http://purl.org/rss/1.0/modules/content":    {"content", "http://purl.org/rss/1.0/modules/content/"},
	"http://www.w3.org/2005/atom":                {"atom", "http://www.w3.org/2005/Atom"},
}

// isRSSSpace tells if a namespace is one of RSS itself.
func isRSSSpace(uri string) bool {
	switch strings.TrimRight(strings.ToLower(strings.TrimSpace(uri)), "/#") {
	case "http://purl.org/rss/1.0", "http://my.netscape.com/rdf/simple/0.9", "http://channel.netscape.com/rdf/simple/0.9",
		"http://backend.userland.com/rss", "http://backend.userland.com/rss2", "http://blogs.law.harvard.edu/tech/rss",
		"http://purl.org/net/rss1.1", "http://example.com/newformat", "http://purl.org/rss/1.0/modules/rss091", "http://my.netscape.com/publish/formats/rss-0.91.dtd",
		"http://backend.userland.com/rss091", "http://backend.userland.com/rss092", "http://backend.userland.com/rss093", "http://backend.userland.com/rss094":
		return true
	}
	return false
}

// gofeedKnows tells if a namespace is one that gofeed reads as RSS in RDF.
func gofeedKnows(uri string) bool {
	switch strings.TrimSpace(uri) {
	case "http://purl.org/rss/1.0/", "http://my.netscape.com/rdf/simple/0.9/", "http://channel.netscape.com/rdf/simple/0.9/":
		return true
	}
	return false
}

// plainSpaces writes the namespaces of a document as gofeed knows them:
// elements of the feed's own vocabulary without prefix, those of others under
// the addresses that their makers gave them. It begins with the root's tag.
func plainSpaces(doc []byte) []byte {
	end := tagEnd(doc, 1)
	if end < 0 || doc[0] != '<' {
		return doc
	}
	prefix, name, found := strings.Cut(string(tagName(doc[1:end])), ":")
	if !found {
		prefix, name = "", prefix
	}
	name = strings.ToLower(name)
	spaces := declared(doc[:end])
	var own, dflt string // the prefix to drop; the default namespace
	if prefix != "" && (name == "rss" || name == "feed" || name == "channel") {
		own = prefix
	}
	var edits []edit
	for _, s := range spaces {
		key := strings.TrimRight(strings.ToLower(strings.TrimSpace(s.uri)), "/")
		if to, ok := otherSpellings[key]; ok && to.uri != s.uri && to.prefix != s.prefix {
			edits = append(edits, edit{at: s.at, to: s.to, text: to.uri})
		}
		if s.prefix == "" {
			dflt = s.uri
			if name == "rdf" && strings.TrimSpace(s.uri) != "" && !gofeedKnows(s.uri) {
				edits = append(edits, edit{at: s.at, to: s.to, text: "http://purl.org/rss/1.0/"})
			}
		} else if own == "" && isRSSSpace(s.uri) && (name == "rdf" || name == "rss") {
			own = s.prefix
		}
	}
	if own == "" {
		if len(edits) == 0 {
			return doc
		}
		return apply(doc, edits)
	}
	for _, s := range spaces {
		decl := len("xmlns:") + len(s.prefix)
		at := bytes.LastIndex(doc[:s.at], []byte("xmlns"))
		switch {
		case s.prefix == own && dflt == "" && at >= 0: // it becomes the default
			edits = append(edits, edit{at: at, to: at + decl, text: "xmlns"})
		case s.prefix == "" && dflt != "" && at >= 0:
			edits = append(edits, edit{at: at, to: at + len("xmlns"), text: "xmlns:" + foreignPrefix})
		}
	}
	slices.SortFunc(edits, func(a, b edit) int { return a.at - b.at })
	root := apply(doc[:end], edits)
	return renamed(append(root, doc[end:]...), own, dflt != "")
}

const foreignPrefix = "other"

// declared returns the namespaces that a start tag declares.
func declared(tag []byte) (ss []space) {
	for from := 0; len(ss) < maxSpaces; {
		i := bytes.Index(tag[from:], []byte("xmlns"))
		if i < 0 {
			break
		}
		i += from
		from = i + len("xmlns")
		if tag[i-1] > ' ' && tag[i-1] != '"' && tag[i-1] != '\'' {
			continue
		}
		n := bytes.IndexAny(tag[from:], "= \t\r\n>")
		if n < 0 {
			break
		}
		prefix, ok := strings.CutPrefix(string(tag[from:from+n]), ":")
		if !ok && n > 0 {
			continue
		}
		j := from + n + spaces(tag[from+n:])
		if tag[j] != '=' {
			continue
		}
		j += 1 + spaces(tag[j+1:])
		if j >= len(tag) || tag[j] != '"' && tag[j] != '\'' {
			continue
		}
		k := bytes.IndexByte(tag[j+1:], tag[j])
		if k < 0 {
			break
		}
		ss = append(ss, space{prefix: prefix, uri: unescape(string(tag[j+1 : j+1+k])), at: j + 1, to: j + 1 + k})
		from = j + 1 + k
	}
	return ss
}

// renamed drops a prefix from the names of elements; with foreign set, those
// that had none get another.
func renamed(doc []byte, prefix string, foreign bool) []byte {
	own := []byte(prefix + ":")
	out := make([]byte, 0, len(doc)+len(doc)/8)
	for i := 0; i < len(doc); {
		lt := bytes.IndexByte(doc[i:], '<')
		if lt < 0 {
			return append(out, doc[i:]...)
		}
		out = append(out, doc[i:i+lt]...)
		i += lt
		end := markupEnd(doc, i)
		if end < 0 || end-i < 2 {
			return append(out, doc[i:]...)
		}
		tag := doc[i:end]
		i = end
		if tag[1] == '!' || tag[1] == '?' {
			out = append(out, tag...)
			continue
		}
		n := 1
		if tag[1] == '/' {
			n = 2
		}
		out = append(out, tag[:n]...)
		rest, ok := bytes.CutPrefix(tag[n:], own)
		if !ok && foreign && bytes.IndexByte(tagName(rest), ':') < 0 && len(out) < 2*len(doc) {
			out = append(out, foreignPrefix+":"...)
		}
		out = append(out, rest...)
	}
	return out
}
