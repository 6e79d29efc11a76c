package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/match"
)

// Archive is the part of the store that a changed topic is matched against.
type Archive interface {
	Topics(ctx context.Context) ([]aggregator.Topic, error)
	EachItem(ctx context.Context, since time.Time, fn func(*aggregator.StoryItem) error) error
	RecordRematch(ctx context.Context, r aggregator.Rematch) error
}

const rematchBatch = 500

// Rematch evaluates a topic on the stored history and saves what matches, as
// back-fill: with its own dates, never as news. Of a page that asks not to be
// kept there is no text to evaluate, only what the feed said. A topic that changes
// meanwhile is left to the next call; that is no error.
func Rematch(ctx context.Context, archive Archive, t *aggregator.Topic, v match.Vocabulary, now func() time.Time) (matched int, err error) {
	set, bad := match.NewSet([]aggregator.Topic{*t}, v)
	if len(bad) > 0 {
		return 0, fmt.Errorf("topic %s: %w", t.Slug, bad[0].Err)
	}
	r := aggregator.Rematch{Topic: t.ID, Revision: t.Revision}
	flush := func() error {
		err := archive.RecordRematch(ctx, r)
		r.Items, r.Matches = r.Items[:0], r.Matches[:0]
		return err
	}
	err = archive.EachItem(ctx, time.Time{}, func(si *aggregator.StoryItem) error {
		r.Items = append(r.Items, si.ID)
		for _, verdict := range set.Evaluate(document(si)) {
			if verdict.Truth == aggregator.True {
				matched++
				unquote(verdict.Evidence, si.Article, si.Article == nil || !si.Article.NoSnippet)
				r.Matches = append(r.Matches, aggregator.Match{
					Topic: t.ID, Item: si.ID, Score: verdict.Score, Threshold: verdict.Threshold,
					Evidence: verdict.Evidence, At: now(), Backfill: true,
				})
			}
		}
		if len(r.Items) < rematchBatch {
			return nil
		}
		return flush()
	})
	if err == nil {
		r.Done = true
		err = flush()
	}
	if errors.Is(err, aggregator.ErrConflict) {
		return matched, nil
	}
	if err != nil {
		return matched, fmt.Errorf("match history against topic %s: %w", t.Slug, err)
	}
	return matched, nil
}

// RematchPending does so for every topic whose history is still to be matched.
// A topic whose query does not parse waits until it does.
func RematchPending(ctx context.Context, archive Archive, v match.Vocabulary, now func() time.Time) error {
	topics, err := archive.Topics(ctx)
	if err != nil {
		return err
	}
	for i := range topics {
		if !topics[i].Pending {
			continue
		}
		if _, err := match.Compile(topics[i].Query, v); err != nil {
			continue // told when the topics were compiled
		}
		if _, err := Rematch(ctx, archive, &topics[i], v, now); err != nil {
			return err
		}
	}
	return nil
}
