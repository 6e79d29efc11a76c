package demo

import (
	"cmp"
	"embed"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed newsroom
var files embed.FS

// outlet is an invented news organisation: the head of its file.
type outlet struct {
	Slug      string
	Name      string
	Language  string
	Format    string // rss, atom or json: of its feed
	Teaser    bool   // the feed carries headlines and teasers only
	Tagline   string
	Menu      []string
	See       string // "Baca juga", before a link between paragraphs
	Latest    string // over the list of other headlines
	Popular   string // over the side bar
	Follow    string // the line that begs for a subscription
	Footer    string
	Headlines []string  // that the side bar lists besides
	Reports   []*report // newest first
}

// report is one item and its page.
type report struct {
	Outlet  *outlet
	Slug    string
	Title   string
	Summary string
	Author  string
	Place   string // the dateline
	Section string
	Copy    string // outlet/slug of the report whose text this one carries word by word
	Text    []string
	At      time.Time
}

func (o *outlet) feedPath() string {
	return "/" + o.Slug + map[string]string{"rss": "/rss.xml", "atom": "/atom.xml", "json": "/feed.json"}[o.Format]
}

func (r *report) path() string  { return "/" + r.Outlet.Slug + "/" + r.Slug }
func (r *report) image() string { return r.path() + ".png" }

// RTL tells if the outlet writes from right to left.
func (o *outlet) RTL() bool { return o.Language == "ar" }

// others returns the outlet's other reports.
func (r *report) others() []*report {
	return slices.DeleteFunc(slices.Clone(r.Outlet.Reports), func(o *report) bool { return o == r })
}

// readNewsroom reads every outlet's file; ages in them count back from now.
func readNewsroom(now time.Time) ([]*outlet, error) {
	entries, err := files.ReadDir("newsroom")
	if err != nil {
		return nil, err
	}
	var outlets []*outlet
	for _, e := range entries {
		b, err := files.ReadFile(path.Join("newsroom", e.Name()))
		if err != nil {
			return nil, err
		}
		o, err := readOutlet(strings.TrimSuffix(e.Name(), ".txt"), string(b), now)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name(), err)
		}
		outlets = append(outlets, o)
	}
	return outlets, syndicate(outlets)
}

// readOutlet reads a file: a head of "key: value" lines, then reports, each
// begun by a line "=== slug age".
func readOutlet(slug, text string, now time.Time) (*outlet, error) {
	head, rest, _ := strings.Cut(text, "\n=== ")
	o := &outlet{Slug: slug}
	fields, _ := readHead(head)
	o.Name, o.Language, o.Format, o.Tagline = fields["outlet"], fields["language"], fields["format"], fields["tagline"]
	o.Teaser = fields["teaser"] == "yes"
	o.See, o.Latest, o.Popular, o.Follow, o.Footer = fields["see"], fields["latest"], fields["popular"], fields["follow"], fields["footer"]
	o.Menu, o.Headlines = list(fields["menu"]), list(fields["headlines"])
	if o.Name == "" || o.Language == "" || o.feedPath() == "/"+slug {
		return nil, fmt.Errorf("the head lacks outlet, language or format")
	}
	for part := range strings.SplitSeq(rest, "\n=== ") {
		r, err := readReport(o, part, now)
		if err != nil {
			return nil, err
		}
		o.Reports = append(o.Reports, r)
	}
	slices.SortStableFunc(o.Reports, func(a, b *report) int { return cmp.Compare(b.At.Unix(), a.At.Unix()) })
	return o, nil
}

func readReport(o *outlet, text string, now time.Time) (*report, error) {
	first, text, _ := strings.Cut(text, "\n")
	slug, age, _ := strings.Cut(strings.TrimSpace(first), " ")
	minutes, err := strconv.Atoi(age)
	if err != nil {
		return nil, fmt.Errorf("report %s: age %q is no number of minutes", slug, age)
	}
	fields, text := readHead(text)
	r := &report{
		Outlet: o, Slug: slug, Title: fields["title"], Summary: fields["summary"], Author: fields["author"],
		Place: fields["place"], Section: fields["section"], Copy: fields["copy"],
		At: now.Add(-time.Duration(minutes) * time.Minute).UTC().Truncate(time.Second),
	}
	for p := range strings.SplitSeq(text, "\n\n") {
		if p = strings.Join(strings.Fields(p), " "); p != "" {
			r.Text = append(r.Text, p)
		}
	}
	if r.Title == "" || r.Summary == "" || (len(r.Text) == 0) == (r.Copy == "") {
		return nil, fmt.Errorf("report %s lacks a title, a summary or a text", slug)
	}
	return r, nil
}

// readHead reads "key: value" lines up to an empty line.
func readHead(text string) (fields map[string]string, rest string) {
	head, rest, _ := strings.Cut(text, "\n\n")
	fields = map[string]string{}
	for line := range strings.Lines(head) {
		k, v, _ := strings.Cut(line, ":")
		fields[strings.TrimSpace(k)] = strings.TrimSpace(v)
	}
	return fields, rest
}

func list(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, "|") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// syndicate gives the copies their text.
func syndicate(outlets []*outlet) error {
	all := map[string]*report{}
	for _, o := range outlets {
		for _, r := range o.Reports {
			all[o.Slug+"/"+r.Slug] = r
		}
	}
	for _, r := range all {
		if r.Copy == "" {
			continue
		}
		from := all[r.Copy]
		if from == nil || from.Copy != "" {
			return fmt.Errorf("%s/%s copies %s, which has no text of its own", r.Outlet.Slug, r.Slug, r.Copy)
		}
		r.Text = from.Text
	}
	return nil
}
