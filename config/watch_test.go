package config

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestWatch changes a file in the ways that editors and Kubernetes do. It waits
// for the kernel, so that no fake clock can stand in.
func TestWatch(t *testing.T) {
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range []string{"v1", "v2"} {
		must(os.Mkdir(filepath.Join(dir, v), 0o700))
		must(os.WriteFile(filepath.Join(dir, v, "topicwire.yml"), []byte("# "+v), 0o600))
	}
	data, path := filepath.Join(dir, "..data"), filepath.Join(dir, "topicwire.yml")
	must(os.Symlink("v1", data))
	must(os.Symlink("..data/topicwire.yml", path))

	loaded, err := Load(path)
	must(err)
	changed, ended := make(chan struct{}, 16), make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	started := make(chan struct{})
	go func() {
		close(started)
		ended <- Watch(ctx, path, loaded, func() { changed <- struct{}{} })
	}()
	<-started
	// Watch gives no sign that it watches: repeat the change until it is seen.
	notice := func(what string, change func(i int)) {
		t.Helper()
		for i := range 20 {
			change(i)
			select {
			case <-changed:
				return
			case <-time.After(time.Second):
			}
		}
		t.Fatalf("%s went unnoticed", what)
	}
	notice("a swapped link", func(i int) {
		tmp := filepath.Join(dir, "..tmp")
		must(os.Symlink([]string{"v2", "v1"}[i%2], tmp))
		must(os.Rename(tmp, data))
	})
	notice("a file renamed into place", func(i int) {
		tmp := filepath.Join(dir, "new")
		must(os.WriteFile(tmp, []byte{'#', byte('a' + i)}, 0o600))
		must(os.Rename(tmp, path))
	})
	notice("a file written in place", func(i int) {
		must(os.WriteFile(path, []byte{'#', '#', byte('a' + i)}, 0o600))
	})
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestWatchSeesWhatChangedBefore: a change between loading and watching counts,
// and a folder that is written all the time does not hide one.
func TestWatchSeesWhatChangedBefore(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "topicwire.yml")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("topicwire.yml", "# one")
	loaded, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	write("topicwire.yml", "# two")
	ctx, cancel := context.WithCancel(t.Context())
	changed, ended := make(chan struct{}, 16), make(chan error, 1)
	go func() { ended <- Watch(ctx, path, loaded, func() { changed <- struct{}{} }) }()
	noise := time.NewTicker(50 * time.Millisecond)
	defer noise.Stop()
	deadline := time.After(20 * time.Second)
	for seen := false; !seen; {
		select {
		case <-changed:
			seen = true
		case <-noise.C:
			write("topicwire.db-wal", time.Now().String())
		case <-deadline:
			t.Fatal("the change went unnoticed")
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
