package enrich

import (
	"net/http"
	"strconv"
	"strings"
)

// directives are a page's wishes on its use (BEHAVIOUR S-06).
type directives struct {
	noText     bool // do not store its text
	noSnippet  bool // do not quote it
	maxSnippet int  // characters; 0: no bound
}

func readDirectives(f *facts, h http.Header) directives {
	var d directives
	for _, v := range h.Values("X-Robots-Tag") {
		// "botname: noindex" speaks to one robot.
		if agent, rest, ok := strings.Cut(v, ":"); ok && !strings.Contains(agent, ",") && !strings.HasPrefix(strings.TrimSpace(strings.ToLower(agent)), "max-") && !strings.HasPrefix(strings.TrimSpace(strings.ToLower(agent)), "unavailable_after") {
			if !strings.EqualFold(strings.TrimSpace(agent), "topicwire") {
				continue
			}
			v = rest
		}
		d.add(v)
	}
	for _, v := range f.robots {
		d.add(v)
	}
	return d
}

func (d *directives) add(list string) {
	for _, w := range strings.Split(strings.ToLower(list), ",") {
		w = strings.TrimSpace(w)
		switch {
		case w == "noindex", w == "none", w == "noarchive":
			d.noText = true
		case w == "nosnippet":
			d.noSnippet = true
		case strings.HasPrefix(w, "max-snippet:"):
			n, err := strconv.Atoi(strings.TrimSpace(w[len("max-snippet:"):]))
			if err == nil && n == 0 {
				d.noSnippet = true
			} else if err == nil && n > 0 && (d.maxSnippet == 0 || n < d.maxSnippet) {
				d.maxSnippet = n
			}
		}
	}
	if d.noText {
		d.noSnippet = d.noSnippet || strings.Contains(strings.ToLower(list), "none")
	}
}
