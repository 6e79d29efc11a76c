package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
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
	if a.Value.Kind() == slog.KindString && len(a.Value.String()) > maxLogValue {
		s := a.Value.String()[:maxLogValue]
		for !utf8.ValidString(s) && len(s) > maxLogValue-utf8.UTFMax {
			s = s[:len(s)-1]
		}
		a.Value = slog.StringValue(s + "…")
	}
	return a
}

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
func (e *env) printf(format string, args ...any) { fmt.Fprintf(e.stdout, format, args...) }

// say writes a message that is not the result.
func (e *env) say(format string, args ...any) { fmt.Fprintf(e.stderr, format+"\n", args...) }
