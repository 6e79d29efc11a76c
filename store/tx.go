package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"topicwire/aggregator"
)

// conn is a connection that writes, with its prepared statements. The
// transaction is begun by hand: database/sql would prepare each statement of
// each transaction anew.
type conn struct {
	c     *sql.Conn
	stmts stmtCache
}

func (c *conn) close() error {
	c.stmts.close()
	return c.c.Close()
}

// tx is a transaction that writes.
type tx struct {
	c    *conn
	keep bool // statements are prepared once and kept
}

func (t *tx) unnamed() bool { return t.keep }

func (t *tx) exec(ctx context.Context, q string, args ...any) (int64, error) {
	var res sql.Result
	var err error
	if t.keep {
		var st *sql.Stmt
		if st, err = t.c.stmts.stmt(ctx, t.c.c, q); err == nil { //nolint:sqlclosecheck // the cache keeps it and closes it with the connection
			res, err = st.ExecContext(ctx, args...)
		}
	} else {
		res, err = t.c.c.ExecContext(ctx, q, args...)
	}
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (t *tx) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	if !t.keep {
		return t.c.c.QueryContext(ctx, q, args...)
	}
	st, err := t.c.stmts.stmt(ctx, t.c.c, q) //nolint:sqlclosecheck // the cache keeps it and closes it with the connection
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

func (t *tx) row(ctx context.Context, q string, args ...any) *sql.Row {
	if t.keep {
		if st, err := t.c.stmts.stmt(ctx, t.c.c, q); err == nil { //nolint:sqlclosecheck // the cache keeps it and closes it with the connection
			return st.QueryRowContext(ctx, args...)
		}
	}
	return t.c.c.QueryRowContext(ctx, q, args...)
}

// writeTries bounds how often a transaction that PostgreSQL gave up for the
// sake of another is begun anew.
const writeTries = 4

// write runs fn in one transaction. fn may run more than once.
func (s *Store) write(ctx context.Context, fn func(ctx context.Context, t *tx) error) error {
	if s.opts.ReadOnly {
		return errors.New("the database was opened for reading only")
	}
	for try := 1; ; try++ {
		err := s.writeOnce(ctx, fn)
		if err == nil || try == writeTries || !s.dialect.retryable(err) {
			return s.ours(err)
		}
	}
}

func (s *Store) writeOnce(ctx context.Context, fn func(ctx context.Context, t *tx) error) error {
	c, release, err := s.writer(ctx)
	if err != nil {
		return err
	}
	defer release()
	inner := ctx
	if s.dialect == sqlite {
		// The driver starts a goroutine for every statement that could be
		// cancelled. A transaction here takes milliseconds: it is cancelled
		// before it begins or not at all.
		inner = context.WithoutCancel(ctx)
	}
	t := &tx{c: c, keep: s.dialect.keepStmts}
	if _, err := t.exec(inner, s.dialect.begin); err != nil {
		return err
	}
	if err := runSafely(inner, t, fn); err != nil {
		return errors.Join(err, rollback(c))
	}
	if _, err := t.exec(inner, `COMMIT`); err != nil {
		return errors.Join(err, rollback(c))
	}
	return nil
}

// runSafely turns a panic of a caller's function into an error, so that the
// one connection that writes does not stay inside a transaction.
func runSafely(ctx context.Context, t *tx, fn func(ctx context.Context, t *tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic inside a transaction: %v", p)
		}
	}()
	return fn(ctx, t)
}

// rollback ends a failed transaction. A connection that cannot do even that is
// dropped, and the transaction with it. That there is none to end is no error:
// some failures end it.
func rollback(c *conn) error {
	_, err := c.c.ExecContext(context.Background(), `ROLLBACK`)
	if err != nil && !strings.Contains(err.Error(), "no transaction is active") {
		return c.c.Raw(func(any) error { return driver.ErrBadConn })
	}
	return nil
}

