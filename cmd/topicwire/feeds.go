package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/parse"
	"topicwire/store"
)

// FeedsCmd manages feeds.
type FeedsCmd struct {
	List   FeedsListCmd   `cmd:"" help:"List all feeds with their state and next poll."`
	Add    FeedsAddCmd    `cmd:"" help:"Add a feed by its address, or by that of a page that announces one."`
	Remove FeedsRemoveCmd `cmd:"" help:"Stop polling a feed; what it brought stays."`
	Poll   FeedsPollCmd   `cmd:"" help:"Poll one feed now."`
	Import FeedsImportCmd `cmd:"" help:"Add the feeds of an OPML file; fetches nothing."`
	Export FeedsExportCmd `cmd:"" help:"Print all feeds as OPML."`
}

// FeedsListCmd lists feeds.
type FeedsListCmd struct{}

// feedRow is a feed as `feeds list --json` prints it (DESIGN.md §4).
type feedRow struct {
	URL            string               `json:"url"`
	Title          string               `json:"title"`
	Outlet         string               `json:"outlet"`
	Tags           []string             `json:"tags"`
	State          aggregator.FeedState `json:"state"`
	ETag           string               `json:"etag"`
	LastModified   string               `json:"last_modified"`
	LastPollAt     *time.Time           `json:"last_poll_at"`
	NextPollAt     *time.Time           `json:"next_poll_at"`
	NextPollReason string               `json:"next_poll_reason"`
	LastStatus     int                  `json:"last_status"`
	LastError      string               `json:"last_error"`
	Failures       int                  `json:"failures"`
	Items          int                  `json:"items"`
	MovedFrom      string               `json:"moved_from"`
}

func rowOf(f *aggregator.Feed) feedRow {
	tags := f.Tags
	if tags == nil {
		tags = []string{}
	}
	return feedRow{
		URL: f.URL, Title: f.Title, Outlet: f.Outlet, Tags: tags, State: f.State,
		ETag: f.ETag, LastModified: f.LastModified,
		LastPollAt: orNull(f.LastPollAt), NextPollAt: orNull(f.NextPollAt), NextPollReason: f.NextPollReason,
		LastStatus: f.LastStatus, LastError: f.LastError, Failures: f.Failures,
		Items: f.Items, MovedFrom: f.OriginURL,
	}
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	u := t.UTC()
	return &u
}

