// Command validate judges feeds in files by package validate.
//
//	go run ./.ci/validate BASE-URL russia-india.rss russia-india.atom …
//
// Each file is taken for what is served at BASE-URL/topics/ under its name.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"topicwire/aggregator/publish/validate"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: validate BASE-URL FILE...")
		os.Exit(2)
	}
	bad := false
	for _, name := range os.Args[2:] {
		doc, err := os.ReadFile(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		format := strings.TrimPrefix(filepath.Ext(name), ".")
		self := strings.TrimSuffix(os.Args[1], "/") + "/topics/" + filepath.Base(name)
		found := validate.Check(format, doc, self)
		for _, f := range found {
			fmt.Fprintf(os.Stderr, "%s: %s\n", name, f)
		}
		if len(found) == 0 {
			fmt.Printf("%s: nothing found\n", name)
		}
		bad = bad || len(found) > 0
	}
	if bad {
		os.Exit(1)
	}
}
