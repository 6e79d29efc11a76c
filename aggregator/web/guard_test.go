package web_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/web"
)

// TestX15SocketAddressOnly: no header opens what the socket's address does not,
// whoever writes it; what is for everybody is for everybody.
func TestX15SocketAddressOnly(t *testing.T) {
	h := newServer(t, newsroom(), nil).Handler()
	spoofs := []map[string]string{nil}
	for _, name := range []string{"X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "X-Forwarded-Host", "X-Original-URL"} {
		for _, value := range []string{"127.0.0.1", "::1", "192.168.0.1", "for=127.0.0.1", "127.0.0.1, 203.0.113.7"} {
			spoofs = append(spoofs, map[string]string{name: value})
		}
	}
	for _, spoof := range spoofs {
		for _, from := range []string{"203.0.113.7:1", "[2001:4860::1]:1", "[::ffff:203.0.113.7]:1", "nonsense"} {
			for path, want := range map[string]int{"/metrics": 403, "/admin/feeds": 403, "/admin/feeds/1": 403, "/healthz": 200, "/readyz": 200} {
				if res := askFrom(h, from, "GET", path, spoof, ""); res.StatusCode != want {
					t.Errorf("GET %s from %s with %v = %d, want %d", path, from, spoof, res.StatusCode, want)
				}
			}
		}
	}
	for from, want := range map[string]int{"127.0.0.1:1": 200, "[::1]:1": 200, "192.168.7.7:1": 200, "[fd00::7]:1": 200, "[fe80::1%eth0]:1": 200} {
		if res := askFrom(h, from, "GET", "/metrics", nil, ""); res.StatusCode != want {
			t.Errorf("GET /metrics from %s = %d, want %d", from, res.StatusCode, want)
		}
	}
}

// TestX13HeaderInjection asks over a socket for what might get into a header
// of the answer, with line ends in it.
func TestX13HeaderInjection(t *testing.T) {
	srv := httptest.NewServer(newServer(t, newsroom(), func(o *web.Options) { o.BaseURL = "https://news.example.org/wire" }).Handler())
	t.Cleanup(srv.Close)
	const evil = "%0d%0aX-Evil:%201%0d%0aSet-Cookie:%20a=b%0d%0a%0d%0a<script>"
	for _, path := range []string{
		"/topics/" + evil, "/topics/" + evil + ".rss", "/topics/russia-india/stories/" + evil, "/t/" + evil, "/admin/feeds?done=" + evil,
		"/admin/feeds?q=" + evil + "&page=2", "/admin/feeds/" + evil, "/admin/login?next=" + evil, "/static/" + evil + "/x", "//evil.example/" + evil, "/" + evil,
		"/wire/topics/" + evil, "/topics/russia-india?" + evil, "/admin?x=" + evil,
	} {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			c, err := net.Dial("tcp", srv.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Host: a%%0d%%0aX-Evil: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", method, path)
			raw, err := io.ReadAll(c)
			c.Close()
			if err != nil {
				t.Fatal(err)
			}
			res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), &http.Request{Method: method})
			if err != nil {
				t.Fatalf("%s %s: %v\n%s", method, path, err, raw)
			}
			res.Body.Close()
			if res.Header.Get("X-Evil") != "" || len(res.Cookies()) > 0 || strings.HasPrefix(res.Header.Get("Location"), "//") {
				t.Errorf("%s %s: headers %v", method, path, res.Header)
			}
			if head, body, _ := bytes.Cut(raw, []byte("\r\n\r\n")); bytes.Contains(head, []byte("\nX-Evil")) || bytes.Contains(body, []byte("<script>")) {
				t.Errorf("%s %s:\n%s", method, path, raw)
			}
		}
	}
}

// TestO10ReadyzSaysWhy: reasons that are for everybody are told, others stay in
// the log; the log has each once, however often a monitor asks.
func TestO10ReadyzSaysWhy(t *testing.T) {
	now := noon
	var err error
	var log bytes.Buffer
	h := newServer(t, newsroom(), func(o *web.Options) {
		o.Now = func() time.Time { return now }
		o.Ready = func() error { return err }
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	}).Handler()
	for _, tt := range []struct {
		err  error
		code int
		want string
	}{
		{nil, 200, "ready"},
		{fmt.Errorf("probe: %w", web.Unready{Kind: "full", Text: "7 MiB are free"}), 503, "7 MiB are free"},
		{errors.New("open /secret/path: no"), 503, "takes no writes"},
		{nil, 200, "ready"},
	} {
		err = tt.err
		now = now.Add(time.Minute)
		for range 5 {
			res := ask(h, "GET", "/readyz", nil)
			if body := bodyOf(t, res); res.StatusCode != tt.code || !strings.Contains(body, tt.want) || strings.Contains(body, "/secret") {
				t.Errorf("with %v: %d %q, want %d %q", tt.err, res.StatusCode, body, tt.code, tt.want)
			}
		}
	}
	if n := strings.Count(log.String(), "not ready"); n != 2 {
		t.Errorf("the log says %d times that we are not ready, want twice:\n%s", n, log.String())
	}
}

// TestO10PollNowWithoutRoom: what cannot be done for want of room says so.
func TestO10PollNowWithoutRoom(t *testing.T) {
	h := newServer(t, newsroom(), func(o *web.Options) {
		o.Actions.PollFeed = func(context.Context, aggregator.FeedID) error {
			return fmt.Errorf("poll: %w", web.Unready{Kind: "full", Text: "7 MiB are free"})
		}
	}).Handler()
	res := askFrom(h, "127.0.0.1:1", "POST", "/admin/feeds/1/poll", nil, "x=y")
	if body := bodyOf(t, res); res.StatusCode != 503 || !strings.Contains(body, "Not now: 7 MiB are free.") {
		t.Errorf("%d\n%s", res.StatusCode, body)
	}
}
