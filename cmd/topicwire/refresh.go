package main

import (
	"context"
	"errors"
	"log/slog"
	"os/signal"
	"syscall"
	"time"

	"topicwire/aggregator/pipeline"
	"topicwire/aggregator/poll"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/sync/errgroup"
)

// RefreshCmd polls once and exits: for cron, scripts and benchmarks.
type RefreshCmd struct {
	All   bool `help:"Poll all feeds, due or not; Retry-After and host pauses are still obeyed."`
	Force bool `help:"Poll all feeds and do not mind Retry-After or host pauses; logged."`
}

// refreshResult is what `refresh --json` prints (DESIGN.md §4).
type refreshResult struct {
	Feeds        int          `json:"feeds"`
	Polled       int64        `json:"polled"`
	NotModified  int64        `json:"not_modified"`
	Unchanged    int64        `json:"unchanged"`
	Failed       int64        `json:"failed"`
	NewItems     int64        `json:"new_items"`
	UpdatedItems int64        `json:"updated_items"`
	Enriched     int64        `json:"enriched"`
	Matches      int64        `json:"matches"`
	Stories      int64        `json:"stories"`
	Bytes        int64        `json:"bytes"`
	Seconds      float64      `json:"seconds"`
	CPUSeconds   float64      `json:"cpu_seconds"`
	PeakRSSBytes int64        `json:"peak_rss_bytes"`
	Stages       stageSeconds `json:"stages"`
}

// stageSeconds are sums over all workers, in milliseconds.
type stageSeconds struct {
	Fetch   int64 `json:"fetch_ms"`
	Parse   int64 `json:"parse_ms"`
	Save    int64 `json:"save_ms"`
	Enrich  int64 `json:"enrich_ms"`
	Match   int64 `json:"match_ms"`
	Publish int64 `json:"publish_ms"`
}

// Run runs the command.
func (c *RefreshCmd) Run(e *env) error {
	e.setLogLevel(slog.LevelWarn)
	ctx, stop := signal.NotifyContext(e.ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	e.ctx = ctx
	start := time.Now()
	a, err := e.open(openOptions{polling: true})
	if err != nil {
		return err
	}
	defer a.close()
	e.warn(a.live.Load().cfg)
	if err := a.rematch(ctx); err != nil {
		return err
	}
	feeds, err := a.refresh(ctx, poll.SweepOptions{All: c.All || c.Force, Force: c.Force, Progress: e.progress()})
	if err != nil && ctx.Err() != nil {
		return errors.New("stopped by a signal; what was polled is saved, and the next refresh goes on from there")
	}
	if err != nil {
		return err
	}
	res := result(a.pipe.Counts(), feeds, time.Since(start))
	if e.cli.JSON {
		return e.printJSON(res)
	}
	e.printf("%d feeds polled (%d not modified, %d unchanged, %d failed), %d new items, %d updated, %d pages read, %d matches, in %.1f s\n",
		res.Polled, res.NotModified, res.Unchanged, res.Failed, res.NewItems, res.UpdatedItems, res.Enriched, res.Matches, res.Seconds)
	return nil
}

// refresh polls once while items are processed, and returns when no item is
// left that may be worked on.
func (a *app) refresh(ctx context.Context, o poll.SweepOptions) (feeds int, err error) {
	var last int
	progress := o.Progress
	o.Progress = func(done, total int) {
		last = total
		progress(done, total)
	}
	g, gctx := errgroup.WithContext(ctx)
	polling, stop := context.WithCancel(gctx)
	g.Go(func() error { return a.pipe.RunUntil(gctx, polling) })
	g.Go(func() error {
		defer stop()
		return a.sched.Sweep(gctx, o)
	})
	if err := g.Wait(); err != nil {
		return last, err
	}
	return last, a.pipe.Drain(ctx)
}

// progress returns a bar on a terminal, and nothing elsewhere.
func (e *env) progress() func(done, total int) {
	if !isTerminal(e.stderr) || e.cli.JSON {
		return func(int, int) {}
	}
	var bar *progressbar.ProgressBar
	return func(done, total int) {
		if bar == nil {
			bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(e.stderr),
				progressbar.OptionSetDescription("polling"), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
		}
		bar.ChangeMax(total)
		_ = bar.Set(done) // a bar that cannot be drawn is no reason to stop
	}
}

func result(c pipeline.Counts, feeds int, took time.Duration) refreshResult {
	cpu, rss := usage()
	return refreshResult{
		Feeds: feeds, Polled: c.Read + c.NotModified + c.Unchanged + c.Failed,
		NotModified: c.NotModified, Unchanged: c.Unchanged, Failed: c.Failed,
		NewItems: c.NewItems, UpdatedItems: c.UpdatedItems, Enriched: c.Pages, Matches: c.Matches, Stories: c.Stories,
		Bytes: c.WireBytes, Seconds: took.Seconds(), CPUSeconds: cpu.Seconds(), PeakRSSBytes: rss,
		Stages: stageSeconds{
			Fetch: c.Fetch.Milliseconds(), Parse: c.Parse.Milliseconds(), Save: c.Save.Milliseconds(),
			Enrich: c.Enrich.Milliseconds(), Match: c.Match.Milliseconds(), Publish: c.Publish.Milliseconds(),
		},
	}
}

// usage returns the processor time and the peak memory of this process.
func usage() (cpu time.Duration, peakRSS int64) {
	var ru syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &ru) != nil {
		return 0, 0
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano()), ru.Maxrss * 1024
}
