package web

import (
	"errors"
)

// queryProblem puts a syntax error before the eyes of who typed the query.
// For any other error the problem is empty.
func queryProblem(query string, err error) previewData {
	var se interface {
		error
		Position() int
	}
	if !errors.As(err, &se) {
		return previewData{}
	}
	runes := []rune(query)
	at := min(max(se.Position()-1, 0), len(runes))
	return previewData{Tested: true, Problem: se.Error(), Before: string(runes[:at]), At: string(runes[at:])}
}
