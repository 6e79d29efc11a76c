package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"topicwire/aggregator/web"
)

// ask sends a request to the handler from an address of the loopback.
func ask(h http.Handler, method, target string, header map[string]string) *http.Response {
	return askFrom(h, "127.0.0.1:40000", method, target, header, "")
}

func askFrom(h http.Handler, from, method, target string, header map[string]string, form string) *http.Response {
	r := httptest.NewRequest(method, "http://localhost:8080"+target, strings.NewReader(form))
	r.RemoteAddr = from
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for k, v := range header {
		if k == "Host" {
			r.Host = v
			continue
		}
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func bodyOf(t testing.TB, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestValidators is the table of BEHAVIOUR P-01 and P-02.
func TestValidators(t *testing.T) {
	h := newServer(t, newsroom(), nil).Handler()
	first := ask(h, "GET", "/topics/russia-india.rss", nil)
	etag, modified := first.Header.Get("ETag"), first.Header.Get("Last-Modified")
	if first.StatusCode != 200 || !strings.HasPrefix(etag, `W/"`) || modified == "" {
		t.Fatalf("status %d, ETag %q, Last-Modified %q", first.StatusCode, etag, modified)
	}
	marked := strings.TrimSuffix(etag, `"`) + `-gzip"`
	tests := []struct {
		name   string
		method string
		header map[string]string
		want   int
	}{
		{"plain", "GET", nil, 200},
		{"head", "HEAD", nil, 200},
		{"same tag", "GET", map[string]string{"If-None-Match": etag}, 304},
		{"same tag, strong form", "GET", map[string]string{"If-None-Match": strings.TrimPrefix(etag, "W/")}, 304},
		{"tag in a list", "GET", map[string]string{"If-None-Match": `"other", ` + etag + `, W/"third"`}, 304},
		{"any tag", "GET", map[string]string{"If-None-Match": "*"}, 304},
		{"tag marked by a proxy", "GET", map[string]string{"If-None-Match": marked}, 304},
		{"other tag", "GET", map[string]string{"If-None-Match": `W/"other"`}, 200},
		{"same date", "GET", map[string]string{"If-Modified-Since": modified}, 304},
		{"older date", "GET", map[string]string{"If-Modified-Since": "Mon, 23 Nov 2020 10:00:00 GMT"}, 200},
		{"a date that is none", "GET", map[string]string{"If-Modified-Since": "yesterday"}, 200},
		{"other tag before same date", "GET", map[string]string{"If-None-Match": `"other"`, "If-Modified-Since": modified}, 200},
		{"same tag before older date", "GET", map[string]string{"If-None-Match": etag, "If-Modified-Since": "Mon, 23 Nov 2020 10:00:00 GMT"}, 304},
		{"head, same tag", "HEAD", map[string]string{"If-None-Match": etag}, 304},
		{"post", "POST", nil, 405},
		{"delete", "DELETE", nil, 405},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := ask(h, tt.method, "/topics/russia-india.rss", tt.header)
			if res.StatusCode != tt.want {
				t.Fatalf("%s with %v = %d, want %d", tt.method, tt.header, res.StatusCode, tt.want)
			}
			body := bodyOf(t, res)
			switch tt.want {
			case 200:
				if (tt.method == "HEAD") != (body == "") {
					t.Errorf("%d bytes of body", len(body))
				}
				if res.Header.Get("Content-Type") != "application/rss+xml; charset=utf-8" {
					t.Errorf("Content-Type = %q", res.Header.Get("Content-Type"))
				}
			case 304:
				if body != "" || res.Header.Get("Content-Type") != "" || res.Header.Get("Content-Encoding") != "" {
					t.Errorf("304 with %d bytes and %v", len(body), res.Header)
				}
			case 405:
				if res.Header.Get("Allow") != "GET, HEAD" {
					t.Errorf("Allow = %q", res.Header.Get("Allow"))
				}
			}
			if tt.want != 405 && (res.Header.Get("ETag") != etag || res.Header.Get("Vary") != "Accept-Encoding" ||
				res.Header.Get("Cache-Control") != "public, max-age=900") {
				t.Errorf("headers %v", res.Header)
			}
		})
	}
}

func TestAcceptEncoding(t *testing.T) {
	h := newServer(t, newsroom(), nil).Handler()
	plain := bodyOf(t, ask(h, "GET", "/topics/russia-india.atom", nil))
	for accept, zipped := range map[string]bool{
		"": false, "gzip": true, "GZIP": true, "br, gzip;q=0.5": true, "gzip;q=0": false, "gzip;q=0.000, identity": false,
		"*": true, "*;q=0": false, "gzip;q=0, *": false, "identity": false, "deflate": false, "gzip; q=1": true,
	} {
		res := ask(h, "GET", "/topics/russia-india.atom", map[string]string{"Accept-Encoding": accept})
		body := bodyOf(t, res)
		if got := res.Header.Get("Content-Encoding") == "gzip"; got != zipped {
			t.Errorf("Accept-Encoding %q: gzip = %v, want %v", accept, got, zipped)
			continue
		}
		if zipped {
			zr, err := gzip.NewReader(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			var buf bytes.Buffer
			if _, err := io.Copy(&buf, zr); err != nil {
				t.Fatal(err)
			}
			body = buf.String()
		}
		if body != plain {
			t.Errorf("Accept-Encoding %q: another body", accept)
		}
	}
}

func TestRoutes(t *testing.T) {
	store := newsroom()
	h := newServer(t, store, nil).Handler()
	story := store.entries[1][0].PublicID
	secret := store.entries[3][0].PublicID
	tests := []struct {
		path, contentType string
		want              int
	}{
		{"/", "text/html; charset=utf-8", 200},
		{"/topics/russia-india", "text/html; charset=utf-8", 200},
		{"/topics/russia-india.rss", "application/rss+xml; charset=utf-8", 200},
		{"/topics/russia-india.atom", "application/atom+xml; charset=utf-8", 200},
		{"/topics/russia-india.json", "application/feed+json; charset=utf-8", 200},
		{"/topics/russia-india/stories/" + story, "text/html; charset=utf-8", 200},
		{"/topics/monsoon/stories/" + story, "", 404}, // a story of another topic
		{"/topics/russia-india/stories/" + secret, "", 404},
		{"/topics/russia-india.xml", "", 404},
		{"/topics/none.rss", "", 404},
		{"/topics.opml", "", 200},
		{"/t/" + token, "text/html; charset=utf-8", 200},
		{"/t/" + token + ".rss", "application/rss+xml; charset=utf-8", 200},
		{"/t/" + token + "/stories/" + secret, "text/html; charset=utf-8", 200},
		{"/t/" + token + "/stories/" + story, "", 404},
		{"/t/" + strings.ToUpper(token), "", 404},
		{"/t/" + token[:25] + "x.rss", "", 404},
		{"/topics/board", "", 404}, // private topics have one address
		{"/topics/board.rss", "", 404},
		{"/topics/board/stories/" + secret, "", 404},
		{"/healthz", "text/plain; charset=utf-8", 200},
		{"/readyz", "text/plain; charset=utf-8", 200},
		{"/robots.txt", "text/plain; charset=utf-8", 200},
		{"/favicon.ico", "image/x-icon", 200},
		{"/static/feed.css", "text/css; charset=utf-8", 200},
		{"/static/feed.png", "image/png", 200},
		{"/static/old/pico.css", "text/css; charset=utf-8", 200},
		{"/static/old/nothing.css", "", 404},
		{"/nothing", "text/html; charset=utf-8", 404},
		{"/admin/feeds", "text/html; charset=utf-8", 200},
		{"/admin/feeds/99", "", 404},
		{"/admin/feeds/x", "", 404},
		{"/admin/topics", "text/html; charset=utf-8", 200},
		{"/admin/items/12", "text/html; charset=utf-8", 200},
	}
	for _, tt := range tests {
		res := ask(h, "GET", tt.path, nil)
		if res.StatusCode != tt.want {
			t.Errorf("GET %s = %d, want %d", tt.path, res.StatusCode, tt.want)
		}
		if tt.contentType != "" && res.Header.Get("Content-Type") != tt.contentType {
			t.Errorf("GET %s: Content-Type %q, want %q", tt.path, res.Header.Get("Content-Type"), tt.contentType)
		}
		for k, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
			if res.Header.Get(k) != want {
				t.Errorf("GET %s: %s = %q", tt.path, k, res.Header.Get(k))
			}
		}
		if csp := res.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("GET %s: policy %q", tt.path, csp)
		}
	}
}

