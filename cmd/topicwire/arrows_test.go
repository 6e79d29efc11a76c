package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// arrows says which of our packages each may import (DESIGN.md §3). A package
// that is not listed fails the test: a new room needs a place in the plan.
var arrows = map[string][]string{
	"topicwire/aggregator":                  {},
	"topicwire/aggregator/text":             {"aggregator"},
	"topicwire/aggregator/fetch":            {"aggregator", "aggregator/text"},
	"topicwire/aggregator/poll":             {"aggregator"},
	"topicwire/aggregator/parse":            {"aggregator", "aggregator/text"},
	"topicwire/aggregator/dedup":            {"aggregator", "aggregator/text"},
	"topicwire/aggregator/enrich":           {"aggregator", "aggregator/text"},
	"topicwire/aggregator/match":            {"aggregator", "aggregator/text"},
	"topicwire/aggregator/publish":          {"aggregator", "aggregator/text"},
	"topicwire/aggregator/publish/validate": {},
	"topicwire/aggregator/pipeline": {"aggregator", "aggregator/fetch", "aggregator/parse", "aggregator/dedup",
		"aggregator/enrich", "aggregator/match", "aggregator/text"},
	"topicwire/aggregator/web":      {"aggregator", "aggregator/publish", "aggregator/match", "aggregator/text"},
	"topicwire/aggregator/feedtest": {"aggregator"},
	"topicwire/store":               {"aggregator"},
	"topicwire/config":              {},
	"topicwire/cmd/topicwire/demo":  {"aggregator"},
}

// commandPackage may import everything.
const commandPackage = "topicwire/cmd/topicwire"

// generators run by hand, from go:generate; nothing imports them.
const generators = "/internal/gen"

func TestImportArrows(t *testing.T) {
	for _, p := range ourPackages(t) {
		if p.ImportPath == commandPackage || strings.Contains(p.ImportPath, generators) || p.Name == "main" {
			continue
		}
		allowed, listed := arrows[p.ImportPath]
		if !listed {
			t.Errorf("package %s has no place in the plan: add it to arrows, with what it may import", p.ImportPath)
			continue
		}
		for _, imp := range p.Imports {
			ours, ok := strings.CutPrefix(imp, "topicwire/")
			if ok && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s, which the design does not allow", p.ImportPath, imp)
			}
		}
		if p.ImportPath == "topicwire/aggregator" {
			for _, imp := range p.Imports {
				if strings.Contains(imp, ".") {
					t.Errorf("aggregator imports %s: the domain needs the standard library only", imp)
				}
			}
		}
	}
}

type listedPackage struct {
	ImportPath string
	Name       string
	Imports    []string
}

func ourPackages(t *testing.T) []listedPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Name,Imports", "topicwire/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []listedPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listedPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		list = append(list, p)
	}
}
