package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	"topicwire/aggregator"
)

//go:embed templates/*.html
var templateFiles embed.FS

// parsePages parses each page together with the layout and the shared parts,
// whose names begin with an underscore.
func (s *Server) parsePages() (map[string]*template.Template, error) {
	shared, err := template.New("").Funcs(s.templateFuncs()).ParseFS(templateFiles, "templates/_*.html")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(templateFiles, "templates/[a-z]*.html")
	if err != nil {
		return nil, err
	}
	pages := map[string]*template.Template{}
	for _, file := range names {
		t, err := shared.Clone()
		if err != nil {
			return nil, err
		}
		if t, err = t.ParseFS(templateFiles, file); err != nil {
			return nil, err
		}
		pages[strings.TrimSuffix(strings.TrimPrefix(file, "templates/"), ".html")] = t
	}
	return pages, nil
}

func (s *Server) templateFuncs() template.FuncMap {
	return template.FuncMap{
		"path":     s.path,
		"asset":    s.assets.path,
		"abs":      func(p string) string { return s.base + p },
		"language": languageName,
		"day":      func(t time.Time) string { return t.UTC().Format("Monday, 2 January 2006") },
		"clock":    func(t time.Time) string { return t.UTC().Format("15:04") },
		"instant":  func(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04") },
		"machine":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"ago":      func(t time.Time) string { return ago(s.now(), t) },
		"plural":   plural,
		"address":  shownURL,
		"hits": func(name, note string, list []aggregator.Tested, open bool) hitList {
			shown := make([]hit, len(list))
			for i, t := range list {
				shown[i] = hit{t}
			}
			return hitList{name, note, shown, open}
		},
		"articleStatus": articleStatus,
		"publishModes":  func() map[aggregator.PublishMode]string { return publishModes },
	}
}

// shownURL is an address without the password that may stand in it.
func shownURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.User == nil {
		return raw
	}
	return u.Redacted()
}

// plural counts in words: plural 1 "story" "stories" is "1 story".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// ago says roughly how far t is from now, in either direction.
func ago(now, t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	d := now.Sub(t)
	if d < 0 {
		return "in " + roughly(-d)
	}
	if d < time.Minute {
		return "just now"
	}
	return roughly(d) + " ago"
}

func roughly(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "under a minute"
	case d < 90*time.Minute:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	case d < 36*time.Hour:
		return fmt.Sprintf("%d h", int(d.Round(time.Hour).Hours()))
	}
	return plural(int(d.Round(24*time.Hour).Hours())/24, "day", "days")
}

// frame is what the layout needs of every page.
type frame struct {
	Title  string
	Admin  bool   // the admin pages' own head and menu
	Here   string // the menu entry we are at
	Robots string // for <meta name=robots>; empty: indexed
	// Alternate are the topic feeds that a reader may subscribe to from here.
	Alternate []alternate
	Canonical string
	Refresh   int // seconds until the page looks again; 0: never
	Version   string
	LoggedIn  bool
	Notice    string
	Problem   string
}

type alternate struct {
	Type, Title, URL, Short string
}

// execute renders a page into a buffer.
func (s *Server) execute(name, block string, data any) ([]byte, error) {
	t := s.pages[name]
	if t == nil {
		return nil, fmt.Errorf("no page %q", name)
	}
	var buf bytes.Buffer
	if err := t.ExecuteTemplate(&buf, block, data); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	return buf.Bytes(), nil
}

// page sends a page that may be asked for again with a validator.
func (s *Server) page(w http.ResponseWriter, r *http.Request, name string, data any) error {
	body, err := s.execute(name, "layout", data)
	if err != nil {
		return err
	}
	if w.Header().Get("Cache-Control") == "" {
		w.Header().Set("Cache-Control", "no-cache")
	}
	sendHTML(w, r, body)
	return nil
}

func sendHTML(w http.ResponseWriter, r *http.Request, body []byte) {
	d := ready{body: body, contentType: "text/html; charset=utf-8", etag: etagOf(body)}
	if acceptsGzip(r.Header.Values("Accept-Encoding")) {
		d.gzip = compress(body, gzip.BestSpeed)
	}
	d.serve(w, r)
}

// pageWithStatus sends a page that is an error, or the answer to a post.
func (s *Server) pageWithStatus(w http.ResponseWriter, code int, name string, data any) error {
	body, err := s.execute(name, "layout", data)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write(body) // a client that went away need not be told
	return nil
}

func (s *Server) errorPage(w http.ResponseWriter, r *http.Request, code int, text string) {
	h := w.Header()
	for _, k := range []string{"ETag", "Last-Modified", "Content-Encoding", "Content-Length"} {
		h.Del(k)
	}
	h.Set("Cache-Control", "no-store")
	data := struct {
		frame
		Code int
		Text string
	}{frame{Title: http.StatusText(code), Robots: "noindex", Admin: isAdmin(r), LoggedIn: s.loggedIn(r)}, code, text}
	if err := s.pageWithStatus(w, code, "error", data); err != nil {
		s.log.Error("error page", "err", err)
		http.Error(w, text, code)
	}
}

func isAdmin(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/admin") }

// keep allows caches to keep the answer.
func keep(w http.ResponseWriter, d time.Duration, immutable bool) {
	v := fmt.Sprintf("public, max-age=%d", int(d.Seconds()))
	if immutable {
		v += ", immutable"
	}
	w.Header().Set("Cache-Control", v)
}

func (s *Server) notFound(http.ResponseWriter, *http.Request) error {
	return refuse(http.StatusNotFound, "There is nothing here. It may have been removed, or the link is incomplete.")
}
