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

// maxNearMisses bounds what is kept while a backtest runs.
const maxNearMisses = 1000

// TestTopic runs a draft over the items first seen since a time, beside the
// live topic (for a new topic: the draft itself). At most show items of each
// kind are listed. A query that cannot be parsed is a *match.SyntaxError.
func TestTopic(ctx context.Context, archive Archive, live, draft *aggregator.Topic, v match.Vocabulary, since time.Time, show int) (*aggregator.Backtest, error) {
	q, err := match.Compile(draft.Query, v)
	if err != nil {
		return nil, fmt.Errorf("query %q: %w", draft.Query, err)
	}
	l, d := *live, *draft
	l.ID, d.ID = 1, 2
	set, _ := match.NewSet([]aggregator.Topic{l, d}, v) // a live query that no longer parses catches nothing
	bt := &aggregator.Backtest{
		Query: draft.Query, Since: since.UTC().Truncate(time.Second), Warnings: q.Warnings(),
		ByDay: map[string]int{}, ByOutlet: map[string]int{}, ByLanguage: map[string]int{},
		Newest: []aggregator.Tested{}, Gained: []aggregator.Tested{}, Lost: []aggregator.Tested{}, NearMisses: []aggregator.Tested{},
	}
	err = archive.EachItem(ctx, since, func(si *aggregator.StoryItem) error {
		var liveVerdict, draftVerdict match.Verdict
		doc := document(si)
		for _, verdict := range set.Evaluate(doc) {
			if verdict.Topic == d.ID {
				draftVerdict = verdict
			} else {
				liveVerdict = verdict
			}
		}
		if draftVerdict.Truth != aggregator.True {
			draftVerdict = q.Evaluate(doc, d.Threshold) // how near it came
		}
		addTested(bt, si, draftVerdict, liveVerdict)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("test query on history: %w", err)
	}
	trimBacktest(bt, show)
	return bt, nil
}

func addTested(bt *aggregator.Backtest, si *aggregator.StoryItem, draft, live match.Verdict) {
	bt.Items++
	t := aggregator.Tested{
		ID: si.ID, Title: si.Title, Outlet: si.Outlet, Language: si.Language, URL: si.URL, Published: si.Date().UTC(),
		Score: draft.Score, Threshold: draft.Threshold, Evidence: draft.Evidence,
	}
	hit, was := draft.Topic != 0 && draft.Truth == aggregator.True, live.Truth == aggregator.True
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
			trimNearMisses(bt, maxNearMisses)
		}
	}
}

func trimBacktest(bt *aggregator.Backtest, show int) {
	for _, list := range []*[]aggregator.Tested{&bt.Newest, &bt.Gained, &bt.Lost} {
		slices.SortStableFunc(*list, func(a, b aggregator.Tested) int { return b.Published.Compare(a.Published) })
		*list = (*list)[:min(len(*list), show)]
	}
	trimNearMisses(bt, show)
}

func trimNearMisses(bt *aggregator.Backtest, n int) {
	slices.SortStableFunc(bt.NearMisses, func(a, b aggregator.Tested) int {
		return cmp.Compare(a.Threshold-a.Score, b.Threshold-b.Score)
	})
	bt.NearMisses = bt.NearMisses[:min(len(bt.NearMisses), n)]
}
