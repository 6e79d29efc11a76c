package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"topicwire/aggregator"
	"topicwire/store"
)

func sqliteWorld(t *testing.T) *world {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "topicwire.db"), "sqlite")
}

// TestPragmasHoldOnEveryConnection asks several connections of each pool
// (BEHAVIOUR O-03).
func TestPragmasHoldOnEveryConnection(t *testing.T) {
	w := sqliteWorld(t)
	read, write := store.Pools(w.Store)
	check := func(pool string, c *sql.Conn, want map[string]string) {
		t.Helper()
		for pragma, v := range want {
			var got string
			if err := c.QueryRowContext(t.Context(), `PRAGMA `+pragma).Scan(&got); err != nil || got != v {
				t.Errorf("%s: %s = %q, %v, want %q", pool, pragma, got, err, v)
			}
		}
	}
	var held []*sql.Conn
	for range 4 {
		c, err := read.Conn(t.Context())
		w.must(err)
		held = append(held, c)
		check("reader", c, map[string]string{"journal_mode": "wal", "query_only": "1", "foreign_keys": "1", "busy_timeout": "10000"})
		if _, err := c.ExecContext(t.Context(), `DELETE FROM meta`); err == nil {
			t.Error("a reader wrote")
		}
	}
	for _, c := range held {
		c.Close()
	}
	if write.Stats().MaxOpenConnections != 1 {
		t.Error("more than one connection writes")
	}
	store.OnWriter(w.Store, func(c *sql.Conn) {
		check("writer", c, map[string]string{"journal_mode": "wal", "synchronous": "1", "query_only": "0", "foreign_keys": "1", "busy_timeout": "10000"})
	})
}

