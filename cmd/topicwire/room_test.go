package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/web"
	"topicwire/config"
)

// opened is an app over a fresh database.
func opened(t *testing.T, now func() time.Time, log io.Writer) *app {
	t.Helper()
	e := &env{ctx: t.Context(), cli: &CLI{}, stderr: log, stdout: io.Discard, now: now}
	e.setLogLevel(0)
	cfg := config.Default()
	cfg.Database = filepath.Join(t.TempDir(), "topicwire.db")
	a, err := e.openWith(cfg, openOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	return a
}

// TestO10NoRoom: below 200 MiB nothing is claimed and the daemon is not ready,
// with the reason; both are right again by themselves when there is room.
func TestO10NoRoom(t *testing.T) {
	var log strings.Builder
	a := opened(t, time.Now, &log)
	if _, err := a.store.AddFeed(a.ctx, aggregator.FeedSettings{URL: "https://a.example/rss"}, aggregator.InDatabase); err != nil {
		t.Fatal(err)
	}
	st := roomyStore{a.store, a.room, &a.tick}
	free := int64(spareDisk)
	a.room.free = func(string) (int64, error) { return free, nil }
	claim := aggregator.FeedClaim{Now: time.Now().Add(time.Second), Limit: 10, Lease: time.Millisecond}
	look := func(want string) {
		t.Helper()
		feeds, err := st.ClaimDueFeeds(a.ctx, claim)
		claim.Now = claim.Now.Add(time.Minute)
		if want == "" {
			if err != nil || len(feeds) != 1 || a.ready(a.ctx) != nil {
				t.Errorf("%d MiB free: %d feeds, %v, ready %v", free>>20, len(feeds), err, a.ready(a.ctx))
			}
			return
		}
		var unready web.Unready
		if !errors.As(err, &unready) || len(feeds) > 0 || !strings.Contains(unready.Text, want) || strings.Contains(unready.Text, a.store.Path()) {
			t.Errorf("%d MiB free: %d feeds, %v; want none, and %q without the path", free>>20, len(feeds), err, want)
		}
		if err := a.ready(a.ctx); !errors.As(err, &unready) {
			t.Errorf("%d MiB free: ready %v", free>>20, err)
		}
		if _, err := st.ClaimWork(a.ctx, aggregator.WorkClaim{Now: time.Now(), Stage: aggregator.StageMatch, Limit: 1, Lease: time.Minute}); err == nil {
			t.Error("items are processed")
		}
		if err := a.pollFeed(a.ctx, &aggregator.Feed{}, true); !errors.As(err, &unready) {
			t.Errorf("polled by hand: %v", err)
		}
	}
	look("")
	free--
	look("199 MiB are free")
	free = 0
	look("0 MiB are free")
	free = spareDisk
	look("")
	if n := strings.Count(log.String(), "polling stops"); n != 1 || !strings.Contains(log.String(), "room again") {
		t.Errorf("the log says %d times that polling stops, want once, and that it goes on:\n%s", n, log.String())
	}
	a.room.free = func(string) (int64, error) { return 0, errors.New("no such disk") }
	if err := a.ready(a.ctx); err == nil || errors.As(err, new(web.Unready)) {
		t.Errorf("a disk that cannot be looked at: %v", err)
	}
}

// TestO10DatabaseDeleted: a file that is deleted or replaced under the daemon
// is noticed; what it wrote then would be lost.
func TestO10DatabaseDeleted(t *testing.T) {
	var log strings.Builder
	a := opened(t, time.Now, &log)
	if err := a.ready(a.ctx); err != nil {
		t.Fatal(err)
	}
	aside := a.store.Path() + ".aside"
	if err := os.Rename(a.store.Path(), aside); err != nil {
		t.Fatal(err)
	}
	if err := a.ready(a.ctx); err == nil || !strings.Contains(err.Error(), "was deleted") {
		t.Errorf("deleted: %v", err)
	}
	writeFile(t, a.store.Path(), "another file")
	if err := a.ready(a.ctx); err == nil || !strings.Contains(err.Error(), "was replaced") {
		t.Errorf("replaced: %v", err)
	}
	if err := os.Rename(aside, a.store.Path()); err != nil {
		t.Fatal(err)
	}
	if err := a.ready(a.ctx); err != nil {
		t.Errorf("back in place: %v", err)
	}
	for _, want := range []string{`"level":"ERROR"`, "was deleted", "was replaced"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, log.String())
		}
	}
}

