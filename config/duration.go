package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ParseDuration reads a Go duration such as 90m or 1h30m, with d for days of
// 24 hours and w for weeks besides: 14d, 1w, 1d12h.
func ParseDuration(text string) (time.Duration, error) {
	bad := fmt.Errorf("%q should be a duration such as 30s, 10m, 2h, 14d or 1w", text)
	rest := text
	var total float64
	for rest != "" {
		i := strings.IndexAny(rest, "dw")
		if i < 0 {
			break
		}
		// 12h3d: what stands before the number of days is Go's.
		j := i
		for j > 0 && (rest[j-1] == '.' || '0' <= rest[j-1] && rest[j-1] <= '9') {
			j--
		}
		n, err := strconv.ParseFloat(rest[j:i], 64)
		if err != nil || j > 0 {
			return 0, bad
		}
		unit := 24 * time.Hour
		if rest[i] == 'w' {
			unit *= 7
		}
		total += n * float64(unit)
		rest = rest[i+1:]
	}
	if rest != "" {
		d, err := time.ParseDuration(rest)
		if err != nil {
			return 0, bad
		}
		total += float64(d)
	} else if text == "" {
		return 0, bad
	}
	if math.Abs(total) > float64(100*365*24*time.Hour) {
		return 0, fmt.Errorf("%q is longer than a century", text)
	}
	return time.Duration(total), nil
}

// parseDay reads a day or an instant.
func parseDay(text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q should be a day such as 2026-01-31, or an instant such as 2026-01-31T12:00:00Z", text)
}
