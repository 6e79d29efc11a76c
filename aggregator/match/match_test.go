package match

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"topicwire/aggregator"
	"topicwire/aggregator/text"
)

var vocabulary = Vocabulary{"sputnik-v": {"Sputnik V", "Спутник V", "स्पूतनिक वी"}}

func compiled(t testing.TB, query string) *Query {
	t.Helper()
	q, err := Compile(query, vocabulary)
	if err != nil {
		t.Fatalf("Compile(%q): %v", query, err)
	}
	return q
}

// TestManual runs every example of docs/queries.md.
func TestManual(t *testing.T) {
	b, err := os.ReadFile("../../docs/queries.md")
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for line := range strings.SplitSeq(string(b), "\n") {
		cells := strings.Split(strings.Trim(line, "|"), " | ")
		if !strings.HasPrefix(line, "| `") || len(cells) < 2 {
			continue
		}
		ran++
		query := strings.Trim(strings.TrimSpace(cells[0]), "`")
		if len(cells) == 2 {
			_, err := Compile(query, vocabulary)
			if want := strings.TrimSpace(cells[1]); err == nil || err.Error() != want {
				t.Errorf("Compile(%q) = %v, want %s", query, err, want)
			}
			continue
		}
		d := &Document{Outlet: "Example News", URL: "https://example.org/world/1", BodyKnown: true}
		parts := strings.SplitN(cells[1], " / ", 3)
		d.Title = parts[0]
		if len(parts) > 1 {
			d.Summary = parts[1]
		}
		if len(parts) > 2 {
			d.Body = parts[2]
		}
		d.Language, _ = text.DetectLanguage(cells[1])
		if strings.Contains(cells[0], "lang:") {
			d.Language = "en"
		}
		want := strings.TrimSpace(cells[2]) == "✓"
		if v := compiled(t, query).Evaluate(d, 1); (v.Truth == aggregator.True) != want {
			t.Errorf("%s on %q (%s): %v, want match %v", query, cells[1], d.Language, v.Truth, want)
		}
	}
	if ran < 35 {
		t.Errorf("%d examples found in docs/queries.md", ran)
	}
}

