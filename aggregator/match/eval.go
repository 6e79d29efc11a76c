package match

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"topicwire/aggregator"
)

const (
	maxEvidence = 5   // places kept of one term
	maxSnippet  = 120 // characters
)

// neutral is the score of what is not weighed: it never is the weakest.
var neutral = math.Inf(1)

// eval returns the truth of a node and the score of its weakest entity.
func (s *scan) eval(n *node, threshold float64) (aggregator.Truth, float64) {
	switch n.op {
	case opAnd:
		truth, score := aggregator.True, neutral
		for _, k := range n.kids {
			t, sc := s.eval(k, threshold)
			truth, score = min(truth, t), min(score, sc)
			if s.quick && truth == aggregator.False {
				break
			}
		}
		return truth, score
	case opOr:
		truth, score := aggregator.False, math.Inf(-1)
		for _, k := range n.kids {
			t, sc := s.eval(k, threshold)
			if t > truth || t == truth && sc > score && sc != neutral || math.IsInf(score, -1) {
				score = sc
			}
			truth = max(truth, t)
		}
		return truth, score
	case opNot:
		t, _ := s.eval(n.kids[0], threshold)
		return aggregator.True - t, neutral
	case opCountry, opName:
		return s.weigh(n, threshold)
	case opMeta:
		return truthOf(s.meta(n)), neutral
	case opTerm:
		_, ok := s.firstIn(n.ids[0], n.fields)
		return s.orLater(ok, n.fields), neutral
	}
	_, ok := s.span(n)
	return s.orLater(ok, anyField), neutral
}

func truthOf(ok bool) aggregator.Truth {
	if ok {
		return aggregator.True
	}
	return aggregator.False
}

// orLater is Unknown for what is not found but may be in the text to come.
func (s *scan) orLater(found bool, fields uint8) aggregator.Truth {
	if !found && !s.doc.BodyKnown && fields&(1<<body) != 0 {
		return aggregator.Unknown
	}
	return truthOf(found)
}

// weigh decides if an entity is in focus.
func (s *scan) weigh(n *node, threshold float64) (aggregator.Truth, float64) {
	var t tally
	if n.op == opCountry {
		s.count()
		t = s.tallies[n.code]
	} else {
		t = s.tallyNames(n)
	}
	score := float64(t.points()) / focus
	if score >= threshold {
		return aggregator.True, score
	}
	if s.doc.BodyKnown || n.fields&(1<<body) == 0 {
		return aggregator.False, score
	}
	most := t // with all that a body could add
	most.body = bodyMax
	if s.fields[summary] == "" {
		most.lead = leadMax
	}
	if float64(most.points())/focus >= threshold {
		return aggregator.Unknown, score
	}
	return aggregator.False, score
}

func (s *scan) tallyNames(n *node) tally {
	var t tally
	for _, id := range n.ids {
		for h := s.head(id); h != 0; h = s.hits[h-1].next {
			tok := &s.tokens[s.hits[h-1].from]
			switch {
			case n.fields&(1<<tok.field) == 0 || tok.field == body && tok.ByteStart < s.bodyFrom:
			case tok.field == title:
				t.title++
			case tok.field == summary || tok.ByteStart < s.leadEnd:
				t.lead++
			default:
				t.body++
			}
		}
	}
	return t
}

func (s *scan) head(id int32) int32 {
	if int(id) >= len(s.heads) {
		return 0
	}
	return s.heads[id]
}

// firstIn returns the first hit of a term in the fields.
func (s *scan) firstIn(id int32, fields uint8) (hit, bool) {
	for h := s.head(id); h != 0; h = s.hits[h-1].next {
		if x := s.hits[h-1]; fields&(1<<s.tokens[x.from].field) != 0 {
			return x, true
		}
	}
	return hit{}, false
}

// places returns where a term, entity or OR of them is named.
func (s *scan) places(out []hit, n *node) []hit {
	switch n.op {
	case opOr:
		for _, k := range n.kids {
			out = s.places(out, k)
		}
	case opCountry:
		s.count()
		for _, m := range s.mentions {
			if m.code == n.code {
				out = append(out, hit{from: m.from, to: m.to})
			}
		}
	default:
		for _, id := range n.ids {
			for h := s.head(id); h != 0; h = s.hits[h-1].next {
				if x := s.hits[h-1]; n.fields&(1<<s.tokens[x.from].field) != 0 {
					out = append(out, hit{from: x.from, to: x.to})
				}
			}
		}
	}
	return out
}

