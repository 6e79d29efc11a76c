package match

import (
	"fmt"
	"slices"
	"strings"

	"topicwire/aggregator"
)

// Explanation says in words why a document matches, or by how much it misses.
type Explanation struct {
	Truth     string            `json:"truth"` // true, false or unknown
	Score     float64           `json:"score"`
	Threshold float64           `json:"threshold"`
	Words     string            `json:"words"`
	Terms     []TermExplanation `json:"terms"`
}

// TermExplanation says what one term of the query found.
type TermExplanation struct {
	Term     string                `json:"term"`
	Truth    string                `json:"truth"`
	Negated  bool                  `json:"negated,omitempty"`
	Points   int                   `json:"points,omitempty"` // of an entity
	Needed   float64               `json:"needed,omitempty"` // points an entity needs
	Evidence []aggregator.Evidence `json:"evidence"`
}

// Explain evaluates a document and says why the answer is what it is.
func (q *Query) Explain(d *Document, threshold float64) Explanation {
	if threshold <= 0 {
		threshold = 1
	}
	s := newScan(d)
	defer s.free()
	s.findTerms(q.terms, q.nterms)
	truth, score := s.eval(q.root, threshold)
	e := Explanation{Truth: truth.String(), Score: finite(score, truth), Threshold: threshold}
	s.explain(&e, q.root, threshold, false)
	switch truth {
	case aggregator.True:
		e.Words = "It matches."
	case aggregator.Unknown:
		e.Words = "It may match: the article's text decides."
	case aggregator.False:
		e.Words = "It does not match: " + missing(e.Terms) + "."
	}
	return e
}

func (s *scan) explain(e *Explanation, n *node, threshold float64, negated bool) {
	switch n.op {
	case opAnd, opOr:
		for _, k := range n.kids {
			s.explain(e, k, threshold, negated)
		}
		return
	case opNot:
		s.explain(e, n.kids[0], threshold, !negated)
		return
	default:
	}
	truth, score := s.eval(n, threshold)
	t := TermExplanation{Term: n.term, Truth: truth.String(), Negated: negated, Evidence: s.collect([]aggregator.Evidence{}, n)}
	if n.op == opCountry || n.op == opName {
		t.Points, t.Needed = int(score*focus+0.5), focus*threshold
	}
	e.Terms = append(e.Terms, t)
}

func missing(terms []TermExplanation) string {
	var out []string
	for _, t := range terms {
		switch {
		case t.Negated && t.Truth == "true":
			out = append(out, t.Term+" is there and must not be")
		case t.Negated || t.Truth == "true":
		case t.Needed > 0 && t.Points > 0:
			out = append(out, fmt.Sprintf("%s is mentioned but not a subject (%d of %g points)", t.Term, t.Points, t.Needed))
		default:
			out = append(out, t.Term+" is not found")
		}
	}
	if len(out) == 0 {
		return "its terms do not meet"
	}
	return strings.Join(out, "; ")
}

// String returns the explanation for a terminal.
func (e Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s Score %.2f, threshold %g.\n", e.Words, e.Score, e.Threshold)
	for _, t := range e.Terms {
		not := ""
		if t.Negated {
			not = "NOT "
		}
		fmt.Fprintf(&b, "  %s%s: %s", not, t.Term, t.Truth)
		if t.Needed > 0 {
			fmt.Fprintf(&b, ", %d of %g points", t.Points, t.Needed)
		}
		b.WriteByte('\n')
		for _, ev := range t.Evidence {
			fmt.Fprintf(&b, "    %s %d–%d: %s  %s\n", ev.Field, ev.Start, ev.End, ev.Alias, ev.Snippet)
		}
	}
	return b.String()
}

// warnings finds what can hardly be meant.
func warnings(n *node) []string {
	var out []string
	if onlyNegative(n) {
		out = append(out, "the query only excludes: it matches nearly everything")
	}
	return append(out, contradictions(nil, n)...)
}

// onlyNegative tells whether a document without a word could satisfy n.
func onlyNegative(n *node) bool {
	switch n.op {
	case opNot:
		return !onlyNegative(n.kids[0])
	case opAnd:
		for _, k := range n.kids {
			if !onlyNegative(k) {
				return false
			}
		}
		return true
	case opOr:
		return slices.ContainsFunc(n.kids, onlyNegative)
	default:
	}
	return false
}

func contradictions(out []string, n *node) []string {
	if n.op == opAnd {
		wanted := map[string]bool{}
		for _, k := range n.kids {
			if k.term != "" {
				wanted[strings.ToLower(k.term)] = true
			}
		}
		for _, k := range n.kids {
			if k.op == opNot && k.kids[0].term != "" && wanted[strings.ToLower(k.kids[0].term)] {
				out = append(out, "the query matches nothing: it wants and excludes "+k.kids[0].term)
			}
		}
	}
	for _, k := range n.kids {
		out = contradictions(out, k)
	}
	return out
}
