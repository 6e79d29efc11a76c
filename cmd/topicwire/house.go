package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"topicwire/aggregator"
)

const (
	houseEvery  = time.Hour
	backupEvery = 24 * time.Hour
	keepBackups = 7
	backupStamp = "20060102-150405.db" // when a copy was made, UTC

	retainFor   = 90 * 24 * time.Hour
	retainItems = 500 // of each feed, at any age
)

// keepHouse does what nobody should have to look after: it prunes what
// retention allows, folds the write-ahead log into the database, keeps a copy
// of each of the last days, and tells the service manager that we are alive.
// It ends with ctx, or with aggregator.ErrDamaged.
func (a *app) keepHouse(ctx context.Context) error {
	house := time.NewTicker(houseEvery)
	defer house.Stop()
	beat := make(<-chan time.Time)
	if d := watchdogInterval(); d > 0 {
		t := time.NewTicker(d)
		defer t.Stop()
		beat = t.C
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-beat:
			if a.alive(ctx) == nil {
				notifySystemd("WATCHDOG=1")
			}
		case <-house.C:
			if err := a.tidy(ctx); errors.Is(err, aggregator.ErrDamaged) {
				return err
			}
		}
	}
}

// tidy does the work of an hour. What fails is logged, and tried again in an
// hour; only a damaged database is returned.
func (a *app) tidy(ctx context.Context) error {
	var damaged error
	for _, task := range []struct {
		act string
		do  func(context.Context) error
	}{
		{"prune the database", func(ctx context.Context) error {
			return a.store.Prune(ctx, aggregator.Retention{Now: a.now(), MaxAge: retainFor, PerFeed: retainItems})
		}},
		{"back up the database", a.backupDaily},
		{"checkpoint the database", a.store.Checkpoint},
	} {
		err := task.do(ctx)
		if err == nil || ctx.Err() != nil {
			continue
		}
		a.log.Error("housekeeping", "act", task.act, "err", err)
		if errors.Is(err, aggregator.ErrDamaged) {
			damaged = err
		}
	}
	return damaged
}

// backupDaily writes a verified copy beside a SQLite database once a day, and
// keeps those of the last seven days (BEHAVIOUR O-08). Reading every page for
// the copy is also what notices damage.
func (a *app) backupDaily(ctx context.Context) error {
	path := a.store.Path()
	if path == "" {
		return nil // PostgreSQL has its own ways
	}
	have, err := backups(path)
	if err != nil {
		return err
	}
	if made, ok := lastBackup(path); ok && a.now().Sub(made) < backupEvery {
		return nil
	}
	if err := roomFor(path); err != nil {
		return err
	}
	file := backupPrefix(path) + a.now().UTC().Format(backupStamp)
	if err := a.store.Backup(ctx, file); err != nil {
		return err
	}
	a.log.Info("database backed up", "file", file)
	have = append(have, file)
	for _, old := range have[:max(0, len(have)-keepBackups)] {
		if err := os.Remove(old); err != nil {
			return err
		}
	}
	return nil
}

func backupPrefix(path string) string {
	return strings.TrimSuffix(path, filepath.Ext(path)) + "-daily-"
}

// backups returns the daily copies of a database, oldest first.
func backups(path string) ([]string, error) {
	dir, prefix := filepath.Split(backupPrefix(path))
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		stamp, ok := strings.CutPrefix(e.Name(), prefix)
		if _, err := time.Parse(backupStamp, stamp); ok && err == nil {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	slices.Sort(files)
	return files, nil
}

// lastBackup returns when the newest daily copy was made, if there is one.
func lastBackup(path string) (made time.Time, ok bool) {
	have, err := backups(path)
	if err != nil || len(have) == 0 {
		return time.Time{}, false
	}
	made, err = time.Parse(backupStamp, filepath.Base(have[len(have)-1])[len(filepath.Base(backupPrefix(path))):])
	return made, err == nil
}

// roomFor refuses a copy that would fill the disk.
func roomFor(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	free, err := freeDisk(filepath.Dir(path))
	if err != nil {
		return err
	}
	if free < info.Size()+spareDisk {
		return fmt.Errorf("no room: a copy takes %d MB, and %d MB are free beside %s", info.Size()>>20, free>>20, path)
	}
	return nil
}
