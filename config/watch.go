package config

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// quiet is how long a file must be left alone before it is read again: an
// editor writes in several steps.
const quiet = 250 * time.Millisecond

// Watch calls changed after the file at path has got other content than loaded
// was made from, until the context ends; then it returns nil. It watches the
// folder, not the file, so that editors that rename and links that are swapped
// (as Kubernetes does) are noticed. changed runs on the goroutine of Watch.
func Watch(ctx context.Context, path string, loaded *Config, changed func()) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch %s: %w", path, err)
	}
	defer w.Close()
	if err := w.Add(filepath.Dir(path)); err != nil {
		return fmt.Errorf("watch %s: %w", path, err)
	}
	watchTarget(w, path)
	was := loaded.source.digest
	timer := time.NewTimer(quiet) // the file may have changed since it was loaded
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case ev, ok := <-w.Events:
			if !ok {
				return nil
			}
			if concerns(ev.Name, path) {
				timer.Reset(quiet)
			}
		case err, ok := <-w.Errors:
			if !ok {
				return nil
			}
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return fmt.Errorf("watch %s: %w", path, err)
			}
			timer.Reset(quiet)
		case <-timer.C:
			watchTarget(w, path)
			if now := contentOf(path); now != "" && now != was {
				was = now
				changed()
			}
		}
	}
}

// concerns tells if an event is about the file at path, or the link on the way
// to it: the folder may hold a database that is written all the time.
func concerns(name, path string) bool {
	base := filepath.Base(name)
	if base == filepath.Base(path) || base == "..data" {
		return true
	}
	target, err := filepath.EvalSymlinks(path)
	return err == nil && base == filepath.Base(target)
}

// watchTarget also watches the folder that a link leads to.
func watchTarget(w *fsnotify.Watcher, path string) {
	if real, err := filepath.EvalSymlinks(path); err == nil && real != path {
		_ = w.Add(filepath.Dir(real)) // best effort: the link's own folder is watched already
	}
}

// contentOf identifies the content of a file; "" if it cannot be read now.
func contentOf(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return digest(b)
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return string(sum[:])
}
