package fetch

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func header(lines string) http.Header {
	h := make(http.Header)
	for line := range strings.SplitSeq(lines, "\n") {
		if k, v, ok := strings.Cut(line, ": "); ok {
			h.Add(k, v)
		}
	}
	return h
}

func TestF32Freshness(t *testing.T) {
	for _, tt := range []struct {
		header string
		want   time.Duration
	}{
		{"", 0},
		{"Cache-Control: max-age=3600", time.Hour},
		{"Cache-Control: public, MAX-AGE=\"3600\"", time.Hour},
		{"Cache-Control: max-age = 3600", time.Hour},
		{"Cache-Control: max-age=3600\nAge: 600", 50 * time.Minute},
		{"Cache-Control: max-age=3600\nAge: 7200", 0},
		{"Cache-Control: max-age=3600\nAge: soon", time.Hour},
		{"Cache-Control: s-maxage=86400, max-age=3600", time.Hour},
		{"Cache-Control: s-maxage=86400", 0},
		{"Cache-Control: public\nCache-Control: max-age=60", time.Minute},
		{"Cache-Control: max-age=60, max-age=90", time.Minute},
		{"Cache-Control: max-age=99999999999999999999", farOff},
		{"Cache-Control: max-age=-5", 0},
		{"Cache-Control: max-age=hour", 0},
		{"Cache-Control: no-cache, max-age=3600", 0},
		{"Cache-Control: no-store, max-age=3600", 0},
		{"Cache-Control: must-revalidate, max-age=3600", time.Hour},
		{"Cache-Control: max-age=3600\nExpires: Thu, 01 Jan 1970 00:00:00 GMT", time.Hour},
		{"Expires: 0", 0},
		{"Expires: -1", 0},
		{"Expires: Tue, 24 Nov 2026 14:00:00 GMT", 2 * time.Hour},
		{"Expires: Tue, 24 Nov 2026 10:00:00 GMT", 0},
		{"Expires: Tuesday, 24-Nov-26 14:00:00 GMT", 2 * time.Hour},
		{"Expires: Tue Nov 24 14:00:00 2026", 2 * time.Hour},
		// The server's clock is three hours behind, then three ahead.
		{"Date: Tue, 24 Nov 2026 09:00:00 GMT\nExpires: Tue, 24 Nov 2026 10:00:00 GMT", time.Hour},
		{"Date: Tue, 24 Nov 2026 15:00:00 GMT\nExpires: Tue, 24 Nov 2026 16:00:00 GMT", time.Hour},
		{"Cache-Control: no-cache\nExpires: Tue, 24 Nov 2026 14:00:00 GMT", 0},
	} {
		if got := freshness(header(tt.header), now); got != tt.want {
			t.Errorf("freshness(%q) = %v, want %v", tt.header, got, tt.want)
		}
	}
}

func TestF34RetryAfter(t *testing.T) {
	for _, tt := range []struct {
		value string
		want  time.Duration
		ok    bool
	}{
		{"3600", time.Hour, true},
		{" 120 ", 2 * time.Minute, true},
		{"0", 0, true},
		{"-5", 0, true},
		{"1.5", 2 * time.Second, true},
		{"259200", 72 * time.Hour, true},
		{"99999999999999999999999999", farOff, true},
		{strings.Repeat("9", 400), farOff, true},
		{"Tue, 24 Nov 2026 13:00:00 GMT", time.Hour, true},
		{"Tuesday, 24-Nov-26 13:00:00 GMT", time.Hour, true},
		{"Tue Nov 24 13:00:00 2026", time.Hour, true},
		{"Tue, 24 Nov 2026 11:00:00 GMT", 0, true},
		{"Thu, 24 Nov 2226 11:00:00 GMT", farOff, true},
		{"", 0, false},
		{"soon", 0, false},
		{"3600 s", 0, false},
		{"NaN", 0, false},
		{"Inf", 0, false},
		{"1e3", 0, false},
		{"0x10", 0, false},
	} {
		got, ok := retryAfter([]string{tt.value}, now)
		if got != tt.want || ok != tt.ok {
			t.Errorf("retryAfter(%.40q) = %v, %v, want %v, %v", tt.value, got, ok, tt.want, tt.ok)
		}
	}
	if _, ok := retryAfter(nil, now); ok {
		t.Error("no header is one")
	}
}

func TestF35RateLimitReset(t *testing.T) {
	for _, tt := range []struct {
		header string
		want   time.Duration
		ok     bool
	}{
		{"X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 60", time.Minute, true},
		{"X-RateLimit-Remaining: 0.0\nX-RateLimit-Reset: 60.4", 61 * time.Second, true},
		{"X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1795525200", time.Hour, true},
		{"X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1795525200000", time.Hour, true},
		{"X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1795510000", 0, true},
		{"X-RateLimit-Remaining: 3\nX-RateLimit-Reset: 60", 0, false},
		{"X-RateLimit-Reset: 60", 0, false},
		{"X-RateLimit-Remaining: 0", 0, false},
	} {
		got, ok := rateLimitReset(header(tt.header), now)
		if got != tt.want || ok != tt.ok {
			t.Errorf("rateLimitReset(%q) = %v, %v, want %v, %v", tt.header, got, ok, tt.want, tt.ok)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"3600", "-1", "1.5", "Tue, 24 Nov 2026 13:00:00 GMT", "99999999999999999999", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, _ := retryAfter([]string{s}, now); d < 0 || d > farOff {
			t.Errorf("retryAfter(%q) = %v", s, d)
		}
		if d := freshness(http.Header{"Cache-Control": {"max-age=" + s}, "Age": {s}, "Expires": {s}, "Date": {s}}, now); d < 0 {
			t.Errorf("freshness(%q) = %v", s, d)
		}
	})
}
