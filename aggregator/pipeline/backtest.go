package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/match"
)

// Backtest is what a draft of a topic would have caught in the stored history,
// beside the live topic.
type Backtest struct {
	Query      string         `json:"query"`
	Since      time.Time      `json:"since"`
	Items      int            `json:"items"` // looked at
	Hits       int            `json:"hits"`
	ByDay      map[string]int `json:"by_day"` // 2026-11-24, UTC
	ByOutlet   map[string]int `json:"by_outlet"`
	ByLanguage map[string]int `json:"by_language"`
	Newest     []Tested       `json:"newest"`      // hits, newest first
	Gained     []Tested       `json:"gained"`      // hits that the live query does not catch
	Lost       []Tested       `json:"lost"`        // no hits, though the live query catches them
	NearMisses []Tested       `json:"near_misses"` // no hits, but with evidence; nearest first
	Warnings   []string       `json:"warnings,omitempty"`
}

// Tested is an item in a Backtest.
type Tested struct {
	ID        aggregator.ItemID     `json:"id"`
	Title     string                `json:"title"`
	Outlet    string                `json:"outlet"`
	Language  string                `json:"language"`
	URL       string                `json:"url"`
	Published time.Time             `json:"published"`
	Score     float64               `json:"score"`
	Threshold float64               `json:"threshold"`
	Evidence  []aggregator.Evidence `json:"evidence"`
}

// maxNearMisses bounds what is kept while a backtest runs.
const maxNearMisses = 1000

// TestTopic runs a draft over the items first seen since a time, beside the
// live topic (for a new topic: the draft itself). At most show items of each
// kind are listed. A query that cannot be parsed is a *match.SyntaxError.
func TestTopic(ctx context.Context, archive Archive, live, draft *aggregator.Topic, v match.Vocabulary, since time.Time, show int) (*Backtest, error) {
	q, err := match.Compile(draft.Query, v)
	if err != nil {
		return nil, fmt.Errorf("query %q: %w", draft.Query, err)
	}
	l, d := *live, *draft
	l.ID, d.ID = 1, 2
	set, _ := match.NewSet([]aggregator.Topic{l, d}, v) // a live query that no longer parses catches nothing
	bt := &Backtest{
		Query: draft.Query, Since: since.UTC().Truncate(time.Second), Warnings: q.Warnings(),
		ByDay: map[string]int{}, ByOutlet: map[string]int{}, ByLanguage: map[string]int{},
		Newest: []Tested{}, Gained: []Tested{}, Lost: []Tested{}, NearMisses: []Tested{},
	}
	err = archive.EachItem(ctx, since, func(si *aggregator.StoryItem) error {
		var liveVerdict, draftVerdict match.Verdict
		for _, verdict := range set.Evaluate(document(si)) {
			if verdict.Topic == d.ID {
				draftVerdict = verdict
			} else {
				liveVerdict = verdict
			}
		}
		bt.add(si, draftVerdict, liveVerdict)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("test query on history: %w", err)
	}
	bt.trim(show)
	return bt, nil
}

func (bt *Backtest) add(si *aggregator.StoryItem, draft, live match.Verdict) {
	bt.Items++
	t := Tested{
		ID: si.ID, Title: si.Title, Outlet: si.Outlet, Language: si.Language, URL: si.URL, Published: si.Date().UTC(),
		Score: draft.Score, Threshold: draft.Threshold, Evidence: draft.Evidence,
	}
	hit, was := draft.Truth == aggregator.True, live.Truth == aggregator.True
	if hit {
		bt.Hits++
		bt.ByDay[t.Published.Format(time.DateOnly)]++
		bt.ByOutlet[t.Outlet]++
		bt.ByLanguage[t.Language]++
		bt.Newest = append(bt.Newest, t)
	}
	switch {
	case hit && !was:
		bt.Gained = append(bt.Gained, t)
	case was && !hit:
		bt.Lost = append(bt.Lost, t)
	case !hit && len(draft.Evidence) > 0:
		bt.NearMisses = append(bt.NearMisses, t)
		if len(bt.NearMisses) >= 2*maxNearMisses {
			bt.trimNearMisses(maxNearMisses)
		}
	}
}

func (bt *Backtest) trim(show int) {
	for _, list := range []*[]Tested{&bt.Newest, &bt.Gained, &bt.Lost} {
		slices.SortStableFunc(*list, func(a, b Tested) int { return b.Published.Compare(a.Published) })
		*list = (*list)[:min(len(*list), show)]
	}
	bt.trimNearMisses(show)
}

func (bt *Backtest) trimNearMisses(n int) {
	slices.SortStableFunc(bt.NearMisses, func(a, b Tested) int {
		return cmp.Compare(a.Threshold-a.Score, b.Threshold-b.Score)
	})
	bt.NearMisses = bt.NearMisses[:min(len(bt.NearMisses), n)]
}