// Run runs the command.
func (FeedsListCmd) Run(e *env) error {
	st, err := e.openStore()
	if err != nil {
		return err
	}
	defer st.Close()
	feeds, err := st.Feeds(e.ctx, aggregator.FeedFilter{})
	if err != nil {
		return err
	}
	if e.cli.JSON {
		rows := make([]feedRow, len(feeds))
		for i := range feeds {
			rows[i] = rowOf(&feeds[i])
		}
		return e.printJSON(rows)
	}
	w := tabwriter.NewWriter(visible{e.stdout}, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STATE\tITEMS\tNEXT POLL\tWHY THEN\tFEED")
	for i := range feeds {
		f := &feeds[i]
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", f.State, f.Items, inWords(f.NextPollAt, e.now()), dash(f.NextPollReason), f.URL)
		if f.LastError != "" {
			fmt.Fprintf(w, "\t\t\t\t  %s\n", f.LastError)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return e.listPauses(st)
}

// listPauses tells which hosts are left alone, and until when.
func (e *env) listPauses(st *store.Store) error {
	pauses, err := st.Hosts(e.ctx)
	if err != nil {
		return err
	}
	for _, h := range pauses {
		if h.Until.After(e.now()) {
			e.printf("%s is left alone until %s: %s\n", h.Host, h.Until.Local().Format(time.DateTime), h.Reason)
		}
	}
	return nil
}

// FeedsAddCmd adds a feed.
type FeedsAddCmd struct {
	URL      string   `arg:"" help:"Address of a feed, or of a page that announces one."`
	Outlet   string   `help:"Name of the news organisation (default: the feed's title)."`
	Language string   `help:"Language of the feed, such as id or pt-BR (default: as it declares)."`
	Tags     []string `name:"tag" help:"Tag; may be repeated."`
}

// Run runs the command.
func (c *FeedsAddCmd) Run(e *env) error {
	a, err := e.open(openOptions{})
	if err != nil {
		return err
	}
	defer a.close()
	id, err := a.subscribe(e.ctx, aggregator.FeedSettings{URL: c.URL, Outlet: c.Outlet, Language: c.Language, Tags: c.Tags})
	if err != nil {
		return err
	}
	f, err := a.store.Feed(e.ctx, id)
	if err != nil {
		return err
	}
	if e.cli.JSON {
		return e.printJSON(rowOf(f))
	}
	e.printf("added %s (%s): %d items, next poll %s\n", f.URL, f.OutletName(), f.Items, inWords(f.NextPollAt, e.now()))
	return nil
}

// FeedsRemoveCmd removes a feed.
type FeedsRemoveCmd struct {
	URL string `arg:"" help:"The feed's address, as listed."`
}

// Run runs the command.
func (c *FeedsRemoveCmd) Run(e *env) error {
	st, err := e.openStore()
	if err != nil {
		return err
	}
	defer st.Close()
	f, err := st.FeedByURL(e.ctx, c.URL)
	switch {
	case errors.Is(err, aggregator.ErrNotFound):
		return fmt.Errorf("no feed %s; topicwire feeds list shows the addresses", c.URL)
	case err != nil:
		return err
	case f.Declared == aggregator.InFile:
		return fmt.Errorf("%s stands in the configuration, which would bring it back: take it out there (without a %s, the starter configuration holds; topicwire config example prints one to begin with)",
			c.URL, defaultConfigFile)
	}
	if err := st.RemoveFeed(e.ctx, c.URL); err != nil {
		return err
	}
	e.say("removed %s; its items stay", c.URL)
	return nil
}

// FeedsPollCmd polls one feed.
type FeedsPollCmd struct {
	URL   string `arg:"" help:"The feed's address, as listed."`
	Force bool   `help:"Do not mind the five-minute floor, Retry-After and host pauses; logged."`
}

// Run runs the command.
func (c *FeedsPollCmd) Run(e *env) error {
	a, err := e.open(openOptions{})
	if err != nil {
		return err
	}
	defer a.close()
	f, err := a.store.FeedByURL(e.ctx, c.URL)
	if err != nil {
		if errors.Is(err, aggregator.ErrNotFound) {
			return fmt.Errorf("no feed %s; add it with: topicwire feeds add %s", c.URL, c.URL)
		}
		return err
	}
	if err := a.pollFeed(e.ctx, f, c.Force); err != nil {
		return err
	}
	if f, err = a.store.Feed(e.ctx, f.ID); err != nil {
		return err
	}
	if e.cli.JSON {
		if err := e.printJSON(rowOf(f)); err != nil {
			return err
		}
	}
	if f.Failures > 0 {
		return fmt.Errorf("%s: %s", f.URL, f.LastError)
	}
	if e.cli.JSON {
		return nil
	}
	if f.LastError != "" { // read in part
		e.say("%s: %s", f.URL, f.LastError)
	}
	e.printf("polled %s: status %d, %d items, next poll %s (%s)\n", f.URL, f.LastStatus, f.Items, inWords(f.NextPollAt, e.now()), dash(f.NextPollReason))
	return nil
}

// FeedsImportCmd imports OPML.
type FeedsImportCmd struct {
	File string `arg:"" help:"OPML file; - for standard input."`
}

// Run runs the command.
func (c *FeedsImportCmd) Run(e *env) error {
	in := e.stdin
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	feeds, err := parse.ReadOPML(in)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	st, err := e.openStore()
	if err != nil {
		return err
	}
	defer st.Close()
	added, err := st.AddFeeds(e.ctx, feeds)
	if err != nil {
		return err
	}
	if e.cli.JSON {
		return e.printJSON(map[string]int{"feeds": len(feeds), "added": added, "known": len(feeds) - added})
	}
	e.printf("%d feeds added, %d were known\n", added, len(feeds)-added)
	return nil
}

// FeedsExportCmd exports OPML.
type FeedsExportCmd struct{}

// Run runs the command.
func (FeedsExportCmd) Run(e *env) error {
	st, err := e.openStore()
	if err != nil {
		return err
	}
	defer st.Close()
	feeds, err := st.Feeds(e.ctx, aggregator.FeedFilter{})
	if err != nil {
		return err
	}
	return parse.WriteOPML(e.stdout, "Topicwire", feeds)
}

// inWords says how far a time is from now: "in 3h", "now", "never".
func inWords(t, now time.Time) string {
	switch d := t.Sub(now); {
	case t.IsZero():
		return "never"
	case d <= 0:
		return "now"
	case d < time.Minute:
		return "in seconds"
	case d < 48*time.Hour:
		return "in " + strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	default:
		return "on " + t.Local().Format(time.DateOnly)
	}
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
