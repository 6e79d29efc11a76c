// Topicwire is your own newswire for any topic: one binary that polls news
// feeds, recognises when outlets tell the same story, and republishes each
// topic as a feed, a page and a newsletter. This package holds the commands
// and the wiring; what they do is in the packages under aggregator.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
