package main

import (
	"errors"
	"fmt"
	"os"

	"topicwire/aggregator"
	"topicwire/aggregator/parse"
)

// FeedsCmd manages feeds.
type FeedsCmd struct {
	List   FeedsListCmd   `cmd:"" help:"List all feeds with their state and next poll, and the hosts that are left alone."`
	Hosts  FeedsHostsCmd  `cmd:"" help:"List the hosts that are left alone for now, until when, and why."`
	Add    FeedsAddCmd    `cmd:"" help:"Add a feed by its address, or by that of a page that announces one."`
	Remove FeedsRemoveCmd `cmd:"" help:"Stop polling a feed; what it brought stays."`
	Poll   FeedsPollCmd   `cmd:"" help:"Poll one feed now."`
	Import FeedsImportCmd `cmd:"" help:"Add the feeds of an OPML file; fetches nothing."`
	Export FeedsExportCmd `cmd:"" help:"Print all feeds as OPML."`
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
	f, row, err := a.row(id)
	if err != nil {
		return err
	}
	if e.cli.JSON {
		return e.printJSON(row)
	}
	e.printf("added %s (%s): %d items, next poll %s (%s)\n", row.URL, outletName(f), f.Items, row.nextPoll(e.now()), row.NextPollReason)
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
		return fmt.Errorf("no feed %s; topicwire feeds list shows the addresses", redacted(c.URL))
	case err != nil:
		return err
	case f.Declared == aggregator.InFile:
		return fmt.Errorf("%s stands in the configuration, which would bring it back: take it out there (without a %s, the starter configuration holds; topicwire config example prints one to begin with)",
			redacted(c.URL), defaultConfigFile)
	}
	if err := st.RemoveFeed(e.ctx, c.URL); err != nil {
		return err
	}
	e.say("removed %s; its items stay", redacted(c.URL))
	return nil
}

// FeedsPollCmd polls one feed.
type FeedsPollCmd struct {
	URL   string `arg:"" help:"The feed's address, as listed."`
	Force bool   `help:"Do not mind the five-minute floor, Retry-After and host pauses, and revive a feed that is gone or dead; logged."`
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
			return fmt.Errorf("no feed %s; topicwire feeds add adds one", redacted(c.URL))
		}
		return err
	}
	if err := a.pollFeed(e.ctx, f, c.Force); err != nil {
		return err
	}
	f, row, err := a.row(f.ID)
	if err != nil {
		return err
	}
	if e.cli.JSON {
		if err := e.printJSON(row); err != nil {
			return err
		}
	}
	if f.Failures > 0 {
		return fmt.Errorf("%s: %s", row.URL, f.LastError)
	}
	if e.cli.JSON {
		return nil
	}
	if f.LastError != "" { // read in part
		e.say("%s: %s", row.URL, f.LastError)
	}
	e.printf("polled %s: status %d, %d items, next poll %s (%s)\n", row.URL, f.LastStatus, f.Items, row.nextPoll(e.now()), row.NextPollReason)
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
	list, err := parse.ReadOPML(in)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	st, err := e.openStore()
	if err != nil {
		return err
	}
	defer st.Close()
	added, err := st.AddFeeds(e.ctx, list.Feeds)
	if err != nil {
		return err
	}
	if e.cli.JSON {
		return e.printJSON(map[string]int{"feeds": len(list.Feeds), "added": added, "known": len(list.Feeds) - added,
			"left_out": list.NoWeb + list.WithPassword})
	}
	e.printf("%d feeds added, %d were known\n", added, len(list.Feeds)-added)
	if list.NoWeb > 0 {
		e.printf("%d left out: their address is no http or https one\n", list.NoWeb)
	}
	if list.WithPassword > 0 {
		e.printf("%d left out: their address has a user or password in it; write those into %s with user: and password_file:\n", list.WithPassword, defaultConfigFile)
	}
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
	for i := range feeds {
		feeds[i].URL = bare(feeds[i].URL)
	}
	return parse.WriteOPML(e.stdout, "Topicwire", feeds)
}
