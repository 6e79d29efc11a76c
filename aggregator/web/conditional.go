package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ready is an answer that only has to be sent.
type ready struct {
	body, gzip  []byte // gzip is nil if it is not worth while
	contentType string
	etag        string // as sent
	modified    time.Time
	vary        string // what else the answer depends on
}

// serve sends the answer as RFC 9110 asks: HEAD, If-None-Match before
// If-Modified-Since, 304 without a body, gzip where it is accepted.
func (d *ready) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", d.contentType)
	h.Set("ETag", d.etag)
	h.Add("Vary", "Accept-Encoding")
	if d.vary != "" {
		h.Add("Vary", d.vary)
	}
	body := d.body
	if d.gzip != nil && acceptsGzip(r.Header.Values("Accept-Encoding")) {
		body = d.gzip
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	// Apache and nginx mark the tag of what they compressed themselves, and
	// do not take the mark off again on the way back.
	if inm := r.Header.Get("If-None-Match"); strings.Contains(inm, "-gzip") {
		r = r.Clone(r.Context())
		r.Header.Set("If-None-Match", strings.ReplaceAll(inm, `-gzip"`, `"`))
	}
	content := &readyContent{bytes.NewReader(body), body}
	http.ServeContent(&direct{w, content}, r, "", d.modified, content)
}

// readyContent is a body that lies in memory as a whole.
type readyContent struct {
	*bytes.Reader
	body []byte
}

// direct writes a body in one piece where http.ServeContent would copy it by
// way of a buffer made for each answer.
type direct struct {
	http.ResponseWriter
	content *readyContent
}

// ReadFrom is what io.CopyN asks for.
func (d *direct) ReadFrom(r io.Reader) (int64, error) {
	part, ok := r.(*io.LimitedReader)
	if !ok || part.R != io.Reader(d.content) {
		return io.Copy(struct{ io.Writer }{d.ResponseWriter}, r)
	}
	from := int64(len(d.content.body) - d.content.Len())
	n, err := d.Write(d.content.body[from:min(from+part.N, int64(len(d.content.body)))])
	return int64(n), err
}

// Unwrap is for http.ResponseController.
func (d *direct) Unwrap() http.ResponseWriter { return d.ResponseWriter }

// etagOf is weak, so that the compressed and the plain form share it.
func etagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

// worthCompressing is the size from which compressing pays (BEHAVIOUR P-02).
const worthCompressing = 1024

func compress(body []byte, level int) []byte {
	if len(body) <= worthCompressing {
		return nil
	}
	var buf bytes.Buffer
	zw, err := gzip.NewWriterLevel(&buf, level)
	if err != nil {
		return nil
	}
	if _, err := zw.Write(body); err != nil {
		return nil
	}
	if err := zw.Close(); err != nil {
		return nil
	}
	return buf.Bytes()
}

// acceptsGzip reads Accept-Encoding (RFC 9110 12.5.3): gzip if it is named
// with a weight above zero, or covered by "*" and not named.
func acceptsGzip(headers []string) bool {
	star := false
	for part := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		coding, params, _ := strings.Cut(part, ";")
		coding = strings.ToLower(strings.TrimSpace(coding))
		ok := weight(params) > 0
		switch coding {
		case "gzip", "x-gzip":
			return ok
		case "*":
			star = ok
		}
	}
	return star
}

func weight(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		k, v, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(k), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
			if err != nil {
				return 0
			}
			return q
		}
	}
	return 1
}
