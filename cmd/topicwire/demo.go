package main

import (
	"os"
	"path/filepath"

	"topicwire/cmd/topicwire/demo"
	"topicwire/config"
)

// DemoCmd runs the daemon over the newsroom that comes with it.
type DemoCmd struct {
	Listen string `help:"Address for the pages." placeholder:"ADDR" default:"127.0.0.1:8080"`
	Keep   string `help:"Keep the database in this folder (default: a temporary one, deleted at the end)." placeholder:"DIR"`
}

// Run runs the command.
func (c *DemoCmd) Run(e *env) error {
	ctx, stop := withSignals(e.ctx)
	defer stop()
	e.ctx = ctx
	room, err := demo.Start(ctx, e.now())
	if err != nil {
		return err
	}
	defer room.Close()
	dir := c.Keep
	if dir == "" {
		if dir, err = os.MkdirTemp("", "topicwire-demo-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	cfg := demoConfig(room)
	cfg.Listen = c.Listen
	cfg.Database = filepath.Join(dir, "topicwire.db")
	e.say("This is a demonstration: all outlets, people and reports in it are invented.")
	return e.serve(cfg, "")
}

// demoConfig is a configuration that reads the newsroom.
func demoConfig(room *demo.Newsroom) *config.Config {
	cfg := config.Default()
	cfg.Fetch.AllowPrivate = []string{"127.0.0.0/8"}
	cfg.Fetch.Contact = "desk@demo.example" // it reads nobody but itself
	for _, f := range room.Feeds() {
		cfg.Feeds = append(cfg.Feeds, config.Feed{URL: f.URL, Outlet: f.Outlet, Language: f.Language, Tags: f.Tags, HTTP2: true})
	}
	cfg.Topics = []config.Topic{{
		Slug: "russia-india", Title: "Russia–India", Query: "country:ru country:in",
		Description: "What Russia and India do together, in every language, one entry per story.",
	}}
	return cfg
}
