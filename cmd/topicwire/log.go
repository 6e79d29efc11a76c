package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
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
		_ = level.UnmarshalText([]byte(e.cli.LogLevel)) // kong has checked it
	}
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: capValue}
	if isTerminal(e.stderr) {
		e.log = slog.New(slog.NewTextHandler(e.stderr, opts))
		return
	}
	e.log = slog.New(slog.NewJSONHandler(e.stderr, opts))
}

func capValue(_ []string, a slog.Attr) slog.Attr {
	if err, ok := a.Value.Any().(error); ok && a.Value.Kind() == slog.KindAny {
		a.Value = slog.StringValue(err.Error())
	}
	if a.Value.Kind() == slog.KindString && strings.ContainsFunc(a.Value.String(), unescaped) {
		a.Value = slog.StringValue(strings.Map(func(r rune) rune {
			if unescaped(r) {
				return utf8.RuneError
			}
			return r
		}, a.Value.String()))
	}
	if a.Value.Kind() == slog.KindString && len(a.Value.String()) > maxLogValue {
		s := a.Value.String()[:maxLogValue]
		for !utf8.ValidString(s) && len(s) > maxLogValue-utf8.UTFMax {
			s = s[:len(s)-1]
		}
		a.Value = slog.StringValue(s + "…")
	}
	return a
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
