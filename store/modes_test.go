//go:build unix

package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"topicwire/store"
)

// TestFilesAreOurs: the database holds the tokens of private topics, so
// nobody else may read it or what lies beside it.
func TestFilesAreOurs(t *testing.T) {
	w := sqliteWorld(t)
	w.fill()
	dir := filepath.Dir(w.dsn)
	w.must(w.Backup(t.Context(), filepath.Join(dir, "copy.db")))
	unlock, err := w.LockPolling()
	w.must(err)
	defer unlock()
	files, err := filepath.Glob(w.dsn + "*")
	w.must(err)
	for _, f := range append(files, filepath.Join(dir, "copy.db")) {
		info, err := os.Stat(f)
		w.must(err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", filepath.Base(f), info.Mode())
		}
	}
	if len(files) < 4 { // with log, index and lock
		t.Errorf("only %v", files)
	}
}

// TestLaidLinks: a link laid where a copy is made leads nowhere.
func TestLaidLinks(t *testing.T) {
	w := sqliteWorld(t)
	w.fill()
	dir := t.TempDir()
	victim := filepath.Join(dir, "victim")
	w.must(os.WriteFile(victim, []byte("precious"), 0o644))
	file := filepath.Join(dir, "copy.db")
	w.must(os.Symlink(victim, file+".part"))
	w.must(w.Backup(t.Context(), file))
	w.must(os.Symlink(victim, filepath.Join(dir, "laid.db")))
	if err := w.Backup(t.Context(), filepath.Join(dir, "laid.db")); err == nil {
		t.Error("backed up to where a link leads")
	}
	w.must(w.Close())
	w.must(os.Symlink(victim, w.dsn+".restoring"))
	_, err := store.Restore(t.Context(), w.dsn, file)
	w.must(err)
	w.Store = nil
	w.reopen()
	info, err := os.Lstat(victim)
	w.must(err)
	if b, err := os.ReadFile(victim); err != nil || string(b) != "precious" || info.Mode() != 0o644 {
		t.Errorf("the victim is %q, %v, %v", b, info.Mode(), err)
	}
}
