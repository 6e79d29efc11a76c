package main

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"topicwire/aggregator"
	"topicwire/store"
)

// TestX17HostileTexts: what feeds say reaches terminals and logs without
// control characters, and bounded.
func TestX17HostileTexts(t *testing.T) {
	const text = "a\x1b[2J\u009b31m\rb\x00\x7f"
	var out, errs bytes.Buffer
	e := &env{cli: &CLI{}, stdout: &out, stderr: &errs}
	e.setLogLevel(0)
	e.printf("%s\n", text)
	e.say("%s", text)
	e.log.Warn("poll failed", "err", errors.New(strings.Repeat("x", 5000)+text))
	e.log.Warn("poll failed\nforged", "err", text)
	for _, s := range []string{out.String(), errs.String()} {
		if strings.ContainsAny(s, "\x1b\r\x00\x7f\u009b") {
			t.Errorf("control characters in %q", s)
		}
	}
	if n := strings.Count(errs.String(), "\n"); n != 3 || len(errs.String()) > 3000 {
		t.Errorf("%d lines, %d bytes", n, errs.Len())
	}
}

// TestX16PollByHand: the address of a feed may hold a password.
func TestX16PollByHand(t *testing.T) {
	var errs bytes.Buffer
	e := &env{cli: &CLI{}, stdout: &errs, stderr: &errs, now: time.Now, ctx: t.Context()}
	e.setLogLevel(0)
	st, err := store.Open(t.Context(), store.Options{DSN: filepath.Join(t.TempDir(), "t.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	a := &app{env: e, store: st}
	f := &aggregator.Feed{FeedSettings: aggregator.FeedSettings{URL: "https://me:hunter2@feeds.example/rss"}}
	for _, force := range []bool{false, true} {
		f.LastPollAt = time.Now()
		err := a.pollFeed(t.Context(), f, force)
		if err == nil || !strings.Contains(err.Error(), "feeds.example") || strings.Contains(err.Error()+errs.String(), "hunter2") {
			t.Errorf("poll by hand, force %v: %v\n%s", force, err, errs.String())
		}
	}
}