// TestCorpus guards the countries of titles in many languages, and traps.
func TestCorpus(t *testing.T) {
	b, err := os.ReadFile("testdata/corpus.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var s score
	for line := range strings.SplitSeq(strings.TrimSuffix(string(b), "\n"), "\n") {
		cells := strings.Split(line, "\t")
		want := strings.Fields(cells[2])
		got := inFocus(&Document{Title: cells[1], Language: cells[0]})
		s.add(got, want)
		if !slices.Equal(got, want) {
			t.Logf("%s: %v, want %v", cells[1], got, want)
		}
	}
	t.Log(s)
	if s.p() < 97 || s.r() < 95 {
		t.Errorf("own corpus: %v, want P ≥ 97 R ≥ 95", s)
	}
}

func TestSyntaxErrors(t *testing.T) {
	for query, column := range map[string]int{
		"":             1,
		"  ":           1,
		"a )":          3,
		`a "b`:         3,
		"country:zz":   9,
		"日本 tilte:x":   4,
		"title:":       7,
		"a OR OR b":    6,
		"near/0(a, b)": 6,
		"near/5(a)":    7,
		"@nobody":      1,
		"***":          1,
		"-":            1,
		"NOT":          4,
		"a AND":        6,
	} {
		_, err := Compile(query, vocabulary)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || syntax.Column != column {
			t.Errorf("Compile(%q) = %v, want an error in column %d", query, err, column)
		}
	}
}

func TestWarnings(t *testing.T) {
	for query, want := range map[string]int{"a b": 0, "-a": 1, "a -a": 1, "a OR -b": 1, "lang:en": 0} {
		if got := compiled(t, query).Warnings(); len(got) != want {
			t.Errorf("Warnings(%q) = %q, want %d", query, got, want)
		}
	}
}

// TestUnknown: what the article's text could change is not yet false.
func TestUnknown(t *testing.T) {
	for _, c := range []struct {
		query     string
		threshold float64
		want      aggregator.Truth
	}{
		{"grain", 1, aggregator.True},
		{"wheat", 1, aggregator.Unknown},
		{"-wheat", 1, aggregator.Unknown},
		{"-grain", 1, aggregator.False},
		{"title:wheat", 1, aggregator.False},
		{"country:ru", 1, aggregator.True},
		{"country:in", 1, aggregator.Unknown},
		{"country:in", 9, aggregator.False},
		{"grain OR wheat", 1, aggregator.True},
		{"title:wheat country:in", 1, aggregator.False},
	} {
		d := &Document{Title: "Russia sells grain", Language: "en"}
		if v := compiled(t, c.query).Evaluate(d, c.threshold); v.Truth != c.want {
			t.Errorf("%s at %g: %v, want %v", c.query, c.threshold, v.Truth, c.want)
		}
	}
}

func TestEvidence(t *testing.T) {
	d := &Document{Title: "Вчера: Россия и Индия", Summary: "Rusia", Body: "x", Language: "ru", BodyKnown: true}
	v := compiled(t, "country:in").Evaluate(d, 1)
	if len(v.Evidence) != 1 {
		t.Fatalf("evidence %+v", v.Evidence)
	}
	e := v.Evidence[0]
	if got := string([]rune(d.Title)[e.Start:e.End]); got != "Индия" || e.Alias != got || e.Field != "title" || e.Term != "country:in" {
		t.Errorf("evidence %+v covers %q", e, got)
	}
	if s := compiled(t, "country:in country:fr").Explain(d, 1).String(); !strings.Contains(s, "country:fr is not found") {
		t.Errorf("explanation %s", s)
	}
}

func TestSet(t *testing.T) {
	set, bad := NewSet([]aggregator.Topic{
		{ID: 1, Slug: "a", Query: "country:ru country:in"},
		{ID: 2, Slug: "b", Query: "tilte:x"},
		{ID: 3, Slug: "c", Query: "weapons", Languages: []string{"de"}},
		{ID: 4, Slug: "d", Query: "wheat"},
	}, nil)
	if len(bad) != 1 || bad[0].Topic.Slug != "b" {
		t.Errorf("bad = %v", bad)
	}
	vs := set.Evaluate(&Document{Title: "Russia and India discuss weapons", Language: "en", BodyKnown: true})
	if len(vs) != 1 || vs[0].Topic != 1 || vs[0].Truth != aggregator.True {
		t.Errorf("verdicts %+v", vs)
	}
}

func TestCountryNames(t *testing.T) {
	if got := CountryNames("RU", "id"); !slices.Contains(got, "Rusia") {
		t.Errorf("CountryNames(RU, id) = %q", got)
	}
}

// TestX19QueriesAreNoPatterns (BEHAVIOUR X-19): what an editor writes is
// looked for as it stands, and no text makes it slow.
func TestX19QueriesAreNoPatterns(t *testing.T) {
	long := strings.Repeat("a", 100_000) + "!"
	for _, query := range []string{`"(a+)+$"`, `"a.*b"`, `"[a-z]+"`} {
		d := &Document{Title: "aaa cat sat", Summary: "ab axxb", Body: long, BodyKnown: true, Language: "en"}
		if v := compiled(t, query).Evaluate(d, 1); v.Truth == aggregator.True {
			t.Errorf("%s matches as a pattern: %+v", query, v.Evidence)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, q := range []string{"a OR (b -c)", `title:"x y" near/5(a, b)`, "country:(ru OR in) @sputnik-v", "日本*", "-"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		_, err := Compile(query, vocabulary)
		var syntax *SyntaxError
		if err != nil && (!errors.As(err, &syntax) || syntax.Column < 1 || syntax.Column > utf8.RuneCountInString(query)+1) {
			t.Errorf("Compile(%q) = %v", query, err)
		}
	})
}

func FuzzEvaluate(f *testing.F) {
	f.Add("Россия и Индия", "印度", "الهند\nU.S. said. It", "ar")
	f.Add("\xff", "İ ß", "a", "und")
	q, err := Compile(`country:ru OR "u s" OR in* OR same_sentence(a, country:in) OR near/3(a, b) OR -@sputnik-v`, vocabulary)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, title, summary, body, lang string) {
		d := &Document{Title: title, Summary: summary, Body: body, Language: lang}
		fields := map[string]string{"title": title, "summary": summary, "body": body}
		for _, e := range q.Evaluate(d, 1).Evidence {
			r := []rune(fields[e.Field])
			if e.Start < 0 || e.End > len(r) || e.Start >= e.End {
				t.Fatalf("evidence %+v outside %q", e, fields[e.Field])
			}
			if utf8.RuneCountInString(e.Snippet) > maxSnippet {
				t.Fatalf("snippet of %d characters", utf8.RuneCountInString(e.Snippet))
			}
		}
		Countries(d)
	})
}

func BenchmarkEvaluate(b *testing.B) {
	body := strings.Repeat("The minister of foreign affairs said on Tuesday that the ports would open again in spring. ", 22)
	d := &Document{Title: "Russia and India discuss weapons", Summary: body[:300], Body: body, Language: "en", BodyKnown: true}
	for _, n := range []int{10, 500} {
		topics := make([]aggregator.Topic, n)
		for i := range topics {
			topics[i] = aggregator.Topic{ID: aggregator.TopicID(i + 1), Query: fmt.Sprintf("country:ru country:fr (word%d OR other%d)", i, i)}
		}
		set, _ := NewSet(topics, nil)
		set.Evaluate(d) // the names of the language are read once
		b.Run(fmt.Sprint(n, " topics"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				set.Evaluate(d)
			}
		})
	}
}
