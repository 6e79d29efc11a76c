package validate

import (
	"strconv"
	"strings"
)

var rssChannel = map[string]string{
	"title": "1", "link": "1", "description": "1", "language": "1", "lastBuildDate": "1", "generator": "1", "docs": "?",
	"ttl": "1", "copyright": "?", "image": "?", "atom:link": "+", "fh:archive": "?", "item": "*",
}

var rssItem = map[string]string{
	"title": "1", "link": "1", "description": "1", "guid": "1", "pubDate": "1", "category": "*", "source": "?", "enclosure": "?",
	"content:encoded": "?", "dc:creator": "*", "dc:language": "?", "dc:coverage": "*", "atom:updated": "?", "media:content": "*", "media:thumbnail": "*", "media:category": "*",
	"author": "?", "comments": "?",
}

func (c *checker) rss(root *element) {
	if root.name != "rss" || root.attrs["version"] != "2.0" {
		c.add("UndefinedElement", "root %s %v", root.name, root.attrs)
		return
	}
	c.childrenOf(root, map[string]string{"channel": "1"})
	ch := root.first("channel")
	if ch == nil {
		return
	}
	c.childrenOf(ch, rssChannel)
	c.plainText("channel title", ch.value("title"))
	c.plainText("channel description", ch.value("description"))
	c.link("channel link", ch.value("link"))
	c.language("channel", ch.value("language"))
	c.rfc2822("lastBuildDate", ch.value("lastBuildDate"))
	if !positive().MatchString(ch.value("ttl")) {
		c.add("InvalidTTL", "%q", ch.value("ttl"))
	}
	c.links("channel", ch.all("atom:link"), "MissingAtomSelfLink")
	c.archive(ch, ch.all("atom:link"))
	if img := ch.first("image"); img != nil {
		c.rssImage(img, ch)
	}
	seen := map[string]bool{}
	for _, it := range ch.all("item") {
		c.rssItem(it, seen)
	}
}

func (c *checker) rssImage(img, ch *element) {
	c.childrenOf(img, map[string]string{"url": "1", "title": "1", "link": "1", "width": "?", "height": "?", "description": "?"})
	c.link("image url", img.value("url"))
	if img.value("title") != ch.value("title") {
		c.add("ImageTitleDoesntMatch", "%q, the channel has %q", img.value("title"), ch.value("title"))
	}
	if img.value("link") != ch.value("link") {
		c.add("ImageLinkDoesntMatch", "%q, the channel has %q", img.value("link"), ch.value("link"))
	}
	for name, most := range map[string]int{"width": 144, "height": 400} {
		e := img.first(name)
		if e == nil {
			continue
		}
		if n, err := strconv.Atoi(strings.TrimSpace(e.text)); err != nil || n < 1 || n > most {
			c.add(map[string]string{"width": "InvalidWidth", "height": "InvalidHeight"}[name], "%q", e.text)
		}
	}
}

// archive checks the links of RFC 5005: an archive names the feed it is of.
func (c *checker) archive(feed *element, links []*element) {
	count := map[string]int{}
	for _, l := range links {
		count[l.attrs["rel"]]++
	}
	for _, rel := range []string{"self", "current", "prev-archive", "next-archive", "next", "previous", "first", "last"} {
		if count[rel] > 1 {
			c.add("DuplicateAtomLink", "%s %d times", rel, count[rel])
		}
	}
	a := feed.first("fh:archive")
	switch {
	case a == nil && count["next-archive"] > 0:
		c.add("LinkOutsideArchive", "next-archive without fh:archive")
	case a != nil && count["current"] == 0:
		c.add("MissingCurrentInArchive", "no link to the feed itself")
	case a != nil && (strings.TrimSpace(a.text) != "" || len(a.children) > 0):
		c.add("UnexpectedText", "in fh:archive")
	}
}