// span finds two terms near each other, or in one sentence.
func (s *scan) span(n *node) (found [2]hit, ok bool) {
	const enough = 500 // places of one term
	a := s.places(nil, n.kids[0])
	if len(a) == 0 {
		return found, false
	}
	b := s.places(nil, n.kids[1])
	for _, x := range a[:min(len(a), enough)] {
		for _, y := range b[:min(len(b), enough)] {
			if x.from == y.from || s.tokens[x.from].field != s.tokens[y.from].field {
				continue
			}
			if n.op == opSentence && s.sentence(int(x.from)) == s.sentence(int(y.from)) {
				return [2]hit{x, y}, true
			}
			if between := max(x.from-y.to, y.from-x.to); n.op == opNear && between >= 0 && int(between) < n.near {
				return [2]hit{x, y}, true
			}
		}
	}
	return found, false
}

// meta tells whether a field outside the text has the value.
func (s *scan) meta(n *node) bool {
	d := s.doc
	switch n.meta {
	case "lang":
		return sameLanguage(n.value, d.Language)
	case "url":
		return strings.Contains(strings.ToLower(d.URL), n.value)
	case "feed":
		return strings.Contains(strings.ToLower(d.FeedURL), n.value)
	case "outlet":
		return n.within(d.Outlet)
	case "author":
		return anyWithin(n, d.Authors)
	}
	return anyWithin(n, d.FeedTags) || anyWithin(n, d.Categories)
}

func anyWithin(n *node, list []string) bool {
	return slices.ContainsFunc(list, n.within)
}

func (n *node) within(v string) bool {
	if v == "" {
		return false
	}
	want := n.value
	if n.prefix {
		want = strings.TrimSuffix(want, " ")
	}
	return strings.Contains(joined(v), want)
}

// collect appends the evidence for what a node found; negations have none.
func (s *scan) collect(out []aggregator.Evidence, n *node) []aggregator.Evidence {
	switch n.op {
	case opAnd, opOr:
		for _, k := range n.kids {
			out = s.collect(out, k)
		}
	case opCountry:
		s.count()
		out = s.mentionsOf(out, n.code, n.term)
	case opTerm, opName:
		kept := 0
		for _, id := range n.ids {
			for h := s.head(id); h != 0 && kept < maxEvidence; h = s.hits[h-1].next {
				if x := s.hits[h-1]; n.fields&(1<<s.tokens[x.from].field) != 0 {
					out = append(out, s.evidence(n.term, int(x.from), int(x.to)))
					kept++
				}
			}
		}
	case opNear, opSentence:
		if f, ok := s.span(n); ok {
			out = append(out, s.evidence(n.term, int(min(f[0].from, f[1].from)), int(max(f[0].to, f[1].to))))
		}
	case opMeta:
		if s.meta(n) {
			out = append(out, aggregator.Evidence{Term: n.term, Field: n.meta})
		}
	case opNot:
	}
	return out
}

func (s *scan) evidence(term string, from, to int) aggregator.Evidence {
	a, b := &s.tokens[from], &s.tokens[to-1]
	return aggregator.Evidence{
		Term: term, Alias: s.source(from, to), Field: fieldNames[a.field], Start: a.Start, End: b.End,
		Snippet: snippet(s.fields[a.field], a.ByteStart, b.ByteEnd),
	}
}

// snippet returns at most maxSnippet characters of a paragraph around [from, to).
func snippet(t string, from, to int) string {
	if i := strings.LastIndexByte(t[:from], '\n'); i >= 0 {
		t, from, to = t[i+1:], from-i-1, to-i-1
	}
	if i := strings.IndexByte(t[to:], '\n'); i >= 0 {
		t = t[:to+i]
	}
	start, end := from, to
	room := maxSnippet - 2 - utf8.RuneCountInString(t[from:to])
	for n := 0; n < room/3 && start > 0; n++ {
		_, size := utf8.DecodeLastRuneInString(t[:start])
		start, room = start-size, room-1
	}
	for ; room > 0 && end < len(t); room-- {
		_, size := utf8.DecodeRuneInString(t[end:])
		end += size
	}
	out := t[start:end]
	if utf8.RuneCountInString(out) > maxSnippet {
		out = string([]rune(out)[:maxSnippet-1]) + "…"
	}
	if start > 0 {
		if i := strings.IndexByte(out, ' '); i >= 0 && i < from-start {
			out = out[i+1:]
		}
		out = "…" + out
	}
	if end < len(t) {
		out += "…"
	}
	return out
}
