package main

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/netutil"
)

// pipeListener is a listener in memory.
type pipeListener struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080} }

// dial waits until the server takes the connection.
func (l *pipeListener) dial() net.Conn {
	ours, theirs := net.Pipe()
	l.conns <- theirs
	return ours
}

// TestX14Slowloris: connections that drip their header are cut after the
// header's timeout, no more than the limit are held at once, and who asks
// properly is answered after that.
func TestX14Slowloris(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 50
		ln := newPipeListener()
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error, 1)
		hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
		go func() {
			served <- serveHTTP(ctx, netutil.LimitListener(ln, limit), hello, slog.New(slog.DiscardHandler))
		}()

		start := time.Now()
		var slow sync.WaitGroup
		for range 3 * limit {
			slow.Go(func() {
				c := ln.dial()
				defer c.Close()
				slow.Go(func() { _, _ = io.Copy(io.Discard, c) }) // a pipe has no buffer for the refusal
				began := time.Now()
				if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: localhost\r\n"); err != nil {
					return
				}
				for {
					if _, err := io.WriteString(c, "X"); err != nil {
						break
					}
					time.Sleep(time.Second)
				}
				if held := time.Since(began); held > headerTimeout+2*time.Second {
					t.Errorf("a dripping header was read for %v", held)
				}
			})
		}
		time.Sleep(time.Second)
		synctest.Wait()
		c := ln.dial() // waits until there is room
		if waited := time.Since(start); waited < headerTimeout || waited > 4*headerTimeout {
			t.Errorf("an honest reader waited %v; the drippers of a full house are cut after %v", waited, headerTimeout)
		}
		go func() { _, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") }()
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != 200 || string(body) != "hello" {
			t.Errorf("status %d, %q, %v", res.StatusCode, body, err)
		}
		res.Body.Close()
		c.Close()
		slow.Wait()
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

// TestX14ServeBoundsConnections: the daemon itself holds the limit.
func TestX14ServeBoundsConnections(t *testing.T) {
	if testing.Short() {
		t.Skip("opens a thousand connections")
	}
	d := startDaemon(t, newsroom(t), "serve")
	addr := strings.TrimPrefix(d.url, "http://")
	idle := make([]net.Conn, 0, maxConnections)
	for range maxConnections {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Skipf("this machine opens no more than %d connections: %v", len(idle), err)
		}
		defer c.Close()
		idle = append(idle, c)
	}
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	if res, err := client.Get(d.url + "/healthz"); err == nil {
		res.Body.Close()
		t.Error("one more than the limit was answered at once")
	}
	client.Timeout = 2 * headerTimeout
	res, err := client.Get(d.url + "/healthz")
	if err != nil {
		t.Fatalf("those that send nothing are not cut off: %v", err)
	}
	res.Body.Close()
}
