package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// queryFault is what a query's parser says.
type queryFault int

func (f queryFault) Error() string { return "something is wrong" }
func (f queryFault) Position() int { return int(f) }

// checkQuery refuses queries that say BAD.
func checkQuery(query string, _ map[string][]string) error {
	if i := strings.Index(query, "BAD"); i >= 0 {
		return queryFault(i + 1)
	}
	return nil
}

// faultsOf reads and validates a file.
func faultsOf(t testing.TB, b []byte) Faults {
	t.Helper()
	c, err := Parse(b, "x.yml")
	if err == nil {
		err = c.Validate(checkQuery)
	}
	var faults Faults
	if err != nil && !errors.As(err, &faults) {
		t.Fatalf("%v is no Faults", err)
	}
	return faults
}

func TestBadFiles(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.bad.yml")
	if len(files) != len(bad) {
		t.Errorf("%d files, %d rows in the table", len(files), len(bad))
	}
	for _, tt := range bad {
		b, err := os.ReadFile("testdata/" + tt.name + ".bad.yml")
		if err != nil {
			t.Error(err)
			continue
		}
		faults := faultsOf(t, b)
		if len(faults) != 1 {
			t.Errorf("%s: %d faults, want 1:\n%v", tt.name, len(faults), faults)
			continue
		}
		if at := fmt.Sprintf("%d:%d", faults[0].Line, faults[0].Column); at != tt.at || !strings.Contains(faults[0].Msg, tt.msg) {
			t.Errorf("%s: fault at %s: %s\nwant at %s: …%s…", tt.name, at, faults[0].Msg, tt.at, tt.msg)
		}
	}
}

func TestGoodFiles(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.good.yml")
	for _, name := range files {
		c, err := Load(name)
		if err == nil {
			err = c.Validate(checkQuery)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFullFile(t *testing.T) {
	c, err := Load("testdata/full.good.yml")
	if err != nil {
		t.Fatal(err)
	}
	topic := c.Topics[0]
	if topic.Query != "country:ru country:in" || topic.MaxAge != 14*24*time.Hour || topic.Tags[0] != "world" ||
		!topic.Since.Equal(time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("topic = %+v", topic)
	}
	if c.Feeds[0].Interval != 36*time.Hour || c.Feeds[0].Headers["X-Token"] != "abc" {
		t.Errorf("feed = %+v", c.Feeds[0])
	}
	if !c.IsSet("fetch.host_gap") || c.IsSet("fetch.page_gap") {
		t.Error("IsSet does not know what the file sets")
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	faults := faultsOf(t, []byte("listen: nowhere\nenrich: maybe\nfetch: {timeout: soon, oops: 1}\ntopics:\n  - {slug: A, title: A, query: BAD}\n"))
	if len(faults) != 6 {
		t.Errorf("%d faults, want 6:\n%v", len(faults), faults)
	}
}

func TestEnvironmentAndSecrets(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	write("pw", "hunter2\n")
	dsn := write("dsn", "postgres://u:p@h/d\n")
	path := write("topicwire.yml", "listen: 127.0.0.1:1\nadmin: {password_file: pw}\nsmtp: {user: u, password_file: missing}\n")
	t.Setenv("TOPICWIRE_LISTEN", "127.0.0.1:2")
	t.Setenv("TOPICWIRE_DATABASE_FILE", dsn)
	t.Setenv("TOPICWIRE_BASE_URL", "nonsense")
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:2" || c.Database != "postgres://u:p@h/d" || string(c.Admin.Password) != "hunter2" {
		t.Errorf("listen %q, database %q, password %q", c.Listen, c.Database, string(c.Admin.Password))
	}
	if s := fmt.Sprintf("%v %+v %#v %s", c.Admin, *c, c.Admin, c.Admin.Password); strings.Contains(s, "hunter2") {
		t.Errorf("the password shows in %s", s)
	}
	got := fmt.Sprint(c.Validate(nil))
	for _, want := range []string{"environment: TOPICWIRE_BASE_URL: ", path + ":3:32: cannot read the secret"} {
		if !strings.Contains(got, want) {
			t.Errorf("faults %s\nlack %s", got, want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "1w": 168 * time.Hour, "1d12h": 36 * time.Hour, "1w1d": 192 * time.Hour, "0s": 0, "1.5d": 36 * time.Hour,
		"": -1, "5": -1, "d": -1, "12h3d": -1, "1y": -1, "9999999w": -1,
	} {
		got, err := ParseDuration(in)
		if (err != nil) != (want == -1) || (err == nil && got != want) {
			t.Errorf("ParseDuration(%q) = %v, %v", in, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.yml")
	for _, name := range files {
		b, _ := os.ReadFile(name)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, fault := range faultsOf(t, b) {
			if fault.Msg == "" || fault.Line < 0 {
				t.Errorf("fault %+v", fault)
			}
		}
	})
}
