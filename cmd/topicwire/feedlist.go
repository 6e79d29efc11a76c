package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"topicwire/aggregator"
	"topicwire/store"
)

// FeedsListCmd lists feeds.
type FeedsListCmd struct{}

// FeedsHostsCmd lists the hosts that are left alone.
type FeedsHostsCmd struct{}

// feedRow is a feed as `feeds list --json` prints it (DESIGN.md §4). Times and
// reason of the next poll are those of the host's pause, if that ends later.
type feedRow struct {
	URL             string               `json:"url"`
	Title           string               `json:"title"`
	Outlet          string               `json:"outlet"`
	Tags            []string             `json:"tags"`
	State           aggregator.FeedState `json:"state"`
	ETag            string               `json:"etag"`
	LastModified    string               `json:"last_modified"`
	LastPollAt      *time.Time           `json:"last_poll_at"`
	NextPollAt      *time.Time           `json:"next_poll_at"`
	NextPollReason  string               `json:"next_poll_reason"`
	LastStatus      int                  `json:"last_status"`
	LastError       string               `json:"last_error"`
	Failures        int                  `json:"failures"`
	Items           int                  `json:"items"`
	MovedFrom       string               `json:"moved_from"`
	Declared        aggregator.Declared  `json:"declared"`
	LastSuccessAt   *time.Time           `json:"last_success_at"`
	FailingSince    *time.Time           `json:"failing_since"`
	MovedTo         string               `json:"moved_to"` // where a permanent redirect leads that is not believed yet
	DuplicateOf     string               `json:"duplicate_of"`
	Host            string               `json:"host"`
	HostPausedUntil *time.Time           `json:"host_paused_until"`
}

// hostRow is a host that is left alone, as `feeds hosts --json` prints it.
type hostRow struct {
	Host   string    `json:"host"`
	Until  time.Time `json:"until"`
	Reason string    `json:"reason"`
	What   string    `json:"what"` // what is not asked for: feeds or pages
}

// pauses are the hosts whose feeds are left alone now, by host key.
type pauses struct {
	hosts   map[string]aggregator.HostPause
	hostKey func(url string) string
}

func (e *env) pauses(ctx context.Context, st *store.Store, hostKey func(string) string) (pauses, error) {
	p := pauses{hosts: make(map[string]aggregator.HostPause), hostKey: hostKey}
	hosts, err := st.Hosts(ctx)
	for _, h := range hosts {
		p.hosts[h.Host] = h
	}
	return p, err
}

// row makes what is printed of a feed. Passwords that stand in addresses, of
// versions that took them, are not shown (BEHAVIOUR F-25, X-16).
func (p pauses) row(f *aggregator.Feed) feedRow {
	tags := f.Tags
	if tags == nil {
		tags = []string{}
	}
	host := p.hostKey(f.URL)
	pause := p.hosts[host]
	at, reason := f.NextPoll(pause)
	return feedRow{
		URL: redacted(f.URL), Title: f.Title, Outlet: f.Outlet, Tags: tags, State: f.State,
		ETag: f.ETag, LastModified: f.LastModified,
		LastPollAt: orNull(f.LastPollAt), NextPollAt: orNull(at), NextPollReason: reason,
		LastStatus: f.LastStatus, LastError: f.LastError, Failures: f.Failures,
		Items: f.Items, MovedFrom: redacted(f.OriginURL), Declared: f.Declared,
		LastSuccessAt: orNull(f.LastSuccessAt), FailingSince: orNull(f.FailingSince), MovedTo: redacted(f.MovedTo),
		DuplicateOf: redacted(f.DuplicateOf), Host: host, HostPausedUntil: orNull(pause.Until),
	}
}

// nextPoll says in words when a feed is polled next.
func (r *feedRow) nextPoll(now time.Time) string {
	if r.NextPollAt == nil {
		return "never"
	}
	return inWords(*r.NextPollAt, now)
}

// row looks a feed up, and makes what is printed of it.
func (a *app) row(id aggregator.FeedID) (*aggregator.Feed, feedRow, error) {
	f, err := a.store.Feed(a.ctx, id)
	if err != nil {
		return nil, feedRow{}, err
	}
	p, err := a.pauses(a.ctx, a.store, hostKeys(a.live.Load().cfg))
	return f, p.row(f), err
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	u := t.UTC()
	return &u
}

