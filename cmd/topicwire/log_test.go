package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"topicwire/aggregator"
	"topicwire/config"
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
	a := &app{env: e, store: st, room: &room{}}
	a.live.Store(&live{cfg: config.Default()})
	f := &aggregator.Feed{FeedSettings: aggregator.FeedSettings{URL: "https://me:hunter2@feeds.example/rss"}}
	for _, force := range []bool{false, true} {
		f.LastPollAt = time.Now()
		err := a.pollFeed(t.Context(), f, force)
		if err == nil || !strings.Contains(err.Error(), "feeds.example") || strings.Contains(err.Error()+errs.String(), "hunter2") {
			t.Errorf("poll by hand, force %v: %v\n%s", force, err, errs.String())
		}
	}
}

// TestX17LogValues: durations carry their unit, ids stay numbers, and whatever
// type a remote text comes in, it is bounded and without control characters.
func TestX17LogValues(t *testing.T) {
	var errs bytes.Buffer
	e := &env{cli: &CLI{}, stderr: &errs}
	e.setLogLevel(0)
	type named string
	long := strings.Repeat("é", 2000)
	e.log.Info("polled", "dur", 1234567*time.Microsecond, "feed", aggregator.FeedID(7), "outcome", named("read\n\x1b"),
		"list", []string{"a\u009b", long}, "err", fmt.Errorf("wrapped: %w", errors.New(long)), "password", config.Secret("hunter2"))
	var line map[string]any
	if err := json.Unmarshal(errs.Bytes(), &line); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	if line["dur"] != "1.23s" || line["feed"] != 7.0 || line["level"] != "INFO" || line["password"] != "[redacted]" {
		t.Errorf("line %v", line)
	}
	for key, v := range line {
		if s, ok := v.(string); ok && (len(s) > maxLogValue+len("…") || strings.ContainsRune(s, '\u009b')) {
			t.Errorf("%s: %d bytes, %.80q", key, len(s), s)
		}
	}
	if n := strings.Count(errs.String(), "\n"); n != 1 || strings.Contains(errs.String(), "\x1b") {
		t.Errorf("%d lines: %q", n, errs.String())
	}
}

// TestLogLevelIsNamed: a wrong level is refused with those there are.
func TestLogLevelIsNamed(t *testing.T) {
	_, errs, code := run(t, t.TempDir(), "feeds", "list", "--log-level", "loud")
	if code != exitUsage || !strings.Contains(errs, `"loud": choose one of debug, info, warn, error`) {
		t.Errorf("exit %d, %s", code, errs)
	}
	if _, errs, code := run(t, t.TempDir(), "config", "check", "--log-level", "debug"); code != exitDone {
		t.Errorf("debug: exit %d, %s", code, errs)
	}
}
