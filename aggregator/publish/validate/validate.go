// Package validate checks feeds for what feed readers and the W3C feed
// validator find fault with. In go the bytes of an RSS 2.0, Atom 1.0 or JSON
// Feed 1.1 document and the address it is served under; out come findings.
//
// It knows the rules that bear on what package publish writes, under the
// validator's own names where it has them:
//
//   - the document: SAXError (not well-formed), BadCharacters, UnicodeError,
//     UnknownNamespace, UndefinedElement, UnexpectedAttribute, MissingElement,
//     DuplicateElement, UnexpectedText, NonstdPrefix, UnexpectedDoctype,
//     ValidationSize (over a mebibyte).
//   - addresses: InvalidFullLink, InvalidUriChar, NonCanonicalURI (ids),
//     SelfDoesntMatchLocation, MissingSelf, MissingAtomSelfLink,
//     UnregisteredAtomRel, DuplicateAtomLink, AtomLinkNotEmpty.
//   - history (RFC 5005): MissingCurrentInArchive, LinkOutsideArchive.
//   - pictures: ImageTitleDoesntMatch, ImageLinkDoesntMatch, InvalidWidth,
//     InvalidHeight, InvalidMediaMedium.
//   - what is said twice: DuplicateItemSemantics, DuplicateDescriptionSemantics.
//   - ids: MissingGuid, InvalidPermalink, DuplicateValue, DuplicateEntries.
//   - dates: InvalidRFC3339Date, InvalidRFC2822Date, ImplausibleDate,
//     DuplicateUpdated.
//   - texts: NotBlank, ContainsHTML, ContainsUndeclaredHTML,
//     MissingTextualContent, InvalidContact, InvalidLanguage, InvalidMIMEType,
//     InvalidIntegerAttribute, InvalidBooleanAttribute, InvalidTTL.
//   - HTML: NotHtml (elements, nesting, bare ampersands), SecurityRisk,
//     SecurityRiskAttr, DangerousStyleAttr, ContainsRelRef.
//   - JSON Feed: the members' names, types and formats as version 1.1 has
//     them, none unknown but those that begin with an underscore.
//
// It leaves rules for elements that we never write, and the answer's headers,
// to others.
package validate

import (
	"fmt"
	"strings"
)

// Finding is one fault: the rule's name, and where and what in words.
type Finding struct {
	Rule string
	Text string
}

func (f Finding) String() string { return f.Rule + ": " + f.Text }

const maxSize = 1 << 20

// Check returns what is wrong with a document in format "rss", "atom" or
// "json" that is served at selfURL. A document without findings is fit to be
// published.
func Check(format string, doc []byte, selfURL string) []Finding {
	c := &checker{self: selfURL}
	if len(doc) > maxSize {
		c.add("ValidationSize", "%d bytes", len(doc))
	}
	switch format {
	case "json":
		c.jsonFeed(doc)
	case "rss", "atom":
		root := c.parse(doc)
		switch {
		case root == nil:
		case format == "rss":
			c.rss(root)
		default:
			c.atom(root)
		}
	default:
		c.add("UnknownFormat", "%q", format)
	}
	return c.found
}

type checker struct {
	self  string
	found []Finding
}

func (c *checker) add(rule, format string, args ...any) {
	if len(c.found) < 100 {
		c.found = append(c.found, Finding{rule, strings.ToValidUTF8(fmt.Sprintf(format, args...), "?")})
	}
}