// TestNoUpdateIsLost raises a counter from 8 goroutines, half of them through
// a second process's connection (BEHAVIOUR O-04).
func TestNoUpdateIsLost(t *testing.T) {
	w := sqliteWorld(t)
	other, err := store.Open(t.Context(), store.Options{DSN: w.dsn, Now: w.now})
	w.must(err)
	defer other.Close()
	_, err = w.SetMetaOnce(t.Context(), "n", "0")
	w.must(err)
	var wg sync.WaitGroup
	for i := range 8 {
		s := []*store.Store{w.Store, other}[i%2]
		wg.Go(func() {
			for range 50 {
				if err := store.Increment(t.Context(), s, "n"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got, err := w.Meta(t.Context(), "n"); got != "400" || err != nil {
		t.Errorf("counted %s of 400, %v", got, err)
	}
}

// TestInstantsAreIntegers looks at the type of every value in a filled
// database (BEHAVIOUR O-05).
func TestInstantsAreIntegers(t *testing.T) {
	w := sqliteWorld(t)
	w.fill()
	db := w.raw()
	for table, columns := range schemaOf(t, db, "sqlite") {
		for _, c := range columns {
			if !strings.HasSuffix(c, "_at") && !strings.HasSuffix(c, "_until") && c != "at" && c != "since" && c != "first_seen" {
				continue
			}
			var bad int
			err := db.QueryRow(fmt.Sprintf(`SELECT COUNT(*) FROM %s WHERE typeof(%s) <> 'integer'`, table, c)).Scan(&bad)
			if err != nil || bad != 0 {
				t.Errorf("%s.%s: %d values are no integers, %v", table, c, bad, err)
			}
		}
		var strict int
		if err := db.QueryRow(`SELECT strict FROM pragma_table_list WHERE name = $1`, table).Scan(&strict); err != nil || strict != 1 && table != "schema_version" {
			t.Errorf("%s is not STRICT, %v", table, err)
		}
	}
}

// fill leaves a row in every table that has a use for one.
func (w *world) fill() {
	w.Helper()
	topic := w.topic("pair")
	id := w.feed("https://a.example/feed")
	w.poll(id, true, item("one", t0), item("two", t0.Add(-time.Hour)))
	w.process(topic)
}

func schemaOf(t *testing.T, db *sql.DB, engine string) map[string][]string {
	t.Helper()
	q := `SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY 1, 2`
	if engine == "postgres" {
		q = `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY 1, 2`
	}
	rows, err := db.Query(q)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := make(map[string][]string)
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		out[table] = append(out[table], column)
	}
	if err := rows.Err(); err != nil || len(out) < 10 {
		t.Fatalf("%d tables, %v", len(out), err)
	}
	return out
}

func TestSchemasAreTheSame(t *testing.T) {
	schemas := make(map[string]map[string][]string)
	forEachEngine(t, func(t *testing.T, w *world) { schemas[w.engine] = schemaOf(t, w.raw(), w.engine) })
	if schemas["postgres"] == nil {
		t.Skip("PostgreSQL is not tested: nothing to compare with")
	}
	if diff := cmp.Diff(schemas["sqlite"], schemas["postgres"], cmp.Transformer("sorted", func(s []string) string {
		return strings.Join(s, "\n")
	})); diff != "" {
		t.Error(diff)
	}
}

// TestKill ends a writing process 20 times without warning.
func TestKill(t *testing.T) {
	if dsn := os.Getenv("TOPICWIRE_TEST_WRITER"); dsn != "" {
		writeForever(t, dsn)
		return
	}
	dsn := filepath.Join(t.TempDir(), "topicwire.db")
	for round := range 20 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKill$", "-test.v")
		cmd.Env = append(os.Environ(), "TOPICWIRE_TEST_WRITER="+dsn)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var last int
		buf := make([]byte, 4096)
		for text := ""; last < 5+round; { // a few transactions are known to be saved
			n, err := out.Read(buf)
			if err != nil {
				t.Fatalf("round %d: the writer ended: %v\n%s", round, err, text)
			}
			text += string(buf[:n])
			lines := strings.Split(text, "\n")
			text = lines[len(lines)-1]
			for _, l := range lines[:len(lines)-1] {
				if v, ok := strings.CutPrefix(l, "saved "); ok {
					last, _ = strconv.Atoi(v)
				}
			}
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		w := open(t, dsn, "sqlite")
		w.wellKept()
		f, err := w.FeedByURL(t.Context(), fmt.Sprintf("https://%d.example/feed", 0))
		w.must(err)
		if f.Items < last {
			t.Fatalf("round %d: %d items, %d were saved", round, f.Items, last)
		}
		w.must(w.Close())
	}
}

// writeForever polls and processes, and says what is saved.
func writeForever(t *testing.T, dsn string) {
	w := open(t, dsn, "sqlite")
	id, err := w.AddFeed(w.ctx(), aggregator.FeedSettings{URL: "https://0.example/feed"}, aggregator.InDatabase)
	if errors.Is(err, aggregator.ErrExists) {
		f, err := w.FeedByURL(w.ctx(), "https://0.example/feed")
		w.must(err)
		id = f.ID
	} else {
		w.must(err)
	}
	topic, err := w.SaveTopic(w.ctx(), aggregator.Topic{Slug: "pair"})
	if errors.Is(err, aggregator.ErrExists) {
		tp, err := w.Topic(w.ctx(), "pair")
		w.must(err)
		topic = tp.ID
	} else {
		w.must(err)
	}
	f, err := w.Feed(w.ctx(), id)
	w.must(err)
	if !f.LastPollAt.IsZero() {
		w.at.Store(f.LastPollAt.Add(2 * time.Hour).Unix()) // leases of the process that was killed have ended
	}
	for n := f.Items; ; n++ {
		w.advance(time.Hour)
		w.poll(id, false, item(strconv.Itoa(n), t0))
		fmt.Printf("\nsaved %d\n", n+1)
		w.process(topic)
	}
}

func TestBackupUnderLoad(t *testing.T) {
	w := sqliteWorld(t)
	id := w.feed("https://a.example/feed")
	stop, done := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for ; ; n++ {
			select {
			case <-stop:
				done <- n
				return
			default:
				w.poll(id, false, item(strconv.Itoa(n), t0))
				w.process()
			}
		}
	}()
	dir := t.TempDir()
	file := filepath.Join(dir, "copy.db")
	w.must(w.Backup(t.Context(), file))
	close(stop)
	if n := <-done; n == 0 {
		t.Error("nothing was written")
	}
	if err := w.Backup(t.Context(), file); !errors.Is(err, os.ErrExist) {
		t.Errorf("backing up over a file: %v", err)
	}
	c := open(t, file, "sqlite")
	c.wellKept()
	if names, _ := filepath.Glob(filepath.Join(dir, "*.part*")); len(names) > 0 {
		t.Errorf("left %v", names)
	}
}

func TestRestore(t *testing.T) {
	w := sqliteWorld(t)
	w.fill()
	file := filepath.Join(t.TempDir(), "copy.db")
	w.must(w.Backup(t.Context(), file))
	w.must(w.RemoveFeed(t.Context(), "https://a.example/feed"))

	unlock, err := w.LockPolling()
	w.must(err)
	_, err = w.LockPolling()
	if w.is(err, aggregator.ErrLocked); err != nil && !strings.Contains(err.Error(), w.dsn) {
		t.Errorf("%v does not name the database", err)
	}
	_, err = store.Restore(t.Context(), w.dsn, file)
	w.is(err, aggregator.ErrLocked)
	unlock()

	bad := filepath.Join(t.TempDir(), "bad.db")
	w.must(os.WriteFile(bad, []byte("no database"), 0o600))
	if _, err := store.Restore(t.Context(), w.dsn, bad); err == nil {
		t.Error("restored what is no database")
	}
	w.must(w.Close())
	kept, err := store.Restore(t.Context(), w.dsn, file)
	w.must(err)
	if left, _ := filepath.Glob(w.dsn + ".restoring*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	w.Store = nil
	w.reopen()
	if _, err := w.FeedByURL(t.Context(), "https://a.example/feed"); err != nil {
		t.Error(err)
	}
	old := open(t, kept, "sqlite")
	_, err = old.FeedByURL(t.Context(), "https://a.example/feed")
	w.is(err, aggregator.ErrNotFound)
}

func TestUnusableDatabases(t *testing.T) {
	write := func(name string, content []byte) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	w := sqliteWorld(t)
	w.fill()
	w.must(w.Close())
	good, err := os.ReadFile(w.dsn)
	w.must(err)
	flipped := append([]byte(nil), good...)
	for i := range 64 { // the first page's list of cells
		flipped[100+i] ^= 0xff
	}
	for _, c := range []struct {
		name, dsn, says string
		damaged         bool
	}{
		{"no database", write("a.db", []byte("This is a text about databases.\n")), "restore", true},
		{"flipped bytes", write("b.db", flipped), "restore", true},
		{"cut off", write("c.db", good[:len(good)/2]), "restore", true},
		{"memory", ":memory:", "lost at exit", false},
		{"no directory", filepath.Join(t.TempDir(), "no", "x.db"), "does not exist", false},
		{"a directory", t.TempDir(), "is a directory", false},
		{"another scheme", "mysql://root@host/x", "postgres://", false},
		{"nothing", "", "name a file", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, _ := os.ReadFile(c.dsn)
			st, err := store.Open(t.Context(), store.Options{DSN: c.dsn})
			if err == nil {
				st.Close()
				t.Fatal("it was opened")
			}
			if errors.Is(err, aggregator.ErrDamaged) != c.damaged || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error = %v", err)
			}
			if after, _ := os.ReadFile(c.dsn); string(after) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
	st, err := store.Open(t.Context(), store.Options{DSN: write("empty ?#%.db", nil)})
	w.must(err)
	w.must(st.Close())
}

func TestNewerSchemaIsRefused(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		_, err := w.raw().Exec(`INSERT INTO schema_version (version, applied_at) VALUES (999, 1)`)
		w.must(err)
		_, err = store.Open(context.Background(), store.Options{DSN: w.dsn})
		w.is(err, aggregator.ErrDamaged)
		if err == nil || !strings.Contains(err.Error(), "999") {
			t.Errorf("error = %v, want the schema's number", err)
		}
	})
}

// TestMigration takes a filled database to a schema that is one step newer.
func TestMigration(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		w.fill()
		if err := store.MigrateWith(t.Context(), w.Store, "ALTER TABLE meta ADD COLUMN x TEXT;\nNO SQL;"); err == nil {
			t.Error("a broken step was made")
		}
		w.must(store.MigrateWith(t.Context(), w.Store, "-- a step\nALTER TABLE meta ADD COLUMN x TEXT; -- as in life\nCREATE INDEX meta_x ON meta (x);\n"))
		if got := schemaOf(t, w.raw(), w.engine)["meta"]; len(got) != 3 {
			t.Errorf("meta has the columns %q", got)
		}
		if w.engine != "sqlite" {
			return
		}
		copies, err := filepath.Glob(w.dsn + ".schema-*.backup") // of the schema before
		if err != nil || len(copies) != 1 {
			t.Fatalf("copies %q, %v", copies, err)
		}
		open(t, copies[0], "sqlite").wellKept()
		_, err = store.Open(t.Context(), store.Options{DSN: w.dsn})
		w.is(err, aggregator.ErrDamaged)
	})
}

func TestReadOnly(t *testing.T) {
	w := sqliteWorld(t)
	w.fill()
	w.must(w.Close())
	st, err := store.Open(t.Context(), store.Options{DSN: w.dsn, ReadOnly: true})
	w.must(err)
	defer st.Close()
	if feeds, err := st.Feeds(t.Context(), aggregator.FeedFilter{}); err != nil || len(feeds) != 1 || feeds[0].Items != 2 {
		t.Errorf("feeds = %+v, %v", feeds, err)
	}
	if err := st.RemoveFeed(t.Context(), "https://a.example/feed"); err == nil {
		t.Error("a store for reading wrote")
	}
	if _, err := store.Open(t.Context(), store.Options{DSN: w.dsn + ".not", ReadOnly: true}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error = %v", err)
	}
}

func TestNewDatabaseIsItsOwnersAlone(t *testing.T) {
	w := sqliteWorld(t)
	w.feed("https://a.example/feed")
	for _, tail := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(w.dsn + tail)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", tail, info, err)
		}
	}
}
