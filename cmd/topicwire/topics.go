package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/dedup"
	"topicwire/aggregator/match"
	"topicwire/aggregator/pipeline"
	"topicwire/aggregator/publish"
	"topicwire/store"
)

// TopicsCmd manages topics.
type TopicsCmd struct {
	List    TopicsListCmd    `cmd:"" help:"List all topics with their feeds."`
	Test    TopicsTestCmd    `cmd:"" help:"See what a topic or a draft query would have caught."`
	Explain TopicsExplainCmd `cmd:"" help:"Say why an item is in a topic, or why not."`
	Rebuild TopicsRebuildCmd `cmd:"" help:"Match the stored history against a topic again."`
}

// TopicsListCmd lists topics.
type TopicsListCmd struct{}

type topicRow struct {
	Slug     string `json:"slug"`
	Title    string `json:"title"`
	Query    string `json:"query"`
	Entries  int    `json:"entries"`
	Private  bool   `json:"private"`
	Declared string `json:"declared"`
	Page     string `json:"page"`
}

// Run runs the command.
func (TopicsListCmd) Run(e *env) error {
	a, err := e.open(openOptions{})
	if err != nil {
		return err
	}
	defer a.close()
	topics, err := a.store.Topics(e.ctx)
	if err != nil {
		return err
	}
	rows := make([]topicRow, len(topics))
	for i := range topics {
		t := &topics[i]
		rows[i] = topicRow{t.Slug, t.Title, t.Query, t.Entries, t.Private, string(t.Declared), publish.TopicURL(a.baseURL, t)}
	}
	if e.cli.JSON {
		return e.printJSON(rows)
	}
	w := tabwriter.NewWriter(visible{e.stdout}, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TOPIC\tENTRIES\tQUERY\tPAGE")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", r.Slug, r.Entries, r.Query, r.Page)
	}
	return w.Flush()
}

// TopicsTestCmd runs a query over the stored history.
type TopicsTestCmd struct {
	Slug  string `arg:"" optional:"" help:"A topic."`
	Query string `help:"A draft: instead of the topic's query, or without a topic."`
	Since string `help:"How far back: 12h, 30d, 4w." default:"30d"`
	Show  int    `help:"How many items to show of each kind." default:"10"`
}

// Run runs the command.
func (c *TopicsTestCmd) Run(e *env) error {
	if c.Slug == "" && c.Query == "" {
		return usageError{errors.New("topics test wants a topic, or --query")}
	}
	window, err := parseWindow(c.Since)
	if err != nil {
		return usageError{err}
	}
	a, err := e.open(openOptions{})
	if err != nil {
		return err
	}
	defer a.close()
	live := &aggregator.Topic{Query: c.Query, Threshold: 1}
	if c.Slug != "" {
		if live, err = e.topic(a.store, c.Slug); err != nil {
			return err
		}
	}
	draft := *live
	if c.Query != "" {
		draft.Query = c.Query
	}
	bt, err := pipeline.TestTopic(e.ctx, a.store, live, &draft, a.vocabulary(), e.now().Add(-window), c.Show)
	if _, bad := errors.AsType[*match.SyntaxError](err); bad {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	if e.cli.JSON {
		return e.printJSON(bt)
	}
	printBacktest(e, bt)
	return nil
}

func printBacktest(e *env, bt *aggregator.Backtest) {
	for _, w := range bt.Warnings {
		e.say("warning: %s", w)
	}
	e.printf("%s\n%d of %d items since %s\n", bt.Query, bt.Hits, bt.Items, bt.Since.Local().Format(time.DateOnly))
	days := slices.Sorted(maps.Keys(bt.ByDay))
	if len(days) > 0 {
		e.printf("\n")
	}
	top := 1
	for _, n := range bt.ByDay {
		top = max(top, n)
	}
	for _, d := range days {
		e.printf("  %s %4d %s\n", d, bt.ByDay[d], strings.Repeat("█", (bt.ByDay[d]*40+top-1)/top))
	}
	printCounts(e, "outlets", bt.ByOutlet)
	printCounts(e, "languages", bt.ByLanguage)
	printItems(e, "newest hits", bt.Newest)
	printItems(e, "gained against the live query", bt.Gained)
	printItems(e, "lost against the live query", bt.Lost)
	printItems(e, "near misses", bt.NearMisses)
}

func printCounts(e *env, head string, counts map[string]int) {
	if len(counts) == 0 {
		return
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(counts[b]-counts[a], strings.Compare(a, b))
	})
	e.printf("\n%s:", head)
	for _, n := range names[:min(len(names), 12)] {
		e.printf("  %s %d", n, counts[n])
	}
	e.printf("\n")
}

