// Package store keeps Topicwire's rows in SQLite or PostgreSQL: feeds and when
// they are due, items and what they wait for, stories, topics, matches and
// entries. In go the records of finished steps, each saved in one transaction;
// out come claims on rows, and rows to show.
//
// It guarantees that no row is claimed twice at the same time, that an outcome
// is saved only under the lease it was worked on ([aggregator.ErrConflict]),
// that saving the same outcome again changes nothing, and that a published id
// never changes. What a feed's next state is, and which items tell the same
// story, it asks the functions it is given. It makes no requests, and reads no
// clock but Options.Now.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"
)

// Options configures a Store. DSN is required.
type Options struct {
	// DSN is the path of a SQLite file, a file: URL, or a postgres:// URL.
	DSN    string
	Logger *slog.Logger
	Now    func() time.Time
	// ReadOnly opens a database that exists, and neither migrates nor writes.
	ReadOnly bool
	// HostKey groups URLs of one host, for FeedClaim.ExcludeHosts and host
	// pauses; nil: by host name.
	HostKey func(rawURL string) string
}

// Store is an open database. Its methods are safe for use by several
// goroutines.
type Store struct {
	opts    Options
	log     *slog.Logger
	dialect *dialect
	path    string // of the SQLite file; empty with PostgreSQL

	readDB  *sql.DB
	writeDB *sql.DB // the same with PostgreSQL
	reads   stmtCache

	// With SQLite there is one connection that writes; whoever holds the
	// token may use it.
	writing chan *conn

	together companions

	filing sync.Mutex // held while stories are filed
	keys   keyCache   // guarded by filing
}

// Open opens the database and brings its schema up to date; a SQLite file that
// does not exist is created, and one that is migrated is copied before. It
// returns an error that wraps aggregator.ErrDamaged if the file is not a
// database, is damaged, or has a newer schema than this program.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.HostKey == nil {
		o.HostKey = hostName
	}
	s := &Store{opts: o, log: o.Logger}
	if err := s.open(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	t, err := parseDSN(s.opts.DSN)
	if err != nil {
		return err
	}
	s.dialect, s.path = t.dialect, t.path
	if s.dialect == sqlite {
		if err := s.openSQLite(ctx, t); err != nil {
			return err
		}
	} else if err := s.openPostgres(ctx, t); err != nil {
		return err
	}
	return s.migrate(ctx)
}

func (s *Store) openPostgres(ctx context.Context, t target) error {
	db, err := sql.Open(s.dialect.driver, t.read)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	db.SetMaxOpenConns(4 + 2*runtime.GOMAXPROCS(0))
	db.SetMaxIdleConns(4)
	s.readDB, s.writeDB = db, db
	if err := db.PingContext(ctx); err != nil {
		return fmt.Errorf("reach the PostgreSQL database: %w", err)
	}
	return nil
}

// Close ends all use of the database. With SQLite it folds the write-ahead log
// into the file.
func (s *Store) Close() error {
	var errs []error
	if s.writing != nil {
		c := <-s.writing
		if !s.opts.ReadOnly {
			// A reader of another process may hold the log back: no error.
			_, _ = c.c.ExecContext(context.Background(), `PRAGMA wal_checkpoint(TRUNCATE)`)
		}
		errs = append(errs, c.close())
		s.writing = nil
	}
	s.reads.close()
	if s.readDB != nil {
		errs = append(errs, s.readDB.Close())
	}
	if s.writeDB != nil && s.writeDB != s.readDB {
		errs = append(errs, s.writeDB.Close())
	}
	return errors.Join(errs...)
}

// Path returns the file of a SQLite database, absolute; empty for PostgreSQL.
func (s *Store) Path() string { return s.path }

func (s *Store) now() int64 { return s.opts.Now().Unix() }

// querier is what reads: a transaction, or the pool of readers.
type querier interface {
	query(ctx context.Context, q string, args ...any) (*sql.Rows, error)
	row(ctx context.Context, q string, args ...any) *sql.Row
	unnamed() bool // placeholders of lists are written ? and not $n
}

func (s *Store) unnamed() bool { return s.dialect.keepStmts }

func (s *Store) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	if !s.dialect.keepStmts {
		return s.readDB.QueryContext(ctx, q, args...)
	}
	st, err := s.reads.stmt(ctx, s.readDB, q) //nolint:sqlclosecheck // the cache keeps it and closes it with the store
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

func (s *Store) row(ctx context.Context, q string, args ...any) *sql.Row {
	if s.dialect.keepStmts {
		if st, err := s.reads.stmt(ctx, s.readDB, q); err == nil { //nolint:sqlclosecheck // the cache keeps it and closes it with the store
			return st.QueryRowContext(ctx, args...)
		}
	}
	return s.readDB.QueryRowContext(ctx, q, args...)
}

// preparer is a *sql.DB or *sql.Conn.
type preparer interface {
	PrepareContext(ctx context.Context, q string) (*sql.Stmt, error)
}

// stmtCache keeps prepared statements by their text. Texts come from this
// package alone and are few.
type stmtCache struct {
	mu    sync.Mutex
	stmts map[string]*sql.Stmt
}

func (c *stmtCache) stmt(ctx context.Context, p preparer, q string) (*sql.Stmt, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if st, ok := c.stmts[q]; ok {
		return st, nil
	}
	st, err := p.PrepareContext(ctx, q) //nolint:sqlclosecheck // the cache keeps it and closes it with the store
	if err != nil {
		return nil, err
	}
	if c.stmts == nil {
		c.stmts = make(map[string]*sql.Stmt)
	}
	c.stmts[q] = st
	return st, nil
}

func (c *stmtCache) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, st := range c.stmts {
		st.Close()
	}
	c.stmts = nil
}
