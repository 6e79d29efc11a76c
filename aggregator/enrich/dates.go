package enrich

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

var dateLayouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05.999-0700", "2006-01-02T15:04Z07:00", "2006-01-02T15:04-0700",
	"2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05-07:00", "2006-01-02 15:04:05 Z07:00", "2006-01-02T15:04:05 Z07:00",
	time.RFC1123Z, time.RFC1123, "Mon, 2 Jan 2006 15:04:05 -0700", "Mon Jan 2 15:04:05 MST 2006", "Mon Jan 02 2006 15:04:05 GMT-0700",
	"2006-01-02T15:04:05.999999", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", "20060102T150405", "20060102",
	"2006/01/02 15:04:05", "2006/01/02 15:04", "2006/01/02", "January 2, 2006", "Jan 2, 2006", "2 January 2006",
}

// firstDate returns the first that can be read and is no nonsense. The zone
// is kept as stated; without one it is UTC.
func firstDate(list ...string) time.Time {
	for _, s := range list {
		if t, ok := readDate(s); ok {
			return t
		}
	}
	return time.Time{}
}

func readDate(s string) (time.Time, bool) {
	if s = strings.TrimSpace(s); len(s) < 8 || len(s) > 80 {
		return time.Time{}, false
	}
	for _, l := range dateLayouts {
		if t, err := time.Parse(l, s); err == nil {
			return t, t.Year() > 1980 && t.Year() < 2100
		}
	}
	return visibleDate(s)
}

var visible = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b([0-9]{1,2})(?:\.|st|nd|rd|th)?(?: de)? ?(/|\.|-| )? ?([0-9]{1,2}|\p{L}{3,12})\.?(?: de)?,? ?(/|-| )? ?((?:19|20)[0-9]{2})\b(?:[^0-9]{1,12}([0-9]{1,2})[:.]([0-9]{2})(?::[0-9]{2})?\s*(WIB|WITA|WIT|GMT|UTC|IST|MSK)?)?`)
})

var zones = map[string]int{"WIB": 7 * 3600, "WITA": 8 * 3600, "WIT": 9 * 3600, "GMT": 0, "UTC": 0, "IST": 19800, "MSK": 3 * 3600}

// monthStems begin the names of months in the languages that write them in
// Latin or Cyrillic letters.
var monthStems = [12][]string{
	{"jan", "ene", "gen", "янв", "janv", "jän", "oca", "sty"}, {"feb", "fév", "fev", "фев", "şub", "lut"}, {"mar", "mär", "maa", "мар", "mrt"},
	{"apr", "abr", "avr", "апр", "nis", "kwi"}, {"may", "mai", "mei", "mag", "maj", "мая", "май"}, {"jun", "juin", "giu", "июн", "haz", "cze"},
	{"jul", "juil", "lug", "июл", "tem", "lip"}, {"aug", "ago", "agu", "aoû", "авг", "ağu", "sie"}, {"sep", "set", "сен", "eyl", "wrz"},
	{"oct", "okt", "ott", "out", "окт", "eki", "paź"}, {"nov", "ноя", "kas", "lis"}, {"dec", "dez", "dic", "des", "déc", "дек", "ara", "gru"},
}

// visibleDate reads a date as people write it. Of 3/4/2022 nobody knows the
// month, unless the zone is Indonesian.
func visibleDate(s string) (time.Time, bool) {
	m := visible().FindStringSubmatch(s)
	if m == nil {
		return time.Time{}, false
	}
	day, _ := strconv.Atoi(m[1])
	year, _ := strconv.Atoi(m[5])
	zone := strings.ToUpper(m[8])
	offset, known := zones[zone]
	month, err := strconv.Atoi(m[3])
	if err != nil {
		month = monthOf(m[3])
	} else if day <= 12 && m[2] != "." && !strings.HasPrefix(zone, "WI") {
		return time.Time{}, false
	}
	if month < 1 || month > 12 || day < 1 || day > 31 {
		return time.Time{}, false
	}
	hour, _ := strconv.Atoi(m[6])
	minute, _ := strconv.Atoi(m[7])
	loc := time.UTC
	if known && offset != 0 {
		loc = time.FixedZone(zone, offset)
	}
	t := time.Date(year, time.Month(month), day, hour, minute, 0, 0, loc)
	return t, t.Day() == day
}

func monthOf(name string) int {
	name = strings.ToLower(name)
	for i, stems := range monthStems {
		for _, s := range stems {
			if strings.HasPrefix(name, s) {
				return i + 1
			}
		}
	}
	return 0
}
