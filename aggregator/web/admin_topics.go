package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"topicwire/aggregator"
)

// hit is an item in a backtest, to be shown.
type hit struct{ aggregator.Tested }

// Phrase is the title with what matched in it marked.
func (h hit) Phrase() phrase { return newPhrase(h.Title, h.Language, ofField(h.Evidence, "title")) }

// Why lists the terms that matched, each once.
func (h hit) Why() []reason { return reasons(h.Evidence, h.Language) }

// hitList is a list of hits under a heading.
type hitList struct {
	Name, Note string
	List       []hit
	Open       bool
}

var publishModes = map[aggregator.PublishMode]string{
	aggregator.PublishTitle:   "titles only",
	aggregator.PublishExcerpt: "excerpts",
	aggregator.PublishFull:    "full text, where the feed allows it",
}

type topicsData struct {
	frame
	Topics  []topicRow
	CanSave bool
}

type topicRow struct {
	aggregator.Topic
	Path string
}

func (s *Server) topicsPage(w http.ResponseWriter, r *http.Request) error {
	topics, err := s.opts.Store.Topics(r.Context())
	if err != nil {
		return fmt.Errorf("topics: %w", err)
	}
	slices.SortStableFunc(topics, func(a, b aggregator.Topic) int {
		return strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title))
	})
	data := topicsData{frame: s.adminFrame(r, "Topics", "topics"), CanSave: s.opts.Actions.SaveTopic != nil}
	for _, t := range topics {
		data.Topics = append(data.Topics, topicRow{t, s.path(topicPath(&t))})
	}
	return s.page(w, r, "topics", data)
}

type editorData struct {
	frame
	Topic     aggregator.Topic // as typed
	New       bool
	ReadOnly  bool // declared in the file
	Path      string
	Days      string // MaxAge, in days; empty: the default
	Fields    map[string]string
	CanRemove bool
	CanTest   bool
	Preview   previewData
}

// previewData is what the query editor shows below the query.
type previewData struct {
	Tested  bool
	Problem string
	Before  string // the query up to where it cannot be read …
	At      string // … and from there on
	Column  int    // where that is, in characters from 1
	Hint    string
	Test    *aggregator.Backtest
	Saved   bool // there is a topic to compare with
	Chart   chart
	Outlets []count
	Langs   []count
}

type count struct {
	Name  string
	Count int
}

func (s *Server) newTopicPage(w http.ResponseWriter, r *http.Request) error {
	if s.opts.Actions.SaveTopic == nil {
		return missing()
	}
	return s.page(w, r, "editor", s.newEditor(r, aggregator.Topic{}, true))
}

func (s *Server) newEditor(r *http.Request, t aggregator.Topic, isNew bool) *editorData {
	d := &editorData{
		frame: s.adminFrame(r, t.Title, "topics"), Topic: t, New: isNew, Path: s.path(topicPath(&t)),
		ReadOnly: !isNew && (t.Declared == aggregator.InFile || s.opts.Actions.SaveTopic == nil),
		CanTest:  s.opts.Actions.TestQuery != nil,
	}
	d.CanRemove = !isNew && !d.ReadOnly && s.opts.Actions.RemoveTopic != nil
	if isNew {
		d.Title = "New topic"
	}
	d.Fields = map[string]string{
		"languages": strings.Join(t.Languages, ", "), "tags": strings.Join(t.Tags, ", "),
		"threshold": positive(t.Threshold), "limit": positive(float64(t.Limit)), "days": positive(t.MaxAge.Hours() / 24),
	}
	return d
}

