package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/fetch"
	"topicwire/aggregator/match"
	"topicwire/aggregator/poll"
	"topicwire/config"
	"topicwire/store"
)

const defaultConfigFile = "topicwire.yml"

// ConfigCmd examines and documents the configuration.
type ConfigCmd struct {
	Check   ConfigCheckCmd   `cmd:"" help:"Examine the configuration, topic queries included."`
	Example ConfigExampleCmd `cmd:"" help:"Print a commented file with the defaults."`
}

// ConfigCheckCmd examines the configuration.
type ConfigCheckCmd struct{}

// Run runs the command.
func (ConfigCheckCmd) Run(e *env) error {
	cfg, path, err := e.loadConfigAndPath()
	if err != nil {
		return err
	}
	for _, t := range cfg.Topics {
		if q, err := match.Compile(t.Query, match.Vocabulary(cfg.Vocabulary)); err == nil {
			for _, w := range q.Warnings() {
				e.say("warning: topic %s: %s", t.Slug, w)
			}
		}
	}
	for _, w := range cfg.Warnings() {
		e.say("warning: %s", w)
	}
	if path == "" {
		path = "no configuration file; the starter configuration"
	}
	e.printf("ok: %s: %d feeds, %d topics\n", path, len(cfg.Feeds), len(cfg.Topics))
	return nil
}

// ConfigExampleCmd prints the example file.
type ConfigExampleCmd struct{}

// Run runs the command.
func (ConfigExampleCmd) Run(e *env) error {
	e.printf("%s", config.Example())
	return nil
}

// loadConfig returns the configuration that holds for a command.
func (e *env) loadConfig() (*config.Config, error) {
	cfg, _, err := e.loadConfigAndPath()
	return cfg, err
}

// loadConfigAndPath also says which file it was; empty: there is none, and the
// starter configuration holds.
func (e *env) loadConfigAndPath() (*config.Config, string, error) {
	path := e.cli.ConfigFile
	if path == "" {
		path = defaultConfigFile
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			cfg, err := config.Starter()
			if err == nil {
				err = e.settle(cfg)
			}
			return cfg, "", err
		}
	}
	cfg, err := e.readConfig(path)
	return cfg, path, err
}

// readConfig reads and examines a configuration file.
func (e *env) readConfig(path string) (*config.Config, error) {
	cfg, err := config.Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w; topicwire config example prints one to begin with", err)
	}
	if err != nil {
		return nil, usageError{err}
	}
	return cfg, e.settle(cfg)
}

// settle lets flags go before the file, and examines what holds.
func (e *env) settle(cfg *config.Config) error {
	if e.cli.DB != "" {
		cfg.Database = e.cli.DB
	}
	err := cfg.Validate(func(query string, vocabulary map[string][]string) error {
		_, err := match.Compile(query, match.Vocabulary(vocabulary))
		return err
	})
	if err != nil {
		return usageError{err}
	}
	spellFeeds(cfg)
	return nil
}

// spellFeeds writes the addresses of feeds as the store does, so that what the
// file says of a feed is found by them.
func spellFeeds(cfg *config.Config) {
	for i := range cfg.Feeds {
		cfg.Feeds[i].URL = aggregator.FeedURL(cfg.Feeds[i].URL)
	}
	for i := range cfg.Topics {
		for k, u := range cfg.Topics[i].Feeds {
			cfg.Topics[i].Feeds[k] = aggregator.FeedURL(u)
		}
	}
}

func (e *env) configuredVocabulary() (match.Vocabulary, error) {
	cfg, err := e.loadConfig()
	if err != nil {
		return nil, err
	}
	return match.Vocabulary(cfg.Vocabulary), nil
}

func (e *env) databaseDSN() (string, error) {
	cfg, err := e.loadConfig()
	if err != nil {
		return "", err
	}
	return cfg.Database, nil
}

// openStore opens the database for a command that needs nothing else.
func (e *env) openStore() (*store.Store, error) {
	cfg, err := e.loadConfig()
	if err != nil {
		return nil, err
	}
	return e.openStoreBy(cfg)
}

// openStoreBy is openStore where the configuration is at hand.
func (e *env) openStoreBy(cfg *config.Config) (*store.Store, error) {
	st, err := openStore(e, cfg)
	if err != nil {
		return nil, err
	}
	if err := e.declare(st, cfg); err != nil {
		st.Close()
		return nil, err
	}
	return st, nil
}

// declare makes what the database holds as declared equal to the file. Without
// a file the starter's feeds are for a database that holds nothing else: one
// that a file has set up keeps what that file declared.
func (e *env) declare(st *store.Store, cfg *config.Config) error {
	feeds, topics := declaredFeeds(cfg), declaredTopics(cfg)
	if cfg.IsStarter() {
		begun, err := begunOtherwise(e.ctx, st, feeds, topics)
		if err != nil {
			return err
		}
		if begun {
			e.say("no %s here: feeds and topics stay as the database has them; --config names the file that declared them", defaultConfigFile)
			return nil
		}
	}
	return st.SyncDeclared(e.ctx, feeds, topics)
}

