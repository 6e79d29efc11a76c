package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"topicwire/aggregator"
)

// pausedHost is a host that is left alone for now.
type pausedHost struct {
	aggregator.HostPause
	What string // what is not asked for: feeds or pages
}

// pausedHosts knows which hosts are left alone now.
type pausedHosts struct {
	list    []pausedHost // by name
	feeds   map[string]aggregator.HostPause
	hostKey func(url string) string
}

func (s *Server) paused(ctx context.Context) (*pausedHosts, error) {
	p := &pausedHosts{feeds: map[string]aggregator.HostPause{}, hostKey: s.opts.HostKey}
	now := s.now()
	for _, of := range []struct {
		what string
		get  func(context.Context) ([]aggregator.HostPause, error)
	}{{"feeds", s.opts.Store.Hosts}, {"pages", s.opts.Store.PageHosts}} {
		hosts, err := of.get(ctx)
		if err != nil {
			return nil, fmt.Errorf("paused hosts: %w", err)
		}
		for _, h := range hosts {
			if !h.Until.After(now) {
				continue
			}
			p.list = append(p.list, pausedHost{h, of.what})
			if of.what == "feeds" {
				p.feeds[h.Host] = h
			}
		}
	}
	slices.SortStableFunc(p.list, func(a, b pausedHost) int { return strings.Compare(a.Host, b.Host) })
	return p, nil
}

// row is a feed with the time at which it will really be asked.
func (p *pausedHosts) row(f *aggregator.Feed, c chart) feedRow {
	pause := p.feeds[p.hostKey(f.URL)]
	row := feedRow{Feed: *f, Name: publicName(f), Chart: c, PausedTil: pause.Until}
	row.NextAt, row.NextWhy = f.NextPoll(pause)
	return row
}

type feedData struct {
	frame
	feedRow
	Host      string
	CanPoll   bool
	CanRevive bool
	CanRemove bool
}

func (s *Server) feedPage(w http.ResponseWriter, r *http.Request) error {
	f, err := s.feedOf(r)
	if err != nil {
		return err
	}
	c, err := s.feedChart(r.Context(), f.ID)
	if err != nil {
		return err
	}
	paused, err := s.paused(r.Context())
	if err != nil {
		return err
	}
	stopped := f.State == aggregator.FeedGone || f.State == aggregator.FeedDead || f.State == aggregator.FeedDisabled
	return s.page(w, r, "feed", &feedData{
		frame: s.adminFrame(r, publicName(f), "feeds"), feedRow: paused.row(f, c), Host: s.opts.HostKey(f.URL),
		CanPoll:   s.opts.Actions.PollFeed != nil && f.State != aggregator.FeedDisabled && f.State != aggregator.FeedGone,
		CanRevive: s.opts.Actions.ReviveFeed != nil && stopped,
		CanRemove: s.opts.Actions.RemoveFeed != nil && f.Declared != aggregator.InFile,
	})
}

func (s *Server) pollFeed(w http.ResponseWriter, r *http.Request) error {
	return s.actOnFeed(w, r, s.opts.Actions.PollFeed, "polling")
}

func (s *Server) reviveFeed(w http.ResponseWriter, r *http.Request) error {
	return s.actOnFeed(w, r, s.opts.Actions.ReviveFeed, "revived")
}

func (s *Server) actOnFeed(w http.ResponseWriter, r *http.Request, act func(context.Context, aggregator.FeedID) error, done string) error {
	if act == nil {
		return missing()
	}
	f, err := s.feedOf(r)
	if err != nil {
		return err
	}
	if err := act(r.Context(), f.ID); err != nil {
		return err
	}
	return s.done(w, r, fmt.Sprintf("/admin/feeds/%d?done=%s", f.ID, done))
}

func (s *Server) removeFeed(w http.ResponseWriter, r *http.Request) error {
	if s.opts.Actions.RemoveFeed == nil {
		return missing()
	}
	f, err := s.feedOf(r)
	if err != nil {
		return err
	}
	if f.Declared == aggregator.InFile {
		return refuse(http.StatusConflict, "This feed is declared in the configuration file. Remove it there.")
	}
	if err := s.opts.Actions.RemoveFeed(r.Context(), f.URL); err != nil {
		return err
	}
	return s.done(w, r, "/admin/feeds?done=removed")
}
