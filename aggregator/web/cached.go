package web

import (
	"sync"
	"time"
)

// cached keeps the answer to one question for a while. Callers that ask at
// the same time wait for one answer. An error is not kept.
type cached[T any] struct {
	mu    sync.Mutex
	value T
	at    time.Time
}

func (c *cached[T]) get(now time.Time, keep time.Duration, ask func() (T, error)) (T, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.at.IsZero() && now.Sub(c.at) < keep && !now.Before(c.at) {
		return c.value, nil
	}
	v, err := ask()
	if err != nil {
		return v, err
	}
	c.value, c.at = v, now
	return v, nil
}