func printItems(e *env, head string, items []aggregator.Tested) {
	if len(items) == 0 {
		return
	}
	e.printf("\n%s:\n", head)
	for _, it := range items {
		e.printf("  %6d  %s  %-3s  %s (%s)\n", it.ID, it.Published.Local().Format("2006-01-02 15:04"), it.Language, it.Title, it.Outlet)
	}
}

// TopicsExplainCmd explains a decision.
type TopicsExplainCmd struct {
	Slug string `arg:"" help:"A topic."`
	Item string `arg:"" help:"An item: its number (as topics test shows it) or the address of its article."`
}

// Run runs the command.
func (c *TopicsExplainCmd) Run(e *env) error {
	a, err := e.open(openOptions{})
	if err != nil {
		return err
	}
	defer a.close()
	t, err := e.topic(a.store, c.Slug)
	if err != nil {
		return err
	}
	si, err := e.item(a.store, c.Item)
	if err != nil {
		return err
	}
	q, err := match.Compile(t.Query, a.vocabulary())
	if err != nil {
		return usageError{fmt.Errorf("topic %s: query %q: %w", t.Slug, t.Query, err)}
	}
	ex := q.Explain(pipeline.Document(si), t.Threshold)
	if e.cli.JSON {
		return e.printJSON(ex)
	}
	e.printf("%s\n%s · %s · %s\n\n%s\n", si.Title, si.Outlet, si.Language, si.URL, ex)
	return nil
}

// TopicsRebuildCmd matches the history again.
type TopicsRebuildCmd struct {
	Slug string `arg:"" help:"A topic."`
}

// Run runs the command.
func (c *TopicsRebuildCmd) Run(e *env) error {
	a, err := e.open(openOptions{})
	if err != nil {
		return err
	}
	defer a.close()
	t, err := e.topic(a.store, c.Slug)
	if err != nil {
		return err
	}
	n, err := pipeline.Rematch(e.ctx, a.store, t, a.vocabulary(), e.now)
	if err != nil {
		return err
	}
	e.say("%s: %d items match", t.Slug, n)
	return nil
}

func (e *env) topic(st *store.Store, slug string) (*aggregator.Topic, error) {
	t, err := st.Topic(e.ctx, slug)
	if errors.Is(err, aggregator.ErrNotFound) {
		return nil, fmt.Errorf("no topic %q; topicwire topics list shows them", slug)
	}
	return t, err
}

// item finds an item by its number or the address of its article.
func (e *env) item(st *store.Store, arg string) (*aggregator.StoryItem, error) {
	if id, err := strconv.ParseInt(arg, 10, 64); err == nil {
		si, err := st.Item(e.ctx, aggregator.ItemID(id))
		if errors.Is(err, aggregator.ErrNotFound) {
			return nil, fmt.Errorf("no item %d", id)
		}
		return si, err
	}
	canonical := dedup.CanonicalURL(arg)
	if canonical == "" {
		return nil, usageError{fmt.Errorf("item %q is neither a number nor an http address", arg)}
	}
	si, err := st.ItemByURL(e.ctx, canonical)
	if errors.Is(err, aggregator.ErrNotFound) {
		return nil, fmt.Errorf("no item with the address %s", arg)
	}
	return si, err
}

// parseWindow reads a length of time with days and weeks: 12h, 30d, 4w.
func parseWindow(s string) (time.Duration, error) {
	for suffix, unit := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if n, ok := strings.CutSuffix(s, suffix); ok {
			days, err := strconv.ParseFloat(n, 64)
			if err != nil || days < 0 {
				break
			}
			return time.Duration(days * float64(unit)), nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a length of time such as 12h, 30d or 4w", s)
	}
	return d, nil
}