func (c *checker) rssItem(it *element, seen map[string]bool) {
	c.childrenOf(it, rssItem)
	c.plainText("item title", it.value("title"))
	c.link("item link", it.value("link"))
	c.rfc2822("pubDate", it.value("pubDate"))
	if g := it.first("guid"); g != nil {
		c.attrsOf(g, "isPermaLink")
		if g.attrs["isPermaLink"] != "false" {
			c.add("InvalidPermalink", "%q", g.attrs["isPermaLink"])
		}
		c.id("guid", g.text)
		if seen[g.text] {
			c.add("DuplicateValue", "guid %s", g.text)
		}
		seen[g.text] = true
	}
	if d := it.value("description"); d == "" {
		c.add("NotBlank", "description")
	} else {
		c.html("description", d)
	}
	if it.first("content:encoded") != nil {
		c.html("content:encoded", it.value("content:encoded"))
	}
	if d := it.value("content:encoded"); d != "" && d == it.value("description") {
		c.add("DuplicateDescriptionSemantics", "content:encoded is the description again")
	}
	if it.first("author") != nil && it.first("dc:creator") != nil {
		c.add("DuplicateItemSemantics", "author and dc:creator")
	}
	for _, name := range []string{"author", "comments"} {
		if e := it.first(name); e != nil {
			c.contact(name, e.text)
		}
	}
	for _, name := range []string{"category", "dc:creator"} {
		for _, e := range it.all(name) {
			c.attrsOf(e, "domain")
			c.plainText(name, e.text)
		}
	}
	if u := it.first("atom:updated"); u != nil {
		c.rfc3339("atom:updated", u.text)
	}
	if l := it.first("dc:language"); l != nil {
		c.language("dc:language", l.text)
	}
	if s := it.first("source"); s != nil {
		c.attrsOf(s, "url")
		c.link("source url", s.attrs["url"])
		c.plainText("source", s.text)
	}
	if e := it.first("enclosure"); e != nil {
		c.attrsOf(e, "url", "length", "type")
		c.link("enclosure", e.attrs["url"])
		c.mime("enclosure", e.attrs["type"])
		c.length("enclosure", e.attrs["length"])
	}
	c.media(it)
}

func (c *checker) length(where, s string) {
	if _, err := strconv.ParseUint(s, 10, 63); err != nil {
		c.add("InvalidIntegerAttribute", "%s length %q", where, s)
	}
}

func (c *checker) media(e *element) {
	for _, m := range e.all("dc:coverage") {
		c.attrsOf(m)
		c.plainText("dc:coverage", m.text)
	}
	for _, m := range e.all("media:content") {
		c.attrsOf(m, "url", "medium", "type", "fileSize")
		c.link("media:content", m.attrs["url"])
		if t, ok := m.attrs["type"]; ok {
			c.mime("media:content", t)
		}
		if n, ok := m.attrs["fileSize"]; ok {
			c.length("media:content", n)
		}
		if k, ok := m.attrs["medium"]; ok && !media[k] {
			c.add("InvalidMediaMedium", "%q", k)
		}
	}
	for _, m := range e.all("media:thumbnail") {
		c.attrsOf(m, "url", "width", "height")
		c.link("media:thumbnail", m.attrs["url"])
	}
	for _, m := range e.all("media:category") {
		c.attrsOf(m, "scheme", "label")
		c.link("media:category", m.attrs["scheme"])
		c.plainText("media:category", m.text)
		if l, ok := m.attrs["label"]; ok {
			c.plainText("media:category label", l)
		}
	}
}

var media = map[string]bool{"image": true, "audio": true, "video": true, "document": true, "executable": true}

// contact checks an RSS author, who is an address of mail, or the link to comments.
func (c *checker) contact(name, s string) {
	if name == "comments" {
		c.link(name, s)
	} else if !contacts().MatchString(strings.TrimSpace(s)) {
		c.add("InvalidContact", "%q", s)
	}
}

var rels = map[string]bool{"self": true, "hub": true, "alternate": true, "related": true, "enclosure": true, "next": true,
	"previous": true, "first": true, "last": true, "prev-archive": true, "next-archive": true, "current": true, "license": true, "via": true}

