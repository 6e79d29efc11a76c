package match

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const parallel = "../../../shared/data/parallel/"

// score counts detections against a gold list.
type score struct{ right, found, gold int }

func (s score) p() float64 { return 100 * float64(s.right) / float64(max(1, s.found)) }
func (s score) r() float64 { return 100 * float64(s.right) / float64(max(1, s.gold)) }

func (s score) String() string { return fmt.Sprintf("P %.1f R %.1f (%d)", s.p(), s.r(), s.gold) }

func (s *score) add(found, gold []string) {
	s.found += len(found)
	s.gold += len(gold)
	for _, f := range found {
		if slices.Contains(gold, f) {
			s.right++
		}
	}
}

func lines[T any](t testing.TB, file string) []T {
	t.Helper()
	r, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	var out []T
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<22)
	for sc.Scan() {
		var v T
		if err := json.Unmarshal(sc.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

type article struct {
	Doc, Language, Title, Text string
}

// inFocus returns the countries a text is about, without those that English
// names leave open.
func inFocus(d *Document) []string {
	var out []string
	for _, c := range Countries(d) {
		if c.InFocus && !slices.Contains([]string{"GE", "JO", "CG", "DM"}, c.Code) && judged(c.Code) {
			out = append(out, c.Code)
		}
	}
	slices.Sort(out)
	return out
}

// judged leaves out what is no independent state.
func judged(c string) bool {
	return !strings.Contains("GI GG JE IM FK GL FO AX MO RE GP MQ GF YT NC PF PM WF BL MF SX CW AW BQ AS GU MP PR VI UM BM KY TC VG AI MS SH IO GS CX CC NF CK NU TK PN AQ BV HM TF SJ EH AC TA DG CP IC EA CQ", c)
}

func pairs(codes []string) []string {
	var out []string
	for i, a := range codes {
		for _, b := range codes[i+1:] {
			out = append(out, a+"-"+b)
		}
	}
	return out
}

// TestParallel measures what news is about in 26 languages against the
// decision on the English original.
func TestParallel(t *testing.T) {
	files, _ := filepath.Glob(parallel + "ntrex/*.jsonl")
	if len(files) == 0 {
		t.Skip("no shared/data/parallel beside the checkout")
	}
	type gold struct {
		Doc     string
		InFocus []string `json:"in_focus"`
	}
	want := map[string][]string{}
	for _, g := range lines[gold](t, parallel+"gold-countries.jsonl") {
		want[g.Doc] = g.InFocus
	}
	var countries, both score
	missed, wrong := map[string]int{}, map[string]int{}
	for _, f := range files {
		var c, p score
		for _, a := range lines[article](t, f) {
			got := inFocus(&Document{Title: a.Title, Body: a.Text, Language: a.Language, BodyKnown: true})
			c.add(got, want[a.Doc])
			p.add(pairs(got), pairs(want[a.Doc]))
			for _, g := range want[a.Doc] {
				if !slices.Contains(got, g) {
					missed[a.Language+":"+g]++
				}
			}
			for _, g := range got {
				if !slices.Contains(want[a.Doc], g) {
					wrong[a.Language+":"+g]++
				}
			}
		}
		t.Logf("%-8s countries %v, pairs %v", strings.TrimSuffix(filepath.Base(f), ".jsonl"), c, p)
		countries = score{countries.right + c.right, countries.found + c.found, countries.gold + c.gold}
		both = score{both.right + p.right, both.found + p.found, both.gold + p.gold}
	}
	t.Logf("all: countries %v, pairs %v", countries, both)
	t.Logf("missed: %v", missed)
	t.Logf("wrong: %v", wrong)
	if both.p() < floorPairsP || both.r() < floorPairsR {
		t.Errorf("pairs %v, want P ≥ %d R ≥ %d", both, floorPairsP, floorPairsR)
	}
}

// Floors are what was measured, a little less.
const (
	floorPairsP = 95
	floorPairsR = 88
)

// TestKompas is the founding case: the article is about both, another page of
// the site is not.
func TestKompas(t *testing.T) {
	b, err := os.ReadFile("../../../shared/data/kompas/gold.json")
	if os.IsNotExist(err) {
		t.Skip("no shared/data/kompas beside the checkout")
	}
	if err != nil {
		t.Fatal(err)
	}
	var pages []struct{ File, Title, Language, Body string }
	if err := json.Unmarshal(b, &pages); err != nil {
		t.Fatal(err)
	}
	q, err := Compile("country:ru country:in", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		want := "true"
		if strings.HasPrefix(p.File, "v4") {
			want = "false"
		}
		v := q.Evaluate(&Document{Title: p.Title, Body: p.Body, Language: "id", BodyKnown: true}, 1)
		if v.Truth.String() != want {
			t.Errorf("%s: %v, want %s", p.File, v.Truth, want)
		}
	}
}
