package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestClockThatRanAhead: feeds polled by a clock that was years ahead are not
// left alone until that year comes.
func TestClockThatRanAhead(t *testing.T) {
	site := siteOf(t, map[string]string{"/rss": rssOfOne})
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "topicwire.yml"), loopback+"feeds: [{url: "+site+"/rss}]\n")
	t.Setenv("TOPICWIRE_CLOCK_OFFSET", "26280h")
	mustRun(t, dir, "refresh")
	t.Setenv("TOPICWIRE_CLOCK_OFFSET", "")
	if _, errs, code := run(t, dir, "refresh"); code != 0 || !strings.Contains(errs, "the clock was set back") {
		t.Errorf("exit %d, without a word of the clock (O-12): %s", code, errs)
	}
	rows := mustJSON[[]feedRow](t, dir, "feeds", "list")
	if len(rows) != 1 || rows[0].NextPollAt == nil || time.Until(*rows[0].NextPollAt) > 25*time.Hour || rows[0].Items != 1 {
		t.Errorf("feeds: %+v", rows)
	}
}

// TestO12WrongClock: a clock that has not been set, and one that was set back,
// are warned of.
func TestO12WrongClock(t *testing.T) {
	var log strings.Builder
	now := time.Now()
	a := opened(t, func() time.Time { return now }, &log)
	if err := a.settleClock(a.ctx); err != nil || log.String() != "" {
		t.Errorf("a clock that is right: %v, log %s", err, log.String())
	}
	now = time.Date(1970, 1, 1, 0, 5, 0, 0, time.UTC)
	if err := a.settleClock(a.ctx); err != nil || !strings.Contains(log.String(), "the clock is wrong") {
		t.Errorf("a clock that was not set: %v, log %s", err, log.String())
	}
}
