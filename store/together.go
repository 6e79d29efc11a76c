package store

import (
	"context"
	"errors"
	"sync"
	"time"

	"topicwire/aggregator"
)

// Most polls change one row: half their cost is the transaction around it. So
// polls that end at the same time share one. Each still returns after the
// commit, and is saved whole or not at all.
const (
	maxTogether = 64
	// gather is how long a poll waits for company, if the last ones had some.
	gather = time.Millisecond
)

// small is a piece of work that makes a single change, or none if it returns
// aggregator.ErrConflict.
type small struct {
	fn   func(ctx context.Context, t *tx) error
	err  error
	done chan struct{}
}

// companions are the small pieces that wait for a transaction.
type companions struct {
	mu     sync.Mutex
	wait   []*small
	full   chan struct{} // of size 1: there are enough
	social bool          // the last ones were several
}

// writeTogether is write for small pieces of work.
func (s *Store) writeTogether(ctx context.Context, fn func(ctx context.Context, t *tx) error) error {
	if s.dialect != sqlite {
		return s.write(ctx, fn) // one connection each, and they commit together
	}
	job := &small{fn: fn, done: make(chan struct{})}
	c := &s.together
	c.mu.Lock()
	c.wait = append(c.wait, job)
	first, social := len(c.wait) == 1, c.social
	if len(c.wait) == maxTogether && c.full != nil {
		close(c.full)
		c.full = nil
	}
	var full chan struct{}
	if first {
		c.full = make(chan struct{})
		full = c.full
	}
	c.mu.Unlock()
	if !first {
		<-job.done
		return job.err
	}
	if social {
		t := time.NewTimer(gather)
		select {
		case <-full:
		case <-t.C:
		}
		t.Stop()
	}
	s.writeWaiting(ctx)
	return job.err
}

// writeWaiting writes all small pieces that wait.
func (s *Store) writeWaiting(ctx context.Context) {
	var jobs []*small
	// The others must not fail because the first one's caller has gone.
	err := s.write(context.WithoutCancel(ctx), func(ctx context.Context, t *tx) error {
		if jobs == nil {
			jobs = s.together.take()
		}
		for _, j := range jobs {
			if j.err = runSafely(ctx, t, j.fn); j.err != nil && !errors.Is(j.err, aggregator.ErrConflict) {
				return j.err
			}
		}
		return nil
	})
	if jobs == nil {
		jobs = s.together.take()
	}
	for _, j := range jobs {
		if err != nil { // one of them, or the commit: each finds out for itself
			j.err = s.write(context.WithoutCancel(ctx), j.fn)
		}
		close(j.done)
	}
}

func (c *companions) take() []*small {
	c.mu.Lock()
	defer c.mu.Unlock()
	jobs := c.wait
	c.wait, c.full = nil, nil
	c.social = len(jobs) > 1
	return jobs
}