// Run runs the command.
func (FeedsListCmd) Run(e *env) error {
	cfg, err := e.loadConfig()
	if err != nil {
		return err
	}
	st, err := e.openStoreBy(cfg)
	if err != nil {
		return err
	}
	defer st.Close()
	feeds, err := st.Feeds(e.ctx, aggregator.FeedFilter{})
	if err != nil {
		return err
	}
	p, err := e.pauses(e.ctx, st, hostKeys(cfg))
	if err != nil {
		return err
	}
	rows := make([]feedRow, len(feeds))
	for i := range feeds {
		rows[i] = p.row(&feeds[i])
	}
	if e.cli.JSON {
		return e.printJSON(rows)
	}
	if err := listFeeds(visible{e.stdout}, rows, e.now()); err != nil {
		return err
	}
	hosts, err := e.pausedHosts(st)
	if err != nil || len(hosts) == 0 {
		return err
	}
	e.printf("\nleft alone for now:\n")
	return listHosts(visible{e.stdout}, hosts)
}

func listFeeds(out io.Writer, rows []feedRow, now time.Time) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STATE\tITEMS\tNEXT POLL\tWHY THEN\tFEED")
	for i := range rows {
		r := &rows[i]
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", r.State, r.Items, r.nextPoll(now), dash(r.NextPollReason), r.URL)
		for _, line := range r.remarks() {
			fmt.Fprintf(w, "\t\t\t\t  %s\n", line)
		}
	}
	return w.Flush()
}

// remarks is what is worth a line below a feed.
func (r *feedRow) remarks() (lines []string) {
	if r.LastError != "" {
		lines = append(lines, strings.ReplaceAll(r.LastError, "\n", " "))
	}
	if r.FailingSince != nil {
		polls := "1 failed poll"
		if r.Failures > 1 {
			polls = fmt.Sprintf("%d failed polls in a row", r.Failures)
		}
		lines = append(lines, polls+", since "+r.FailingSince.Local().Format(time.DateTime))
	}
	if r.MovedFrom != "" {
		lines = append(lines, "moved from "+r.MovedFrom)
	}
	if r.MovedTo != "" {
		lines = append(lines, "redirects for good to "+r.MovedTo+": taken over if that lasts")
	}
	if r.DuplicateOf != "" {
		lines = append(lines, "the same feed as "+r.DuplicateOf)
	}
	return lines
}

// Run runs the command.
func (FeedsHostsCmd) Run(e *env) error {
	st, err := e.openStore()
	if err != nil {
		return err
	}
	defer st.Close()
	hosts, err := e.pausedHosts(st)
	if err != nil {
		return err
	}
	if e.cli.JSON {
		return e.printJSON(hosts)
	}
	if len(hosts) == 0 {
		e.say("no host is paused")
		return nil
	}
	return listHosts(visible{e.stdout}, hosts)
}

func listHosts(out io.Writer, hosts []hostRow) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "HOST\tWHAT\tUNTIL\tWHY")
	for _, h := range hosts {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", h.Host, h.What, h.Until.Local().Format(time.DateTime), dash(h.Reason))
	}
	return w.Flush()
}

// pausedHosts returns the hosts whose feeds or pages are left alone now, by
// name.
func (e *env) pausedHosts(st *store.Store) ([]hostRow, error) {
	rows := []hostRow{}
	for _, list := range []struct {
		what string
		of   func(context.Context) ([]aggregator.HostPause, error)
	}{{"feeds", st.Hosts}, {"pages", st.PageHosts}} {
		hosts, err := list.of(e.ctx)
		if err != nil {
			return nil, err
		}
		for _, h := range hosts {
			if h.Until.After(e.now()) {
				rows = append(rows, hostRow{Host: h.Host, Until: h.Until.UTC(), Reason: h.Reason, What: list.what})
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b hostRow) int { return strings.Compare(a.Host, b.Host) })
	return rows, nil
}

// inWords says how far a time is from now: "in 3h", "now", "never".
func inWords(t, now time.Time) string {
	switch d := t.Sub(now); {
	case t.IsZero():
		return "never"
	case d <= 0:
		return "now"
	case d < time.Minute:
		return "in seconds"
	case d < 48*time.Hour:
		return "in " + strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	default:
		return "on " + t.Local().Format(time.DateOnly)
	}
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// outletName is the feed's name for a reader, without a password.
func outletName(f *aggregator.Feed) string {
	if name := f.OutletName(); name != f.URL {
		return name
	}
	return redacted(f.URL)
}
