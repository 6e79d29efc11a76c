package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/enrich"
	"topicwire/aggregator/fetch"
	"topicwire/aggregator/parse"
)

// InspectCmd shows what Topicwire makes of a document or text.
type InspectCmd struct {
	Feed      InspectFeedCmd      `cmd:"" help:"Read a feed from standard input, or fetch it; print it as JSON."`
	Article   InspectArticleCmd   `cmd:"" help:"Read an article page from standard input, or fetch it; print it as JSON."`
	Match     InspectMatchCmd     `cmd:"" help:"Match JSON Lines on standard input against a query."`
	Countries InspectCountriesCmd `cmd:"" help:"Say which countries the texts on standard input (JSON Lines) are about."`
	Stories   InspectStoriesCmd   `cmd:"" help:"Say which of the items on standard input (JSON Lines) tell the same story."`
}

const (
	maxDocument = 20 << 20 // bytes of a feed or page on standard input
	maxLine     = 64 << 20 // bytes of one line of JSON Lines
)

// InspectFeedCmd shows a feed as parsed.
type InspectFeedCmd struct {
	URL    string   `name:"url" help:"Fetch the feed from there; with a document on standard input: where it came from."`
	Header []string `sep:"none" help:"Response header of the document, 'Name: value'; may be repeated."`
	Batch  bool     `help:"Read JSON Lines {id,url,headers,body_base64}; print a line for each."`
}

// Run runs the command.
func (c *InspectFeedCmd) Run(e *env) error {
	if c.Batch {
		return e.batch(func(d document) any {
			return parse.Inspect(parse.Input{Body: d.Body, URL: d.URL, Header: d.header(), ContentType: d.header().Get("Content-Type"), Now: e.now()})
		})
	}
	doc, err := e.document(c.URL, c.Header)
	if err != nil {
		return err
	}
	out := parse.Inspect(parse.Input{Body: doc.Body, URL: doc.URL, Header: doc.header(), ContentType: doc.header().Get("Content-Type"), Now: e.now()})
	if err := e.printJSON(out); err != nil {
		return err
	}
	if out.NotAFeed() {
		return errors.New(out.Error)
	}
	return nil
}

// InspectArticleCmd shows an article as extracted.
type InspectArticleCmd struct {
	URL    string   `name:"url" help:"Fetch the page from there; with a document on standard input: where it came from."`
	Header []string `sep:"none" help:"Response header of the page, 'Name: value'; may be repeated."`
	Batch  bool     `help:"Read JSON Lines {id,url,headers,body_base64}; print a line for each."`
}

// Run runs the command.
func (c *InspectArticleCmd) Run(e *env) error {
	if c.Batch {
		return e.batch(func(d document) any { return inspectArticle(d) })
	}
	doc, err := e.document(c.URL, c.Header)
	if err != nil {
		return err
	}
	out := inspectArticle(doc)
	if err := e.printJSON(out); err != nil {
		return err
	}
	if out.Error != "" {
		return errors.New(out.Error)
	}
	return nil
}

// articleJSON is what `inspect article` prints (DESIGN.md §4).
type articleJSON struct {
	Error        string `json:"error,omitempty"`
	Title        string `json:"title"`
	Text         string `json:"text"`
	Summary      string `json:"summary"`
	Image        string `json:"image"`
	Author       string `json:"author"`
	Published    string `json:"published"`
	Language     string `json:"language"`
	CanonicalURL string `json:"canonical_url"`
	SiteName     string `json:"site_name"`
	Paywalled    bool   `json:"paywalled"`
}

func inspectArticle(d document) articleJSON {
	a := enrich.Extract(enrich.Page{URL: d.URL, Header: d.header(), Body: d.Body})
	out := articleJSON{
		Title: a.Title, Text: a.Text, Summary: a.Summary, Image: a.ImageURL, Author: strings.Join(a.Authors, ", "),
		Language: a.Language, CanonicalURL: a.CanonicalURL, SiteName: a.SiteName, Paywalled: a.Paywalled,
	}
	if !a.Published.IsZero() {
		out.Published = a.Published.Format(time.RFC3339)
	}
	if a.Status != aggregator.ArticleRead {
		out.Error = a.Note
	}
	return out
}

// document is a feed or page to inspect: a line of a batch, or standard input.
type document struct {
	ID      json.RawMessage   `json:"id"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body_base64"`
}

