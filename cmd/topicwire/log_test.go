package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
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
