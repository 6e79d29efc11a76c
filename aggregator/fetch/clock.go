package fetch

import (
	"context"
	"time"
)

// countdown ends an exchange when its time is up. It can be halted.
type countdown struct {
	timer *time.Timer // nil: not started
	left  time.Duration
	since time.Time
}

func (c *countdown) start(d time.Duration, cancel context.CancelCauseFunc, cause error) {
	c.left, c.since = d, time.Now()
	c.timer = time.AfterFunc(d, func() { cancel(cause) })
}

func (c *countdown) halt() {
	if c.timer != nil && c.timer.Stop() {
		c.left -= time.Since(c.since)
	}
}

func (c *countdown) goOn() {
	if c.timer != nil {
		c.since = time.Now()
		c.timer.Reset(max(0, c.left))
	}
}

// clock bounds the time of an exchange: all of it, what of its body comes
// while it holds room that others wait for, and each silence of the server.
type clock struct {
	cancel      context.CancelCauseFunc
	whole, held countdown
	idle        *time.Timer // nil: no body yet
}

// halt stops the time: what follows is not the server's fault.
func (c *clock) halt() {
	c.whole.halt()
	c.held.halt()
	if c.idle != nil {
		c.idle.Stop()
	}
}

func (c *clock) goOn() {
	c.whole.goOn()
	c.held.goOn()
	if c.idle != nil {
		c.idle.Reset(idleTimeout)
	}
}

// hurry starts the time of a body that others wait for.
func (c *clock) hurry() {
	if c.held.timer == nil {
		c.held.start(heldTimeout, c.cancel, errHeld)
	}
}

// stop ends all timers.
func (c *clock) stop() {
	c.whole.halt()
	c.held.halt()
	if c.idle != nil {
		c.idle.Stop()
	}
}