func positive(f float64) string {
	if f <= 0 {
		return ""
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

func (s *Server) editTopicPage(w http.ResponseWriter, r *http.Request) error {
	t, err := s.opts.Store.Topic(r.Context(), r.PathValue("slug"))
	if err != nil {
		return err
	}
	data := s.newEditor(r, *t, false)
	data.Preview = s.preview(r.Context(), *t, true)
	return s.page(w, r, "editor", data)
}

// createTopic and saveTopic answer both buttons of the editor: save, and test
// for those without script.
func (s *Server) createTopic(w http.ResponseWriter, r *http.Request) error {
	t, problem, err := s.typedTopic(r, aggregator.Topic{})
	if err != nil {
		return err
	}
	if problem == "" && r.PostForm.Get("do") != "test" {
		_, err := s.opts.Store.Topic(r.Context(), t.Slug)
		switch {
		case err == nil:
			problem = "There is a topic with that name in the address already."
		case !errors.Is(err, aggregator.ErrNotFound):
			return err
		}
	}
	return s.store(w, r, t, true, problem)
}

func (s *Server) saveTopic(w http.ResponseWriter, r *http.Request) error {
	old, err := s.opts.Store.Topic(r.Context(), r.PathValue("slug"))
	if err != nil {
		return err
	}
	t, problem, err := s.typedTopic(r, *old)
	if err != nil {
		return err
	}
	t.Slug = old.Slug // published addresses do not change
	if old.Declared == aggregator.InFile && r.PostForm.Get("do") != "test" {
		return refuse(http.StatusConflict, "This topic is declared in the configuration file. Change it there.")
	}
	return s.store(w, r, t, false, problem)
}

func (s *Server) store(w http.ResponseWriter, r *http.Request, t aggregator.Topic, isNew bool, problem string) error {
	data := s.newEditor(r, t, isNew)
	if r.PostForm.Get("do") == "test" {
		data.Preview = s.preview(r.Context(), t, !isNew)
		return s.pageWithStatus(w, http.StatusOK, "editor", data)
	}
	if s.opts.Actions.SaveTopic == nil {
		return missing()
	}
	if problem == "" {
		err := s.opts.Actions.SaveTopic(r.Context(), t)
		if err == nil {
			return s.done(w, r, "/admin/topics/edit/"+t.Slug+"?done=saved")
		}
		if data.Preview = queryProblem(t.Query, err); data.Preview.Problem == "" && !errors.Is(err, aggregator.ErrExists) {
			return err
		}
		problem = "The topic was not saved."
	}
	data.Problem = problem
	return s.pageWithStatus(w, http.StatusUnprocessableEntity, "editor", data)
}

var slugPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`) })

// typedTopic reads the editor's form over the topic as it is. The problem is
// for the person who typed.
func (s *Server) typedTopic(r *http.Request, t aggregator.Topic) (_ aggregator.Topic, problem string, _ error) {
	if err := r.ParseForm(); err != nil {
		return t, "", badForm(err)
	}
	get := func(k string) string { return strings.TrimSpace(r.PostForm.Get(k)) }
	if t.Slug == "" {
		t.Slug = strings.ToLower(get("slug"))
	}
	t.Title, t.Description, t.Query = get("title"), get("description"), get("query")
	t.Languages, t.Tags = splitTags(get("languages")), splitTags(get("tags"))
	t.Private = get("private") != ""
	t.Publish = aggregator.PublishMode(get("publish"))
	var bad []string
	number := func(key, name string, most float64) float64 {
		v := get(key)
		if v == "" {
			return 0
		}
		f, err := strconv.ParseFloat(v, 64)
		if err != nil || !(f > 0 && f <= most) {
			bad = append(bad, name)
			return 0
		}
		return f
	}
	t.Threshold = number("threshold", "the threshold", 100)
	t.Limit = int(number("limit", "the number of entries", 1000))
	t.MaxAge = time.Duration(number("days", "the age in days", 3650) * 24 * float64(time.Hour))
	switch {
	case t.Title == "":
		problem = "The topic needs a title."
	case !slugPattern().MatchString(t.Slug) || len(t.Slug) > 80:
		problem = "The name in the address takes small letters, digits and single hyphens, such as russia-india."
	case t.Query == "":
		problem = "The topic needs a query."
	case t.Publish != "" && publishModes[t.Publish] == "":
		problem = "There is no such way to publish."
	case len(bad) > 0:
		problem = "Please check " + strings.Join(bad, " and ") + "."
	}
	return t, problem, nil
}

func (s *Server) removeTopic(w http.ResponseWriter, r *http.Request) error {
	if s.opts.Actions.RemoveTopic == nil {
		return missing()
	}
	t, err := s.opts.Store.Topic(r.Context(), r.PathValue("slug"))
	if err != nil {
		return err
	}
	if t.Declared == aggregator.InFile {
		return refuse(http.StatusConflict, "This topic is declared in the configuration file. Remove it there.")
	}
	if err := s.opts.Actions.RemoveTopic(r.Context(), t.Slug); err != nil {
		return err
	}
	return s.done(w, r, "/admin/topics?done=topic-removed")
}

// previewQuery answers the editor while somebody types.
func (s *Server) previewQuery(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	old, err := s.opts.Store.Topic(r.Context(), strings.TrimSpace(r.PostForm.Get("slug")))
	switch {
	case errors.Is(err, aggregator.ErrNotFound):
		old = nil
	case err != nil:
		return err
	}
	var t aggregator.Topic
	if old != nil {
		t = *old
	}
	if t, _, err = s.typedTopic(r, t); err != nil {
		return err
	}
	body, err := s.execute("editor", "preview", s.preview(r.Context(), t, old != nil))
	if err != nil {
		return err
	}
	sendHTML(w, r, body)
	return nil
}

// previewTime bounds one test, so that typing never queues up work.
const previewTime = 8 * time.Second

// preview tests a draft. What is wrong with the query is in the preview.
func (s *Server) preview(ctx context.Context, t aggregator.Topic, saved bool) previewData {
	if t.Query == "" || s.opts.Actions.TestQuery == nil {
		return previewData{}
	}
	ctx, cancel := context.WithTimeout(ctx, previewTime)
	defer cancel()
	test, err := s.opts.Actions.TestQuery(ctx, t)
	if err != nil {
		if p := queryProblem(t.Query, err); p.Problem != "" {
			return p
		}
		if errors.Is(err, context.Canceled) { // they typed on
			return previewData{}
		}
		if errors.Is(err, context.DeadlineExceeded) {
			return previewData{Tested: true, Problem: "There is too much history to test this while you type. Save it, and see what it catches."}
		}
		s.log.Error("query not tested", "err", err)
		return previewData{Tested: true, Problem: "The query could not be tested. The reason is in the log."}
	}
	return previewData{
		Tested: true, Test: test, Saved: saved, Chart: newChart(perDay(test, s.now())),
		Outlets: most(test.ByOutlet, nil), Langs: most(test.ByLanguage, languageName),
	}
}

// perDay fills the days without hits, up to today.
func perDay(test *aggregator.Backtest, now time.Time) []int {
	var out []int
	first := test.Since.UTC().Truncate(24 * time.Hour)
	if oldest := now.UTC().AddDate(0, 0, -90); first.Before(oldest) {
		first = oldest
	}
	for d := first; !d.After(now.UTC()); d = d.AddDate(0, 0, 1) {
		out = append(out, test.ByDay[d.Format(time.DateOnly)])
	}
	return out
}

// most returns the eight largest counts.
func most(counts map[string]int, name func(string) string) []count {
	var out []count
	for k, n := range counts {
		if name != nil {
			k = name(k)
		}
		out = append(out, count{k, n})
	}
	slices.SortFunc(out, func(a, b count) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out[:min(8, len(out))]
}
