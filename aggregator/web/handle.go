package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"topicwire/aggregator"
)

// handler decodes, asks and renders. What it returns as an error becomes a
// page with the right status.
type handler func(w http.ResponseWriter, r *http.Request) error

// statusError is an error that knows its HTTP status, with a text for the
// person who asked.
type statusError struct {
	code int
	text string
}

func (e *statusError) Error() string { return e.text }

func refuse(code int, text string) error { return &statusError{code, text} }

// wrap turns the handler's error into an answer, and logs what is our fault.
func (s *Server) wrap(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		if err == nil || (errors.Is(err, context.Canceled) && r.Context().Err() != nil) {
			return
		}
		code, text := errorAnswer(err)
		if code >= 500 {
			s.log.Error("request failed", "route", r.Pattern, "status", code, "err", err)
		}
		s.errorPage(w, r, code, text)
	})
}

// errorAnswer says what a person may know about an error. Errors of the store
// stay in the log.
func errorAnswer(err error) (code int, text string) {
	var se *statusError
	var tooLarge *http.MaxBytesError
	var unready Unready
	switch {
	case errors.As(err, &se):
		return se.code, se.text
	case errors.As(err, &unready):
		return http.StatusServiceUnavailable, "Not now: " + unready.Text + "."
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge, "That is more than this form takes."
	case errors.Is(err, aggregator.ErrNotFound):
		return http.StatusNotFound, "There is nothing here. It may have been removed, or the link is incomplete."
	case errors.Is(err, aggregator.ErrExists):
		return http.StatusConflict, "That exists already."
	case errors.Is(err, aggregator.ErrTooSoon):
		return http.StatusTooManyRequests, "Not yet: " + strings.TrimPrefix(err.Error(), aggregator.ErrTooSoon.Error()+": ")
	case errors.Is(err, aggregator.ErrConflict):
		return http.StatusConflict, "Somebody else changed this at the same time. Please look at it again."
	}
	return http.StatusInternalServerError, "Something went wrong on our side. It has been logged; please try again in a moment."
}

// pagePolicy is the Content-Security-Policy of pages (BEHAVIOUR X-13). The
// admin pages add our own script.
const (
	pagePolicy  = "default-src 'none'; img-src https: data:; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
	adminPolicy = pagePolicy + "; script-src 'self'; connect-src 'self'"
	// A feed may load its stylesheet and nothing else, whatever it holds.
	feedPolicy = "default-src 'none'; style-src 'self'; sandbox"
)

// outermost sets the headers that every answer carries, accepts the path of
// BaseURL in front, and counts.
func (s *Server) outermost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rest, ok := strings.CutPrefix(r.URL.Path, s.prefix+"/"); ok && s.prefix != "" {
			r = r.Clone(r.Context())
			r.URL.Path, r.URL.RawPath = "/"+rest, ""
		}
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", pagePolicy)
		if strings.HasPrefix(r.URL.Path, "/admin") {
			h.Set("Content-Security-Policy", adminPolicy)
			h.Set("Cache-Control", "no-store")
		}
		rec := &recorder{ResponseWriter: w}
		defer func() {
			if v := recover(); v != nil {
				s.recovered(rec, r, v)
			}
			s.metrics.requests.WithLabelValues(routeLabel(r), strconv.Itoa(rec.status())).Inc()
		}()
		next.ServeHTTP(rec, r)
	})
}

func (s *Server) recovered(rec *recorder, r *http.Request, v any) {
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(v)
	}
	s.log.Error("request failed", "route", r.Pattern, "err", fmt.Sprint("panic: ", v))
	if rec.code == 0 {
		http.Error(rec, "Something went wrong on our side.", http.StatusInternalServerError)
	}
}

// routeLabel names the route for metrics: the pattern, never the path, which
// may hold a token.
func routeLabel(r *http.Request) string {
	_, path, _ := strings.Cut(r.Pattern, " ")
	switch path {
	case "":
		return "none"
	case "/":
		return "not found"
	case "/{$}":
		return "/"
	case "/topics/{slug}":
		if _, format, ok := cutFormat(r.PathValue("slug")); ok {
			return path + "." + format
		}
	}
	return path
}

// recorder remembers the status for metrics.
type recorder struct {
	http.ResponseWriter
	code int
}

func (r *recorder) WriteHeader(code int) {
	if r.code == 0 {
		r.code = code
	}
	r.ResponseWriter.WriteHeader(code)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.code == 0 {
		r.code = http.StatusOK
	}
	return r.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) status() int {
	if r.code == 0 {
		return http.StatusOK
	}
	return r.code
}

// probe asks a question at most every five seconds (BEHAVIOUR O-21).
type probe struct {
	check func() error
	now   func() time.Time
	cached[error]
}

func (p *probe) err() error {
	if p.check == nil {
		return nil
	}
	err, _ := p.get(p.now(), 5*time.Second, func() (error, error) { return p.check(), nil })
	return err
}
