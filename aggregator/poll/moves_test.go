package poll_test

import (
	"testing"
	"time"

	"topicwire/aggregator"
)

// mover polls a feed that is redirected.
type mover struct {
	*aggregator.Feed
	known bool // the document shares an item with what the feed had
	id    string
}

func newMover() *mover {
	m := &mover{Feed: feed(), known: true}
	m.LastSuccessAt, m.BodyHash = noon.Add(-day), "before"
	return m
}

// poll returns the URL that a poll makes the feed's own.
func (m *mover) poll(after time.Duration, to string, permanent bool) string {
	r := read("e", "")
	r.At, r.Fetch.FinalURL, r.Fetch.PermanentMove = noon.Add(after), to, permanent
	r.Found.Shared, r.Document.ID = m.known, m.id
	m.PollState, _ = plain.Next(m.Feed, r)
	return m.AdoptURL
}

func TestF50MovesAfterFivePollsOver72Hours(t *testing.T) {
	const to = "https://new.example/feed"
	m := newMover()
	for i := range 7 { // twice a day: five polls are enough only after three days
		if got := m.poll(time.Duration(i)*12*time.Hour, to, true); (got == to) != (i >= 6) {
			t.Errorf("poll %d: adopts %q", i, got)
		}
	}
	m = newMover()
	for i := range 5 { // every third day: three days are enough only after five polls
		if got := m.poll(time.Duration(i)*3*day, to, true); (got == to) != (i >= 4) {
			t.Errorf("poll %d: adopts %q", i, got)
		}
	}
}

func TestF50WhatBeginsAnew(t *testing.T) {
	const to = "https://new.example/feed"
	for name, between := range map[string]func(m *mover){
		"another target":     func(m *mover) { m.poll(8*day, "https://other.example/feed", true) },
		"a temporary chain":  func(m *mover) { m.poll(8*day, to, false) },
		"no redirect at all": func(m *mover) { m.poll(8*day, m.URL, false) },
		"https to http":      func(m *mover) { m.poll(8*day, "http://new.example/feed", true) },
		"a failure": func(m *mover) {
			r := failed(500, "status")
			r.At = noon.Add(8 * day)
			m.PollState, _ = plain.Next(m.Feed, r)
		},
		"a page in place of a feed": func(m *mover) {
			r := failed(200, "not_a_feed")
			r.At, r.Fetch.FinalURL, r.Fetch.PermanentMove = noon.Add(8*day), to, true
			m.PollState, _ = plain.Next(m.Feed, r)
		},
	} {
		m := newMover()
		for i := range 4 {
			m.poll(time.Duration(i)*2*day, to, true)
		}
		if between(m); m.AdoptURL != "" {
			t.Errorf("%s: adopts %q", name, m.AdoptURL)
		}
		if got := m.poll(9*day, to, true); got != "" || m.MovedPolls != 1 {
			t.Errorf("%s: adopts %q after %d polls, want to begin anew", name, got, m.MovedPolls)
		}
	}
}

// TestF50OnlyToTheSameFeed: 40,000 feeds that are all redirected to one page of
// apologies, a feed even, stay where they are.
func TestF50OnlyToTheSameFeed(t *testing.T) {
	const to = "https://sorry.example/feed"
	for _, tt := range []struct {
		name  string
		setup func(m *mover)
		to    string
		moves bool
	}{
		{"nothing in common", func(m *mover) { m.known = false }, to, false},
		{"an item in common", func(*mover) {}, to, true},
		{"the same document id", func(m *mover) { m.known, m.id, m.DocumentID = false, "urn:a", "urn:a" }, to, true},
		{"another document id", func(m *mover) { m.known, m.id, m.DocumentID = false, "urn:b", "urn:a" }, to, false},
		{"redirected from the first poll on", func(m *mover) { m.known, m.LastSuccessAt = false, time.Time{} },
			"https://news.example/new", true},
		{"redirected from the first poll on, elsewhere", func(m *mover) { m.known, m.LastSuccessAt = false, time.Time{} },
			"https://other.example/feed", true},
		{"http to https", func(m *mover) { m.URL = "http://news.example/feed" }, "https://news.example/feed", true},
		{"https to http", func(*mover) {}, "http://news.example/feed", false},
	} {
		m := newMover()
		tt.setup(m)
		got := ""
		for i := range 20 {
			if got = m.poll(time.Duration(i)*day, tt.to, true); got != "" {
				break
			}
			m.known = m.known && i == 0 // known is decided once, and kept
		}
		if (got == tt.to) != tt.moves {
			t.Errorf("%s: adopts %q", tt.name, got)
		}
	}
}

func TestF50CredentialsInTheAddressStayWithTheirOrigin(t *testing.T) {
	for to, want := range map[string]string{
		"https://news.example/new":  "https://u:p@news.example/new",
		"https://other.example/new": "https://other.example/new",
		"https://news.example/feed": "", // where it is
	} {
		m := newMover()
		m.URL = "https://u:p@news.example/feed"
		got := ""
		for i := range 6 {
			got = m.poll(time.Duration(i)*day, to, true)
		}
		if got != want {
			t.Errorf("to %s: adopts %q, want %q", to, got, want)
		}
	}
}

// TestF50SpellingIsNoRedirect: an address that is sent with escapes is no other.
func TestF50SpellingIsNoRedirect(t *testing.T) {
	m := newMover()
	m.URL = "https://news.example/ä b"
	if m.poll(0, "https://news.example/%C3%A4%20b", false); !m.AwaySince.IsZero() {
		t.Error("a feed that answers itself is away")
	}
	if m.poll(0, "https://news.example/", false); m.AwaySince.IsZero() {
		t.Error("a feed that is redirected is not away")
	}
}

func TestF50FallsBackAfterThreeFailures(t *testing.T) {
	f := feed()
	f.URL, f.OriginURL, f.ETag, f.ValidatorsURL = "https://new.example/feed", "https://news.example/feed", "e", "https://new.example/feed"
	for i := range 3 {
		r := failed(410, "status") // not gone either: the feed may be where it was
		r.At = noon.Add(time.Duration(i) * 2 * day)
		f.PollState, _ = plain.Next(f, r)
		if want := map[bool]string{true: f.OriginURL}[i == 2]; f.AdoptURL != want || f.State != aggregator.FeedFailing {
			t.Errorf("failure %d: adopts %q, state %s", i+1, f.AdoptURL, f.State)
		}
	}
	if f.ETag != "e" || f.ValidatorsURL != "https://new.example/feed" {
		t.Errorf("F-04: validators %q of %q", f.ETag, f.ValidatorsURL)
	}
	f.URL, f.OriginURL = f.OriginURL, ""
	if f.PollState, _ = plain.Next(f, failed(500, "status")); f.AdoptURL != "" {
		t.Errorf("a feed at home goes to %q", f.AdoptURL)
	}
}
