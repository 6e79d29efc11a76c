package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"topicwire/aggregator"
)

const (
	readers = 4
	// quickCheckBytes is the size up to which a file is examined whole when it
	// is opened. A larger one would keep every command waiting: db check does it.
	quickCheckBytes = 64 << 20
)

func (s *Store) openSQLite(ctx context.Context, t target) error {
	size, err := lookAt(t.path, s.opts.ReadOnly)
	if err != nil {
		return err
	}
	if !s.opts.ReadOnly {
		if size == 0 {
			if err := createPrivate(t.path); err != nil && !errors.Is(err, fs.ErrExist) {
				return s.opening(err)
			}
		}
		if err := s.openWriter(ctx, t); err != nil {
			return s.opening(err)
		}
	}
	if s.readDB, err = sql.Open(s.dialect.driver, t.read); err != nil {
		return s.opening(err)
	}
	s.readDB.SetMaxOpenConns(readers)
	s.readDB.SetMaxIdleConns(readers)
	if size > 0 && size <= quickCheckBytes {
		return s.opening(quickCheck(ctx, s.readDB))
	}
	return s.opening(s.readDB.PingContext(ctx))
}

// createPrivate makes an empty file that is readable to us alone: the database
// holds the tokens of private topics. SQLite gives the files beside it the
// same mode. A file or link that is there is an error.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func (s *Store) openWriter(ctx context.Context, t target) error {
	db, err := sql.Open(s.dialect.driver, t.write)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	s.writeDB = db
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	s.writing = make(chan *conn, 1)
	s.writing <- &conn{c: c}
	// The first read is where a file that is no database shows.
	var version int
	return c.QueryRowContext(ctx, `PRAGMA schema_version`).Scan(&version)
}

func (s *Store) opening(err error) error {
	switch {
	case err == nil:
		return nil
	case damaged(err) || errors.Is(err, errNotWell):
		return damagedError(s.path, err)
	}
	return fmt.Errorf("open database %s: %w", s.path, err)
}

func damagedError(path string, err error) error {
	return fmt.Errorf("%w: %s is damaged (%w); nothing was changed: stop the daemon and put a backup in place with: topicwire db restore FILE",
		aggregator.ErrDamaged, path, err)
}

var errNotWell = errors.New("integrity check")

// quickCheck returns an error that says what is wrong with a database.
func quickCheck(ctx context.Context, db *sql.DB) error {
	return pragmaCheck(ctx, db, `PRAGMA quick_check(1)`)
}

func pragmaCheck(ctx context.Context, db *sql.DB, pragma string) error {
	var verdict string
	if err := db.QueryRowContext(ctx, pragma).Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", errNotWell, verdict)
	}
	return nil
}

// lookAt examines a database file before SQLite does, for errors in words. It
// returns the file's size; 0: there is none yet.
func lookAt(path string, readOnly bool) (int64, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		if readOnly {
			return 0, fmt.Errorf("database %s: %w", path, err)
		}
		if err := writableDir(path); err != nil {
			return 0, err
		}
		return 0, begin(path)
	}
	if err != nil {
		return 0, fmt.Errorf("database %s: %w", path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, fmt.Errorf("database %s: %w", path, err)
	}
	if info.IsDir() {
		return 0, fmt.Errorf("database %s: is a directory; name a file in it", path)
	}
	head := make([]byte, 16)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, fmt.Errorf("database %s: %w", path, err)
	}
	if n > 0 && !bytes.Equal(head, []byte("SQLite format 3\x00")) {
		return 0, damagedError(path, errors.New("file is not a database"))
	}
	if !readOnly {
		if err := writableDir(path); err != nil {
			return 0, err
		}
	}
	return info.Size(), nil
}

// begin makes an empty file for a new database that only its owner may read:
// it will hold the addresses of private topics. SQLite gives its log the same
// permissions.
func begin(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("database %s: %w", path, err)
	}
	return f.Close()
}

// writableDir tells if SQLite can keep its log beside the file.
func writableDir(path string) error {
	dir := filepath.Dir(path)
	probe, err := os.CreateTemp(dir, ".topicwire-*")
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("database %s: its directory %s does not exist; make it first", path, dir)
	}
	if err != nil {
		return fmt.Errorf("database %s: cannot write in its directory %s (SQLite keeps a log beside the file): %w", path, dir, err)
	}
	probe.Close()
	return os.Remove(probe.Name())
}
