package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/match"
	"topicwire/aggregator/web"
)

func TestAdminWithoutPassword(t *testing.T) {
	h := newServer(t, newsroom(), nil).Handler()
	tests := []struct {
		name, from string
		header     map[string]string
		want       int
	}{
		{"this machine", "127.0.0.1:1", nil, 200},
		{"this machine, IPv6", "[::1]:1", map[string]string{"Host": "[::1]:8080"}, 200},
		{"this machine, mapped", "[::ffff:127.0.0.1]:1", map[string]string{"Host": "127.0.0.1:8080"}, 200},
		{"the local network", "192.168.1.5:1", nil, 403},
		{"a stranger", "203.0.113.5:1", nil, 403},
		{"a stranger who claims to be us", "203.0.113.5:1", map[string]string{"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1"}, 403},
		{"through a proxy on this machine", "127.0.0.1:1", map[string]string{"X-Forwarded-For": "203.0.113.5"}, 403},
		{"a name rebound to us", "127.0.0.1:1", map[string]string{"Host": "evil.test:8080"}, 403},
		{"no address", "", nil, 403},
	}
	for _, tt := range tests {
		for _, path := range []string{"/admin/feeds", "/admin/topics/edit/monsoon", "/admin/items/12"} {
			if res := askFrom(h, tt.from, "GET", path, tt.header, ""); res.StatusCode != tt.want {
				t.Errorf("%s: GET %s = %d, want %d", tt.name, path, res.StatusCode, tt.want)
			}
		}
	}
}

