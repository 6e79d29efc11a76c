package store

import (
	"context"
	"database/sql"
	"strconv"
)

// Pools shows the two pools to tests.
func Pools(s *Store) (read, write *sql.DB) { return s.readDB, s.writeDB }

// OnWriter lends a test the connection that writes.
func OnWriter(s *Store, fn func(*sql.Conn)) {
	c := <-s.writing
	defer func() { s.writing <- c }()
	fn(c.c)
}

// Increment reads a number and writes the next, in one transaction.
func Increment(ctx context.Context, s *Store, key string) error {
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		var v string
		if err := t.row(ctx, `SELECT value FROM meta WHERE key = $1`, key).Scan(&v); err != nil {
			return err
		}
		n, err := strconv.Atoi(v)
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `UPDATE meta SET value = $2 WHERE key = $1`, key, strconv.Itoa(n+1))
		return err
	})
}

// MigrateWith migrates to a schema that has one step more.
func MigrateWith(ctx context.Context, s *Store, text string) error {
	steps, err := migrations(s.dialect)
	if err != nil {
		return err
	}
	return s.migrateBy(ctx, append(steps, migration{len(steps) + 1, "test.sql", text}))
}
