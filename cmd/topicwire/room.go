package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/web"
	"topicwire/store"

	"golang.org/x/sys/unix"
)

// spareDisk is what must be free beside the database: below it nothing is
// polled, and no backup may take of it (BEHAVIOUR O-10).
const spareDisk = 200 << 20

// room watches the disk of a SQLite database and the file itself. What it
// finds wrong stops polling and processing until it is right again; what is
// stored goes on being served. Its methods are safe for use by several
// goroutines.
type room struct {
	path   string // of the database; empty: PostgreSQL, which is not watched
	opened os.FileInfo
	free   func(dir string) (int64, error)
	log    func(found error) // told when check's verdict changes; nil: all is well again

	mu    sync.Mutex
	found string
}

// newRoom watches the database that is open.
func (a *app) newRoom() (*room, error) {
	r := &room{path: a.store.Path(), free: freeDisk, log: a.logRoom}
	if r.path == "" {
		return r, nil
	}
	var err error
	r.opened, err = os.Stat(r.path)
	return r, err
}

func (a *app) logRoom(found error) {
	if found == nil {
		a.log.Info("the database has room again: polling goes on")
		return
	}
	a.log.Error("polling stops; what is stored goes on being served", "err", found)
}

// check returns nil if the database may grow. The error is web.Unready: its
// words are for everybody.
func (r *room) check() error {
	err := r.look()
	words := ""
	if err != nil {
		words = fmt.Sprintf("%T", err) // the numbers in it change all the time
	}
	if known, ok := errors.AsType[web.Unready](err); ok {
		words = known.Kind
	}
	r.mu.Lock()
	changed := words != r.found
	r.found = words
	r.mu.Unlock()
	if changed {
		r.log(err)
	}
	return err
}

func (r *room) look() error {
	if r.path == "" {
		return nil
	}
	info, err := os.Stat(r.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return web.Unready{Kind: "gone", Text: "the database file was deleted while the daemon runs: what is stored now will be lost; stop the daemon, restore a backup, and start it again"}
	case err != nil:
		return fmt.Errorf("look at the database: %w", err)
	case !os.SameFile(info, r.opened):
		return web.Unready{Kind: "replaced", Text: "the database file was replaced while the daemon runs: what is stored now will be lost; restart the daemon"}
	}
	free, err := r.free(filepath.Dir(r.path))
	if err != nil {
		return fmt.Errorf("look at the disk of the database: %w", err)
	}
	if free < spareDisk {
		return web.Unready{Kind: "full", Text: fmt.Sprintf("%d MiB are free on the disk of the database, and %d are needed: nothing is polled until there is room", free>>20, spareDisk>>20)}
	}
	return nil
}

// freeDisk returns the bytes that we may still write in a directory.
func freeDisk(dir string) (int64, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return 0, err
	}
	return int64(fs.Bavail) * fs.Bsize, nil
}

// ready tells if the store takes writes and has room for them.
func (a *app) ready(ctx context.Context) error {
	if err := a.room.check(); err != nil {
		return err
	}
	return a.store.ProbeWrite(ctx)
}

// roomyStore claims nothing while there is no room for what polls would bring.
// The scheduler and the pipeline take that as a store that fails: they ask
// again each minute.
type roomyStore struct {
	*store.Store
	room *room
	tick *tick // of the scheduler; nil: nobody asks
}

func (s roomyStore) ClaimDueFeeds(ctx context.Context, c aggregator.FeedClaim) ([]aggregator.Feed, error) {
	s.tick.now()
	if err := s.room.check(); err != nil {
		return nil, err
	}
	return s.Store.ClaimDueFeeds(ctx, c)
}

func (s roomyStore) ClaimWork(ctx context.Context, c aggregator.WorkClaim) ([]aggregator.ClaimedItem, error) {
	if err := s.room.check(); err != nil {
		return nil, err
	}
	return s.Store.ClaimWork(ctx, c)
}

// NextDueAt says that nothing is due while there is no room: whatever is due
// cannot be claimed.
func (s roomyStore) NextDueAt(ctx context.Context) (time.Time, error) {
	s.tick.now()
	if err := s.room.check(); err != nil {
		return time.Time{}, err
	}
	return s.Store.NextDueAt(ctx)
}

// tick is when the scheduler last looked for what is due. It does so each
// minute at least, whatever the store answers.
type tick struct{ at atomic.Pointer[time.Time] }

// standstill is how long the scheduler may look for nothing (BEHAVIOUR O-21).
// It is more than the minute that a store which fails is left alone, so that a
// full disk makes no restarts.
const standstill = 3 * time.Minute

func (t *tick) now() {
	if t != nil {
		now := time.Now()
		t.at.Store(&now)
	}
}

// stands returns how long the scheduler has not looked; 0: it never did.
func (t *tick) stands() time.Duration {
	if at := t.at.Load(); at != nil {
		return time.Since(*at)
	}
	return 0
}
