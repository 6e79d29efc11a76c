// Package publish renders a topic's entries as RSS 2.0, Atom 1.0, JSON Feed
// 1.1, and the list of topics as OPML.
//
// In go a topic, its entries newest first, and where we are reached. Out come
// ready bytes, plain and gzipped, with their validators. The same input gives
// the same bytes: nothing in them says when they were made. Whatever the
// entries hold, the documents are well-formed, have no finding of package
// validate, and are at most a mebibyte.
//
// Texts are cleaned and HTML is sanitised here again, whatever was done to
// them before. It leaves serving, choosing entries and composing them to
// others.
package publish

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"time"

	"topicwire/aggregator"
)

// TTL is how long a reader may keep a topic feed before asking again.
const TTL = 15 * time.Minute

// maxBytes bounds a document (BEHAVIOUR P-06).
const maxBytes = 1 << 20

const generator = "Topicwire"

// Stylesheet is the CSS by which a browser shows our XML feeds as a page:
// browsers give up XSLT. It is to be served at StylesheetPath below the base
// URL.
//
//go:embed feed.css
var Stylesheet []byte

// Icon is the picture of our feeds, a PNG. It is to be served at IconPath
// below the base URL.
//
//go:embed icon.png
var Icon []byte

// Where the feeds expect Stylesheet and Icon.
const (
	StylesheetPath = "/static/feed.css"
	IconPath       = "/static/feed.png"
)

// iconSide is the width and height of Icon in pixels.
const iconSide = 88

// Channel is what a topic's feeds are made of.
type Channel struct {
	Topic     aggregator.Topic
	BaseURL   string // absolute; where the site is reached
	Authority string // of published ids: news.example.org,2026
	Entries   []aggregator.Entry
	Hub       string // WebSub hub, absolute; empty: none
	// Archive names the page of the topic's history that this is (see
	// History); empty: the feed of the newest entries.
	Archive string
	// Older names the page of the history that goes on where this document
	// ends; empty: it ends with the first entry.
	Older string
}

// Document is a feed ready to be served.
type Document struct {
	Body, Gzip   []byte
	ContentType  string
	ETag         string    // weak: the same for both encodings
	LastModified time.Time // of the newest change, never of the rendering
}

// RSS renders an RSS 2.0 feed. Like Atom and JSON it fails only if BaseURL is
// no absolute http or https address, or Authority is empty.
func RSS(c Channel) (*Document, error) {
	return render(&c, "rss", "application/rss+xml; charset=utf-8", renderRSS)
}

// Atom renders an Atom 1.0 feed.
func Atom(c Channel) (*Document, error) {
	return render(&c, "atom", "application/atom+xml; charset=utf-8", renderAtom)
}

// JSON renders a JSON Feed 1.1.
func JSON(c Channel) (*Document, error) {
	return render(&c, "json", "application/feed+json; charset=utf-8", renderJSON)
}

// The ways to make a document smaller, mildest first: bytes of HTML that an
// entry may have before its full text gives way to an excerpt.
var htmlBudgets = []int{256 << 10, 12 << 10, 3 << 10}

func render(c *Channel, format, contentType string, write func(*issue) ([]byte, error)) (*Document, error) {
	base, err := checkBase(c.BaseURL)
	if err != nil {
		return nil, err
	}
	if !validAuthority(c.Authority) {
		return nil, fmt.Errorf("publish topic %s: id authority %q is not like example.org,2026", c.Topic.Slug, c.Authority)
	}
	entries := c.Entries
	if c.Archive == "" {
		entries = entries[:min(len(entries), limitOf(&c.Topic))]
	}
	for try := 0; ; try++ {
		is := compose(c, base, format, entries, htmlBudgets[min(try, len(htmlBudgets)-1)])
		body, err := write(is)
		if err != nil {
			return nil, fmt.Errorf("publish topic %s as %s: %w", c.Topic.Slug, format, err)
		}
		last := try >= len(htmlBudgets)-1
		// A page of the history has no other that would carry what it leaves out.
		if len(body) <= maxBytes || len(entries) == 0 || last && c.Archive != "" {
			return finish(body, contentType, is.lastModified)
		}
		if last {
			entries = entries[:len(entries)/2]
		}
	}
}

func limitOf(t *aggregator.Topic) int {
	if t.Limit > 0 {
		return t.Limit
	}
	return aggregator.DefaultLimit
}

func finish(body []byte, contentType string, lastModified time.Time) (*Document, error) {
	var gz bytes.Buffer
	w, err := gzip.NewWriterLevel(&gz, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	return &Document{
		Body: body, Gzip: gz.Bytes(), ContentType: contentType,
		ETag:         `W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`,
		LastModified: lastModified,
	}, nil
}

// checkBase returns the base URL without a final slash.
func checkBase(base string) (string, error) {
	clean := asciiURL(base)
	u, err := url.Parse(clean)
	if clean == "" || err != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("publish: base URL %q is not an absolute http address", base)
	}
	return strings.TrimRight(clean, "/"), nil
}

// validAuthority tells whether a can begin a tag URI in its canonical form
// (RFC 4151 2.1).
func validAuthority(a string) bool {
	name, date, ok := strings.Cut(a, ",")
	return ok && name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_@") == "" &&
		(len(date) == 4 || len(date) == 7 || len(date) == 10) && strings.Trim(date, "0123456789-") == ""
}
