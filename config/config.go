// Package config reads topicwire.yml.
//
// In goes one YAML file, the environment and the files that hold secrets; out
// comes a Config of plain values, or every fault of the file at once, each
// with its line, its column and what to do about it. What is not written has
// the value of Default. A Config is valid only once Validate has returned nil.
//
// The package imports nothing of ours: the language of topic queries is
// checked by a function handed to Validate, and cmd maps a Config to the
// options of the stages.
package config

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Config is the configuration of one daemon. The tag of a field is its key.
type Config struct {
	Listen      string              `yaml:"listen"`
	BaseURL     string              `yaml:"base_url"`
	IDAuthority string              `yaml:"id_authority"`
	Database    string              `yaml:"database"`
	Admin       Admin               `yaml:"admin"`
	Fetch       Fetch               `yaml:"fetch"`
	Enrich      string              `yaml:"enrich"` // auto, always or never
	LLM         LLM                 `yaml:"llm"`
	Feeds       []Feed              `yaml:"feeds"`
	Topics      []Topic             `yaml:"topics"`
	Digests     []Digest            `yaml:"digests"`
	SMTP        SMTP                `yaml:"smtp"`
	Vocabulary  map[string][]string `yaml:"vocabulary"`

	source  *source
	starter bool
}

// Admin guards the admin pages.
type Admin struct {
	PasswordFile string `yaml:"password_file"`
	Password     Secret `yaml:"-"` // from PasswordFile or the environment; empty: loopback only
}

// Fetch bounds what is fetched, and how often.
type Fetch struct {
	Contact      string        `yaml:"contact"`
	MultiTenant  []string      `yaml:"multi_tenant"`  // domains whose feeds are strangers to each other
	AllowPrivate []string      `yaml:"allow_private"` // CIDR[:port]
	MinInterval  time.Duration `yaml:"min_interval"`
	MaxInterval  time.Duration `yaml:"max_interval"`
	HostGap      time.Duration `yaml:"host_gap"`
	PageGap      time.Duration `yaml:"page_gap"`
	Timeout      time.Duration `yaml:"timeout"`
	Ports        []string      `yaml:"ports"` // a port, or a range such as 8000-8999
	Concurrency  int           `yaml:"concurrency"`
}

// LLM is an OpenAI-compatible service; without URL there is none.
type LLM struct {
	URL         string  `yaml:"url"`
	Model       string  `yaml:"model"`
	KeyFile     string  `yaml:"key_file"`
	Key         Secret  `yaml:"-"`            // from KeyFile or the environment
	DailyBudget float64 `yaml:"daily_budget"` // in the currency of the service's price list; 0: no bound
}

// Feed is a feed declared in the file.
type Feed struct {
	URL          string            `yaml:"url"`
	Outlet       string            `yaml:"outlet"`
	Language     string            `yaml:"language"`
	Tags         []string          `yaml:"tags"`
	Enrich       string            `yaml:"enrich"`   // empty: as configured for all
	Publish      string            `yaml:"publish"`  // title, excerpt or full; empty: as the topic says
	Interval     time.Duration     `yaml:"interval"` // 0: adaptive
	User         string            `yaml:"user"`
	PasswordFile string            `yaml:"password_file"`
	Password     Secret            `yaml:"-"` // from PasswordFile
	Headers      map[string]string `yaml:"headers"`
	Selector     string            `yaml:"selector"`
	Delta        bool              `yaml:"delta"`    // ask for what is new only (RFC 3229)
	HTTP2        bool              `yaml:"http2"`    // true unless set
	Insecure     bool              `yaml:"insecure"` // the server's certificate is not verified
}

// Topic is a topic declared in the file.
type Topic struct {
	Slug        string        `yaml:"slug"`
	Title       string        `yaml:"title"`
	Description string        `yaml:"description"`
	Query       string        `yaml:"query"`
	Languages   []string      `yaml:"languages"`
	Feeds       []string      `yaml:"feeds"`
	Tags        []string      `yaml:"tags"`
	Threshold   float64       `yaml:"threshold"` // 0: 1
	Limit       int           `yaml:"limit"`     // 0: the default
	MaxAge      time.Duration `yaml:"max_age"`   // 0: the default
	Private     bool          `yaml:"private"`
	Publish     string        `yaml:"publish"`
	Since       time.Time     `yaml:"since"`
}

