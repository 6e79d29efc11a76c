package store

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver
	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// dialect holds what differs between the engines. Every query is written once,
// in the subset both understand.
type dialect struct {
	name       string // also the directory of its migrations
	driver     string
	begin      string // begins a transaction that writes
	skipLocked string // ends a SELECT of rows to claim
	storyLock  string // makes the filing of stories wait for each other
	keepStmts  bool   // we keep prepared statements; else the driver does
	unique     func(error) bool
	retryable  func(error) bool // the transaction may be begun anew
}

var sqlite = &dialect{
	name: "sqlite", driver: "sqlite", begin: "BEGIN IMMEDIATE", keepStmts: true,
	unique: func(err error) bool {
		return sqliteCode(err, lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY)
	},
	retryable: func(err error) bool { return false }, // BEGIN IMMEDIATE waits for its turn
}

var postgres = &dialect{
	name: "postgres", driver: "pgx", begin: "BEGIN",
	skipLocked: "FOR UPDATE SKIP LOCKED",
	storyLock:  "SELECT pg_advisory_xact_lock(8317450230)",
	unique:     func(err error) bool { return postgresCode(err, "23505") },
	retryable:  func(err error) bool { return postgresCode(err, "40001", "40P01") },
}

func sqliteCode(err error, codes ...int) bool {
	var e *driver.Error
	if !errors.As(err, &e) {
		return false
	}
	for _, c := range codes {
		if e.Code() == c || e.Code()&0xff == c {
			return true
		}
	}
	return false
}

func damaged(err error) bool { return sqliteCode(err, lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB) }

func postgresCode(err error, codes ...string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && slices.Contains(codes, e.Code)
}

// target is a DSN taken apart.
type target struct {
	dialect     *dialect
	path        string // of the SQLite file
	read, write string // what the driver is given
}

// BEHAVIOUR O-03: pragmas stand in the DSN, where they reach every connection
// of a pool. O-04: mode=ro is obeyed only in a name that begins with file:.
const (
	pragmas      = "_busy_timeout=10000&_foreign_keys=1&_pragma=trusted_schema(0)"
	writePragmas = "mode=rwc&_txlock=immediate&" + pragmas + "&_journal_mode=WAL&_synchronous=NORMAL" +
		"&_pragma=page_size(8192)&_pragma=wal_autocheckpoint(2000)&_pragma=cache_size(-8000)&_pragma=journal_size_limit(67108864)" +
		"&_pragma=temp_store(memory)" // the journal of a statement, too, which is small
	readPragmas = "mode=ro&" + pragmas + "&_pragma=cache_size(-2000)&_query_only=1"
)

func parseDSN(dsn string) (target, error) {
	switch {
	case dsn == "":
		return target{}, errors.New("no database given: name a file, such as topicwire.db, or a postgres:// URL")
	case strings.HasPrefix(dsn, "postgres://"), strings.HasPrefix(dsn, "postgresql://"):
		return target{dialect: postgres, read: dsn, write: dsn}, nil
	case strings.Contains(dsn, ":memory:"), strings.Contains(dsn, "mode=memory"):
		return target{}, errors.New("a database in memory would be lost at exit: name a file, such as topicwire.db")
	}
	path := dsn
	if rest, ok := strings.CutPrefix(dsn, "file:"); ok {
		rest, _, _ = strings.Cut(rest, "?") // our own pragmas are the ones that hold
		p, err := url.PathUnescape(strings.TrimPrefix(rest, "//"))
		if err != nil || p == "" {
			return target{}, fmt.Errorf("database %q: not a file URL", dsn)
		}
		path = p
	} else if scheme, _, ok := strings.Cut(dsn, "://"); ok {
		return target{}, fmt.Errorf("database: %q is neither a file nor a postgres:// URL", scheme+"://…")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return target{}, fmt.Errorf("database %s: %w", dsn, err)
	}
	name := "file:" + fileURLPath(path)
	return target{dialect: sqlite, path: path, read: name + "?" + readPragmas, write: name + "?" + writePragmas}, nil
}

// fileURLPath spells a path as it stands in a file: URL.
func fileURLPath(path string) string { return (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() }

// hostName returns a URL's host in lower case, or "".
func hostName(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}
