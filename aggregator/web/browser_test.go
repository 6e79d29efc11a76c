package web_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"topicwire/aggregator"
	"topicwire/aggregator/web"
)

// browser starts a headless browser, or skips: CI=true makes its absence a
// failure. Pictures of all outlets come from a server of ours.
func browser(t *testing.T) (context.Context, *complaints) {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("no chromium in PATH")
		}
		t.Skip("no chromium in PATH")
	}
	img := picture(t)
	outlets := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(img)
	}))
	t.Cleanup(outlets.Close)
	alloc, cancel := chromedp.NewExecAllocator(t.Context(),
		chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("host-resolver-rules", "MAP *.example "+strings.TrimPrefix(outlets.URL, "https://")),
		chromedp.Flag("ignore-certificate-errors", true),
	)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	c := &complaints{}
	if err := chromedp.Listen(ctx, c.hear); err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancel)
	return ctx, c
}

// complaints collects what the browser has to say of a page: script errors,
// failed loads, violations of the policy.
type complaints struct {
	mu   sync.Mutex
	list []string
}

func (c *complaints) hear(ev any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		c.list = append(c.list, fmt.Sprintf("exception: %+v", ev.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		c.list = append(c.list, fmt.Sprintf("console: %v", ev.Type))
	case *log.EventEntryAdded:
		c.list = append(c.list, fmt.Sprintf("%v %v: %s %s", ev.Entry.Source, ev.Entry.Level, ev.Entry.Text, ev.Entry.URL))
	}
}

func (c *complaints) check(t *testing.T, page string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.list) > 0 {
		t.Errorf("%s: the browser complains:\n%s", page, strings.Join(c.list, "\n"))
	}
	c.list = nil
}

func picture(t *testing.T) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 320, 200))
	for y := range 200 {
		for x := range 320 {
			img.Set(x, y, color.RGBA{uint8(60 + x/3), uint8(90 + y/3), uint8(140 - x/6), 255})
		}
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

type visit struct {
	url, want     string
	width, height int64
	mobile        bool
	scheme        string
}

// look opens a page and returns what is on the screen, and if it is wider
// than that.
func look(ctx context.Context, v visit) (shot []byte, tooWide bool, err error) {
	media := chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: v.scheme}},
		})
		return err
	})
	var size []chromedp.EmulateViewportOption
	if v.mobile {
		size = append(size, chromedp.EmulateMobile)
	}
	err = chromedp.Do(ctx, chromedp.EmulateViewport(v.width, v.height, size...), media,
		chromedp.Navigate(v.url), chromedp.WaitVisible(v.want))
	if err != nil {
		return nil, false, err
	}
	if tooWide, err = chromedp.Run(ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > window.innerWidth + 1`)); err != nil {
		return nil, false, err
	}
	shot, err = chromedp.Run(ctx, chromedp.FullScreenshot(100))
	return shot, tooWide, err
}

// TestBrowser opens the pages as people do: on a phone and at a desk, by day
// and by night. SCREENSHOTS names a directory to keep what it saw.
func TestBrowser(t *testing.T) {
	ctx, heard := browser(t)
	store := troubled()
	srv := httptest.NewServer(newServer(t, store, func(o *web.Options) { o.HostKey = lastLabels }).Handler())
	t.Cleanup(srv.Close)
	fresh := newFakeStore()
	fresh.topics, fresh.feeds = store.topics[:1:1], newsroomFeeds()
	fresh.feeds[2].PollState = aggregator.PollState{State: aggregator.FeedActive}
	waiting := httptest.NewServer(newServer(t, fresh, nil).Handler())
	t.Cleanup(waiting.Close)
	pages := []struct{ name, url, want string }{
		{"index", srv.URL + "/", "article.topic"},
		{"waiting", waiting.URL + "/topics/russia-india", "progress"},
		{"topic", srv.URL + "/topics/russia-india", "article.story"},
		{"story", srv.URL + "/topics/russia-india/stories/" + store.entries[1][0].PublicID, "article.lead"},
		{"feeds", srv.URL + "/admin/feeds", "table.feeds"},
		{"feed", srv.URL + "/admin/feeds/2", "dl.facts"},
		{"gone", srv.URL + "/admin/feeds/4", "dl.facts"},
		{"topics", srv.URL + "/admin/topics", "article.topic"},
		{"editor", srv.URL + "/admin/topics/edit/monsoon", "#preview ol"},
		{"item", srv.URL + "/admin/items/12", ".match"},
	}
	for _, scheme := range []string{"light", "dark"} {
		for _, mobile := range []bool{true, false} {
			v := visit{width: 1280, height: 900, scheme: scheme}
			device := "desktop"
			if mobile {
				v.width, v.height, v.mobile, device = 390, 844, true, "phone"
			}
			for _, p := range pages {
				name := p.name + "-" + device + "-" + scheme
				v.url, v.want = p.url, p.want
				shot, tooWide, err := look(ctx, v)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				heard.check(t, name)
				if tooWide {
					t.Errorf("%s: the page is wider than the screen", name)
				}
				if dir := os.Getenv("SCREENSHOTS"); dir != "" {
					if err := os.WriteFile(filepath.Join(dir, name+".png"), shot, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
}

// TestEditorWhileTyping types a query and waits for the hits.
func TestEditorWhileTyping(t *testing.T) {
	ctx, heard := browser(t)
	srv := httptest.NewServer(newServer(t, newsroom(), nil).Handler())
	t.Cleanup(srv.Close)
	err := chromedp.Do(ctx,
		chromedp.Navigate(srv.URL+"/admin/topics/new"),
		chromedp.SendKeys("#query", "musim"),
		chromedp.WaitVisible("#preview ol"))
	if err != nil {
		t.Fatal(err)
	}
	heading, err := chromedp.Run(ctx, chromedp.Text("#preview h2"))
	if err != nil {
		t.Fatal(err)
	}
	heard.check(t, "editor")
	if !strings.Contains(heading, "1 hit in 9 items") {
		t.Errorf("preview says %q", heading)
	}
}