func (d document) header() http.Header {
	h := make(http.Header, len(d.Headers))
	for k, v := range d.Headers {
		h.Set(k, v)
	}
	return h
}

// document reads standard input, or fetches the URL if nothing is piped in.
func (e *env) document(url string, headers []string) (document, error) {
	d := document{URL: url, Headers: map[string]string{}}
	for _, h := range headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			return d, usageError{fmt.Errorf("--header %q: want 'Name: value'", h)}
		}
		d.Headers[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	body, err := e.piped()
	if err != nil {
		return d, err
	}
	if len(body) == 0 && url != "" {
		return e.fetchDocument(url)
	}
	d.Body = body
	return d, nil
}

// piped returns what stands on standard input, unless that is a terminal.
func (e *env) piped() ([]byte, error) {
	if f, ok := e.stdin.(io.Writer); ok && isTerminal(f) {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(e.stdin, maxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("read standard input: %w", err)
	}
	if len(body) > maxDocument {
		return nil, fmt.Errorf("standard input is larger than %d MiB", maxDocument>>20)
	}
	return body, nil
}

func (e *env) fetchDocument(url string) (document, error) {
	cfg, err := e.loadConfig()
	if err != nil {
		return document{}, err
	}
	client, err := newFetchClient(e, cfg, nil)
	if err != nil {
		return document{}, err
	}
	res, err := client.Feed(e.ctx, fetch.Request{URL: url})
	if err != nil {
		return document{}, err
	}
	d := document{URL: res.FinalURL, Headers: map[string]string{}, Body: res.Body}
	for name := range res.Header {
		d.Headers[name] = res.Header.Get(name)
	}
	return d, nil
}

// batch reads documents as JSON Lines and prints a line for each, in order.
func (e *env) batch(inspect func(document) any) error {
	return e.lines(func(line []byte) any {
		var d document
		if err := json.Unmarshal(line, &d); err != nil {
			return badLine(d.ID, err)
		}
		return withID(d.ID, inspect(d))
	})
}

// lines calls fn on each line of standard input and prints what it returns,
// one JSON document a line.
func (e *env) lines(fn func(line []byte) any) error {
	in := bufio.NewReaderSize(e.stdin, 1<<20)
	out := bufio.NewWriterSize(e.stdout, 1<<16)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for first := true; ; first = false {
		line, err := readLine(in)
		if errors.Is(err, io.EOF) {
			return out.Flush()
		}
		if err != nil && !errors.Is(err, errLongLine) {
			return fmt.Errorf("read standard input: %w", err)
		}
		if first {
			line = bytes.TrimPrefix(line, []byte("\ufeff")) // what some editors put there
		}
		if line = bytes.TrimSpace(line); len(line) == 0 && err == nil {
			continue
		}
		var answer any
		if err != nil {
			answer = badLine(nil, err)
		} else {
			answer = fn(line)
		}
		if err := enc.Encode(answer); err != nil {
			return err
		}
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
}

var errLongLine = fmt.Errorf("the line is longer than %d MiB", maxLine>>20)

// readLine reads a line; io.EOF when there is none. Of a line of more than
// maxLine bytes nothing is returned but errLongLine, and the next one follows.
func readLine(in *bufio.Reader) (line []byte, err error) {
	long := false
	for {
		part, err := in.ReadSlice('\n')
		if line = append(line, part...); len(line) > maxLine {
			line, long = line[:0], true
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case long && (err == nil || errors.Is(err, io.EOF)):
			return nil, errLongLine
		case errors.Is(err, io.EOF) && len(line) > 0:
			return line, nil
		}
		return line, err
	}
}

// badLine is the answer to a line that cannot be read.
func badLine(id json.RawMessage, err error) any {
	out := map[string]any{"error": err.Error()}
	if len(id) > 0 {
		out["id"] = id
	}
	return out
}

// withID puts the id of a line before the fields of its answer.
func withID(id json.RawMessage, v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		return badLine(id, err)
	}
	if len(id) == 0 {
		return json.RawMessage(b)
	}
	out := append([]byte(`{"id":`), id...)
	if len(b) > len("{}") {
		out = append(append(out, ','), b[1:]...)
	} else {
		out = append(out, '}')
	}
	return json.RawMessage(out)
}
