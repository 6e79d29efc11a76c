package dedup

import "topicwire/aggregator"

// Grouper puts items into stories in the order they come, as the store does,
// in memory. The zero Grouper is ready; it is for one goroutine.
type Grouper struct {
	items   []*aggregator.StoryItem
	story   []int // of each item
	exact   map[int64][]int
	anchors map[int64][]int
	stories int
}

// maxSharers bounds how many items are looked at under one key: what hundreds
// of items share is furniture.
const maxSharers = 64

// Add files si and returns the number of its story, from 1. It keeps si.
func (g *Grouper) Add(si *aggregator.StoryItem) int {
	if g.exact == nil {
		g.exact, g.anchors = map[int64][]int{}, map[int64][]int{}
	}
	keys := Keys(si)
	story, best := 0, 0.0
	for _, i := range g.candidates(keys) {
		if l, ok := Link(si, g.items[i]); ok && rank(l) > best {
			story, best = g.story[i], rank(l)
		}
	}
	if story == 0 {
		g.stories++
		story = g.stories
	}
	n := len(g.items)
	g.items, g.story = append(g.items, si), append(g.story, story)
	for _, k := range keys {
		index := g.index(k)
		if at := index[k.Hash]; len(at) < maxSharers {
			index[k.Hash] = append(at, n)
		}
	}
	return story
}

func (g *Grouper) index(k aggregator.StoryKey) map[int64][]int {
	if k.Exact {
		return g.exact
	}
	return g.anchors
}

// candidates returns the items that share an exact key or two anchors.
func (g *Grouper) candidates(keys []aggregator.StoryKey) (found []int) {
	shares := map[int]int{}
	for _, k := range keys {
		weight := 1
		if k.Exact {
			weight = 2
		}
		for _, i := range g.index(k)[k.Hash] {
			before := shares[i]
			shares[i] = before + weight
			if before < 2 && shares[i] >= 2 {
				found = append(found, i)
			}
		}
	}
	return found
}

func rank(l aggregator.Link) float64 {
	switch l.Reason {
	case aggregator.LinkURL:
		return 3
	case aggregator.LinkTitle:
		return 2
	}
	return l.Strength
}
