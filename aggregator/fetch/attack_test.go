package fetch_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
)

// zeros compresses many zeros.
func zeros(t testing.TB, w io.WriteCloser, megabytes int) {
	t.Helper()
	block := make([]byte, 1<<20)
	for range megabytes {
		if _, err := w.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// bomb is 2 GiB of zeros in 2 MiB: 32 gzip members, one after the other.
var bomb = sync.OnceValue(func() []byte {
	var member bytes.Buffer
	zw := gzip.NewWriter(&member)
	zw.Write(make([]byte, 64<<20))
	zw.Close()
	return bytes.Repeat(member.Bytes(), 32)
})

func brotliBomb(t testing.TB, window, megabytes int) []byte {
	var b bytes.Buffer
	zeros(t, brotli.NewWriterOptions(&b, brotli.WriterOptions{Quality: 5, LGWin: window}), megabytes)
	return b.Bytes()
}

// attack is a server that means harm. What it sends after the request may go
// on for as long as the connection does.
type attack struct {
	name  string
	serve func(w io.Writer)
	h2    bool
}

func sends(head string, body []byte) func(w io.Writer) {
	return func(w io.Writer) {
		fmt.Fprintf(w, "HTTP/1.1 200 OK\r\n%s\r\n", head)
		w.Write(body)
	}
}

// drips sends the start at once, and then a little a hundred times a second.
func drips(start, drip string) func(w io.Writer) {
	return func(w io.Writer) {
		io.WriteString(w, start)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			if _, err := io.WriteString(w, drip); err != nil {
				return
			}
		}
	}
}

func endless(start, more string) func(w io.Writer) {
	return func(w io.Writer) {
		_, err := io.WriteString(w, start)
		for more := strings.Repeat(more, 1+4096/len(more)); err == nil; {
			_, err = io.WriteString(w, more)
		}
	}
}

// attacks are the ways to fill a reader's memory (BEHAVIOUR F-57).
func attacks(t testing.TB) []attack {
	const ok = "HTTP/1.1 200 OK\r\n"
	var nested bytes.Buffer
	zw := gzip.NewWriter(&nested)
	zw.Write(bomb())
	zw.Close()
	br22, br24 := brotliBomb(t, 22, 256), brotliBomb(t, 24, 64)
	half := strings.Repeat("x", 600<<10)
	most := strings.Repeat("y", 5<<20)
	all := []attack{
		{name: "gzip bomb", serve: sends("Content-Encoding: gzip\r\n", bomb())},
		{name: "nested gzip bomb", serve: sends("Content-Encoding: gzip, gzip\r\n", nested.Bytes())},
		{name: "brotli bomb", serve: sends("Content-Encoding: br\r\n", br22)},
		{name: "brotli bomb of a large window", serve: sends("Content-Encoding: br\r\n", br24)},
		{name: "brotli bomb in gzip", serve: sends("Content-Encoding: br, gzip\r\n", []byte(zip(string(br22))))},
		{name: "gzip bomb in brotli", serve: sends("Content-Encoding: gzip, br\r\n", []byte(br(string(bomb()))))},
		// Window 22, a block of 16 MiB, and then nothing comes of it.
		{name: "brotli that promises", serve: drips(ok+"Content-Encoding: br\r\n\r\n\x8b\xff\xff\xff\xff", "\xff")},
		{name: "9 MiB", serve: sends("", []byte(strings.Repeat("news ", 9<<20/5)))},
		{name: "5 MiB, then drips", serve: drips(ok+"\r\n"+most, "z")},
		{name: "600 KiB, then drips", serve: drips(ok+"\r\n"+half, "z")},
		{name: "500 KiB, then drips", serve: drips(ok+"\r\n"+half[:500<<10], "z")},
		{name: "header drips", serve: drips(ok, "X-A: b\r\n")},
		{name: "body drips", serve: drips(ok+"\r\n", "<")},
		{name: "length too long", serve: sends("Content-Length: 9000000\r\n", []byte(half))},
		{name: "length too short", serve: sends("Content-Length: 10\r\n", []byte(most))},
		{name: "length absurd", serve: sends("Content-Length: 99999999999999\r\n", []byte(most))},
		{name: "2 MiB header", serve: sends("X: "+strings.Repeat("h", 2<<20)+"\r\n", []byte(rss))},
		{name: "header of many lines", serve: endless(ok, "X-A: b\r\n")},
		{name: "interim answers", serve: endless("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")},
		{name: "body without end", serve: endless(ok+"\r\n", "news ")},
		{name: "tiny chunks", serve: endless(ok+"Transfer-Encoding: chunked\r\n\r\n", "1\r\nn\r\n")},
		{name: "chunk extensions", serve: endless(ok+"Transfer-Encoding: chunked\r\n\r\n1;", "a=b;")},
		{name: "trailers", serve: endless(ok+"Transfer-Encoding: chunked\r\n\r\n1\r\nn\r\n0\r\n", "X-A: b\r\n")},
		{name: "cookies", serve: endless(ok, "Set-Cookie: a="+strings.Repeat("b", 1000)+"\r\n")},
		{name: "h2 body", h2: true, serve: endless("", "news ")},
		{name: "h2 bomb", h2: true, serve: func(w io.Writer) {
			w.(http.ResponseWriter).Header().Set("Content-Encoding", "gzip")
			w.Write(bomb())
		}},
	}
	return all
}

// serveAttacks returns the URL of each.
func serveAttacks(t testing.TB, all []attack) []string {
	t.Helper()
	raw := make(map[string]func(io.Writer))
	mux := http.NewServeMux()
	for i, a := range all {
		path := fmt.Sprintf("/%d", i)
		raw[path] = a.serve
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { a.serve(w) })
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if req, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					raw[req.URL.Path](conn)
				}
			}()
		}
	}()
	srv := httptest.NewUnstartedServer(mux)
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(srv.Close)
	urls := make([]string, len(all))
	for i, a := range all {
		urls[i] = fmt.Sprintf("http://%s/%d", l.Addr(), i)
		if a.h2 {
			urls[i] = fmt.Sprintf("%s/%d", srv.URL, i)
		}
	}
	return urls
}
