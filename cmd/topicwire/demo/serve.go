package demo

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"time"
)

//go:embed page.tmpl
var pageText string

// document is a ready answer.
type document struct {
	contentType string
	body        []byte
	modified    time.Time
}

// handler renders everything once; pictures are drawn when asked for.
func (n *Newsroom) handler() (http.Handler, error) {
	tmpl, err := template.New("page").Parse(pageText)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /robots.txt", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprint(w, "User-agent: *\nDisallow: /search\n")
	})
	var front bytes.Buffer
	front.WriteString("<!DOCTYPE html><meta charset=utf-8><title>Demo newsroom</title><h1>Demo newsroom</h1><p>All outlets, people and reports here are invented.<ul>")
	for _, o := range n.outlets {
		fmt.Fprintf(&front, `<li lang=%q><a href="/%s/">%s</a>`, o.Language, o.Slug, template.HTMLEscapeString(o.Name))
		if err := n.serveOutlet(mux, tmpl, o); err != nil {
			return nil, err
		}
	}
	serve(mux, "/{$}", document{"text/html; charset=utf-8", front.Bytes(), n.outlets[0].Reports[0].At})
	return mux, nil
}

func (n *Newsroom) serveOutlet(mux *http.ServeMux, tmpl *template.Template, o *outlet) error {
	feed, err := n.feed(o)
	if err != nil {
		return fmt.Errorf("feed of %s: %w", o.Slug, err)
	}
	serve(mux, o.feedPath(), feed)
	home, err := n.page(tmpl, pageData{Base: n.base, O: o})
	if err != nil {
		return err
	}
	serve(mux, "/"+o.Slug+"/{$}", home)
	for _, r := range o.Reports {
		page, err := n.page(tmpl, pageData{Base: n.base, O: o, R: r})
		if err != nil {
			return err
		}
		serve(mux, r.path(), page)
		mux.HandleFunc("GET "+r.image(), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			w.Header().Set("Cache-Control", "max-age=86400")
			_, _ = w.Write(picture(r.Outlet.Slug + r.Slug)) // a reader who has left is no fault
		})
	}
	return nil
}

// serve answers a path with a document, its validators, and 304 where they match.
func serve(mux *http.ServeMux, path string, d document) {
	sum := sha256.Sum256(d.body)
	etag := `"` + hex.EncodeToString(sum[:8]) + `"`
	mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", d.contentType)
		w.Header().Set("ETag", etag)
		http.ServeContent(w, r, "", d.modified, bytes.NewReader(d.body))
	})
}

// pageData is what the template shows: an outlet's home page, or a report.
type pageData struct {
	Base string
	O    *outlet
	R    *report
}

// URL returns the absolute address of a report.
func (p pageData) URL(r *report) string { return p.Base + r.path() }

// Image returns the absolute address of a report's picture.
func (p pageData) Image(r *report) string { return p.Base + r.image() }

// Others returns the reports that the page lists beside its own.
func (p pageData) Others() []*report {
	if p.R == nil {
		return p.O.Reports
	}
	return p.R.others()
}

// Also returns the report that a line between two paragraphs points at.
func (p pageData) Also() *report {
	others := p.R.others()
	return others[len(p.R.Slug)%len(others)]
}

// Stamp returns a report's time for machines.
func (p pageData) Stamp(r *report) string { return r.At.Format(time.RFC3339) }

// Clock returns a report's time for people.
func (p pageData) Clock(r *report) string { return r.At.Format("02.01.2006 15:04") }

func (n *Newsroom) page(tmpl *template.Template, data pageData) (document, error) {
	var b bytes.Buffer
	if err := tmpl.Execute(&b, data); err != nil {
		return document{}, fmt.Errorf("page of %s: %w", data.O.Slug, err)
	}
	at := data.O.Reports[0].At
	if data.R != nil {
		at = data.R.At
	}
	return document{"text/html; charset=utf-8", b.Bytes(), at}, nil
}
