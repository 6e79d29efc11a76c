package fetch

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// farOff is what absurdly large numbers of seconds are read as.
const farOff = 10 * 365 * 24 * time.Hour

// freshness returns for how long the answer is good: max-age less Age, else
// Expires less Date (BEHAVIOUR F-32). 0: not said.
func freshness(h http.Header, now time.Time) time.Duration {
	maxAge, said, never := cacheControl(h["Cache-Control"])
	switch {
	case never:
		return 0
	case said:
		age, _ := seconds(h.Get("Age"))
		return max(0, maxAge-age)
	}
	raw := h["Expires"]
	if len(raw) == 0 {
		return 0
	}
	expires, err := http.ParseTime(raw[0])
	if err != nil { // RFC 9111 5.3: an invalid date, "0" above all, is in the past
		return 0
	}
	// The server's own clock judges its own date, however wrong it is.
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return max(0, expires.Sub(now))
}

// cacheControl returns max-age, and if caching is unwanted. s-maxage is for
// shared caches, which we are not.
func cacheControl(lines []string) (maxAge time.Duration, said, never bool) {
	for _, line := range lines {
		for d := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(d), "=")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "no-cache", "no-store":
				never = true
			case "max-age":
				if said {
					continue
				}
				maxAge, said = seconds(strings.Trim(strings.TrimSpace(value), `"`))
			}
		}
	}
	return maxAge, said, never
}

// seconds reads a number of seconds, however large.
func seconds(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if math.IsInf(f, 1) {
		return farOff, strings.Trim(s, "0123456789.") == ""
	}
	if err != nil || math.IsNaN(f) || strings.Trim(s, "+-0123456789.") != "" {
		return 0, false
	}
	switch {
	case f <= 0:
		return 0, true
	case f >= farOff.Seconds():
		return farOff, true
	}
	return time.Duration(math.Ceil(f)) * time.Second, true
}

// retryAfter reads Retry-After: seconds, or a date in any of HTTP's three
// forms. What is past or negative means now.
func retryAfter(lines []string, now time.Time) (time.Duration, bool) {
	if len(lines) == 0 {
		return 0, false
	}
	if d, ok := seconds(lines[0]); ok {
		return d, true
	}
	at, err := http.ParseTime(strings.TrimSpace(lines[0]))
	if err != nil {
		return 0, false
	}
	return min(max(0, at.Sub(now)), farOff), true
}

// rateLimitReset reads X-RateLimit-Reset, which counts only if nothing
// remains: seconds from now, or since 1970.
func rateLimitReset(h http.Header, now time.Time) (time.Duration, bool) {
	remaining := h["X-Ratelimit-Remaining"]
	if len(remaining) == 0 {
		return 0, false
	}
	if n, err := strconv.ParseFloat(strings.TrimSpace(remaining[0]), 64); err != nil || n > 0 {
		return 0, false
	}
	raw := strings.TrimSpace(h.Get("X-Ratelimit-Reset"))
	if n, err := strconv.ParseInt(raw, 10, 64); err == nil && n > 1e9 {
		if n > 1e11 { // milliseconds
			n /= 1000
		}
		return min(max(0, time.Unix(n, 0).Sub(now)), farOff), true
	}
	return seconds(raw)
}
