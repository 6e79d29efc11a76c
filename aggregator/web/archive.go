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
	"topicwire/aggregator/publish"
)

// archive serves a page of a topic's history (RFC 5005, BEHAVIOUR P-06).
func (s *Server) archive(w http.ResponseWriter, r *http.Request) error {
	is, err := s.topics.public(r.Context(), r.PathValue("slug"))
	if err != nil {
		return err
	}
	return s.serveArchive(w, r, is)
}

// privateArchive serves the same to the holder of the token.
func (s *Server) privateArchive(w http.ResponseWriter, r *http.Request) error {
	private(w)
	is, err := s.topics.private(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	return s.serveArchive(w, r, is)
}

// errHistoryMoved says that the history changed while a page was read.
var errHistoryMoved = errors.New("the history changes faster than it can be read")

func (s *Server) serveArchive(w http.ResponseWriter, r *http.Request, is *issue) error {
	name, format, ok := cutFormat(r.PathValue("page"))
	if !ok {
		return aggregator.ErrNotFound
	}
	for range 5 {
		doc, now, err := s.renderArchive(r.Context(), is, name, format)
		switch {
		case errors.Is(err, errHistoryMoved):
			continue
		case err != nil:
			return err
		case doc == nil: // another edition of the page is the one to read
			w.Header().Set("Cache-Control", "no-cache")
			http.Redirect(w, r, s.path(publish.ArchiveURL("", &is.topic, now, format)), http.StatusFound)
			return nil
		}
		if is.topic.Private {
			w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
		} else {
			keep(w, 365*24*time.Hour, true)
		}
		sendFeed(w, r, is, doc)
		return nil
	}
	return fmt.Errorf("archive %s of topic %s: %w", name, is.topic.Slug, errHistoryMoved)
}

// renderArchive renders a page of the history. If there is one of its number
// under another name, that name is returned. One page is rendered at a time:
// caches keep them.
func (s *Server) renderArchive(ctx context.Context, is *issue, name, format string) (doc *ready, now string, err error) {
	s.topics.archive.Lock()
	defer s.topics.archive.Unlock()
	channel := s.channel(&is.topic)
	pages, err := s.history(ctx, &channel, is.live)
	if err != nil {
		return nil, "", err
	}
	number, _, _ := strings.Cut(name, "-")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > len(pages) {
		return nil, "", aggregator.ErrNotFound
	}
	page := &pages[n-1]
	if page.Name != name {
		return nil, page.Name, nil
	}
	channel.Archive = page.Name
	if n > 1 {
		channel.Older = pages[n-2].Name
	}
	channel.Entries, err = s.opts.Store.Entries(ctx, aggregator.EntryFilter{
		Topic: is.topic.ID, Since: is.topic.Since, Offset: page.Offset, Limit: page.Limit,
	})
	if err != nil {
		return nil, "", err
	}
	if !page.Holds(channel.Entries) {
		return nil, "", errHistoryMoved
	}
	for _, f := range formats {
		if f.ext == format {
			rendered, err := f.render(channel)
			if err != nil {
				return nil, "", err
			}
			return readyDocument(rendered), "", nil
		}
	}
	return nil, "", aggregator.ErrNotFound
}

func (s *Server) history(ctx context.Context, c *publish.Channel, live int) ([]publish.HistoryPage, error) {
	marks, err := s.opts.Store.EntryMarks(ctx, aggregator.EntryFilter{Topic: c.Topic.ID, Since: c.Topic.Since})
	if err != nil {
		return nil, err
	}
	return publish.History(c, marks, live), nil
}

// newestArchive names the page where the history begins; none if the topic
// feed holds every entry itself.
func (s *Server) newestArchive(ctx context.Context, c *publish.Channel, live int) (string, error) {
	pages, err := s.history(ctx, c, live)
	if err != nil || len(pages) == 0 {
		return "", err
	}
	return pages[len(pages)-1].Name, nil
}