func TestPostsFromOtherSitesAreRefused(t *testing.T) {
	did := 0
	h := newServer(t, newsroom(), func(o *web.Options) {
		o.Actions.AddFeed = func(context.Context, aggregator.FeedSettings) (aggregator.FeedID, error) { did++; return 1, nil }
		o.Actions.RemoveFeed = func(context.Context, string) error { did++; return nil }
	}).Handler()
	for _, header := range []map[string]string{
		{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.test"}, {"Origin": "null"},
	} {
		for path, form := range map[string]string{"/admin/feeds": "url=https://example.org/rss", "/admin/feeds/3/remove": "x=y", "/admin/login": "password=x"} {
			if res := askFrom(h, "127.0.0.1:1", "POST", path, header, form); res.StatusCode != 403 {
				t.Errorf("POST %s with %v = %d, want 403", path, header, res.StatusCode)
			}
		}
	}
	if did != 0 {
		t.Errorf("%d acts were done", did)
	}
	for _, header := range []map[string]string{{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost:8080"}, nil} {
		res := askFrom(h, "127.0.0.1:1", "POST", "/admin/feeds", header, "url=https://example.org/rss")
		if res.StatusCode != 303 || res.Header.Get("Location") != "/admin/feeds/1?done=added" {
			t.Errorf("POST with %v = %d to %q", header, res.StatusCode, res.Header.Get("Location"))
		}
	}
}

func TestLogin(t *testing.T) {
	now := noon
	h := newServer(t, newsroom(), func(o *web.Options) {
		o.AdminPassword = "open sesame"
		o.BaseURL = "https://news.example.org"
		o.Now = func() time.Time { return now }
	}).Handler()
	const from = "203.0.113.5:1"
	res := askFrom(h, from, "GET", "/admin/feeds", nil, "")
	if res.StatusCode != 303 || res.Header.Get("Location") != "/admin/login" {
		t.Fatalf("without a session: %d to %q", res.StatusCode, res.Header.Get("Location"))
	}
	if res = askFrom(h, from, "POST", "/admin/feeds", nil, "url=https://example.org"); res.StatusCode != 403 {
		t.Errorf("post without a session: %d", res.StatusCode)
	}
	if res = askFrom(h, from, "POST", "/admin/login", nil, "password=wrong"); res.StatusCode != 401 || len(res.Cookies()) > 0 {
		t.Errorf("wrong password: %d, cookies %v", res.StatusCode, res.Cookies())
	}
	res = askFrom(h, from, "POST", "/admin/login", nil, "password="+url.QueryEscape("open sesame"))
	if res.StatusCode != 303 || len(res.Cookies()) != 1 {
		t.Fatalf("right password: %d, cookies %v", res.StatusCode, res.Cookies())
	}
	c := res.Cookies()[0]
	if c.Name != "__Host-topicwire" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || len(c.Value) < 40 {
		t.Errorf("cookie %v", c)
	}
	session := map[string]string{"Cookie": c.Name + "=" + c.Value}
	if res = askFrom(h, from, "GET", "/admin/feeds", session, ""); res.StatusCode != 200 || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("with the session: %d, Cache-Control %q", res.StatusCode, res.Header.Get("Cache-Control"))
	}
	if res = askFrom(h, from, "POST", "/admin/logout", session, "x=y"); res.StatusCode != 303 {
		t.Errorf("logout: %d", res.StatusCode)
	}
	if res = askFrom(h, from, "GET", "/admin/feeds", session, ""); res.StatusCode != 303 {
		t.Errorf("after logout: %d", res.StatusCode)
	}
	limited := false
	for range 12 {
		limited = limited || askFrom(h, from, "POST", "/admin/login", nil, "password=guess").StatusCode == 429
	}
	if !limited {
		t.Error("guessing is not limited")
	}
	now = now.Add(time.Minute)
	if res = askFrom(h, from, "POST", "/admin/login", nil, "password=open+sesame"); res.StatusCode != 303 {
		t.Errorf("a minute later: %d", res.StatusCode)
	}
}

// TestGuessing guesses from ever new addresses, of one network and of many.
func TestGuessing(t *testing.T) {
	for name, address := range map[string]string{
		"one network": "[2001:db8::%x]:1", "many networks": "[2001:db8:0:%x::1]:1",
	} {
		h := newServer(t, newsroom(), func(o *web.Options) {
			o.AdminPassword = "open sesame"
			o.Now = func() time.Time { return noon }
		}).Handler()
		guess := func(from string) int {
			return askFrom(h, from, "POST", "/admin/login", nil, "password=guess").StatusCode
		}
		for range 11 {
			guess("203.0.113.5:1")
		}
		let := 0
		for i := range 3000 {
			if guess(fmt.Sprintf(address, i+1)) != 429 {
				let++
			}
		}
		if name == "one network" && let > 10 {
			t.Errorf("%s: %d guesses were let through", name, let)
		}
		if name == "many networks" && let > 1100 {
			t.Errorf("%s: %d guesses were let through", name, let)
		}
		if guess("203.0.113.5:1") != 429 {
			t.Errorf("%s: others' guesses gave a guesser new ones", name)
		}
	}
}

func TestAddFeed(t *testing.T) {
	var got aggregator.FeedSettings
	fail := error(nil)
	h := newServer(t, newsroom(), func(o *web.Options) {
		o.Actions.AddFeed = func(_ context.Context, f aggregator.FeedSettings) (aggregator.FeedID, error) {
			got = f
			return 7, fail
		}
	}).Handler()
	post := func(form string) (int, string) {
		res := askFrom(h, "127.0.0.1:1", "POST", "/admin/feeds", nil, form)
		return res.StatusCode, bodyOf(t, res)
	}
	if code, _ := post("url=example.org/rss&tags=world,+asia,world"); code != 303 || got.URL != "https://example.org/rss" || len(got.Tags) != 2 {
		t.Errorf("add = %d, %+v", code, got)
	}
	for _, bad := range []string{"", "javascript:alert(1)", "ftp://example.org/x", "http://"} {
		if code, body := post("url=" + url.QueryEscape(bad)); code != 422 || !strings.Contains(body, `role="alert"`) {
			t.Errorf("add %q = %d", bad, code)
		}
	}
	fail = fmt.Errorf("feed: %w", aggregator.ErrExists)
	if code, body := post("url=https://example.org/rss"); code != 422 || !strings.Contains(body, "in the list already") {
		t.Errorf("add twice = %d", code)
	}
	fail = errors.New("https://example.org: that is a web page, and it announces no feed")
	if code, body := post("url=https://example.org"); code != 422 || !strings.Contains(body, "announces no feed") || !strings.Contains(body, `value="https://example.org"`) {
		t.Errorf("add a page = %d:\n%s", code, body)
	}
}

func TestImportOPML(t *testing.T) {
	var got string
	h := newServer(t, newsroom(), func(o *web.Options) {
		o.Actions.ImportOPML = func(_ context.Context, r io.Reader) (web.Imported, error) {
			b, err := io.ReadAll(r)
			got = string(b)
			return web.Imported{Added: 12, NoWeb: 1, WithPassword: 3}, err
		}
	}).Handler()
	post := func(content string) *http.Response {
		var form bytes.Buffer
		mw := multipart.NewWriter(&form)
		part, err := mw.CreateFormFile("opml", "feeds.opml")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(part, content)
		_ = mw.Close()
		r := httptest.NewRequest("POST", "http://localhost/admin/feeds/import", &form)
		r.RemoteAddr = "127.0.0.1:1"
		r.Header.Set("Content-Type", mw.FormDataContentType())
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result()
	}
	res := post("<opml/>")
	if res.StatusCode != 303 || got != "<opml/>" {
		t.Fatalf("import = %d, read %q", res.StatusCode, got)
	}
	if body := bodyOf(t, ask(h, "GET", res.Header.Get("Location"), nil)); !strings.Contains(body, "12 feeds were added") ||
		!strings.Contains(body, "1 was left out for an address") || !strings.Contains(body, "3 were left out for a user or password") {
		t.Errorf("the page does not say how many were added and left out (X-18)")
	}
	if res := post(strings.Repeat("x", 6<<20)); res.StatusCode != 413 {
		t.Errorf("import of 6 MiB = %d, want 413", res.StatusCode)
	}
}

// TestQueryThatCannotBeRead wants the place and the cure, in the preview and
// when saving.
func TestQueryThatCannotBeRead(t *testing.T) {
	wrong := fmt.Errorf("query: %w", &match.SyntaxError{Column: 7, Msg: "unknown country zz", Suggestion: "country:za"})
	h := newServer(t, newsroom(), func(o *web.Options) {
		o.Actions.SaveTopic = func(context.Context, aggregator.Topic) error { return wrong }
		o.Actions.TestQuery = func(context.Context, aggregator.Topic) (*aggregator.Backtest, error) { return nil, wrong }
	}).Handler()
	for path, want := range map[string]int{"/admin/topics/preview": 200, "/admin/topics/new": 422} {
		res := askFrom(h, "127.0.0.1:1", "POST", path, nil, "slug=tea&title=Tea&query=рис+и+country:zz")
		body := bodyOf(t, res)
		if res.StatusCode != want {
			t.Errorf("POST %s = %d, want %d", path, res.StatusCode, want)
		}
		for _, part := range []string{"Column 7", "unknown country zz", "<code>country:za</code>", `рис и <mark class="bad">country:zz</mark>`} {
			if !strings.Contains(body, part) {
				t.Errorf("POST %s lacks %q:\n%s", path, part, body)
			}
		}
	}
}

func TestTopicEditor(t *testing.T) {
	store := newsroom()
	var saved []aggregator.Topic
	h := newServer(t, store, func(o *web.Options) {
		o.Actions.SaveTopic = func(_ context.Context, t aggregator.Topic) error {
			saved = append(saved, t)
			return nil
		}
	}).Handler()
	post := func(path, form string) (int, string) {
		res := askFrom(h, "127.0.0.1:1", "POST", path, nil, form)
		return res.StatusCode, bodyOf(t, res)
	}
	for _, tt := range []struct {
		path, form string
		want, adds int
	}{
		{"/admin/topics/new", "slug=tea&title=Tea&query=tea&languages=en,+hi&threshold=0.5&limit=20&days=3&private=1", 303, 1},
		{"/admin/topics/new", "slug=tea&title=Tea&query=tea&do=test", 200, 0},
		{"/admin/topics/new", "slug=Tea+Time&title=Tea&query=tea", 422, 0},
		{"/admin/topics/new", "slug=../x&title=Tea&query=tea", 422, 0},
		{"/admin/topics/new", "slug=monsoon&title=Tea&query=tea", 422, 0}, // it exists
		{"/admin/topics/new", "slug=tea&title=&query=tea", 422, 0},
		{"/admin/topics/new", "slug=tea&title=Tea&query=", 422, 0},
		{"/admin/topics/new", "slug=tea&title=Tea&query=tea&threshold=x", 422, 0},
		{"/admin/topics/new", "slug=tea&title=Tea&query=tea&publish=all", 422, 0},
		{"/admin/topics/edit/monsoon", "slug=other&title=Rain&query=rain", 303, 1},
		{"/admin/topics/edit/russia-india", "title=Mine&query=x", 409, 0}, // from the file
		{"/admin/topics/edit/russia-india", "title=Mine&query=india&do=test", 200, 0},
		{"/admin/topics/edit/russia-india/remove", "x=y", 409, 0},
		{"/admin/topics/edit/none", "title=x&query=x", 404, 0},
	} {
		before := len(saved)
		if code, body := post(tt.path, tt.form); code != tt.want || len(saved)-before != tt.adds {
			t.Errorf("POST %s %s = %d with %d saved, want %d with %d\n%s", tt.path, tt.form, code, len(saved)-before, tt.want, tt.adds, body)
		}
	}
	if s := saved[0]; s.Slug != "tea" || s.Threshold != .5 || s.Limit != 20 || s.MaxAge != 72*time.Hour || !s.Private || len(s.Languages) != 2 {
		t.Errorf("saved %+v", s)
	}
	if s := saved[1]; s.Slug != "monsoon" || s.ID != 2 || s.Title != "Rain" {
		t.Errorf("saved %+v", s)
	}
	code, body := post("/admin/topics/preview", "slug=monsoon&query=musim")
	if code != 200 || !strings.Contains(body, "<mark") || strings.Contains(body, "<html") {
		t.Errorf("preview = %d\n%s", code, body)
	}
	page := bodyOf(t, ask(h, "GET", "/admin/topics/edit/russia-india", nil))
	if !strings.Contains(page, "from the file") || strings.Contains(page, `value="save"`) {
		t.Error("a topic of the file can be saved")
	}
}
