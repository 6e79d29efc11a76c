package match

import "strings"

// countryLike finds the code of a country by its English name or a usual slip.
func countryLike(word string) string {
	switch strings.ToLower(word) {
	case "uk", "en":
		return "country:gb"
	case "usa":
		return "country:us"
	}
	var names []string
	byName := map[string]string{}
	for _, n := range namesOf("en") {
		f := strings.ToLower(n.form)
		if n.code != "--" && f[0] != '~' {
			names = append(names, f)
			byName[f] = "country:" + strings.ToLower(n.code)
		}
	}
	return byName[nearest(strings.ToLower(word), names)]
}

// nearest returns the candidate within two edits of s, or "".
func nearest(s string, candidates []string) string {
	best, bestD := "", 3
	for _, c := range candidates {
		if d := distance(s, c); d < bestD && d < max(2, len(s)) {
			best, bestD = c, d
		}
	}
	return best
}

// distance counts the edits between two words: letters added, dropped,
// changed, or two neighbours swapped.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if d := len(x) - len(y); d > 2 || d < -2 {
		return 3
	}
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
