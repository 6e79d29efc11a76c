package parse

import (
	"bytes"
	stdjson "encoding/json"
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/mmcdole/gofeed/json"
)

const maxValues = 20_000 // in one item of JSON, or in the feed without items

// readJSON reads JSON Feed. Items are taken apart first, so that known ones
// are not read and a broken one does not spoil the others.
func (d *parsed) readJSON(text []byte) error {
	head, raws, err := splitJSON(text)
	if err != nil {
		return err
	}
	if len(raws) > maxItems {
		raws = raws[:maxItems]
		d.warn(fmt.Sprintf("the feed has more than %d items; the rest was left out", maxItems))
	}
	f := &json.Feed{}
	if got, err := (&json.Parser{}).Parse(bytes.NewReader(head)); err == nil {
		f = got
	} else {
		d.warn("the feed's own fields could not be read: " + err.Error())
	}
	d.feed.fromJSON(f)
	d.total, d.hashes = len(raws), make([]uint64, len(raws))
	ids := make([]identity, len(raws))
	for i, raw := range raws {
		d.hashes[i] = xxhash.Sum64(raw)
		if bytes.Count(raw, []byte(",")) > maxValues && jsonValues(raw) > maxValues {
			raws[i] = nil
			d.warn(fmt.Sprintf("an item has more than %d values; it was left out", maxValues))
			continue
		}
		ids[i] = jsonIdentity(raw)
	}
	hashes := d.hashes
	d.identify(ids)
	for i, raw := range raws {
		if raw == nil || d.in.Known != nil && d.in.Known(hashes[i]) {
			continue
		}
		var it json.Item
		if err := stdjson.Unmarshal(raw, &it); err != nil {
			d.warn("an item could not be read: " + err.Error())
			continue
		}
		var e entry
		e.fromJSON(&it)
		if e.level = d.levels[i]; len(e.authors) == 0 {
			e.authors = slices.Clone(d.feed.authors)
		}
		d.feed.entries, d.fresh = append(d.feed.entries, e), append(d.fresh, hashes[i])
		if len(d.fresh) == 100 {
			d.flush()
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