func TestPrivateTopicsStayPrivate(t *testing.T) {
	h := newServer(t, newsroom(), nil).Handler()
	for _, path := range []string{"/t/" + token, "/t/" + token + ".atom", "/t/wrong.atom"} {
		res := ask(h, "GET", path, nil)
		if cc := res.Header.Get("Cache-Control"); !strings.Contains(cc, "private") && cc != "no-store" {
			t.Errorf("GET %s: Cache-Control %q", path, cc)
		}
		if !strings.Contains(res.Header.Get("X-Robots-Tag"), "noindex") {
			t.Errorf("GET %s: X-Robots-Tag %q", path, res.Header.Get("X-Robots-Tag"))
		}
	}
	for _, path := range []string{"/", "/topics.opml", "/topics/russia-india", "/robots.txt", "/metrics"} {
		if body := bodyOf(t, ask(h, "GET", path, nil)); strings.Contains(body, token) || strings.Contains(body, "Board papers") {
			t.Errorf("GET %s tells of the private topic", path)
		}
	}
}

func TestHostHeaderMakesNoLinks(t *testing.T) {
	for _, base := range []string{"", "https://news.example.org", "https://example.org/news/"} {
		h := newServer(t, newsroom(), func(o *web.Options) { o.BaseURL = base }).Handler()
		for _, path := range []string{"/", "/topics/russia-india", "/topics/russia-india.rss", "/topics.opml"} {
			body := bodyOf(t, ask(h, "GET", path, map[string]string{"Host": "evil.test", "X-Forwarded-Host": "evil.test"}))
			if strings.Contains(body, "evil.test") {
				t.Errorf("base %q: %s links to the Host header", base, path)
			}
			if want := strings.TrimSuffix(base, "/") + "/topics/russia-india."; !strings.Contains(body, want) {
				t.Errorf("base %q: %s does not link to %s…", base, path, want)
			}
		}
	}
	h := newServer(t, newsroom(), func(o *web.Options) { o.BaseURL = "https://example.org/news" }).Handler()
	for _, path := range []string{"/news/topics/russia-india", "/topics/russia-india", "/news/"} {
		if res := ask(h, "GET", path, nil); res.StatusCode != 200 {
			t.Errorf("GET %s = %d", path, res.StatusCode)
		}
	}
}

