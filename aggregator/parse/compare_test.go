package parse

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// compared is a feed made by hand and what another parser reads in it.
type compared struct {
	Name    string            `json:"name"`
	Headers map[string]string `json:"headers"`
	Text    string            `json:"text"`
	Base64  []byte            `json:"base64"`
	Theirs  map[string]any    `json:"theirs"`
}

// deliberate says where and why we read something else.
type deliberate struct {
	Cases, Fields, Why string
	cases, fields      *regexp.Regexp
	used               int
}

func comparedCases(t *testing.T) (cases []compared) {
	t.Helper()
	f, err := os.Open("testdata/compare/cases.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c compared
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return cases
}

func deliberateDifferences(t *testing.T) (rules []*deliberate) {
	t.Helper()
	b, err := os.ReadFile("testdata/compare/deliberate.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &rules); err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		r.cases, r.fields = regexp.MustCompile("^(?:"+r.Cases+")$"), regexp.MustCompile("^(?:"+r.Fields+")$")
	}
	return rules
}

func goldenDifferences(t *testing.T) map[string]string {
	t.Helper()
	golden := map[string]string{}
	if b, err := os.ReadFile("testdata/compare/ours.json"); err != nil {
		t.Error(err)
	} else if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	return golden
}

// TestCompare reads feeds that the Universal Feed Parser has read too. Each
// difference is one of those that are meant, each of these is found, and what
// we read there is what ours.json says.
func TestCompare(t *testing.T) {
	rules := deliberateDifferences(t)
	cases := comparedCases(t)
	golden := goldenDifferences(t)
	found := map[string]string{}
	fields, same, meant, fieldCount := map[string]int{}, 0, 0, 0
	for _, c := range cases {
		body := c.Base64
		if body == nil {
			body = []byte(c.Text)
		}
		h := http.Header{}
		for k, v := range c.Headers {
			h.Set(k, v)
		}
		var ours map[string]any
		b, err := json.Marshal(Inspect(Input{Body: body, URL: h.Get("Content-Location"), Header: h, ContentType: h.Get("Content-Type")}))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &ours); err != nil {
			t.Fatal(err)
		}
		bad, ok := 0, true
		compareDocs(c.Theirs, ours, func(field string, theirs, us any) {
			fieldCount++
			if reflect.DeepEqual(theirs, us) {
				return
			}
			ok = false
			for _, r := range rules {
				if r.cases.MatchString(c.Name) && r.fields.MatchString(field) {
					r.used++
					key, value := c.Name+": "+field, fmt.Sprintf("%q", us)
					if have := found[key]; have != "" {
						value = have + " " + value
					}
					found[key] = value
					return
				}
			}
			bad++
			fields[field]++
			t.Errorf("%s: %s: theirs %q, ours %q", c.Name, field, theirs, us)
		})
		switch {
		case ok:
			same++
		case bad == 0:
			meant++
		}
	}
	t.Logf("%d feeds, %d fields: %d feeds read alike, %d with differences that are meant; others by field: %v", len(cases), fieldCount, same, meant, fields)
	if *update {
		b, err := json.MarshalIndent(found, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("testdata/compare/ours.json", append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if d := cmp.Diff(golden, found); d != "" {
		t.Errorf("what we read where we differ, -want +got:\n%s", d)
	}
	for _, r := range rules {
		if r.used == 0 {
			t.Errorf("no case shows the difference %q of %q", r.Fields, r.Cases)
		}
	}
}

// compareDocs calls fn for each field that either has.
func compareDocs(theirs, ours map[string]any, fn func(field string, theirs, ours any)) {
	for _, k := range []string{"version", "encoding"} {
		fn(k, str(theirs[k]), str(ours[k]))
	}
	compareFields("feed.", object(theirs["feed"]), object(ours["feed"]), fn)
	a, b := list(theirs["items"]), list(ours["items"])
	fn("items", len(a), len(b))
	for i := range min(len(a), len(b)) {
		compareFields("item.", object(a[i]), object(b[i]), fn)
	}
}

func compareFields(prefix string, theirs, ours map[string]any, fn func(field string, theirs, ours any)) {
	names := map[string]bool{}
	for _, m := range []map[string]any{theirs, ours} {
		for k := range m {
			names[k] = true
		}
	}
	delete(names, "language")
	if theirs["language"] != nil || prefix == "feed." { // of an item they say it by element
		names["language"] = true
	}
	sorted := make([]string, 0, len(names))
	for k := range names {
		sorted = append(sorted, k)
	}
	sort.Strings(sorted)
	for _, k := range sorted {
		a, b := theirs[k], ours[k]
		switch k {
		case "title":
			fn(prefix+k, plainWords(str(a)), plainWords(str(b)))
		case "summary", "rights", "subtitle":
			fn(prefix+k, canonicalHTML(str(a)), canonicalHTML(str(b)))
		case "published", "updated":
			fn(prefix+k, instant(str(a)), instant(str(b)))
		case "language":
			fn(prefix+k, strings.ToLower(strings.ReplaceAll(str(a), "_", "-")), strings.ToLower(str(b)))
		case "content":
			fn(prefix+k, contents(list(a)), contents(list(b)))
			fn(prefix+k+".type", each(list(a), "type"), each(list(b), "type"))
		case "links", "enclosures", "authors", "contributors", "tags":
			fn(prefix+k, rendered(list(a)), rendered(list(b)))
		case "source":
			fn(prefix+k, rendered([]any{a}), rendered([]any{b}))
		default:
			fn(prefix+k, str(a), str(b))
		}
	}
}

func str(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func object(v any) map[string]any { m, _ := v.(map[string]any); return m }
func list(v any) []any            { l, _ := v.([]any); return l }

func each(l []any, key string) (out []string) {
	for _, v := range l {
		out = append(out, str(object(v)[key]))
	}
	return out
}

func contents(l []any) (out []string) {
	for _, v := range l {
		s := str(object(v)["value"])
		if object(v)["type"] == "text/plain" {
			s = html.EscapeString(s)
		}
		out = append(out, canonicalHTML(s))
	}
	return out
}

// rendered writes objects as text: keys in order, no empty values.
func rendered(l []any) (out []string) {
	for _, v := range l {
		var parts []string
		for k, v := range object(v) {
			if s := strings.TrimSpace(str(v)); s != "" {
				parts = append(parts, k+"="+s)
			}
		}
		slices.Sort(parts)
		out = append(out, strings.Join(parts, " "))
	}
	return out
}

// plainWords returns the words of a title, markup or not.
func plainWords(s string) string {
	s = regexp.MustCompile(`(?s)<[^<>]*>`).ReplaceAllString(s, "")
	return strings.Join(strings.Fields(html.UnescapeString(html.UnescapeString(s))), " ")
}

func instant(s string) string {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return s
	}
	return t.UTC().Truncate(time.Second).Format(time.RFC3339)
}

// canonicalHTML writes HTML as its tree says: attributes in order, those that
// only a page needs left out, white space joined.
func canonicalHTML(s string) string {
	nodes, err := html.ParseFragment(strings.NewReader(s), &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		return s
	}
	var b strings.Builder
	for _, n := range nodes {
		for d := range n.Descendants() {
			tidyNode(d)
		}
		tidyNode(n)
		_ = html.Render(&b, n)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func tidyNode(n *html.Node) {
	var keep []html.Attribute
	for _, a := range n.Attr {
		if a.Key != "rel" && a.Key != "target" {
			keep = append(keep, a)
		}
	}
	slices.SortFunc(keep, func(a, b html.Attribute) int { return strings.Compare(a.Key, b.Key) })
	n.Attr = keep
}
