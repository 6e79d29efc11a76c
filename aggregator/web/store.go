package web

import (
	"context"

	"topicwire/aggregator"
)

// Store is what the pages read. All methods are safe for concurrent use; a
// thing that is not there is aggregator.ErrNotFound.
type Store interface {
	topicReader
	storyReader
	feedReader
}

type topicReader interface {
	Topics(ctx context.Context) ([]aggregator.Topic, error)
	Topic(ctx context.Context, slug string) (*aggregator.Topic, error)
	TopicByToken(ctx context.Context, token string) (*aggregator.Topic, error)
	// TopicRevisions is cheap: it is asked twice a second.
	TopicRevisions(ctx context.Context) (map[aggregator.TopicID]int64, error)
}

type storyReader interface {
	// Entries come newest first.
	Entries(ctx context.Context, f aggregator.EntryFilter) ([]aggregator.Entry, error)
	// EntryMarks are those of all entries, in the same order, since f.Since.
	EntryMarks(ctx context.Context, f aggregator.EntryFilter) ([]aggregator.EntryMark, error)
	Story(ctx context.Context, publicID string) (*aggregator.Story, error)
	Item(ctx context.Context, id aggregator.ItemID) (*aggregator.StoryItem, error)
	ItemMatches(ctx context.Context, id aggregator.ItemID) ([]aggregator.Match, error)
}

type feedReader interface {
	Feeds(ctx context.Context, f aggregator.FeedFilter) ([]aggregator.Feed, error)
	Feed(ctx context.Context, id aggregator.FeedID) (*aggregator.Feed, error)
	// Hosts are those whose feeds are left alone for now, PageHosts those whose
	// pages are.
	Hosts(ctx context.Context) ([]aggregator.HostPause, error)
	PageHosts(ctx context.Context) ([]aggregator.HostPause, error)
}
