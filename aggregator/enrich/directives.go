package enrich

import (
	"net/http"
	"strconv"
	"strings"
)

// directives are a page's wishes on its use (BEHAVIOUR S-06).
type directives struct {
	barred     string // do not store its text, says this directive, in words
	noSnippet  bool   // do not quote it
	maxSnippet int    // characters; 0: no bound
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
		d.add("X-Robots-Tag", v)
	}
	for _, v := range f.robots {
		d.add("robots meta", v)
	}
	return d
}

func (d *directives) add(where, list string) {
	for w := range strings.SplitSeq(strings.ToLower(list), ",") {
		w = strings.TrimSpace(w)
		switch {
		case w == "noindex", w == "none", w == "noarchive":
			if d.barred == "" {
				d.barred = "the page asks not to be stored (" + where + ": " + w + ")"
			}
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
}
