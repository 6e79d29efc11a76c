package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxLogValue bounds what a remote string may take of the log (BEHAVIOUR X-17).
const maxLogValue = 1024

// setLogLevel makes the logger: text on a terminal, JSON elsewhere; both
// escape control characters of what feeds say.
func (e *env) setLogLevel(def slog.Level) {
	level := def
	if e.cli.LogLevel != "" {
		_ = level.UnmarshalText([]byte(e.cli.LogLevel)) // checkLogLevel has been here
	}
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: loggable}
	if isTerminal(e.stderr) {
		e.log = slog.New(slog.NewTextHandler(e.stderr, opts))
		return
	}
	e.log = slog.New(slog.NewJSONHandler(e.stderr, opts))
}

var logLevels = []string{"debug", "info", "warn", "error"}

func checkLogLevel(level string) error {
	if level == "" || slices.Contains(logLevels, level) {
		return nil
	}
	return usageError{fmt.Errorf("--log-level %q: choose one of %s", level, strings.Join(logLevels, ", "))}
}

// loggable makes a value fit for the log: durations with their unit, and
// everything that may come from outside as text of bounded length without
// control characters.
func loggable(_ []string, a slog.Attr) slog.Attr {
	switch v := a.Value; v.Kind() {
	case slog.KindDuration:
		a.Value = slog.StringValue(readable(v.Duration()))
	case slog.KindAny:
		switch reflect.ValueOf(v.Any()).Kind() { // levels and ids stay what they are
		case reflect.Bool, reflect.Int, reflect.Int64, reflect.Uint64, reflect.Float64:
		default:
			a.Value = slog.StringValue(oneLogValue(fmt.Sprint(v.Any())))
		}
	case slog.KindString:
		a.Value = slog.StringValue(oneLogValue(v.String()))
	default:
	}
	return a
}

// readable writes a duration with its unit, in as many digits as matter.
func readable(d time.Duration) string {
	switch {
	case d.Abs() >= time.Minute:
		d = d.Round(time.Second)
	case d.Abs() >= time.Second:
		d = d.Round(10 * time.Millisecond)
	default:
		d = d.Round(10 * time.Microsecond)
	}
	return d.String()
}

// oneLogValue bounds a text, and shows the control characters that JSON does
// not escape.
func oneLogValue(s string) string {
	if len(s) > maxLogValue {
		s = strings.ToValidUTF8(s[:maxLogValue], "") + "…"
	}
	if !strings.ContainsFunc(s, unescaped) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unescaped(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

// redacted is an address without the password in it, for logs and messages.
func redacted(raw string) string {
	if raw == "" || !strings.Contains(raw, "@") {
		return raw
	}
	u, err := url.Parse(raw)
	if err != nil {
		return "(unreadable URL)"
	}
	return u.Redacted()
}

// bare is an address without user and password.
func bare(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.User == nil {
		return raw
	}
	u.User = nil
	return u.String()
}

// hasUser tells if an address carries a user or password.
func hasUser(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.User != nil
}

// unescaped are the control characters that JSON does not escape.
func unescaped(r rune) bool { return r >= 0x7f && unicode.IsControl(r) }

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// printJSON writes a result for a program to read.
func (e *env) printJSON(v any) error {
	enc := json.NewEncoder(e.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// printf writes a result for a person to read.
func (e *env) printf(format string, args ...any) { fmt.Fprintf(visible{e.stdout}, format, args...) }

// say writes a message that is not the result.
func (e *env) say(format string, args ...any) { fmt.Fprintf(visible{e.stderr}, format+"\n", args...) }

// visible shows control characters as U+FFFD: a terminal obeys them, and they
// may come from feeds (BEHAVIOUR X-17). Texts are written whole.
type visible struct{ w io.Writer }

func (v visible) Write(p []byte) (int, error) {
	clean := bytes.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return utf8.RuneError
		}
		return r
	}, p)
	if _, err := v.w.Write(clean); err != nil {
		return 0, err
	}
	return len(p), nil
}