// writer returns a connection that writes, for the caller alone until release.
func (s *Store) writer(ctx context.Context) (c *conn, release func(), err error) {
	if s.writing == nil {
		sc, err := s.writeDB.Conn(ctx)
		if err != nil {
			return nil, nil, err
		}
		return &conn{c: sc}, func() { sc.Close() }, nil
	}
	select {
	case c := <-s.writing:
		if err := ctx.Err(); err != nil {
			s.writing <- c
			return nil, nil, err
		}
		return c, func() { s.writing <- c }, nil
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

// ours turns the driver's errors into the kinds that callers tell apart.
func (s *Store) ours(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return aggregator.ErrNotFound
	case s.dialect.unique(err):
		return fmt.Errorf("%w: %w", aggregator.ErrExists, err)
	case s.dialect == sqlite && damaged(err):
		return damagedError(s.path, err)
	}
	return err
}

// insertSizes are the numbers of rows that one INSERT statement carries: few,
// so that all are prepared.
var insertSizes = []int{64, 16, 4, 1}

// insert runs head VALUES (…), (…) tail for rows of width arguments each.
func (t *tx) insert(ctx context.Context, head, tail string, width int, args []any) error {
	return t.eachInsert(head, tail, width, args, func(q string, args []any) error {
		_, err := t.exec(ctx, q, args...)
		return err
	})
}

func (t *tx) eachInsert(head, tail string, width int, args []any, run func(q string, args []any) error) error {
	for _, size := range insertSizes {
		for len(args) >= size*width {
			if err := run(insertText(head, tail, width, size, t.unnamed()), args[:size*width]); err != nil {
				return err
			}
			args = args[size*width:]
		}
	}
	return nil
}

type textKey struct {
	head, tail  string
	width, size int
	unnamed     bool
}

var texts sync.Map // textKey → string

func insertText(head, tail string, width, size int, unnamed bool) string {
	key := textKey{head, tail, width, size, unnamed}
	if q, ok := texts.Load(key); ok {
		return q.(string)
	}
	var b strings.Builder
	b.WriteString(head + " VALUES ")
	for r := range size {
		if r > 0 {
			b.WriteString(", ")
		}
		b.WriteString("(" + listParams(r*width+1, width, unnamed) + ")")
	}
	b.WriteString(" " + tail)
	texts.Store(key, b.String())
	return b.String()
}

// listParams is params for long lists. SQLite takes $1 for a name and looks
// names up one after the other, which makes a thousand of them dear; unnamed
// ones are numbered as they come.
func listParams(from, n int, unnamed bool) string {
	if !unnamed {
		return params(from, n)
	}
	return strings.Repeat(",?", n)[1:]
}

// params returns n placeholders, the first of them $from.
func params(from, n int) string {
	b := make([]byte, 0, 5*n)
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '$')
		b = strconv.AppendInt(b, int64(from+i), 10)
	}
	return string(b)
}

// inSizes are the lengths of IN lists; a shorter list repeats its last value.
var inSizes = []int{1, 4, 16, 64, 256}

// eachIn runs a query once for every 256 ids. In the text, %s stands for the
// list, after all placeholders of args.
func eachIn[T any](ctx context.Context, q querier, text string, args []any, ids []T, scan func(*sql.Rows) error) error {
	for len(ids) > 0 {
		n := min(len(ids), inSizes[len(inSizes)-1])
		size := n
		for _, s := range inSizes {
			if s >= n {
				size = s
				break
			}
		}
		list := make([]any, 0, len(args)+size)
		list = append(list, args...)
		for i := range size {
			list = append(list, ids[min(i, n-1)])
		}
		if err := scanAll(ctx, q, inText(text, len(args), size, q.unnamed()), list, scan); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// execIn is eachIn for statements that return no rows.
func execIn[T any](ctx context.Context, t *tx, text string, args []any, ids []T) error {
	return eachIn(ctx, execQuerier{t}, text, args, ids, nil)
}

// execQuerier runs a statement where a query is expected.
type execQuerier struct{ *tx }

func (e execQuerier) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	_, err := e.exec(ctx, q, args...)
	return nil, err
}

func inText(text string, after, size int, unnamed bool) string {
	key := textKey{head: text, width: after, size: size, unnamed: unnamed}
	if q, ok := texts.Load(key); ok {
		return q.(string)
	}
	q := strings.Replace(text, "%s", listParams(after+1, size, unnamed), 1)
	texts.Store(key, q)
	return q
}

// scanAll calls scan for every row of a query, and closes the rows.
func scanAll(ctx context.Context, q querier, text string, args []any, scan func(*sql.Rows) error) error {
	rows, err := q.query(ctx, text, args...)
	if err != nil {
		return err
	}
	if rows == nil {
		return nil
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
