package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"topicwire/config"
)

// TestDailyBackups (BEHAVIOUR O-08): one verified copy a day, seven are kept,
// and a file of the user's own is left alone.
func TestDailyBackups(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	e := &env{ctx: context.Background(), cli: &CLI{}, stderr: io.Discard, stdout: io.Discard, now: func() time.Time { return now }}
	e.setLogLevel(0)
	cfg := config.Default()
	cfg.Database = filepath.Join(dir, "topicwire.db")
	a, err := e.openWith(cfg, openOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	mine := filepath.Join(dir, "topicwire-daily-monday.db")
	writeFile(t, mine, "mine")
	days := func() int {
		t.Helper()
		files, err := backups(cfg.Database)
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	for day := range 10 {
		for range 3 { // three hours of a day
			if err := a.tidy(e.ctx); err != nil {
				t.Fatal(err)
			}
			now = now.Add(time.Hour)
		}
		if want := min(day+1, keepBackups); days() != want {
			t.Fatalf("day %d: %d copies, want %d", day+1, days(), want)
		}
		now = now.Add(21 * time.Hour)
	}
	if b, err := os.ReadFile(mine); err != nil || string(b) != "mine" {
		t.Errorf("the user's own file: %q, %v", b, err)
	}
}
