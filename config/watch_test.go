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

	changed, ended := make(chan struct{}, 16), make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	started := make(chan struct{})
	go func() {
		close(started)
		ended <- Watch(ctx, path, func() { changed <- struct{}{} })
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
