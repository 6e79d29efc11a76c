package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// LockPolling makes this process the only one that polls a SQLite database. It
// returns aggregator.ErrLocked, naming the database, if there is one already.
// PostgreSQL needs no such lock.
func (s *Store) LockPolling() (unlock func(), err error) {
	if s.dialect != sqlite {
		return func() {}, nil
	}
	return lockFile(s.path)
}

// Checkpoint folds the write-ahead log into the file and cuts it to nothing,
// if no reader needs it.
func (s *Store) Checkpoint(ctx context.Context) error {
	if s.dialect != sqlite || s.writing == nil {
		return nil
	}
	c, release, err := s.writer(ctx)
	if err != nil {
		return err
	}
	defer release()
	var busy, log, done int
	return s.ours(c.c.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &log, &done))
}

// Backup writes a verified copy of the database to a new file, while others
// go on writing. It refuses a file that exists.
func (s *Store) Backup(ctx context.Context, file string) error {
	if s.dialect != sqlite {
		return errors.New("a PostgreSQL database is backed up with pg_dump")
	}
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("back up to %s: %w", file, fs.ErrExist)
	}
	tmp := file + ".part"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("back up to %s: %w", file, err)
	}
	if err := createPrivate(tmp); err != nil {
		return fmt.Errorf("back up to %s: %w", file, err)
	}
	defer os.Remove(tmp)
	// BEHAVIOUR O-08. A connection of its own: those of the pool may not write.
	t, err := parseDSN(s.path)
	if err != nil {
		return err
	}
	db, err := sql.Open(sqlite.driver, "file:"+fileURLPath(t.path)+"?mode=ro&"+pragmas)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, `VACUUM INTO $1`, tmp); err != nil {
		return fmt.Errorf("back up %s to %s: %w", s.path, file, s.ours(err))
	}
	if err := verify(ctx, tmp); err != nil {
		return fmt.Errorf("back up to %s: the copy is not well: %w", file, err)
	}
	return settle(tmp, file)
}

// verify examines a database file as a whole.
func verify(ctx context.Context, file string) error {
	if _, err := lookAt(file, true); err != nil {
		return err
	}
	t, err := parseDSN(file)
	if err != nil {
		return err
	}
	db, err := sql.Open(sqlite.driver, "file:"+fileURLPath(t.path)+"?mode=ro&"+pragmas)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := pragmaCheck(ctx, db, `PRAGMA integrity_check(1)`); err != nil {
		return err
	}
	var n int
	if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_master WHERE name IN ('schema_version', 'feed', 'item')`).Scan(&n); err != nil {
		return err
	}
	if n != 3 {
		return errors.New("it is no topicwire database")
	}
	return nil
}

// settle makes sure that a file is on the disk, then gives it its name. It
// never replaces one.
func settle(tmp, file string) error {
	f, err := os.OpenFile(tmp, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp, file); err != nil {
		// A file system without links: the name was free a moment ago.
		if errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := os.Rename(tmp, file); err != nil {
			return err
		}
	}
	return syncDir(filepath.Dir(file))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Restore puts a copy that Backup wrote in the place of a SQLite database, and
// keeps what was there under the name returned; empty: there was nothing. The
// copy is verified first. It returns aggregator.ErrLocked while a daemon polls
// the database.
func Restore(ctx context.Context, dsn, file string) (kept string, err error) {
	t, err := parseDSN(dsn)
	if err != nil {
		return "", err
	}
	if t.dialect != sqlite {
		return "", errors.New("a PostgreSQL database is restored with pg_restore or psql")
	}
	unlock, err := lockFile(t.path)
	if err != nil {
		return "", err
	}
	defer unlock()
	tmp := t.path + ".restoring"
	removeDatabase(tmp) // what a killed restore left: its log must not meet this copy
	defer removeDatabase(tmp)
	if err := copyFile(file, tmp); err != nil {
		return "", fmt.Errorf("restore from %s: %w", file, err)
	}
	if err := verify(ctx, tmp); err != nil {
		return "", fmt.Errorf("restore from %s: %w", file, err)
	}
	if _, err := os.Lstat(t.path); err == nil {
		kept = t.path + ".replaced-" + time.Now().UTC().Format("20060102T150405.000")
		// The log belongs to the file it was written for.
		for _, tail := range []string{"", "-wal", "-shm"} {
			if err := os.Rename(t.path+tail, kept+tail); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return "", fmt.Errorf("keep the replaced database: %w", err)
			}
		}
	}
	return kept, settle(tmp, t.path)
}

// removeDatabase removes a database file with what SQLite keeps beside it.
func removeDatabase(path string) {
	for _, tail := range []string{"", "-wal", "-shm", "-journal"} {
		_ = os.Remove(path + tail) // most are not there
	}
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
