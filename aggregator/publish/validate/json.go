package validate

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// members maps the names of a JSON object to the check of their values.
type members map[string]func(c *checker, where string, v any)

var (
	jsonFeedMembers = members{
		"version": isVersion, "title": isPlain, "home_page_url": isURL, "feed_url": isURL, "description": isPlain, "next_url": isURL,
		"icon": isURL, "favicon": isURL, "language": isLanguage, "authors": listOf(jsonAuthorMembers, "name"), "expired": isBool,
		"hubs": listOf(members{"type": isText, "url": isURL}, "type", "url"), "items": isItems,
	}
	jsonItemMembers = members{
		"id": isText, "url": isURL, "external_url": isURL, "title": isPlain, "content_html": isHTML, "content_text": isText,
		"summary": isPlain, "image": isURL, "banner_image": isURL, "date_published": isDate, "date_modified": isDate,
		"authors": listOf(jsonAuthorMembers, "name"), "tags": isTexts, "language": isLanguage,
		"attachments": listOf(members{"url": isURL, "mime_type": isMIME, "title": isText, "size_in_bytes": isNumber, "duration_in_seconds": isNumber}, "url", "mime_type"),
	}
	jsonAuthorMembers = members{"name": isPlain, "url": isURL, "avatar": isURL}
)

func (c *checker) jsonFeed(doc []byte) {
	if !utf8.Valid(doc) {
		c.add("UnicodeError", "not UTF-8")
		return
	}
	d := json.NewDecoder(bytes.NewReader(doc))
	var feed map[string]any
	if err := d.Decode(&feed); err != nil || d.More() {
		c.add("SAXError", "not one JSON object: %v", err)
		return
	}
	c.object("feed", feed, jsonFeedMembers, "version", "title", "items", "feed_url")
	if c.self != "" && feed["feed_url"] != c.self {
		c.add("SelfDoesntMatchLocation", "%v, not %s", feed["feed_url"], c.self)
	}
}

func (c *checker) object(where string, o map[string]any, known members, required ...string) {
	for _, name := range required {
		if _, ok := o[name]; !ok {
			c.add("MissingElement", "%s in %s", name, where)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		switch check := known[name]; {
		case check != nil:
			check(c, where+"."+name, o[name])
		case strings.HasPrefix(name, "_"):
			c.allText(where+"."+name, o[name])
		default:
			c.add("UndefinedElement", "%s in %s", name, where)
		}
	}
}

// allText holds the strings of an extension to what holds for all.
func (c *checker) allText(where string, v any) {
	switch v := v.(type) {
	case string:
		c.characters(v)
	case []any:
		for _, e := range v {
			c.allText(where, e)
		}
	case map[string]any:
		for _, e := range v {
			c.allText(where, e)
		}
	}
}

func listOf(known members, required ...string) func(*checker, string, any) {
	return func(c *checker, where string, v any) {
		list, ok := v.([]any)
		if !ok {
			c.add("TypeError", "%s is no array", where)
		}
		for _, e := range list {
			o, ok := e.(map[string]any)
			if !ok {
				c.add("TypeError", "%s holds no objects", where)
				continue
			}
			c.object(where, o, known, required...)
		}
	}
}

func isItems(c *checker, where string, v any) {
	listOf(jsonItemMembers, "id")(c, where, v)
	list, _ := v.([]any)
	seen := map[any]bool{}
	for _, e := range list {
		o, _ := e.(map[string]any)
		if o["content_html"] == nil && o["content_text"] == nil {
			c.add("MissingTextualContent", "%s %v", where, o["id"])
		}
		id, _ := o["id"].(string)
		if seen[id] {
			c.add("DuplicateValue", "%s id %v", where, id)
		}
		seen[id] = true
	}
}

func text(c *checker, where string, v any) string {
	s, ok := v.(string)
	if !ok {
		c.add("TypeError", "%s is no string", where)
	}
	c.characters(s)
	return s
}

func isText(c *checker, where string, v any) {
	if strings.TrimSpace(text(c, where, v)) == "" {
		c.add("NotBlank", "%s", where)
	}
}

func isPlain(c *checker, where string, v any)    { c.plainText(where, text(c, where, v)) }
func isURL(c *checker, where string, v any)      { c.link(where, text(c, where, v)) }
func isHTML(c *checker, where string, v any)     { isText(c, where, v); c.html(where, text(c, where, v)) }
func isDate(c *checker, where string, v any)     { c.rfc3339(where, text(c, where, v)) }
func isLanguage(c *checker, where string, v any) { c.language(where, text(c, where, v)) }
func isMIME(c *checker, where string, v any)     { c.mime(where, text(c, where, v)) }

func isVersion(c *checker, where string, v any) {
	if s := text(c, where, v); s != "https://jsonfeed.org/version/1.1" {
		c.add("ObsoleteVersion", "%s", s)
	}
}

func isBool(c *checker, where string, v any) {
	if _, ok := v.(bool); !ok {
		c.add("TypeError", "%s is no boolean", where)
	}
}

func isNumber(c *checker, where string, v any) {
	if n, ok := v.(float64); !ok || n < 0 {
		c.add("TypeError", "%s is no number", where)
	}
}

func isTexts(c *checker, where string, v any) {
	list, ok := v.([]any)
	if !ok {
		c.add("TypeError", "%s is no array", where)
	}
	for _, e := range list {
		isPlain(c, where, e)
	}
}
