package config

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var sameValues = cmp.Options{cmpopts.IgnoreUnexported(Config{}), cmpopts.EquateEmpty()}

func TestExampleIsTheDefault(t *testing.T) {
	c, err := Parse([]byte(Example()), "example.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), c, sameValues); diff != "" {
		t.Errorf("the example is not the default (-default +example):\n%s", diff)
	}
}

// TestExampleShowsEveryKey takes the # from the lines of the example that are
// keys without a default: the result must be valid and set every key there is.
func TestExampleShowsEveryKey(t *testing.T) {
	full := regexp.MustCompile(`(?m)^#(\S|  +\S)`).ReplaceAllString(Example(), "$1")
	c, err := Parse([]byte(full), "example.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(nil); err != nil {
		t.Errorf("the example with every key: %v", err)
	}
	for _, key := range everyKey(reflect.TypeFor[Config](), "") {
		if !c.IsSet(key) {
			t.Errorf("the example does not show %s", key)
		}
	}
}

func everyKey(typ reflect.Type, path string) []string {
	var keys []string
	for f := range typ.Fields() {
		if keyOf(f) == "" {
			continue
		}
		key := join(path, keyOf(f))
		keys = append(keys, key)
		switch {
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct:
			keys = append(keys, everyKey(f.Type.Elem(), key+"[0]")...)
		case f.Type.Kind() == reflect.Struct && f.Type != timeType:
			keys = append(keys, everyKey(f.Type, key)...)
		}
	}
	return keys
}

func TestStarter(t *testing.T) {
	pw := filepath.Join(t.TempDir(), "pw")
	if err := os.WriteFile(pw, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TOPICWIRE_ADMIN_PASSWORD_FILE", pw)
	c, err := Starter()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(nil); err != nil {
		t.Fatal(err)
	}
	if string(c.Admin.Password) != "hunter2" {
		t.Error("the starter configuration does not read secrets")
	}
	languages := map[string]bool{}
	for _, f := range c.Feeds {
		languages[f.Language] = true
		if !strings.HasPrefix(f.URL, "https://") {
			t.Errorf("%s is not https", f.URL)
		}
	}
	if len(c.Feeds) < 12 || len(languages) < 5 || !languages["id"] || !languages["hi"] || !languages["ru"] || !languages["en"] {
		t.Errorf("%d feeds in %v", len(c.Feeds), languages)
	}
	if len(c.Topics) != 1 || c.Topics[0].Slug != "russia-india" || c.Topics[0].Query != "country:ru country:in" {
		t.Errorf("topics = %+v", c.Topics)
	}
}
