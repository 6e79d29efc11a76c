package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"topicwire/aggregator"
)

//go:embed migrations
var migrationFiles embed.FS

// migration is one step of the schema. Once published it is never edited.
type migration struct {
	version int
	name    string
	text    string
}

func migrations(d *dialect) ([]migration, error) {
	dir := path.Join("migrations", d.name)
	names, err := fs.ReadDir(migrationFiles, dir)
	if err != nil {
		return nil, err
	}
	var out []migration
	for _, e := range names {
		number, _, _ := strings.Cut(e.Name(), "_")
		v, err := strconv.Atoi(number)
		if err != nil {
			return nil, fmt.Errorf("migration %s has no number", e.Name())
		}
		text, err := migrationFiles.ReadFile(path.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		out = append(out, migration{v, e.Name(), string(text)})
	}
	slices.SortFunc(out, func(a, b migration) int { return a.version - b.version })
	return out, nil
}

// migrate brings the schema up to date, each step in a transaction of its own.
// It takes a copy of an existing SQLite database before the first step.
func (s *Store) migrate(ctx context.Context) error {
	steps, err := migrations(s.dialect)
	if err != nil {
		return err
	}
	return s.migrateBy(ctx, steps)
}

func (s *Store) migrateBy(ctx context.Context, steps []migration) error {
	have, err := s.schemaVersion(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", s.ours(err))
	}
	want := steps[len(steps)-1].version
	switch {
	case have > want:
		return fmt.Errorf("%w: its schema is %d, and this program knows up to %d: run a newer topicwire, or put an older backup in place with: topicwire db restore FILE",
			aggregator.ErrDamaged, have, want)
	case have == want:
		return nil
	case s.opts.ReadOnly:
		return fmt.Errorf("the database has schema %d, %d is needed: run topicwire db migrate", have, want)
	}
	if have > 0 && s.dialect == sqlite {
		file := fmt.Sprintf("%s.schema-%d.%s.backup", s.path, have, s.opts.Now().UTC().Format("20060102T150405"))
		// One that is there is of the same schema, from a try a moment ago.
		if err := s.Backup(ctx, file); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("back up before migrating: %w", err)
		}
		s.log.Info("backed up before migrating", "file", file)
	}
	for _, m := range steps {
		if m.version > have {
			if err := s.step(ctx, m); err != nil {
				return fmt.Errorf("migrate to %s: %w", m.name, err)
			}
		}
	}
	return nil
}

// step makes one migration, unless another process was faster.
func (s *Store) step(ctx context.Context, m migration) error {
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		if s.dialect.storyLock != "" {
			if _, err := t.exec(ctx, s.dialect.storyLock); err != nil {
				return err
			}
		}
		const table = `CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)`
		if _, err := t.c.c.ExecContext(ctx, table); err != nil {
			return err
		}
		var have int
		if err := t.c.c.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0) FROM schema_version`).Scan(&have); err != nil {
			return err
		}
		if have >= m.version {
			return nil
		}
		for _, statement := range statements(m.text) {
			if _, err := t.c.c.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("%w in: %s", err, statement)
			}
		}
		_, err := t.c.c.ExecContext(ctx, `INSERT INTO schema_version (version, applied_at) VALUES ($1, $2)`, m.version, s.now())
		return err
	})
}

// statements cuts a migration at lines that end in a semicolon, comments or
// not. PostgreSQL takes one statement at a time.
func statements(text string) []string {
	var out []string
	var b strings.Builder
	for line := range strings.Lines(text) {
		code, _, _ := strings.Cut(line, "--")
		b.WriteString(strings.TrimRight(code, " \t\n") + "\n")
		if strings.HasSuffix(strings.TrimSpace(code), ";") {
			out = append(out, strings.TrimSpace(b.String()))
			b.Reset()
		}
	}
	return out
}

// schemaVersion returns 0 for an empty database.
func (s *Store) schemaVersion(ctx context.Context) (int, error) {
	exists := `SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'`
	if s.dialect == postgres {
		exists = `SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'schema_version'`
	}
	var n, version int
	if err := s.readDB.QueryRowContext(ctx, exists).Scan(&n); err != nil || n == 0 {
		return 0, err
	}
	err := s.readDB.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0) FROM schema_version`).Scan(&version)
	return version, err
}