// begunOtherwise tells if a database has been set up by other feeds and topics
// than these.
func begunOtherwise(ctx context.Context, st *store.Store, feeds []aggregator.FeedSettings, topics []aggregator.Topic) (bool, error) {
	haveFeeds, err := st.Feeds(ctx, aggregator.FeedFilter{})
	if err != nil {
		return false, err
	}
	haveTopics, err := st.Topics(ctx)
	if err != nil || len(haveFeeds)+len(haveTopics) == 0 {
		return false, err
	}
	known := 0
	for i := range haveFeeds {
		f := &haveFeeds[i]
		if f.Declared != aggregator.InFile {
			continue
		}
		known++
		if !slices.ContainsFunc(feeds, func(s aggregator.FeedSettings) bool { return s.URL == f.URL || s.URL == f.OriginURL }) {
			return true, nil
		}
	}
	for i := range haveTopics {
		t := &haveTopics[i]
		if t.Declared != aggregator.InFile {
			continue
		}
		known++
		if !slices.ContainsFunc(topics, func(s aggregator.Topic) bool { return s.Slug == t.Slug }) {
			return true, nil
		}
	}
	return known == 0, nil
}

func openStore(e *env, cfg *config.Config) (*store.Store, error) {
	return store.Open(e.ctx, store.Options{DSN: cfg.Database, Logger: e.log, Now: e.now, HostKey: hostKeys(cfg)})
}

// declaredFeeds maps the feeds of the file to the domain.
func declaredFeeds(cfg *config.Config) []aggregator.FeedSettings {
	feeds := make([]aggregator.FeedSettings, len(cfg.Feeds))
	for i, f := range cfg.Feeds {
		feeds[i] = aggregator.FeedSettings{
			URL: f.URL, Outlet: f.Outlet, Language: f.Language, Tags: f.Tags,
			Enrich: aggregator.EnrichMode(f.Enrich), Publish: aggregator.PublishMode(f.Publish),
			Interval: f.Interval, Selector: f.Selector,
		}
	}
	return feeds
}

// declaredTopics maps the topics of the file to the domain.
func declaredTopics(cfg *config.Config) []aggregator.Topic {
	topics := make([]aggregator.Topic, len(cfg.Topics))
	for i, t := range cfg.Topics {
		topics[i] = aggregator.Topic{
			Slug: t.Slug, Title: t.Title, Description: t.Description, Query: t.Query,
			Languages: t.Languages, Feeds: t.Feeds, Tags: t.Tags, Threshold: t.Threshold,
			Limit: t.Limit, MaxAge: t.MaxAge, Publish: aggregator.PublishMode(t.Publish),
			Private: t.Private, Since: t.Since, Declared: aggregator.InFile,
		}
	}
	return topics
}

// allowRules returns the private addresses that may be fetched from. The
// configuration has been validated.
func allowRules(cfg *config.Config) []fetch.AllowRule {
	var rules []fetch.AllowRule
	for _, s := range cfg.Fetch.AllowPrivate {
		if r, err := fetch.ParseAllowRule(s); err == nil {
			rules = append(rules, r)
		}
	}
	return rules
}

// newFetchClient returns a client that keeps what hosts wish in rows; without
// a database, hosts is nil.
func newFetchClient(e *env, cfg *config.Config, hosts fetch.Hosts) (*fetch.Client, error) {
	o := fetch.Options{
		UserAgent: userAgent(cfg), AllowPrivate: allowRules(cfg), Timeout: cfg.Fetch.Timeout,
		PageGap: cfg.Fetch.PageGap, PageGapSet: cfg.IsSet("fetch.page_gap"),
		Hosts: hosts, Now: e.now, Logger: e.log,
	}
	for _, s := range cfg.Fetch.Ports {
		r, err := fetch.ParsePortRange(s)
		if err != nil {
			return nil, usageError{fmt.Errorf("fetch.ports: %w", err)}
		}
		o.Ports = append(o.Ports, r)
	}
	return fetch.New(o), nil
}

// hostKeys groups addresses by the site that must be spared.
func hostKeys(cfg *config.Config) func(string) string {
	rules := allowRules(cfg)
	return func(u string) string { return fetch.HostKey(u, rules) }
}

// catchUp is the longest time over which overdue feeds are spread (BEHAVIOUR F-37).
const catchUp = 15 * time.Minute

func pollOptions(a *app, cfg *config.Config, hostKey func(string) string) poll.Options {
	return poll.Options{
		Store: roomyStore{a.store, a.room, &a.tick}, Ingest: a.pipe.Ingest, Concurrency: cfg.Fetch.Concurrency,
		HostGap: cfg.Fetch.HostGap, HostGapSet: cfg.IsSet("fetch.host_gap"), CatchUp: min(catchUp, cfg.Fetch.MinInterval),
		Private: privateHosts(cfg), HostKey: hostKey, Now: a.now, Logger: a.log,
	}
}

func newSchedule(cfg *config.Config, hostKey func(string) string) poll.Schedule {
	return poll.Schedule{
		MinInterval: cfg.Fetch.MinInterval, MaxInterval: cfg.Fetch.MaxInterval,
		HostKey: hostKey, PerURL: strangers(cfg),
	}
}

// baseURLOf returns what published links are made from: as configured, else
// the address listened on.
func baseURLOf(cfg *config.Config) string {
	if cfg.BaseURL != "" {
		return strings.TrimSuffix(cfg.BaseURL, "/")
	}
	host, port, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return "http://" + cfg.Listen
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost" // all addresses: one that can be opened
	}
	return "http://" + net.JoinHostPort(host, port)
}

// authorityOf returns the authority of published ids at a first start.
func authorityOf(cfg *config.Config, now time.Time) string {
	if cfg.IDAuthority != "" {
		return cfg.IDAuthority
	}
	host := "localhost"
	if u, err := url.Parse(cfg.BaseURL); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	return fmt.Sprintf("%s,%d", host, now.UTC().Year())
}
