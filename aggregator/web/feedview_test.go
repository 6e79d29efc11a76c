package web_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestBrowserShowsFeeds: a browser that opens a feed shows a page to
// read: its stylesheet is applied under the policy, no markup is seen.
func TestBrowserShowsFeeds(t *testing.T) {
	ctx, heard := browser(t)
	srv := httptest.NewServer(newServer(t, newsroom(), nil).Handler())
	t.Cleanup(srv.Close)
	for _, format := range []string{"rss", "atom"} {
		name := "feed-" + format
		shot, tooWide, err := look(ctx, visit{url: srv.URL + "/topics/russia-india." + format, want: "item, entry", width: 390, height: 844, mobile: true, scheme: "light"})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		heard.check(t, name)
		if tooWide {
			t.Errorf("%s is wider than the screen", name)
		}
		if dir := os.Getenv("SCREENSHOTS"); dir != "" {
			if err := os.WriteFile(filepath.Join(dir, name+".png"), shot, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		seen, err := chromedp.Run(ctx, chromedp.Evaluate[string](`[...document.querySelectorAll("*")].filter(e => !e.children.length && e.checkVisibility()).map(e => e.textContent).join("\n")`))
		if err != nil {
			t.Fatal(err)
		}
		size, err := chromedp.Run(ctx, chromedp.Evaluate[string](`getComputedStyle(document.querySelector("channel > title, feed > title")).fontSize`))
		if err != nil {
			t.Fatal(err)
		}
		if size != "32px" || !strings.Contains(seen, "Russia–India") || !strings.Contains(seen, "מוסקבה ודלהי חתמו") ||
			!strings.Contains(seen, "Delhi Ledger") || strings.ContainsAny(seen, "<>") || strings.Contains(seen, "tag:") {
			t.Errorf("%s: title in %s; seen:\n%s", name, size, seen)
		}
	}
}
