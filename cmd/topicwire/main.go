// Topicwire is your own newswire for any topic: one binary that polls news
// feeds, recognises when outlets tell the same story, and republishes each
// topic as a feed, a page and a newsletter. This package holds the commands
// and the wiring; what they do is in the packages under aggregator.
package main

import (
	"context"
	"os"
	"runtime/debug"
)

func main() {
	// What lives is small beside the garbage that parsing makes: collecting
	// twice as often costs little and saves a fifth of the memory.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	os.Exit(Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
