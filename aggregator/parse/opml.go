package parse

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"topicwire/aggregator"
)

// Bounds of a list of subscriptions.
const (
	maxOPML     = 5 << 20 // bytes
	maxOutlines = 10_000
	maxFolders  = 20 // nested
)

// OPML is what a list of subscriptions holds.
type OPML struct {
	Feeds []aggregator.FeedSettings
	// NoWeb counts the outlines that were left out because their address is
	// no http or https one, WithPassword those because it carries a user or
	// password, which would be shown wherever addresses are (BEHAVIOUR X-16).
	NoWeb, WithPassword int
}

// ReadOPML reads a list of subscriptions. Folders become tags, nested ones
// "outer/inner". A feed that is listed twice is returned once with all tags.
func ReadOPML(r io.Reader) (*OPML, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxOPML+1))
	if err != nil {
		return nil, fmt.Errorf("read OPML: %w", err)
	}
	if len(raw) > maxOPML {
		return nil, fmt.Errorf("the OPML file is larger than %d MiB: split it into several", maxOPML>>20)
	}
	text, _ := decode(&Input{Body: raw})
	if i := bytes.Index(text, []byte("<opml")); i > 0 {
		text = text[i:]
	}
	o := opmlReader{at: map[string]int{}}
	// An HTML tokenizer forgives the broken attributes that lists have.
	doc, _ := clean(text)
	z := html.NewTokenizer(bytes.NewReader(doc))
	for z.Next() != html.ErrorToken {
		if err := o.token(z.Token()); err != nil {
			return nil, err
		}
	}
	if !o.root {
		return nil, fmt.Errorf("this is not an OPML file")
	}
	if !o.closed {
		return nil, fmt.Errorf("the OPML file is cut off: it ends without </opml>; nothing was read")
	}
	return &OPML{Feeds: o.feeds, NoWeb: o.noWeb, WithPassword: o.withPassword}, nil
}

type opmlReader struct {
	root    bool
	closed  bool
	count   int
	folders []string // names of the open outlines; "" is one that is a feed
	feeds   []aggregator.FeedSettings
	at      map[string]int

	noWeb, withPassword int
}

func (o *opmlReader) token(t html.Token) error {
	if t.Data == "opml" {
		o.root = true
		o.closed = t.Type != html.StartTagToken
	}
	if t.Data != "outline" {
		return nil
	}
	if t.Type == html.StartTagToken || t.Type == html.SelfClosingTagToken {
		if err := o.outline(t.Attr); err != nil {
			return err
		}
	}
	if (t.Type == html.EndTagToken || t.Type == html.SelfClosingTagToken) && len(o.folders) > 0 {
		o.folders = o.folders[:len(o.folders)-1]
	}
	return nil
}

func (o *opmlReader) outline(attrs []html.Attribute) error {
	if o.count++; o.count > maxOutlines {
		return fmt.Errorf("the OPML file has more than %d outlines: split it into several", maxOutlines)
	}
	if len(o.folders) >= maxFolders {
		return fmt.Errorf("the OPML file's folders are nested more than %d deep", maxFolders)
	}
	a := map[string]string{}
	for _, at := range attrs {
		a[strings.ToLower(at.Key)] = oneLine(at.Val)
	}
	name := firstNonEmpty(a["text"], a["title"])
	u := httpOnly(aggregator.FeedURL(a["xmlurl"]))
	if aggregator.FeedURL(name) == u {
		name = "" // what WriteOPML calls a feed that has no name yet
	}
	if a["xmlurl"] == "" {
		o.folders = append(o.folders, strings.ReplaceAll(name, "/", "-"))
		return nil
	}
	tags := o.tags(a["category"])
	o.folders = append(o.folders, "")
	if u == "" {
		o.noWeb++
		return nil
	}
	if carriesPassword(u) {
		o.withPassword++
		return nil
	}
	if i, ok := o.at[u]; ok {
		o.feeds[i].Tags = sorted(append(o.feeds[i].Tags, tags...))
		return nil
	}
	o.at[u] = len(o.feeds)
	o.feeds = append(o.feeds, aggregator.FeedSettings{URL: u, Outlet: cutRunes(name, maxTitle), Language: language(a["language"]), Tags: sorted(tags)})
	return nil
}

func (o *opmlReader) tags(category string) (tags []string) {
	var path []string
	for _, f := range o.folders {
		if f != "" {
			path = append(path, f)
		}
	}
	if len(path) > 0 {
		tags = append(tags, strings.Join(path, "/"))
	}
	for c := range strings.SplitSeq(category, ",") {
		if c = strings.Trim(c, "/ "); c != "" {
			tags = append(tags, c)
		}
	}
	return tags
}

func sorted(tags []string) []string {
	slices.Sort(tags)
	return slices.Compact(tags)
}

type opmlOutline struct {
	Text     string         `xml:"text,attr"`
	Type     string         `xml:"type,attr,omitempty"`
	XMLURL   string         `xml:"xmlUrl,attr,omitempty"`
	HTMLURL  string         `xml:"htmlUrl,attr,omitempty"`
	Language string         `xml:"language,attr,omitempty"`
	Outlines []*opmlOutline `xml:"outline"`
}

// WriteOPML writes a list of subscriptions that ReadOPML reads back the same:
// tags become folders, and a feed stands in each of its own.
func WriteOPML(w io.Writer, title string, feeds []aggregator.Feed) error {
	root := &opmlOutline{}
	for i := range feeds {
		f := &feeds[i]
		name := f.OutletName()
		leaf := opmlOutline{Text: oneLine(name), Type: "rss", XMLURL: f.URL, HTMLURL: f.SiteURL, Language: f.Language}
		if len(f.Tags) == 0 {
			root.Outlines = append(root.Outlines, &leaf)
		}
		for _, tag := range f.Tags {
			dir := root.folder(strings.Split(tag, "/"))
			l := leaf
			dir.Outlines = append(dir.Outlines, &l)
		}
	}
	doc := struct {
		XMLName xml.Name       `xml:"opml"`
		Version string         `xml:"version,attr"`
		Title   string         `xml:"head>title"`
		Body    []*opmlOutline `xml:"body>outline"`
	}{Version: "2.0", Title: oneLine(title), Body: root.Outlines}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write OPML: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return fmt.Errorf("write OPML: %w", err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("write OPML: %w", err)
	}
	return nil
}

// folder returns the folder at a path, made if it is missing.
func (o *opmlOutline) folder(path []string) *opmlOutline {
	for _, name := range path {
		i := slices.IndexFunc(o.Outlines, func(c *opmlOutline) bool { return c.XMLURL == "" && c.Text == name })
		if i < 0 {
			o.Outlines = append(o.Outlines, &opmlOutline{Text: name})
			i = len(o.Outlines) - 1
		}
		o = o.Outlines[i]
	}
	return o
}

// carriesPassword tells if an address has, or may hide, a name and password.
func carriesPassword(u string) bool {
	at, err := url.Parse(u)
	return err != nil || at.User != nil
}
