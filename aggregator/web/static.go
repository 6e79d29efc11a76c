package web

import (
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"sync"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/publish"
)

//go:embed static
var staticFiles embed.FS

// assets are the files that pages load. Their version is in their path, so
// that browsers keep them for a year and still see the next release.
type assets struct {
	root  string // path before the file name
	files map[string]func() *ready
}

var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml", ".ico": "image/x-icon", ".LICENSE": "text/plain; charset=utf-8",
}

func newAssets(prefix string) (*assets, error) {
	a := &assets{files: map[string]func() *ready{}}
	all := sha256.New()
	err := fs.WalkDir(staticFiles, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := staticFiles.ReadFile(name)
		if err != nil {
			return err
		}
		all.Write(body)
		a.files[path.Base(name)] = sync.OnceValue(func() *ready {
			return &ready{
				body: body, gzip: compress(body, gzip.BestCompression),
				contentType: contentTypes[path.Ext(name)], etag: etagOf(body),
			}
		})
		return nil
	})
	a.root = prefix + "/static/" + hex.EncodeToString(all.Sum(nil)[:5]) + "/"
	return a, err
}

func (a *assets) path(file string) string { return a.root + file }

func (s *Server) static(w http.ResponseWriter, r *http.Request) error {
	file := s.assets.files[r.PathValue("file")]
	if file == nil {
		return aggregator.ErrNotFound
	}
	if s.assets.path(r.PathValue("file")) == s.path(r.URL.Path) {
		keep(w, 365*24*time.Hour, true)
	} else { // a page of another version asks
		w.Header().Set("Cache-Control", "no-cache")
	}
	file().serve(w, r)
	return nil
}

func (s *Server) feedStyle(w http.ResponseWriter, r *http.Request) error {
	keep(w, 24*time.Hour, false)
	(&ready{body: publish.Stylesheet, contentType: contentTypes[".css"], etag: etagOf(publish.Stylesheet)}).serve(w, r)
	return nil
}

func (s *Server) feedIcon(w http.ResponseWriter, r *http.Request) error {
	keep(w, 24*time.Hour, false)
	(&ready{body: publish.Icon, contentType: "image/png", etag: etagOf(publish.Icon)}).serve(w, r)
	return nil
}

func (s *Server) favicon(w http.ResponseWriter, r *http.Request) error {
	keep(w, 24*time.Hour, false)
	s.assets.files["favicon.ico"]().serve(w, r)
	return nil
}
