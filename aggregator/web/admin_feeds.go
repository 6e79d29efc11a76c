package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"topicwire/aggregator"
)

// opmlBytes is the largest OPML file that is read (BEHAVIOUR X-18), and the
// form around it.
const opmlBytes = 5<<20 + 16<<10

// feedsPerPage is how many feeds one page of the list shows.
const feedsPerPage = 50

type feedsData struct {
	frame
	Feeds     []feedRow
	Total     int
	Counts    []stateCount
	State     string // filter
	Search    string // filter
	Page      int
	Pages     int
	Prev      string
	Next      string
	Hosts     []pausedHost
	CanAdd    bool
	CanImport bool
	URL       string // as typed, when it was refused
}

type stateCount struct {
	State string
	Count int
	Here  bool
}

type feedRow struct {
	aggregator.Feed
	Name      string
	Chart     chart
	NextAt    time.Time // when it is really asked; zero: never
	NextWhy   string
	PausedTil time.Time // end of the host's pause; zero: none
}

// chartDays is how many days the small charts show.
const chartDays = 14

func (s *Server) feedsPage(w http.ResponseWriter, r *http.Request) error {
	data, err := s.newFeedsData(r)
	if err != nil {
		return err
	}
	return s.page(w, r, "feeds", data)
}

func (s *Server) newFeedsData(r *http.Request) (*feedsData, error) {
	q := r.URL.Query()
	data := &feedsData{
		frame: s.adminFrame(r, "Feeds", "feeds"), State: q.Get("state"), Search: strings.TrimSpace(q.Get("q")),
		CanAdd: s.opts.Actions.AddFeed != nil, CanImport: s.opts.Actions.ImportOPML != nil,
	}
	feeds, err := s.opts.Store.Feeds(r.Context(), aggregator.FeedFilter{})
	if err != nil {
		return nil, fmt.Errorf("feeds: %w", err)
	}
	paused, err := s.paused(r.Context())
	if err != nil {
		return nil, err
	}
	data.Hosts = paused.list
	data.Counts = countStates(feeds, data.State)
	feeds = slices.DeleteFunc(feeds, func(f aggregator.Feed) bool { return !data.wants(&f) })
	slices.SortStableFunc(feeds, byTrouble)
	data.Total = len(feeds)
	feeds = data.cut(feeds, q.Get("page"), q)
	for i := range feeds {
		c, err := s.feedChart(r.Context(), feeds[i].ID)
		if err != nil {
			return nil, err
		}
		data.Feeds = append(data.Feeds, paused.row(&feeds[i], c))
	}
	return data, nil
}

func (d *feedsData) wants(f *aggregator.Feed) bool {
	if d.State != "" && string(f.State) != d.State {
		return false
	}
	needle := strings.ToLower(d.Search)
	return needle == "" || strings.Contains(strings.ToLower(f.URL+" "+f.OutletName()+" "+strings.Join(f.Tags, " ")), needle)
}

// cut keeps one page of the list and makes the links to its neighbours.
func (d *feedsData) cut(feeds []aggregator.Feed, page string, q url.Values) []aggregator.Feed {
	d.Pages = max(1, (len(feeds)+feedsPerPage-1)/feedsPerPage)
	n, err := strconv.Atoi(page)
	if err != nil {
		n = 1
	}
	d.Page = min(max(n, 1), d.Pages)
	link := func(n int) string {
		v := url.Values{"page": {strconv.Itoa(n)}}
		for _, k := range []string{"state", "q"} {
			if q.Get(k) != "" {
				v.Set(k, q.Get(k))
			}
		}
		return "?" + v.Encode()
	}
	if d.Page > 1 {
		d.Prev = link(d.Page - 1)
	}
	if d.Page < d.Pages {
		d.Next = link(d.Page + 1)
	}
	from := (d.Page - 1) * feedsPerPage
	return feeds[from:min(from+feedsPerPage, len(feeds))]
}

var stateOrder = []aggregator.FeedState{
	aggregator.FeedActive, aggregator.FeedFailing, aggregator.FeedDead, aggregator.FeedGone, aggregator.FeedDisabled,
}

func countStates(feeds []aggregator.Feed, here string) []stateCount {
	counts := map[aggregator.FeedState]int{}
	for i := range feeds {
		counts[feeds[i].State]++
	}
	out := []stateCount{{"", len(feeds), here == ""}}
	for _, st := range stateOrder {
		if counts[st] > 0 {
			out = append(out, stateCount{string(st), counts[st], here == string(st)})
		}
	}
	return out
}