// TestO21Standstill: a scheduler that has not looked for three minutes is not
// healthy; the minute that a failing store is left alone is no standstill.
func TestO21Standstill(t *testing.T) {
	a := opened(t, time.Now, io.Discard)
	if err := a.alive(a.ctx); err != nil {
		t.Errorf("before the first look: %v", err)
	}
	st := roomyStore{a.store, a.room, &a.tick}
	for _, look := range []func() error{
		func() error { _, err := st.NextDueAt(a.ctx); return err },
		func() error { _, err := st.ClaimDueFeeds(a.ctx, aggregator.FeedClaim{Now: time.Now()}); return err },
	} {
		for ago, healthy := range map[time.Duration]bool{2 * time.Minute: true, 4 * time.Minute: false} {
			then := time.Now().Add(-ago)
			a.tick.at.Store(&then)
			if err := a.alive(a.ctx); (err == nil) != healthy {
				t.Errorf("looked %v ago: %v", ago, err)
			}
		}
		if err := look(); err != nil {
			t.Fatal(err)
		}
		if err := a.alive(a.ctx); err != nil {
			t.Errorf("looked just now: %v", err)
		}
	}
}

// TestO10SmallDisk is the same with the real program on a disk of its own:
// pages are served, /readyz says why nothing is polled, and both change when
// the disk grows.
func TestO10SmallDisk(t *testing.T) {
	if _, err := exec.LookPath("unshare"); err != nil {
		t.Skip("needs unshare(1) for a mount namespace of its own")
	}
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	script := `set -e
mount -t tmpfs -o size=150m none "$2"
cd "$2"
echo 'feeds: [{url: "http://127.0.0.1:9/rss"}]' >topicwire.yml
"$1" serve --listen 127.0.0.1:0 2>log &
pid=$!
trap 'kill $pid 2>/dev/null || true' EXIT
for i in $(seq 100); do url=$(sed -n 's/^Topicwire serves //p' log); [ -n "$url" ] && break; sleep 0.1; done
code() { curl -s -o body -w '%{http_code} ' "$url$1"; cat body; }
echo "small: ready $(code readyz)"
echo "small: health $(code healthz)"
"$1" feeds list --json >feeds.json
grep -q '"last_poll_at": null' feeds.json && echo "small: not polled"
mount -o remount,size=500m "$2"
for i in $(seq 100); do sleep 0.1; case $(code readyz) in 200*) break ;; esac; done
echo "large: ready $(code readyz)"
rm topicwire.db
for i in $(seq 100); do sleep 0.1; case $(code readyz) in 503*) break ;; esac; done
echo "deleted: ready $(code readyz)"
kill -TERM $pid
wait $pid || true
cat log`
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "unshare", "--mount", "--map-root-user", "--user", "sh", "-c", script, "sh", path, t.TempDir()).CombinedOutput()
	if err != nil {
		if strings.Contains(string(out), "unshare failed") || strings.Contains(string(out), "ermission denied") || strings.Contains(string(out), "not permitted") {
			t.Skipf("this machine allows no namespaces: %s", out)
		}
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		"small: ready 503", "MiB are free on the disk of the database", "small: health 200", "small: not polled",
		"large: ready 200", "deleted: ready 503 the database file was deleted", "polling stops",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is missing", want)
		}
	}
	if t.Failed() {
		t.Log(string(out))
	}
}
