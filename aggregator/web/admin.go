package web

import (
	"errors"
	"net/http"
	"strconv"

	"topicwire/aggregator"
)

// adminFrame is the frame of an admin page. Here is its entry in the menu.
func (s *Server) adminFrame(r *http.Request, title, here string) frame {
	return frame{
		Title: title, Here: here, Admin: true, Robots: "noindex", Version: s.opts.Version,
		LoggedIn: s.loggedIn(r), Notice: notice(r),
	}
}

// notice says what the post before the redirect did. The query names it by a
// code, so that a link cannot put words into our mouth.
func notice(r *http.Request) string {
	number := func(name string) int {
		n, err := strconv.Atoi(r.URL.Query().Get(name))
		if err != nil {
			return 0
		}
		return max(n, 0)
	}
	switch r.URL.Query().Get("done") {
	case "added":
		return "The feed was added."
	case "imported":
		return importNotice(Imported{number("n"), number("noweb"), number("secret")})
	case "polling":
		return "The feed was polled."
	case "revived":
		return "The feed was revived. It is polled as soon as its host may be asked."
	case "removed":
		return "The feed was removed. What it brought stays."
	case "saved":
		return "The topic was saved. Stored history is being matched against it."
	case "topic-removed":
		return "The topic was removed."
	}
	return ""
}

func importNotice(done Imported) string {
	words := "No feed was new."
	if done.Added > 0 {
		words = plural(done.Added, "feed was", "feeds were") + " added. They are polled one after another."
	}
	if n := done.NoWeb; n > 0 {
		words += " " + plural(n, "was", "were") + " left out for an address that is no http or https one."
	}
	if n := done.WithPassword; n > 0 {
		words += " " + plural(n, "was", "were") + " left out for a user or password in the address: such feeds are written into the configuration."
	}
	return words
}

func (s *Server) adminHome(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, s.path("/admin/feeds"), http.StatusSeeOther)
	return nil
}

func badForm(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	return refuse(http.StatusBadRequest, "That form could not be read.")
}

// missing refuses what this daemon cannot do.
func missing() error { return refuse(http.StatusNotImplemented, "This daemon does not offer that.") }

// done redirects after a post.
func (s *Server) done(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, s.path(to), http.StatusSeeOther)
	return nil
}

func pathID(r *http.Request, name string) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue(name), 10, 64)
	if err != nil || id <= 0 {
		return 0, aggregator.ErrNotFound
	}
	return id, nil
}
