// Package match is the topic query language and the gazetteer. A query is
// compiled once; documents come in, verdicts go out, each with the evidence
// for it: which term was found, in which field, where. One pass over a
// document finds the terms of all topics of a Set and every country it names.
//
// Evaluation is three-valued: Unknown means that the article's text, still to
// come, could change the answer. The package is pure: nothing is fetched or
// stored, and everything in it is safe for concurrent use. What language a
// document is in is for the caller to say (text.DetectLanguage helps).
// docs/queries.md teaches the language.
package match

import (
	"fmt"
	"time"

	"topicwire/aggregator"
)

// Document is an item as queries see it.
type Document struct {
	ID                   string
	Title, Summary, Body string // Body: paragraphs separated by "\n"
	Language             string // BCP 47; empty or "und": unknown
	Outlet, FeedURL, URL string
	FeedTags, Authors    []string
	Categories           []string
	Published            time.Time
	BodyKnown            bool // there is no more text to come
}

// Vocabulary is the editor's own entities: forms by the name used as @name.
type Vocabulary map[string][]string

// Verdict is what a query says of a document.
type Verdict struct {
	Topic     aggregator.TopicID // zero outside a Set
	Truth     aggregator.Truth
	Score     float64 // of the weakest entity that is needed; 1 is the measured optimum
	Threshold float64
	Evidence  []aggregator.Evidence
}

// TopicError says why a topic is left out of a Set.
type TopicError struct {
	Topic aggregator.Topic
	Err   error // a *SyntaxError
}

func (e TopicError) Error() string { return fmt.Sprintf("topic %s: %v", e.Topic.Slug, e.Err) }

// Unwrap returns the reason.
func (e TopicError) Unwrap() error { return e.Err }

// SyntaxError is a query that cannot be read, with the place and the cure.
type SyntaxError struct {
	Column     int // in characters, from 1
	Msg        string
	Suggestion string // empty: none
}

func (e *SyntaxError) Error() string {
	s := fmt.Sprintf("column %d: %s", e.Column, e.Msg)
	if e.Suggestion != "" {
		s += ": did you mean " + e.Suggestion + "?"
	}
	return s
}

// Position returns the column, so that whoever shows the query can point at it.
func (e *SyntaxError) Position() int { return e.Column }

// Query is a compiled query.
type Query struct {
	root     *node
	terms    *index // its literal terms
	nterms   int
	warnings []string
}

// Compile reads a query. The error is a *SyntaxError.
func Compile(query string, v Vocabulary) (*Query, error) {
	var t terms
	root, warnings, err := compile(query, v, &t)
	if err != nil {
		return nil, err
	}
	return &Query{root: root, terms: t.index(), nterms: len(t.patterns), warnings: warnings}, nil
}

// Warnings says what in the query is allowed but hardly meant.
func (q *Query) Warnings() []string { return q.warnings }

// Evaluate judges a document. A threshold of 0 means 1.
func (q *Query) Evaluate(d *Document, threshold float64) Verdict {
	s := newScan(d)
	defer s.free()
	s.findTerms(q.terms, q.nterms)
	return s.verdict(q.root, threshold)
}

func (s *scan) verdict(root *node, threshold float64) Verdict {
	if threshold <= 0 {
		threshold = 1
	}
	v := Verdict{Threshold: threshold}
	v.Truth, v.Score = s.eval(root, threshold)
	v.Score = finite(v.Score, v.Truth)
	if v.Truth != aggregator.False {
		v.Evidence = s.collect(nil, root)
	}
	return v
}

// finite replaces the neutral score of a query without entities.
func finite(score float64, t aggregator.Truth) float64 {
	switch {
	case score != neutral:
		return score
	case t == aggregator.True:
		return 1
	}
	return 0
}

// Set is many topics, matched in one pass. The zero Set has no topics.
type Set struct {
	topics []setTopic
	revs   map[aggregator.TopicID]int64
	terms  *index
	nterms int
}

type setTopic struct {
	id        aggregator.TopicID
	root      *node
	threshold float64
	languages []string
	feeds     map[string]bool
	tags      map[string]bool
}

// NewSet compiles the queries of topics. A topic whose query cannot be read is
// left out and reported.
func NewSet(topics []aggregator.Topic, v Vocabulary) (*Set, []TopicError) {
	s := &Set{revs: make(map[aggregator.TopicID]int64, len(topics))}
	var t terms
	var bad []TopicError
	for _, topic := range topics {
		s.revs[topic.ID] = topic.Revision
		root, _, err := compile(topic.Query, v, &t)
		if err != nil {
			bad = append(bad, TopicError{Topic: topic, Err: err})
			continue
		}
		s.topics = append(s.topics, setTopic{
			id: topic.ID, root: root, threshold: topic.Threshold,
			languages: topic.Languages, feeds: setOf(topic.Feeds), tags: setOf(topic.Tags),
		})
	}
	s.terms, s.nterms = t.index(), len(t.patterns)
	return s, bad
}

// Revisions returns the revision of every topic the set was made from, those
// left out included. It is shared: not to be changed.
func (s *Set) Revisions() map[aggregator.TopicID]int64 { return s.revs }

func setOf(list []string) map[string]bool {
	if len(list) == 0 {
		return nil
	}
	m := make(map[string]bool, len(list))
	for _, s := range list {
		m[s] = true
	}
	return m
}

// Evaluate judges a document for every topic and returns a verdict for each
// that is not plainly False.
func (s *Set) Evaluate(d *Document) []Verdict {
	if len(s.topics) == 0 {
		return nil
	}
	sc := newScan(d)
	defer sc.free()
	sc.quick = true
	sc.findTerms(s.terms, s.nterms)
	var out []Verdict
	for i := range s.topics {
		t := &s.topics[i]
		if !t.reads(d) {
			continue
		}
		if v := sc.verdict(t.root, t.threshold); v.Truth != aggregator.False {
			v.Topic = t.id
			out = append(out, v)
		}
	}
	return out
}

// reads tells whether the topic takes documents of that language and feed.
func (t *setTopic) reads(d *Document) bool {
	if t.feeds != nil && !t.feeds[d.FeedURL] {
		return false
	}
	if len(t.languages) > 0 {
		ok := false
		for _, l := range t.languages {
			ok = ok || sameLanguage(l, d.Language)
		}
		if !ok {
			return false
		}
	}
	if t.tags == nil {
		return true
	}
	for _, tag := range d.FeedTags {
		if t.tags[tag] {
			return true
		}
	}
	return false
}
