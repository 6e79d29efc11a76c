package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/dedup"
	"topicwire/aggregator/match"
	"topicwire/aggregator/text"
)

// textLine is a line of input of inspect match, countries and stories.
type textLine struct {
	ID        json.RawMessage `json:"id"`
	Title     string          `json:"title"`
	Summary   string          `json:"summary"`
	Text      string          `json:"text"`
	Language  string          `json:"language"`
	URL       string          `json:"url"`
	Outlet    string          `json:"outlet"`
	Published string          `json:"published"`
}

func (l *textLine) document() *match.Document {
	d := &match.Document{
		Title: l.Title, Summary: l.Summary, Body: l.Text, Language: l.Language, URL: l.URL, Outlet: l.Outlet,
		BodyKnown: true,
	}
	d.Published, _ = time.Parse(time.RFC3339, l.Published) // without a date: no date
	if d.Language == "" {
		d.Language, _ = text.DetectLanguage(l.Title + "\n" + l.Summary + "\n" + l.Text)
	}
	return d
}

// textLines answers each line of text; a bad line gets its error.
func (e *env) textLines(fn func(l *textLine) any) error {
	return e.lines(func(line []byte) any {
		var l textLine
		if err := json.Unmarshal(line, &l); err != nil {
			return badLine(l.ID, err)
		}
		return withID(l.ID, fn(&l))
	})
}

// InspectMatchCmd matches texts against a query.
type InspectMatchCmd struct {
	Query     string  `required:"" help:"The query; docs/queries.md teaches them."`
	Threshold float64 `default:"1" help:"1 is the measured optimum, lower is wider."`
}

// matchJSON is a line of what `inspect match` prints (DESIGN.md §4).
type matchJSON struct {
	Matched   bool                  `json:"matched"`
	Score     float64               `json:"score"`
	Threshold float64               `json:"threshold"`
	Evidence  []aggregator.Evidence `json:"evidence"`
}

// Run runs the command.
func (c *InspectMatchCmd) Run(e *env) error {
	vocabulary, err := e.configuredVocabulary()
	if err != nil {
		return err
	}
	q, err := match.Compile(c.Query, vocabulary)
	if err != nil {
		return usageError{fmt.Errorf("query %q: %w", c.Query, err)}
	}
	for _, w := range q.Warnings() {
		e.say("warning: %s", w)
	}
	return e.textLines(func(l *textLine) any {
		v := q.Evaluate(l.document(), c.Threshold)
		out := matchJSON{Matched: v.Truth == aggregator.True, Score: v.Score, Threshold: v.Threshold, Evidence: v.Evidence}
		if out.Evidence == nil {
			out.Evidence = []aggregator.Evidence{}
		}
		return out
	})
}

// InspectCountriesCmd says what texts are about.
type InspectCountriesCmd struct{}

// Run runs the command.
func (InspectCountriesCmd) Run(e *env) error {
	return e.textLines(func(l *textLine) any {
		d := l.document()
		countries := match.Countries(d)
		if countries == nil {
			countries = []match.Country{}
		}
		return map[string]any{"language": d.Language, "countries": countries}
	})
}

// InspectStoriesCmd groups items into stories.
type InspectStoriesCmd struct{}

// Run runs the command.
func (InspectStoriesCmd) Run(e *env) error {
	var groups dedup.Grouper
	return e.textLines(func(l *textLine) any {
		published, _ := time.Parse(time.RFC3339, l.Published)
		si := &aggregator.StoryItem{Outlet: l.Outlet, Article: &aggregator.Article{Status: aggregator.ArticleRead, Text: l.Text}}
		si.Title, si.Summary, si.Language, si.Published, si.FirstSeen = l.Title, l.Summary, l.Language, published, published
		si.URL, si.CanonicalURL = l.URL, dedup.CanonicalURL(l.URL)
		if si.Language == "" {
			si.Language, _ = text.DetectLanguage(l.Title + "\n" + l.Summary + "\n" + l.Text)
		}
		story := strconv.Itoa(groups.Add(si))
		return map[string]string{"story": story, "related": story}
	})
}
