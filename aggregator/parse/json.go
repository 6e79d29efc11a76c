package parse

import (
	"bytes"
	stdjson "encoding/json"
	"fmt"
	"html"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/mmcdole/gofeed/json"
)

// readJSON reads JSON Feed. Items are taken apart first, so that known ones
// are not read and a broken one does not spoil the others.
func readJSON(text []byte, in Input) (*parsed, error) {
	if err := checkJSON(text); err != nil {
		return nil, err
	}
	var top map[string]stdjson.RawMessage
	if err := stdjson.Unmarshal(text, &top); err != nil {
		return nil, errorf("unparsable", "the JSON could not be read: %v", err)
	}
	version, _ := strconv.Unquote(string(top["version"]))
	var raws []stdjson.RawMessage
	err := stdjson.Unmarshal(top["items"], &raws)
	if err != nil && !strings.Contains(version, "jsonfeed.org/version") {
		return nil, errorf("not_a_feed", "this is JSON, but not a JSON Feed")
	}
	d := &parsed{}
	if len(raws) > maxItems {
		raws = raws[:maxItems]
		d.warning = fmt.Sprintf("the feed has more than %d items; the rest was left out", maxItems)
	}
	delete(top, "items")
	head, _ := stdjson.Marshal(top)
	f := &json.Feed{}
	if got, err := (&json.Parser{}).Parse(bytes.NewReader(head)); err == nil {
		f = got
	} else {
		d.warning = "the feed's own fields could not be read: " + err.Error()
	}
	d.total, d.hashes = len(raws), make([]uint64, len(raws))
	ids := make([]identity, len(raws))
	var places []int
	for i, raw := range raws {
		d.hashes[i], ids[i] = xxhash.Sum64(raw), jsonIdentity(raw)
		if in.Known != nil && in.Known(d.hashes[i]) {
			continue
		}
		var it json.Item
		if err := stdjson.Unmarshal(raw, &it); err != nil {
			d.warning = "an item could not be read: " + err.Error()
			continue
		}
		d.fresh, places = append(d.fresh, d.hashes[i]), append(places, i)
		f.Items = append(f.Items, &it)
	}
	d.feed.fromJSON(f)
	d.identify(ids, places, in)
	return d, nil
}

// checkJSON refuses documents nested too deep.
func checkJSON(text []byte) *Error {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return errorf("too_large", "the JSON is nested more than %d deep", maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

func (f *feedDoc) fromJSON(j *json.Feed) {
	f.version = "json1"
	if strings.HasSuffix(j.Version, "1.1") {
		f.version = "json11"
	}
	f.id, f.title, f.link, f.subtitle = j.FeedURL, html.EscapeString(j.Title), j.HomePageURL, html.EscapeString(j.Description)
	f.language, f.icon, f.logo = j.Language, j.Favicon, j.Icon
	f.image = firstNonEmpty(j.Icon, j.Favicon)
	if j.FeedURL != "" {
		f.links = append(f.links, Link{URL: j.FeedURL, Rel: "self", Type: "application/feed+json"})
	}
	f.authors = jsonAuthors(j.Authors, j.Author)
	f.entries = make([]entry, len(j.Items))
	for i, it := range j.Items {
		f.entries[i].fromJSON(it)
		if len(f.entries[i].authors) == 0 {
			f.entries[i].authors = f.authors
		}
	}
}

func (e *entry) fromJSON(j *json.Item) {
	e.id, e.link, e.title, e.plainText = j.ID, firstNonEmpty(j.URL, j.ExternalURL), j.Title, true
	e.guidIsLink = true
	e.summary = html.EscapeString(j.Summary)
	if j.ContentHTML != "" {
		e.content = append(e.content, Content{Value: j.ContentHTML, Type: "text/html"})
	} else if j.ContentText != "" {
		e.content = append(e.content, Content{Value: strings.ReplaceAll(html.EscapeString(j.ContentText), "\n", "<br>\n"), Type: "text/plain"})
	}
	e.published, e.updated = j.DatePublished, j.DateModified
	e.image, e.language = firstNonEmpty(j.Image, j.BannerImage), j.Language
	e.authors = jsonAuthors(j.Authors, j.Author)
	for _, t := range j.Tags {
		e.tags = append(e.tags, Tag{Term: t})
	}
	if j.Attachments != nil {
		for _, a := range *j.Attachments {
			l := Link{URL: a.URL, Type: a.MimeType, Title: a.Title}
			if a.SizeInBytes > 0 {
				l.Length = strconv.FormatInt(a.SizeInBytes, 10)
			}
			e.enclosures = append(e.enclosures, l)
		}
	}
	if j.URL != "" {
		e.links = append(e.links, Link{URL: j.URL, Rel: "alternate", Type: "text/html"})
	}
	if j.ExternalURL != "" {
		e.links = append(e.links, Link{URL: j.ExternalURL, Rel: "related"})
	}
}

func jsonAuthors(as []*json.Author, one *json.Author) (ps []Person) {
	if len(as) == 0 && one != nil {
		as = []*json.Author{one}
	}
	for _, a := range as {
		if a != nil && (a.Name != "" || a.URL != "") {
			ps = append(ps, Person{Name: a.Name, URL: a.URL})
		}
	}
	return ps
}
