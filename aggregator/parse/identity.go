package parse

import (
	"bytes"
	stdjson "encoding/json"
	"net/url"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// An item is identified by its guid, else by its link, else by title and date
// (BEHAVIOUR F-63). Feeds exist that give several items one guid, or all items
// one link; there the next of the three is added. Which items that concerns is
// seen by looking at all items of a document, whether they are known or not,
// and is remembered by marks: hashes that are saved with those of the items.
// So an item goes by the same GUID in every poll, whoever is beside it.

// How an item is identified.
const (
	byGUID = iota // the guid alone; the link if there is none
	byLink        // guid and link
	byAll         // guid, link, title and date
)

const (
	markTag  = 0x54574d // first 24 bits of a mark
	minMarks = 200
	maxMarks = 2000
)

// mark is a fact to remember, of 40 bits of its hash.
func mark(fact string, about uint64) uint64 {
	return markTag<<40 | (xxhash.Sum64String(fact)^about*0x9e3779b97f4a7c15)>>24
}

// identity is what a document tells two items apart by.
type identity struct {
	guid, link, all uint64 // hashes: of the guid, with the link, with title and date
	noGUID, own     bool   // there is no guid; it is the item's own link
}

func newIdentity(guid, link, rest string) identity {
	guid, link = strings.TrimSpace(guid), canonicalLink(link)
	second := link
	if link == "" {
		second = rest
	}
	h := xxhash.New()
	add := func(s string) uint64 {
		_, _ = h.WriteString(s + "\x00") // never fails
		return h.Sum64()
	}
	return identity{
		guid: add(guid), link: add(second), all: add(rest),
		noGUID: guid == "", own: link != "" && canonicalLink(guid) == link,
	}
}

// levels tells for each item of a document how it is identified, and what is
// to be remembered.
func levels(ids []identity, in Input) (levels []int, marks []uint64) {
	links := make(map[uint64]uint64, len(ids)) // by guid: the link; 0 if there are several
	for _, id := range ids {
		if l, ok := links[id.guid]; !ok {
			links[id.guid] = id.link
		} else if l != id.link {
			links[id.guid] = 0
		}
	}
	same, isSame := oneForAll(ids)
	known := func(m uint64) bool { return in.Known != nil && in.Known(m) }
	levels, marks = make([]int, len(ids)), make([]uint64, 0, len(ids))
	for i, id := range ids {
		bare, shared, useless := mark("bare", id.link), mark("shared", id.guid), mark("useless", id.link)
		switch {
		case isSame && id.link == same || known(useless):
			levels[i] = byAll
			marks = append(marks, useless)
		case id.own || id.noGUID:
		case known(bare) || links[id.guid] != 0 && !known(shared):
			marks = append(marks, bare)
		default:
			levels[i] = byLink
			marks = append(marks, shared)
		}
	}
	return levels, remember(marks, in.Saved, len(ids))
}

// identify finds how all items of a document are identified.
func (d *parsed) identify(ids []identity) {
	ls, marks := levels(ids, d.in)
	d.levels, d.hashes = ls, append(d.hashes, marks...)
}

// oneForAll finds the guid and link that at least nine of ten items share,
// three of them with titles or dates of their own.
func oneForAll(ids []identity) (link uint64, ok bool) {
	votes, n := 0, 0
	for _, id := range ids { // what a majority shares is what is left
		switch {
		case votes == 0:
			link, votes = id.link, 1
		case id.link == link:
			votes++
		default:
			votes--
		}
	}
	all := make(map[uint64]bool, 3)
	for _, id := range ids {
		if id.link != link {
			continue
		}
		n++
		if len(all) < 3 {
			all[id.all] = true
		}
	}
	return link, len(all) == 3 && 10*n >= 9*len(ids)
}

// remember adds marks of earlier polls to those of this one.
func remember(marks, saved []uint64, items int) []uint64 {
	seen := make(map[uint64]bool, len(marks))
	out := marks[:0]
	for _, m := range marks {
		if !seen[m] {
			seen[m] = true
			out = append(out, m)
		}
	}
	limit := max(minMarks, min(5*items, maxMarks))
	for _, m := range saved {
		if len(out) >= limit {
			break
		}
		if m>>40 == markTag && !seen[m] {
			seen[m] = true
			out = append(out, m)
		}
	}
	return out
}

// blockIdentity reads what identifies an item from its raw bytes.
func blockIdentity(tag, body []byte) identity {
	guid, link := rawText(body, "guid"), rawText(body, "link")
	if bytes.HasPrefix(tag, []byte("<entry")) {
		body = withoutSource(body)
		guid, link = rawText(body, "id"), ""
	}
	if guid == "" {
		guid = attr(tag, "rdf:about")
	}
	if link == "" {
		link = rawHref(body)
	}
	var date string
	for _, name := range []string{"pubDate", "published", "dc:date", "issued"} {
		if date = rawText(body, name); date != "" {
			break
		}
	}
	return newIdentity(guid, link, rawText(body, "title")+"\x00"+date)
}

// withoutSource cuts out the element that says which feed an entry is from.
func withoutSource(body []byte) []byte {
	i, end := bytes.Index(body, []byte("<source")), bytes.Index(body, []byte("</source>"))
	if i < 0 || end < i {
		return body
	}
	return append(body[:i:i], body[end:]...)
}

// nextTag returns the attributes of the first element of a name, and what
// follows its start tag.
func nextTag(body []byte, name string) (attrs, rest []byte, ok bool) {
	start := []byte("<" + name)
	for {
		i := bytes.Index(body, start)
		if i < 0 {
			return nil, nil, false
		}
		body = body[i+len(start):]
		if len(body) == 0 || body[0] > ' ' && body[0] != '>' && body[0] != '/' {
			continue
		}
		end := tagEnd(body, 0)
		if end < 0 {
			return nil, nil, false
		}
		return body[:end-1], body[end:], true
	}
}

// rawText returns the text of the first element of a name.
func rawText(body []byte, name string) string {
	attrs, rest, ok := nextTag(body, name)
	if !ok || bytes.HasSuffix(attrs, []byte("/")) {
		return ""
	}
	text, _, _ := bytes.Cut(rest, []byte("</"+name))
	text = bytes.TrimSpace(text)
	if in, ok := bytes.CutPrefix(text, []byte("<![CDATA[")); ok {
		return string(bytes.TrimSpace(bytes.TrimSuffix(in, []byte("]]>"))))
	}
	return unescape(string(text))
}

// rawHref returns the address of the first link that leads to the item's page.
func rawHref(body []byte) string {
	for {
		attrs, rest, ok := nextTag(body, "link")
		if !ok {
			return ""
		}
		if rel := attr(attrs, "rel"); rel == "" || rel == "alternate" {
			if href := attr(attrs, "href"); href != "" {
				return href
			}
		}
		body = rest
	}
}

// jsonIdentity reads what identifies an item of a JSON Feed.
func jsonIdentity(raw []byte) identity {
	var it struct {
		ID       stdjson.RawMessage `json:"id"`
		URL      stdjson.RawMessage `json:"url"`
		External stdjson.RawMessage `json:"external_url"`
		Title    stdjson.RawMessage `json:"title"`
		Date     stdjson.RawMessage `json:"date_published"`
	}
	if stdjson.Unmarshal(raw, &it) != nil {
		return newIdentity("", "", string(raw))
	}
	return newIdentity(jsonText(it.ID), firstNonEmpty(jsonText(it.URL), jsonText(it.External)), string(it.Title)+"\x00"+string(it.Date))
}

// jsonText returns the text of a string, or of what should have been one.
func jsonText(raw []byte) string {
	var s string
	if stdjson.Unmarshal(raw, &s) != nil {
		return string(raw)
	}
	return s
}

// canonicalLink writes an address so that two that lead to the same page by
// http and https, or by tracking parameters, are equal.
func canonicalLink(raw string) string {
	raw = strings.TrimSpace(raw)
	if !isHTTP(raw) {
		return raw
	}
	if simpleAddress(raw) && !strings.Contains(raw, "utm_") {
		_, rest, _ := strings.Cut(raw, "://")
		if host, _, _ := strings.Cut(rest, "/"); strings.ToLower(host) == host {
			return "https://" + rest
		}
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return raw
	}
	u.Scheme, u.Host = "https", strings.ToLower(u.Host)
	u.Host = strings.TrimSuffix(strings.TrimSuffix(u.Host, ":80"), ":443")
	if strings.Contains(u.RawQuery, "utm_") {
		var keep []string
		for p := range strings.SplitSeq(u.RawQuery, "&") {
			if !strings.HasPrefix(p, "utm_") {
				keep = append(keep, p)
			}
		}
		u.RawQuery = strings.Join(keep, "&")
	}
	return u.String()
}