// byTrouble puts what needs a look first, then sorts by name.
func byTrouble(a, b aggregator.Feed) int {
	trouble := func(f *aggregator.Feed) int {
		switch f.State {
		case aggregator.FeedFailing, aggregator.FeedDead, aggregator.FeedGone:
			return 0
		case aggregator.FeedDisabled:
			return 2
		}
		return 1
	}
	if d := trouble(&a) - trouble(&b); d != 0 {
		return d
	}
	return strings.Compare(strings.ToLower(publicName(&a)), strings.ToLower(publicName(&b)))
}

func (s *Server) feedChart(ctx context.Context, id aggregator.FeedID) (chart, error) {
	if s.opts.Actions.ItemsPerDay == nil {
		return chart{}, nil
	}
	perDay, err := s.opts.Actions.ItemsPerDay(ctx, id, chartDays)
	if err != nil {
		return chart{}, fmt.Errorf("items per day of feed %d: %w", id, err)
	}
	return newChart(perDay), nil
}

func (s *Server) feedOf(r *http.Request) (*aggregator.Feed, error) {
	id, err := pathID(r, "feed")
	if err != nil {
		return nil, err
	}
	return s.opts.Store.Feed(r.Context(), aggregator.FeedID(id))
}

func (s *Server) addFeed(w http.ResponseWriter, r *http.Request) error {
	if s.opts.Actions.AddFeed == nil {
		return missing()
	}
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	typed := strings.TrimSpace(r.PostForm.Get("url"))
	feed := aggregator.FeedSettings{URL: typed, Outlet: strings.TrimSpace(r.PostForm.Get("outlet")), Tags: splitTags(r.PostForm.Get("tags"))}
	if typed != "" && !strings.Contains(typed, "://") {
		feed.URL = "https://" + typed
	}
	if webURL(feed.URL) == "" {
		return s.refuseFeed(w, r, typed, "That is not the address of a feed or a page. It should look like https://example.org/feed.xml.")
	}
	id, err := s.opts.Actions.AddFeed(r.Context(), feed)
	switch {
	case errors.Is(err, aggregator.ErrExists):
		return s.refuseFeed(w, r, typed, "That feed is in the list already.")
	case err != nil && r.Context().Err() == nil:
		s.log.Warn("feed not added", "err", err)
		return s.refuseFeed(w, r, typed, "The feed was not added: "+err.Error()+".")
	case err != nil:
		return err
	}
	return s.done(w, r, fmt.Sprintf("/admin/feeds/%d?done=added", id))
}

func (s *Server) refuseFeed(w http.ResponseWriter, r *http.Request, typed, problem string) error {
	data, err := s.newFeedsData(r)
	if err != nil {
		return err
	}
	data.Problem, data.URL = problem, typed
	return s.pageWithStatus(w, http.StatusUnprocessableEntity, "feeds", data)
}

func (s *Server) importOPML(w http.ResponseWriter, r *http.Request) error {
	if s.opts.Actions.ImportOPML == nil {
		return missing()
	}
	file, err := opmlPart(r)
	if err != nil {
		return err
	}
	done, err := s.opts.Actions.ImportOPML(r.Context(), file)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return err
	case err != nil && r.Context().Err() == nil:
		s.log.Warn("OPML not imported", "err", err)
		return s.refuseFeed(w, r, "", "The file was not imported: "+err.Error()+".")
	case err != nil:
		return err
	}
	return s.done(w, r, fmt.Sprintf("/admin/feeds?done=imported&n=%d&noweb=%d&secret=%d", done.Added, done.NoWeb, done.WithPassword))
}

// opmlPart finds the file in the form and reads no further than it must.
func opmlPart(r *http.Request) (io.Reader, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, badForm(err)
	}
	for {
		p, err := parts.NextPart()
		if err != nil {
			return nil, badForm(err)
		}
		if p.FormName() == "opml" && p.FileName() != "" {
			return p, nil
		}
	}
}

// splitTags reads "world, asia" as sorted tags without repeats.
func splitTags(list string) []string {
	var tags []string
	for t := range strings.SplitSeq(list, ",") {
		if t = strings.TrimSpace(t); t != "" {
			tags = append(tags, t)
		}
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}
