package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"topicwire/cmd/topicwire/demo"
)

// built is the folder of the real program, once a test has asked for it.
var built string

// binary builds the real program once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "topicwire-test-")
	if err != nil {
		return "", err
	}
	built = dir
	path := filepath.Join(dir, "topicwire")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		os.RemoveAll(built)
	}
	os.Exit(code)
}

// command prepares a run of the real program in a folder.
func command(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TOPICWIRE_CONFIG=", "TOPICWIRE_DATABASE=")
	return cmd
}

// run runs the real program to its end and returns what it printed and its
// exit code.
func run(t *testing.T, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := command(t, dir, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("topicwire %s: %v", strings.Join(args, " "), err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// mustRun runs the real program and fails the test unless it exits 0.
func mustRun(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, errs, code := run(t, dir, args...)
	if code != 0 {
		t.Fatalf("topicwire %s: exit %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

// mustJSON runs the real program with --json and decodes what it prints.
func mustJSON[T any](t *testing.T, dir string, args ...string) T {
	t.Helper()
	var v T
	out := mustRun(t, dir, append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("topicwire %s --json: %v\n%s", strings.Join(args, " "), err, out)
	}
	return v
}

// daemon is a running `topicwire serve` or `demo`.
type daemon struct {
	cmd    *exec.Cmd
	url    string // such as http://127.0.0.1:41234
	done   chan struct{}
	mu     sync.Mutex
	stderr bytes.Buffer
}

// startDaemon starts a daemon and waits until it has printed its address.
func startDaemon(t *testing.T, dir string, args ...string) *daemon {
	t.Helper()
	d := &daemon{cmd: command(t, dir, args...), done: make(chan struct{})}
	pipe, err := d.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := make(chan string, 1)
	go func() {
		defer close(d.done)
		lines := bufio.NewScanner(pipe)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			d.mu.Lock()
			d.stderr.WriteString(lines.Text() + "\n")
			d.mu.Unlock()
			if _, url, ok := strings.Cut(lines.Text(), "Topicwire serves "); ok {
				address <- strings.TrimSuffix(url, "/")
			}
		}
	}()
	t.Cleanup(func() { d.stop(t, syscall.SIGKILL) })
	select {
	case d.url = <-address:
	case <-d.done:
		t.Fatalf("topicwire %s ended before it served\n%s", strings.Join(args, " "), d.log())
	case <-time.After(60 * time.Second):
		t.Fatalf("topicwire %s printed no address\n%s", strings.Join(args, " "), d.log())
	}
	return d
}

func (d *daemon) log() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stderr.String()
}

// stop sends a signal, waits for the end and returns the exit code.
func (d *daemon) stop(t *testing.T, sig os.Signal) int {
	t.Helper()
	if d.cmd.ProcessState != nil {
		return d.cmd.ProcessState.ExitCode()
	}
	_ = d.cmd.Process.Signal(sig) // it may have ended by itself
	<-d.done
	_ = d.cmd.Wait()
	return d.cmd.ProcessState.ExitCode()
}

// get fetches a path and returns status and body.
func (d *daemon) get(t *testing.T, path string) (int, string) {
	t.Helper()
	res, err := http.Get(d.url + path)
	if err != nil {
		t.Fatalf("GET %s: %v\n%s", path, err, d.log())
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	return res.StatusCode, string(body)
}

// waitFor asks again until ok says yes, for at most a minute.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited a minute for %s", what)
		}
		time.Sleep(50 * time.Millisecond) // a process of its own: there is nothing else to wait on
	}
}

// newsroom starts the demo's newsroom and writes a configuration that reads
// it into a fresh folder.
func newsroom(t *testing.T) (dir string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	room, err := demo.Start(ctx, time.Now())
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		room.Close()
	})
	dir = t.TempDir()
	var b strings.Builder
	b.WriteString("listen: 127.0.0.1:0\nfetch: {allow_private: [127.0.0.0/8]}\nfeeds:\n")
	for _, f := range room.Feeds() {
		fmt.Fprintf(&b, "  - {url: %q, outlet: %q}\n", f.URL, f.Outlet)
	}
	b.WriteString("topics:\n  - {slug: russia-india, title: Russia–India, query: 'country:ru country:in'}\n")
	if err := os.WriteFile(filepath.Join(dir, "topicwire.yml"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
