package text

import (
	"testing"

	"golang.org/x/text/unicode/norm"
)

// TestStable: runes called stable are, alone and beside each other.
func TestStable(t *testing.T) {
	var all []rune
	for r := rune(0x80); r < 0xe000; r++ {
		if stable(r) {
			all = append(all, r)
			if s := string(r); norm.NFKC.String(s) != s || norm.NFKC.String("a"+s) != "a"+s || norm.NFKC.PropertiesString(s).CCC() != 0 && r != 0x94d {
				t.Errorf("%U is not stable", r)
			}
			if p := norm.NFKC.PropertiesString(string(r)); p.BoundaryBefore() == false && (r < 0x900 || r > 0x97f) {
				t.Errorf("%U may join what stands before it", r)
			}
		}
	}
	for r := rune(0x900); r < 0x980; r++ {
		for q := rune(0x900); q < 0x980; q++ {
			if s := string([]rune{r, q, r}); stable(r) && stable(q) && norm.NFKC.String(s) != s {
				t.Errorf("%U %U are not stable beside each other", r, q)
			}
		}
	}
	if s := string(all); norm.NFKC.String(s) != s {
		t.Error("the stable runes in a row are not normal")
	}
}

func FuzzIsNormal(f *testing.F) {
	for _, s := range []string{"a", "é", "e\u0301", "ﬁ", "x\u00a0y", "नि\u093c", "한\u11a8", "日本，", "\xff", "aa\u0308", "é\u0327\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := IsNormal(s), norm.NFKC.IsNormalString(s); got != want {
			t.Errorf("IsNormal(%q) = %v", s, got)
		}
	})
}
