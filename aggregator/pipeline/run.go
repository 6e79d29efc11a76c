package pipeline

import (
	"context"
	"net/url"
	"time"

	"errors"

	"topicwire/aggregator"
	"topicwire/aggregator/fetch"
	"topicwire/aggregator/parse"

	"golang.org/x/sync/errgroup"
)

// idle is how long a stage sleeps at most before it looks for work that
// another process may have left.
const idle = 2 * time.Second

// Wake tells the stages that there may be work.
func (p *Pipeline) Wake() {
	wake(p.waiting)
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run processes items as they come until ctx ends. It returns after the
// batches in hand are saved: nil at the end of ctx, else the store's error.
func (p *Pipeline) Run(ctx context.Context) error {
	return p.RunUntil(ctx, ctx)
}

// RunUntil is Run that ends with more, but first reads the pages in hand to
// their end, unless ctx ends too: a page that is cut off would be asked for
// twice (BEHAVIOUR S-07).
func (p *Pipeline) RunUntil(ctx, more context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	more, stop := context.WithCancel(more)
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	stage := func(run func() error) {
		g.Go(func() error { // that one has stopped is no reason to cut the other off
			if err := run(); !errors.Is(err, context.Canceled) {
				return err
			}
			return nil
		})
	}
	stage(func() error { return p.loop(more) })
	stage(func() error {
		_, err := p.readPages(ctx, more, false)
		return err
	})
	return g.Wait()
}

// storePause is how long Serve waits after the store failed.
const storePause = time.Minute

// Serve is Run for a daemon: a store that fails, such as on a full disk, makes
// it pause and go on. Only a damaged database ends it before ctx does.
func (p *Pipeline) Serve(ctx context.Context) error {
	for {
		err := p.Run(ctx)
		if err == nil || ctx.Err() != nil || errors.Is(err, aggregator.ErrDamaged) {
			return err
		}
		p.log.Error("the store fails; processing pauses", "err", err, "dur", storePause)
		timer := time.NewTimer(storePause)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// loop matches items as they come.
func (p *Pipeline) loop(ctx context.Context) error {
	for {
		n, err := p.Process(ctx, aggregator.StageMatch)
		if err != nil || ctx.Err() != nil {
			return err
		}
		if n > 0 {
			wake(p.pages) // some of their pages may be wanted
			continue
		}
		timer := time.NewTimer(idle)
		select {
		case <-ctx.Done():
		case <-p.waiting:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// Drain processes items until none is left that may be worked on now: what
// waits for a later try is left waiting.
func (p *Pipeline) Drain(ctx context.Context) error {
	for {
		matched, err := p.Process(ctx, aggregator.StageMatch)
		if err != nil {
			return err
		}
		if matched > 0 {
			continue
		}
		read, err := p.Process(ctx, aggregator.StageEnrich)
		if err != nil {
			return err
		}
		if read == 0 || ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// redacted returns a URL as it may be logged: without password.
func redacted(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(unreadable URL)"
	}
	return u.Redacted()
}

// errorKind returns the stable word for a failure of fetch or parse.
func errorKind(err error) string {
	if fe, ok := errors.AsType[*fetch.Error](err); ok {
		return fe.Kind
	}
	if pe, ok := errors.AsType[*parse.Error](err); ok {
		return pe.Kind
	}
	return "internal"
}
