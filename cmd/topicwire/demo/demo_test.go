package demo

import (
	"bytes"
	"context"
	"image/png"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"
)

func start(t *testing.T) (*Newsroom, time.Time) {
	t.Helper()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	ctx, cancel := context.WithCancel(context.Background())
	n, err := Start(ctx, now)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); n.Close() })
	return n, now
}

func get(t *testing.T, url, etag string) (*http.Response, []byte) {
	t.Helper()
	req, _ := http.NewRequest(http.MethodGet, url, nil)
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, body
}

func TestEveryFeedPageAndPictureIsServed(t *testing.T) {
	n, now := start(t)
	items, languages, formats, outlets := 0, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, f := range n.Feeds() {
		res, body := get(t, f.URL, "")
		if again, _ := get(t, f.URL, res.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s asked again answers %d, want 304", f.URL, again.StatusCode)
		}
		feed, err := gofeed.NewParser().Parse(bytes.NewReader(body))
		if err != nil {
			t.Fatalf("%s: %v", f.URL, err)
		}
		languages[f.Language], formats[feed.FeedType], outlets[f.Outlet] = true, true, true
		for _, it := range feed.Items {
			items++
			if age := now.Sub(*it.PublishedParsed); age < 0 || age > 48*time.Hour {
				t.Errorf("%s is %s old", it.Link, age)
			}
			page, html := get(t, it.Link, "")
			if page.StatusCode != http.StatusOK || !bytes.Contains(html, []byte("invented")) {
				t.Errorf("%s answers %d, or does not say that it is a demonstration", it.Link, page.StatusCode)
			}
		}
	}
	if items < 45 || len(outlets) < 7 || len(languages) < 6 || len(formats) < 3 {
		t.Errorf("%d items, %d outlets, languages %v, formats %v", items, len(outlets), languages, formats)
	}
	_, body := get(t, n.base+n.outlets[0].Reports[0].image(), "")
	if _, err := png.Decode(bytes.NewReader(body)); err != nil {
		t.Errorf("picture: %v", err)
	}
}

// TestTrap: a page about neither country lists headlines about both.
func TestTrap(t *testing.T) {
	n, _ := start(t)
	_, html := get(t, n.base+"/kabar-nusantara/tantangan-sambal-restoran-london", "")
	article, rest, _ := strings.Cut(string(html), "</article>")
	_, article, _ = strings.Cut(article, `<div class="body">`)
	if !strings.Contains(rest, "Rusia") || !strings.Contains(rest, "India") {
		t.Error("the furniture does not name both countries")
	}
	for _, p := range strings.Split(article, "<p>")[1:] {
		if p, _, _ := strings.Cut(p, "</p>"); strings.Contains(p, "Rusia") || strings.Contains(p, "India") {
			t.Errorf("the article names a country: %s", p)
		}
	}
}

func TestCopiesAreVerbatim(t *testing.T) {
	n, _ := start(t)
	copies := 0
	for _, o := range n.outlets {
		for _, r := range o.Reports {
			if r.Copy != "" {
				copies++
				if len(r.Text) < 4 {
					t.Errorf("%s carries %d paragraphs", r.path(), len(r.Text))
				}
			}
		}
	}
	if copies < 2 {
		t.Errorf("%d syndicated copies", copies)
	}
}
