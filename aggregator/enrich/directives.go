package enrich

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// product is the name by which pages speak to us alone.
const product = "topicwire"

// directives are a page's wishes on its use (BEHAVIOUR S-06). Of several, the
// strictest holds.
type directives struct {
	barred     string // do not store its text, says this directive, in words
	noSnippet  bool   // do not quote it
	maxSnippet int    // characters; 0: no bound

	now time.Time
}

// maxTags bounds the X-Robots-Tag lines that are looked at.
const maxTags = 50

func readDirectives(f *facts, h http.Header, now time.Time) directives {
	d := directives{now: now}
	for i, v := range h.Values("X-Robots-Tag") {
		if i == maxTags {
			break
		}
		d.header(v)
	}
	for _, v := range f.robots {
		d.list("robots meta", v)
	}
	return d
}

// header reads one X-Robots-Tag. "botname: noindex, nosnippet" speaks to one
// robot, up to the next name; without a name it speaks to all.
func (d *directives) header(v string) {
	ours := true
	var wishes []string
	for part := range strings.SplitSeq(v, ",") {
		if name, rest, ok := strings.Cut(part, ":"); ok && isRobotName(name) {
			ours = strings.EqualFold(strings.TrimSpace(name), product)
			part = rest
		}
		if ours {
			wishes = append(wishes, part)
		}
	}
	d.list("X-Robots-Tag", strings.Join(wishes, ","))
}

// valued are the directives that have a value after a colon, as robots' names
// have their directives.
var valued = []string{"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"}

// isRobotName tells a robot's name from a directive with a value, and from the
// colons of a time.
func isRobotName(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s))
	return s != "" && !slices.Contains(valued, s) &&
		strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_*.") == "" && strings.Trim(s, "0123456789-.") != ""
}

// list reads directives between commas.
func (d *directives) list(where, list string) {
	words := strings.Split(list, ",")
	for i, w := range words {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(w)), ":")
		value = strings.TrimSpace(value)
		switch name = strings.TrimSpace(name); name {
		case "noindex", "none", "noarchive":
			d.bar(where, name)
		case "unavailable_after":
			if len(words) > i+1 { // the date may hold a comma
				value += "," + words[i+1]
			}
			if at, ok := unavailableAfter(value); ok && !d.now.IsZero() && d.now.After(at) {
				d.bar(where, name)
			}
		case "nosnippet":
			d.noSnippet = true
		case "max-snippet":
			n, err := strconv.Atoi(value)
			switch {
			case err != nil || n < 0: // -1: no bound
			case n == 0:
				d.noSnippet = true
			case d.maxSnippet == 0 || n < d.maxSnippet:
				d.maxSnippet = n
			}
		}
	}
}

func (d *directives) bar(where, word string) {
	if d.barred == "" {
		d.barred = "the page asks not to be stored (" + where + ": " + word + ")"
	}
}

// tagDates are the forms in which sites write unavailable_after: RFC 822,
// RFC 850, ISO 8601, or a day.
var tagDates = []string{
	"2 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04:05 -0700", "2-Jan-2006 15:04:05 MST", "2 Jan 06 15:04:05 MST",
	time.RFC1123, time.RFC1123Z, time.RFC850,
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02", "2 Jan 2006",
}

// unavailableAfter reads such a date, with or without what follows a comma.
func unavailableAfter(s string) (time.Time, bool) {
	whole := strings.ToUpper(strings.TrimSpace(s))
	first, _, _ := strings.Cut(whole, ",")
	for _, s := range []string{whole, strings.TrimSpace(first)} {
		for _, layout := range tagDates {
			if at, err := time.Parse(layout, s); err == nil {
				return at, true
			}
		}
	}
	return time.Time{}, false
}
