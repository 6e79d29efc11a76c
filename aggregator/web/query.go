package web

import (
	"errors"

	"topicwire/aggregator/match"
)

// queryProblem puts a syntax error before the eyes of who typed the query.
// For any other error the problem is empty.
func queryProblem(query string, err error) previewData {
	var se *match.SyntaxError
	if !errors.As(err, &se) {
		return previewData{}
	}
	runes := []rune(query)
	at := min(max(se.Column-1, 0), len(runes))
	return previewData{
		Tested: true, Problem: se.Msg, Hint: se.Suggestion, Column: se.Column,
		Before: string(runes[:at]), At: string(runes[at:]),
	}
}