// Digest is the newsletter of a topic.
type Digest struct {
	Topic    string `yaml:"topic"`
	Schedule string `yaml:"schedule"` // daily|weekly DAY|monthly N, HH:MM, time zone
	From     string `yaml:"from"`
}

// SMTP is the mail server that digests leave by.
type SMTP struct {
	Host         string `yaml:"host"`
	Port         int    `yaml:"port"`
	User         string `yaml:"user"`
	PasswordFile string `yaml:"password_file"`
	Password     Secret `yaml:"-"` // from PasswordFile or the environment
}

//go:embed example.yml
var example string

//go:embed starter.yml
var starter []byte

// Example returns a commented file with the defaults: the documentation of
// every key.
func Example() string { return example }

// Default returns the configuration that an empty file means.
func Default() *Config {
	return &Config{
		Listen:   "127.0.0.1:8080",
		Database: "topicwire.db",
		Fetch: Fetch{
			MinInterval: time.Hour,
			MaxInterval: 24 * time.Hour,
			HostGap:     2 * time.Second,
			PageGap:     10 * time.Second,
			Timeout:     time.Minute,
			Ports:       []string{"80", "443", "8000-8999"},
			Concurrency: 32,
		},
		Enrich: "auto",
		SMTP:   SMTP{Host: "localhost", Port: 25},
		source: newSource("defaults"),
	}
}

// Starter returns the configuration for a start without a file: about a dozen
// world news feeds and one topic, changed by the environment as any other.
func Starter() (*Config, error) {
	c, err := Parse(starter, "starter.yml")
	if err != nil {
		return nil, err
	}
	c.starter = true
	c.readEnvironment(os.Getenv)
	c.readSecrets(".")
	return c, nil
}

// IsStarter tells if there is no file, and Starter stands in for it.
func (c *Config) IsStarter() bool { return c.starter }

// maxFile bounds the file: a list of 10,000 feeds takes about 2 MB.
const maxFile = 16 << 20

// Load reads the file, the environment and the files of secrets. It fails if
// the file cannot be read or is not YAML; every other fault waits for
// Validate, so that all are told at once.
func Load(path string) (*Config, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	c, err := Parse(b, path)
	if err != nil {
		return nil, err
	}
	c.readEnvironment(os.Getenv)
	c.readSecrets(filepath.Dir(path))
	return c, nil
}

// Parse reads a configuration from bytes, without environment and secrets;
// name stands in messages. It fails as Load does.
func Parse(b []byte, name string) (*Config, error) {
	if len(b) > maxFile {
		return nil, errors.New(name + ": larger than 16 MiB; feeds in such numbers are better imported: topicwire feeds import")
	}
	c := Default()
	c.source = newSource(name)
	c.source.digest = digest(b)
	root, err := parseYAML(b, c.source)
	if err != nil {
		return nil, err
	}
	if root != nil {
		c.source.decode(root, c)
	}
	for i := range c.Feeds {
		if !c.IsSet(fmt.Sprintf("feeds[%d].http2", i)) {
			c.Feeds[i].HTTP2 = true
		}
	}
	return c, nil
}

// IsSet tells if the file sets a key, such as "fetch.page_gap", even if to the
// default.
func (c *Config) IsSet(key string) bool { return c.source.isSet(key) }

// NeedsRestart names the keys that differ between two configurations and that
// a running daemon cannot take over.
func NeedsRestart(old, now *Config) []string {
	var keys []string
	for _, k := range []struct {
		key    string
		differ bool
	}{
		{"listen", old.Listen != now.Listen},
		{"base_url", old.BaseURL != now.BaseURL},
		{"id_authority", old.IDAuthority != now.IDAuthority},
		{"database", old.Database != now.Database},
		{"admin", old.Admin != now.Admin},
		{"fetch", fmt.Sprint(old.Fetch) != fmt.Sprint(now.Fetch)},
	} {
		if k.differ {
			keys = append(keys, k.key)
		}
	}
	return keys
}
