package main

import (
	"path/filepath"
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
	mustRun(t, dir, "refresh")
	rows := mustJSON[[]feedRow](t, dir, "feeds", "list")
	if len(rows) != 1 || rows[0].NextPollAt == nil || time.Until(*rows[0].NextPollAt) > 25*time.Hour || rows[0].Items != 1 {
		t.Errorf("feeds: %+v", rows)
	}
}
