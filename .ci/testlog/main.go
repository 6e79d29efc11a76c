// Command testlog reads what go test -json writes and prints what a reader
// wants of it: one line for each package, the output of tests that failed, and
// each test that was skipped, with its reason. It exits 1 if anything failed,
// if nothing ran, or if a test was skipped without a reason.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// event is a line of go test -json; see go doc test2json.
type event struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

func main() {
	if err := report(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "testlog:", err)
		os.Exit(1)
	}
}

func report(r io.Reader, w io.Writer) error {
	said := map[string]*strings.Builder{} // by package and test
	var passed, failed, mute int
	var skips []string
	for d := json.NewDecoder(r); ; {
		var e event
		if err := d.Decode(&e); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		key := e.Package + e.ImportPath + " " + e.Test
		switch e.Action {
		case "output", "build-output":
			if said[key] == nil {
				said[key] = new(strings.Builder)
			}
			said[key].WriteString(e.Output)
		case "fail", "build-fail":
			failed++
			fmt.Fprintf(w, "FAIL %s (%.1fs)\n", key, e.Elapsed)
			if b := said[key]; b != nil {
				io.WriteString(w, b.String())
			}
		case "skip":
			if e.Test == "" {
				continue // a package without tests
			}
			reason := skipReason(said[key])
			if reason == "" {
				mute++
			}
			skips = append(skips, fmt.Sprintf("skipped: %s: %s", key, reason))
		case "pass":
			if e.Test == "" {
				fmt.Fprintf(w, "ok   %s(%.1fs)\n", key, e.Elapsed)
			} else {
				passed++
			}
		}
		if e.Action != "output" && e.Action != "build-output" {
			delete(said, key)
		}
	}
	for _, s := range skips {
		fmt.Fprintln(w, s)
	}
	fmt.Fprintf(w, "%d passed, %d skipped, %d failed\n", passed, len(skips), failed)
	if failed > 0 || passed == 0 || mute > 0 {
		return errors.New("not all is well")
	}
	return nil
}

// skipReason returns what a test said, but for the marks around it.
func skipReason(said *strings.Builder) string {
	if said == nil {
		return ""
	}
	var reasons []string
	for line := range strings.SplitSeq(said.String(), "\n") {
		if strings.HasPrefix(line, "===") || strings.HasPrefix(strings.TrimSpace(line), "---") {
			continue
		}
		// The first line is after the place: x_test.go:12: why
		if _, text, found := strings.Cut(line, ".go:"); found {
			_, line, _ = strings.Cut(text, ":")
		}
		if line = strings.TrimSpace(line); line != "" {
			reasons = append(reasons, line)
		}
	}
	return strings.Join(reasons, " ")
}
