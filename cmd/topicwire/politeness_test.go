package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"topicwire/config"
)

// constants evaluates the constants of a package, by name.
func constants(t *testing.T, dir string) func(name string) int64 {
	t.Helper()
	fset := token.NewFileSet()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	conf := types.Config{Importer: onlyTime{}, Error: func(error) {}, IgnoreFuncBodies: true}
	pkg, _ := conf.Check(dir, fset, files, nil) // all that is missing is other packages
	return func(name string) int64 {
		t.Helper()
		c, ok := pkg.Scope().Lookup(name).(*types.Const)
		if !ok {
			t.Fatalf("%s has no constant %s: docs/politeness.md was true of it", dir, name)
		}
		n, ok := constant.Int64Val(constant.ToInt(c.Val()))
		if !ok {
			t.Fatalf("%s: %s is %s", dir, name, c.Val())
		}
		return n
	}
}

// onlyTime imports package time, as far as its units go.
type onlyTime struct{}

func (onlyTime) Import(path string) (*types.Package, error) {
	if path != "time" {
		return nil, errors.New("not needed")
	}
	pkg := types.NewPackage("time", "time")
	name := types.NewTypeName(token.NoPos, pkg, "Duration", nil)
	duration := types.NewNamed(name, types.Typ[types.Int64], nil)
	pkg.Scope().Insert(name)
	for unit, d := range map[string]time.Duration{
		"Nanosecond": 1, "Microsecond": time.Microsecond, "Millisecond": time.Millisecond, "Second": time.Second, "Minute": time.Minute, "Hour": time.Hour,
	} {
		pkg.Scope().Insert(types.NewConst(token.NoPos, pkg, unit, duration, constant.MakeInt64(int64(d))))
	}
	pkg.MarkComplete()
	return pkg, nil
}

// TestPolitenessIsAsDocumented holds the numbers of docs/politeness.md against
// the constants of the code and the defaults of the configuration.
func TestPolitenessIsAsDocumented(t *testing.T) {
	b, err := os.ReadFile("../../docs/politeness.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := strings.Join(strings.Fields(string(b)), " ")
	fetch, poll, pipe, root := constants(t, "../../aggregator/fetch"), constants(t, "../../aggregator/poll"), constants(t, "../../aggregator/pipeline"), constants(t, "../../aggregator")
	const sec, hour, day = int64(time.Second), int64(time.Hour), int64(24 * time.Hour)
	for _, want := range []string{
		fmt.Sprintf("nothing but 304 for %d days", root("stuckAfter")/day),
		fmt.Sprintf("from %d hour to %d hours", poll("defaultMinInterval")/hour, poll("defaultMaxInterval")/hour),
		fmt.Sprintf("twice as long after every %d times", poll("wastedPolls")),
		fmt.Sprintf("`sy:updatePeriod`: up to %d days", poll("maxHint")/day),
		fmt.Sprintf("or as a date, up to %d days", poll("maxRetryAfter")/day),
		fmt.Sprintf("else %d hours, doubling up to %d days", poll("throttledStart")/hour, poll("throttledMax")/day),
		fmt.Sprintf("once %d of its feeds answer so", poll("failingURLs")),
		fmt.Sprintf("| 5xx, no answer | %d hour, doubling up to %d hours |", poll("backoffStart")/hour, poll("backoffMax")/hour),
		fmt.Sprintf("no feed | %d hour, doubling up to %d days |", poll("backoffStart")/hour, poll("refusedMax")/day),
		fmt.Sprintf("at least %d hours later; after the second 410", poll("goneAfter")/hour),
		fmt.Sprintf("| failing for %d days | once in %d days |", poll("deadAfter")/day, poll("deadInterval")/day),
		fmt.Sprintf("403 makes it once in %d days", poll("refusedMax")/day),
		fmt.Sprintf("after %d polls in %d hours", poll("movedPolls"), poll("movedTime")/hour),
		fmt.Sprintf("%d seconds between two of its feeds", poll("defaultHostGap")/sec),
		fmt.Sprintf("at most %d redirects; %d MiB on the wire and %d MiB decoded; %d seconds in all",
			fetch("maxRedirects"), fetch("maxWireBytes")>>20, fetch("maxDecodedBytes")>>20, fetch("wholeTimeout")/sec),
		fmt.Sprintf("%d characters of text", pipe("fullTextLen")),
		fmt.Sprintf("%d seconds between two, at most %d MiB", fetch("defaultPageGap")/sec, fetch("maxPageBytes")>>20),
		fmt.Sprintf("kept up to %d seconds; of a site that asks for more, at most %d pages a day", fetch("maxCrawlDelay")/sec, fetch("pagesPerDay")),
		fmt.Sprintf("tried %d times in all", pipe("pageTries")),
		fmt.Sprintf("left alone for %d days, and %d of these in a row close the site's pages for %d days",
			pipe("refusedRest")/day, fetch("refusedInRow"), fetch("refusedPause")/day),
		fmt.Sprintf("at most once in %d hours", fetch("robotsMaxAge")/hour),
	} {
		if !strings.Contains(doc, want) {
			t.Errorf("docs/politeness.md does not say %q, which is what the code does", want)
		}
	}
	if minManualGap != 5*time.Minute || catchUp != 15*time.Minute {
		t.Errorf("docs/politeness.md says five minutes and a quarter of an hour, the code %v and %v", minManualGap, catchUp)
	}
	c := config.Default()
	short := func(d time.Duration) string { return strings.NewReplacer("h0m0s", "h", "m0s", "m").Replace(d.String()) }
	for _, want := range []string{
		fmt.Sprintf("| `fetch.min_interval`, `fetch.max_interval` | `%s`, `%s` |", short(c.Fetch.MinInterval), short(c.Fetch.MaxInterval)),
		fmt.Sprintf("| `fetch.host_gap` | `%s` |", short(c.Fetch.HostGap)), fmt.Sprintf("| `fetch.page_gap` | `%s` |", short(c.Fetch.PageGap)),
		fmt.Sprintf("| `fetch.concurrency` | `%d` |", c.Fetch.Concurrency), fmt.Sprintf("| `fetch.timeout` | `%ds` |", c.Fetch.Timeout/time.Second),
		fmt.Sprintf("| `%s` |", c.Enrich),
	} {
		if !strings.Contains(doc, want) {
			t.Errorf("docs/politeness.md lacks %q", want)
		}
	}
}