func TestListenAddresses(t *testing.T) {
	for listen, want := range map[string]string{
		"http://127.0.0.1:8080": "http://127.0.0.1:8080", "http://0.0.0.0:8080": "http://localhost:8080",
		"http://:8080": "http://localhost:8080", "http://[::]:9": "http://localhost:9", "http://[::1]:9": "http://localhost:9",
		"http://news.lan:8080": "http://news.lan:8080",
	} {
		h := newServer(t, newsroom(), func(o *web.Options) { o.ListenURL = listen }).Handler()
		if body := bodyOf(t, ask(h, "GET", "/topics/monsoon.json", nil)); !strings.Contains(body, want+"/topics/monsoon.json") {
			t.Errorf("listening on %s: the feed does not link to %s", listen, want)
		}
		if body := bodyOf(t, ask(h, "GET", "/", nil)); !strings.Contains(body, "Russia") {
			t.Errorf("listening on %s: the index lacks a topic", listen)
		}
	}
}

func TestMetrics(t *testing.T) {
	h := newServer(t, newsroom(), nil).Handler()
	ask(h, "GET", "/topics/russia-india.rss", nil)
	ask(h, "GET", "/t/"+token, nil)
	ask(h, "POST", "/topics/russia-india", nil)
	body := bodyOf(t, ask(h, "GET", "/metrics", nil))
	for _, want := range []string{
		`topicwire_http_requests_total{code="200",route="/topics/{slug}.rss"} 1`,
		`topicwire_http_requests_total{code="200",route="/t/{token}"} 1`,
		`topicwire_http_requests_total{code="405",route="none"} 1`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("metrics lack %s:\n%s", want, body)
		}
	}
	for _, mark := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "Via"} {
		res := askFrom(h, "127.0.0.1:1", "GET", "/metrics", map[string]string{mark: "203.0.113.7"}, "")
		if res.StatusCode != 403 {
			t.Errorf("metrics for a stranger whom the proxy beside us brings with %s: %d", mark, res.StatusCode)
		}
	}
	res := askFrom(h, "203.0.113.7:1", "GET", "/metrics", map[string]string{"X-Forwarded-For": "127.0.0.1"}, "")
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("metrics for a stranger: %d", res.StatusCode)
	}
}
