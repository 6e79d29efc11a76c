package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"topicwire/aggregator"

	"github.com/alecthomas/kong"
)

// CLI is the command line: one field a flag or command.
type CLI struct {
	ConfigFile string `name:"config" help:"Configuration file (default topicwire.yml, if there is one)." placeholder:"FILE" env:"TOPICWIRE_CONFIG"`
	DB         string `name:"db" help:"Database: a file, or postgres://… (default: as configured)." placeholder:"DSN" env:"TOPICWIRE_DATABASE"`
	LogLevel   string `help:"What is logged: debug, info, warn or error (default: info for serve, demo and refresh, else warn)." placeholder:"LEVEL"`
	JSON       bool   `name:"json" help:"Print JSON where the command has a result that a program would read."`

	Serve       ServeCmd       `cmd:"" default:"withargs" help:"Run the daemon: poll feeds, publish topics (the default command)."`
	Demo        DemoCmd        `cmd:"" help:"Run the daemon over a small newsroom that comes with it; needs no internet."`
	Refresh     RefreshCmd     `cmd:"" help:"Poll what is due once, enrich, match, publish, and exit."`
	Feeds       FeedsCmd       `cmd:"" help:"List, add, remove, poll, import and export feeds."`
	Topics      TopicsCmd      `cmd:"" help:"List, test, explain and rebuild topics."`
	Inspect     InspectCmd     `cmd:"" help:"See what Topicwire makes of a feed, a page or a text."`
	Database    DatabaseCmd    `cmd:"" name:"db" help:"Back up, restore, check and migrate the database."`
	Config      ConfigCmd      `cmd:"" name:"config" help:"Check the configuration, or print a commented example."`
	Healthcheck HealthcheckCmd `cmd:"" help:"Exit 0 if a running daemon answers; for containers."`
	Version     VersionCmd     `cmd:"" help:"Print the version."`
}

// Exit codes (DESIGN.md §4).
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitDamaged = 3
	exitLocked  = 4
)

// usageError is a mistake in the command line or the configuration.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// exitSignal carries kong's wish to end the program out of its parser.
type exitSignal int

// Main runs the command line args and returns the exit code.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	defer func() {
		if r := recover(); r != nil {
			sig, ok := r.(exitSignal)
			if !ok {
				panic(r)
			}
			code = int(sig)
		}
	}()
	var cli CLI
	parser, err := kong.New(&cli,
		kong.Name("topicwire"),
		kong.Description("Your own newswire for any topic. Without a command it runs the daemon."),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { panic(exitSignal(code)) }),
	)
	if err != nil {
		fmt.Fprintln(stderr, "topicwire:", err)
		return exitFailed
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(stderr, "topicwire: %v\nTry: topicwire --help\n", err)
		return exitUsage
	}
	e, err := newEnv(ctx, &cli, stdin, stdout, stderr)
	if err == nil {
		err = parsed.Run(e)
	}
	if err != nil {
		fmt.Fprintln(visible{stderr}, "topicwire:", err)
	}
	return exitCode(err)
}

func exitCode(err error) int {
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, aggregator.ErrDamaged):
		return exitDamaged
	case errors.Is(err, aggregator.ErrLocked):
		return exitLocked
	}
	return exitFailed
}

// env is what a command gets from its surroundings.
type env struct {
	ctx            context.Context
	cli            *CLI
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time
	log            *slog.Logger
}

func newEnv(ctx context.Context, cli *CLI, stdin io.Reader, stdout, stderr io.Writer) (*env, error) {
	now, err := clock(os.Getenv("TOPICWIRE_CLOCK_OFFSET"))
	if err != nil {
		return nil, usageError{err}
	}
	if err := checkLogLevel(cli.LogLevel); err != nil {
		return nil, err
	}
	e := &env{ctx: ctx, cli: cli, stdin: stdin, stdout: stdout, stderr: stderr, now: now}
	e.setLogLevel(slog.LevelWarn)
	return e, nil
}

// clock returns the time source of all commands: the system's clock, shifted
// by a Go duration such as "72h".
func clock(offset string) (func() time.Time, error) {
	if offset == "" {
		return time.Now, nil
	}
	d, err := time.ParseDuration(offset)
	if err != nil {
		return nil, fmt.Errorf("TOPICWIRE_CLOCK_OFFSET=%q: not a duration such as 72h or -30m", offset)
	}
	return func() time.Time { return time.Now().Add(d) }, nil
}
