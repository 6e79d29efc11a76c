package text

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"":               "",
		"abc 1":          "abc 1",
		"Rusia":          "rusia",
		"Орёл":           "орел",
		"Straße":         "strasse",
		"أَلْهِند":       "الهند",
		"Ρωσία":          "ρωσια",
		"ＲＵＳＳＩＡ":         "russia",
		"क़ानून":         "कानून",
		"İSTANBUL":       "istanbul",
		"soft\u00adware": "software",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestTokens(t *testing.T) {
	s := "L'Inde и 印度 की U.S."
	var got []string
	for _, tok := range Tokens(s) {
		w := s[tok.ByteStart:tok.ByteEnd]
		if r := string([]rune(s)[tok.Start:tok.End]); r != w {
			t.Errorf("runes %d:%d are %q, bytes say %q", tok.Start, tok.End, r, w)
		}
		got = append(got, w)
	}
	if want := []string{"L", "Inde", "и", "印", "度", "की", "U", "S"}; !slices.Equal(got, want) {
		t.Errorf("Tokens(%q) = %q, want %q", s, got, want)
	}
}

func TestSentences(t *testing.T) {
	for in, want := range map[string][]string{
		"One. Two! Three?":               {"One.", "Two!", "Three?"},
		"Mr. Smith met Dr. Lee. He left": {"Mr. Smith met Dr. Lee.", "He left"},
		"J. Smith came.\nLine":           {"J. Smith came.", "Line"},
		"俄罗斯。印度！":                        {"俄罗斯。", "印度！"},
		"भारत ने कहा। रूस ने कहा।": {"भारत ने कहा।", "रूस ने कहा।"},
		"": nil,
	} {
		if got := Sentences(in, ""); !slices.Equal(got, want) {
			t.Errorf("Sentences(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestPlainText(t *testing.T) {
	for in, want := range map[string]string{
		"a  b":                                  "a b",
		"<p>One <b>t</b>wo</p><p>Three</p>":     "One two\nThree",
		"x<script>bad()</script>y<br>z &amp; q": "xy\nz & q",
		"<style>p{}</style><div>a</div>":        "a",
		"a < b":                                 "a < b",
	} {
		if got := PlainText(in); got != want {
			t.Errorf("PlainText(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestTruncate(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{
		{"short", 10, "short"},
		{"one two three", 9, "one two…"},
		{"印度和俄罗斯", 4, "印度和…"},
		{"anything", 0, ""},
	} {
		if got := Truncate(c.in, c.n); got != c.want {
			t.Errorf("Truncate(%q, %d) = %q, want %q", c.in, c.n, got, c.want)
		}
	}
}

func TestDetectLanguage(t *testing.T) {
	for in, want := range map[string]string{
		"Rusia dan India Bahas Produksi Senjata Bersama":   "id",
		"Россия и Индия обсудили производство оружия":      "ru",
		"रूस और भारत":                                      "hi",
		"俄罗斯和印度讨论联合生产武器":                                   "zh-Hans",
		"Russia and India discuss making weapons together": "en",
		"Die Regierung hat den Haushalt beschlossen":       "de",
		"12 34": "und",
		"":      "und",
	} {
		if got, _ := DetectLanguage(in); got != want {
			t.Errorf("DetectLanguage(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestDetectTitles measures titles that the table was not trained on.
func TestDetectTitles(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/data/parallel/ntrex/*.jsonl")
	if len(files) == 0 {
		t.Skip("no shared/data/parallel beside the checkout")
	}
	n, right, unknown := 0, 0, 0
	for _, f := range files {
		want := strings.TrimSuffix(filepath.Base(f), ".jsonl")
		r, err := os.Open(f)
		if err != nil {
			t.Fatal(err)
		}
		sc := bufio.NewScanner(r)
		sc.Buffer(nil, 1<<20)
		for sc.Scan() {
			var l struct{ Title string }
			if err := json.Unmarshal(sc.Bytes(), &l); err != nil {
				t.Fatal(err)
			}
			n++
			switch got, _ := DetectLanguage(l.Title); got {
			case want:
				right++
			case "und":
				unknown++
			}
		}
		_ = r.Close()
	}
	t.Logf("titles: %d of %d right (%.1f %%), %d unknown", right, n, 100*float64(right)/float64(n), unknown)
	if right*100 < n*95 {
		t.Errorf("language of titles: %d of %d right", right, n)
	}
}

func FuzzText(f *testing.F) {
	f.Add("<p>Mr. Smith\u00ad Россия 印度 İ</p>", 7)
	f.Add("\xff\xfe<script", 1)
	f.Fuzz(func(t *testing.T, s string, n int) {
		Fold(s)
		PlainText(s)
		Sentences(s, "")
		DetectLanguage(s)
		if n > 0 && utf8.ValidString(s) && !utf8.ValidString(Truncate(s, n%1000)) {
			t.Errorf("Truncate(%q, %d) is not UTF-8", s, n)
		}
		last := 0
		for _, tok := range Tokens(s) {
			if tok.Start < last || tok.End <= tok.Start || tok.ByteEnd > len(s) {
				t.Fatalf("bad token %+v of %q", tok, s)
			}
			last = tok.End
		}
	})
}

func BenchmarkDetectLanguage(b *testing.B) {
	DetectLanguage("Rusia dan India")
	b.ResetTimer()
	for b.Loop() {
		DetectLanguage("Rusia dan India Bahas Produksi Senjata Bersama, kata Menteri Luar Negeri")
	}
}
