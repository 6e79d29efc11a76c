// Package demo is the newsroom behind `topicwire demo`: a handful of invented
// outlets in several languages, served on loopback as news sites are served,
// with feeds in three formats, article pages full of furniture, validators and
// a robots.txt. The daemon polls it as it polls any site.
//
// In go the texts under newsroom/, all our own: the outlets, people and
// reports are fiction, and each page says so. Out comes a web server on one
// free port of 127.0.0.1, whose dates end at the moment of the start. It needs
// no network and knows nothing of the rest of Topicwire.
package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// Feed is a feed of the newsroom, as an editor would subscribe to it.
type Feed struct {
	URL      string
	Outlet   string
	Language string
	Tags     []string
}

// Newsroom is a running newsroom. Its methods are safe for goroutines.
type Newsroom struct {
	base    string
	addr    string
	outlets []*outlet
	server  *http.Server
	done    chan struct{}
}

// Start serves the newsroom until the context ends or Close is called. The
// newest reports are minutes older than now.
func Start(ctx context.Context, now time.Time) (*Newsroom, error) {
	outlets, err := readNewsroom(now)
	if err != nil {
		return nil, fmt.Errorf("read the newsroom: %w", err)
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open the newsroom: %w", err)
	}
	n := &Newsroom{
		addr:    ln.Addr().String(),
		base:    "http://" + ln.Addr().String(),
		outlets: outlets,
		done:    make(chan struct{}),
	}
	handler, err := n.handler()
	if err != nil {
		ln.Close()
		return nil, fmt.Errorf("open the newsroom: %w", err)
	}
	n.server = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(n.done)
		if err := n.server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			ln.Close()
		}
	}()
	context.AfterFunc(ctx, func() { n.server.Close() })
	return n, nil
}

// Close ends the newsroom and waits for its server.
func (n *Newsroom) Close() {
	n.server.Close()
	<-n.done
}

// URL returns the address of the newsroom's front page.
func (n *Newsroom) URL() string { return n.base + "/" }

// Feeds returns the feeds, one for each outlet.
func (n *Newsroom) Feeds() []Feed {
	feeds := make([]Feed, len(n.outlets))
	for i, o := range n.outlets {
		feeds[i] = Feed{URL: n.base + o.feedPath(), Outlet: o.Name, Language: o.Language, Tags: []string{"demo"}}
	}
	return feeds
}

// Config returns a configuration, as YAML, that reads the newsroom.
func (n *Newsroom) Config() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "fetch: {allow_private: [\"127.0.0.1/32:%s\"]}\nfeeds:\n", n.addr[strings.LastIndexByte(n.addr, ':')+1:])
	for _, f := range n.Feeds() {
		fmt.Fprintf(&b, "  - {url: %q, outlet: %q, language: %s, tags: [demo]}\n", f.URL, f.Outlet, f.Language)
	}
	b.WriteString(`topics:
  - slug: russia-india
    title: Russia–India
    description: What Russia and India do together, from a newsroom that exists only here.
    query: country:ru country:in
`)
	return []byte(b.String())
}