// links checks the links of a feed: its own address must be among them.
func (c *checker) links(where string, links []*element, missingSelf string) {
	self := false
	alternate := map[string]bool{}
	for _, l := range links {
		c.attrsOf(l, "href", "rel", "type", "length", "title", "hreflang")
		c.link(where+" link", l.attrs["href"])
		rel := l.attrs["rel"]
		if !rels[rel] {
			c.add("UnregisteredAtomRel", "%q", rel)
		}
		if strings.TrimSpace(l.text) != "" || len(l.children) > 0 {
			c.add("AtomLinkNotEmpty", "%s", rel)
		}
		if t, ok := l.attrs["type"]; ok {
			c.mime(where+" link", t)
		}
		if n, ok := l.attrs["length"]; ok {
			c.length(where+" link", n)
		}
		switch rel {
		case "self":
			self = true
			if missingSelf != "" && c.self != "" && l.attrs["href"] != c.self {
				c.add("SelfDoesntMatchLocation", "%s, not %s", l.attrs["href"], c.self)
			}
		case "alternate":
			key := l.attrs["type"] + " " + l.attrs["hreflang"]
			if alternate[key] {
				c.add("DuplicateAtomLink", "%s", key)
			}
			alternate[key] = true
		}
	}
	if missingSelf != "" && !self {
		c.add(missingSelf, "%s", where)
	}
}

var atomFeed = map[string]string{
	"atom:title": "1", "atom:id": "1", "atom:updated": "1", "atom:subtitle": "?", "atom:generator": "?", "atom:link": "+",
	"atom:author": "*", "atom:category": "*", "atom:icon": "?", "atom:logo": "?", "atom:rights": "?", "fh:archive": "?", "atom:entry": "*",
}

var atomEntry = map[string]string{
	"atom:title": "1", "atom:id": "1", "atom:updated": "1", "atom:published": "?", "atom:summary": "?", "atom:content": "1",
	"atom:link": "+", "atom:author": "+", "atom:category": "*", "atom:source": "?", "media:content": "*", "media:thumbnail": "*", "media:category": "*",
	"dc:coverage": "*",
}

func (c *checker) atom(root *element) {
	if root.name != "atom:feed" {
		c.add("UndefinedElement", "root %s", root.name)
		return
	}
	c.childrenOf(root, atomFeed)
	c.atomHead("feed", root)
	if root.first("atom:subtitle") != nil {
		c.plainText("subtitle", root.value("atom:subtitle"))
	}
	for _, name := range []string{"atom:icon", "atom:logo"} {
		if e := root.first(name); e != nil {
			c.link(name, e.text)
		}
	}
	c.links("feed", root.all("atom:link"), "MissingSelf")
	c.archive(root, root.all("atom:link"))
	ids, updated := map[string]bool{}, map[string]bool{}
	for _, e := range root.all("atom:entry") {
		c.atomEntry(e)
		if id := e.value("atom:id"); ids[id] {
			c.add("DuplicateEntries", "%s", id)
		} else {
			ids[id] = true
		}
		if u := e.value("atom:updated"); updated[u] {
			c.add("DuplicateUpdated", "%s", u)
		} else {
			updated[u] = true
		}
	}
}

func (c *checker) atomHead(where string, e *element) {
	c.plainText(where+" title", e.value("atom:title"))
	c.id(where+" id", e.value("atom:id"))
	c.rfc3339(where+" updated", e.value("atom:updated"))
}

func (c *checker) atomEntry(e *element) {
	c.childrenOf(e, atomEntry)
	c.atomHead("entry", e)
	c.links("entry", e.all("atom:link"), "")
	if e.first("atom:published") != nil {
		c.rfc3339("published", e.value("atom:published"))
	}
	if s := e.first("atom:summary"); s != nil {
		c.attrsOf(s, "type")
		c.plainText("summary", s.text)
	}
	if content := e.first("atom:content"); content != nil {
		c.attrsOf(content, "type")
		if strings.TrimSpace(content.text) == "" {
			c.add("MissingTextualContent", "%s", e.value("atom:id"))
		}
		c.html("content", content.text)
	}
	for _, a := range e.all("atom:author") {
		c.childrenOf(a, map[string]string{"atom:name": "1", "atom:uri": "?", "atom:email": "?"})
		c.plainText("author", a.value("atom:name"))
	}
	for _, k := range e.all("atom:category") {
		c.attrsOf(k, "term", "scheme", "label")
		c.plainText("category", k.attrs["term"])
	}
	if s := e.first("atom:source"); s != nil {
		c.childrenOf(s, map[string]string{"atom:id": "1", "atom:title": "1", "atom:updated": "1", "atom:link": "*"})
		c.atomHead("source", s)
		c.links("source", s.all("atom:link"), "")
	}
	c.media(e)
}
