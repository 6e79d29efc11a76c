package parse

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// parseDate reads a date as feeds write them. An unknown zone or an ambiguous
// order of day and month is no date: better missing than wrong. Without a zone
// it is UTC.
func parseDate(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if len(s) < 4 || len(s) > 100 {
		return time.Time{}, false
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, true
	}
	if len(s) > 24 && s[3] == ',' {
		if t, err := time.Parse("Mon, 02 Jan 2006 15:04:05 -0700", s); err == nil {
			return t, true
		}
	}
	var d dateParts
	d.day, d.month, d.year, d.zone = -1, -1, -1, time.UTC
	if !d.read(s) || !d.settle() {
		return time.Time{}, false
	}
	return d.time()
}

type dateParts struct {
	year, month, day int
	h, m, s, ns      int
	clock, pm, am    bool
	zone             *time.Location
	zoned, korean    bool         // a zone is given; the words are Korean
	nums             []dateNumber // that are not placed yet
}

type dateNumber struct{ value, digits int }

// read takes the words of a date one by one.
func (d *dateParts) read(s string) bool {
	if rest, ok := d.iso(s); ok {
		s = rest
	}
	for s = trimDate(s); s != ""; s = trimDate(s) {
		var ok bool
		r, _ := utf8.DecodeRuneInString(s)
		switch {
		case r >= '0' && r <= '9':
			s, ok = d.digits(s)
		case (r == '+' || r == '-') && d.clock:
			s, ok = d.offset(s)
		case unicode.IsLetter(r):
			s, ok = d.word(s)
		}
		if !ok {
			return false
		}
	}
	return true
}

func trimDate(s string) string {
	for s != "" {
		switch s[0] {
		case ' ', ',', '\t', '\n', '\r', '.', '(', ')', '/', '\'', '|':
			s = s[1:]
			continue
		case '-':
			if len(s) > 1 && (s[1] < '0' || s[1] > '9') {
				s = s[1:]
				continue
			}
		}
		if r, n := utf8.DecodeRuneInString(s); r == '\u00a0' || r == '，' {
			s = s[n:]
			continue
		}
		return s
	}
	return s
}

// iso reads a date that begins with its year: 2004-07-13, 2004-07, 20040713,
// 2004/7/13, 2004.07.13, 2004년 07월 13일, 2004年7月13日.
func (d *dateParts) iso(s string) (rest string, ok bool) {
	y, r := leading(s)
	if len(y) == 8 && (r == "" || r[0] == 'T' || r[0] == ' ') {
		d.year, d.month, d.day = atoi(y[:4]), atoi(y[4:6]), atoi(y[6:])
		return afterT(r), true
	}
	if len(y) != 4 {
		return d.shortISO(s)
	}
	if r == "" || r[0] == 'T' {
		d.year, d.month, d.day = atoi(y), 1, 1
		return afterT(r), true
	}
	d.korean = strings.HasPrefix(r, "년")
	mon, r2 := leading(skipSep(r, "년年"))
	switch {
	case len(mon) == 3 && (r2 == "" || r2[0] == 'T'): // 2003-335
		return afterT(r2), d.dayOfYear(atoi(y), atoi(mon))
	case len(mon) == 0:
		if rest, ok := d.isoWords(atoi(y), r); ok {
			return rest, true
		}
	}
	if len(mon) == 0 || len(mon) > 2 || r2 == r {
		return s, false
	}
	d.year, d.month, d.day = atoi(y), atoi(mon), 1
	day, r3 := leading(skipSep(r2, "월月"))
	if len(day) == 0 || len(day) > 2 || r3 == "" && len(day) == 0 || strings.HasPrefix(r2, " ") {
		return afterT(r2), true
	}
	d.day = atoi(day)
	return afterT(strings.TrimLeft(r3, "일日")), true
}

// shortISO reads what ISO 8601 had until 2000 with two digits of the year:
// 031231, 03-12-31, 03335, 03-335, -0312, -03-12; and 2003335.
func (d *dateParts) shortISO(s string) (rest string, ok bool) {
	t, month := strings.CutPrefix(s, "-")
	digits := strings.ReplaceAll(t, "-", "")
	if strings.Trim(digits, "0123456789") != "" || len(t)-len(digits) > 2 {
		return s, false
	}
	short := len(t) > 2 && (t[2] == '-' || len(digits) == len(t))
	switch n := len(digits); {
	case month && n == 4 && short:
		d.year, d.month, d.day = century(atoi(digits[:2])), atoi(digits[2:]), 1
	case month || !short && n != 7:
		return s, false
	case n == 5 && len(t)-n <= 1:
		return "", d.dayOfYear(century(atoi(digits[:2])), atoi(digits[2:]))
	case n == 6 && (len(t) == 6 || len(t) == 8 && t[5] == '-'):
		d.year, d.month, d.day = century(atoi(digits[:2])), atoi(digits[2:4]), atoi(digits[4:])
	case n == 7 && len(t) == 7:
		return "", d.dayOfYear(atoi(digits[:4]), atoi(digits[4:]))
	default:
		return s, false
	}
	return "", true
}

// isoWords reads what follows the year of 2003-W01-2 and 2004-július-13.
func (d *dateParts) isoWords(year int, s string) (rest string, ok bool) {
	if len(s) < 4 || s[0] != '-' {
		return s, false
	}
	if s[1] == 'W' {
		week, rest := leading(s[2:])
		day := "1"
		if strings.HasPrefix(rest, "-") {
			day, rest = leading(rest[1:])
		}
		if len(week) != 2 || len(day) != 1 || week > "53" || day < "1" || day > "7" {
			return s, false
		}
		jan4 := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC) // it is in week 1
		monday := jan4.YearDay() - (int(jan4.Weekday())+6)%7
		return afterT(rest), d.dayOfYear(year, monday+7*(atoi(week)-1)+atoi(day)-1)
	}
	name, after, ok := strings.Cut(s[1:], "-")
	month := monthNames()[strings.ToLower(name)]
	day, after := leading(after)
	if !ok || month == 0 || len(day) == 0 || len(day) > 2 {
		return s, false
	}
	d.year, d.month, d.day = year, month, atoi(day)
	return afterT(after), true
}

func (d *dateParts) dayOfYear(year, day int) bool {
	t := time.Date(year, 1, day, 0, 0, 0, 0, time.UTC)
	d.year, d.month, d.day = t.Year(), int(t.Month()), t.Day()
	return day > -7 && day < 380
}

func skipSep(s, units string) string {
	r, n := utf8.DecodeRuneInString(s)
	if strings.ContainsRune(units, r) {
		return strings.TrimLeft(s[n:], " ")
	}
	if r == '-' || r == '/' || r == '.' {
		return s[1:]
	}
	return ""
}

func afterT(s string) string {
	if len(s) > 1 && (s[0] == 'T' || s[0] == 't' || s[0] == '-') && s[1] >= '0' && s[1] <= '9' {
		return s[1:]
	}
	return s
}

func leading(s string) (digits, rest string) {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return s[:i], s[i:]
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// digits reads a clock time or a number to be placed later.
func (d *dateParts) digits(s string) (string, bool) {
	num, rest := leading(s)
	if len(num) > 9 {
		return s, false
	}
	if d.day > 0 && d.year > 0 && !d.clock { // 20031231T101455, 2003-12-31T10
		switch len(num) {
		case 6:
			return d.time24(num[:2], num[2:4]+":"+num[4:]+rest)
		case 4:
			return d.time24(num[:2], num[2:]+rest)
		case 2:
			if !strings.HasPrefix(rest, ":") {
				return d.time24(num, "00"+rest)
			}
		}
	}
	if strings.HasPrefix(rest, ":") && !d.clock {
		return d.time24(num, rest[1:])
	}
	for _, suffix := range []string{"st", "nd", "rd", "th"} {
		if len(num) <= 2 && strings.HasPrefix(rest, suffix) {
			rest = rest[2:]
		}
	}
	d.nums = append(d.nums, dateNumber{atoi(num), len(num)})
	return strings.TrimPrefix(rest, "-"), len(d.nums) <= 3
}

func (d *dateParts) time24(h, rest string) (string, bool) {
	var m, sec, frac string
	m, rest = leading(rest)
	if strings.HasPrefix(rest, ":") {
		sec, rest = leading(rest[1:])
	}
	if len(rest) > 1 && (rest[0] == '.' || rest[0] == ',') && rest[1] >= '0' && rest[1] <= '9' {
		frac, rest = leading(rest[1:])
	}
	if len(h) > 2 || len(m) == 0 || len(m) > 2 || len(sec) > 2 {
		return rest, false
	}
	d.clock, d.h, d.m = true, atoi(h), atoi(m)
	if sec != "" {
		d.s = atoi(sec)
	}
	if frac != "" {
		d.ns = atoi((frac + "000000000")[:9])
	}
	return rest, true
}

// offset reads +02:00, -0500, +2.
func (d *dateParts) offset(s string) (string, bool) {
	sign := 1
	if s[0] == '-' {
		sign = -1
	}
	hh, rest := leading(s[1:])
	mm := ""
	if len(hh) >= 3 {
		hh, mm = hh[:len(hh)-2], hh[len(hh)-2:]
	} else if strings.HasPrefix(rest, ":") {
		mm, rest = leading(rest[1:])
	}
	h, m := atoi(hh), 0
	if mm != "" {
		m = atoi(mm)
	}
	if h < 0 || h > 15 || m < 0 || m > 59 {
		return s, false
	}
	d.zone, d.zoned = time.FixedZone("", sign*(h*3600+m*60)), true
	return rest, true
}

// word reads the name of a month, day or zone, or AM and PM.
func (d *dateParts) word(s string) (string, bool) {
	end := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.M, r) })
	if end < 0 {
		end = len(s)
	}
	w, rest := strings.ToLower(s[:end]), s[end:]
	switch w {
	case "a", "p": // half of the day, or a zone of RFC 822
		if d.h > 12 {
			d.zone, d.zoned = time.FixedZone("", map[string]int{"a": -3600, "p": 3 * 3600}[w]), true
			return rest, true
		}
		d.am, d.pm = w == "a", w == "p"
		return rest, true
	case "am", "오전", "上午":
		d.am, d.korean = true, d.korean || w == "오전"
		return rest, true
	case "pm", "오후", "下午":
		d.pm, d.korean = true, d.korean || w == "오후"
		return rest, true
	case "at":
		if d.clock { // Atlantic Time; before the clock it is a word
			d.zone, d.zoned = time.FixedZone("", -4*3600), true
		}
		return rest, true
	case "t", "de", "of", "um", "uhr", "à", "h", "г", "года", "etc":
		return rest, true
	}
	if m := monthNames()[w]; m > 0 && d.month < 0 {
		d.month = m
		return rest, true
	}
	if dayNames()[w] {
		return rest, true
	}
	if off, ok := zoneOffsets()[w]; ok && d.clock {
		if (w == "gmt" || w == "utc" || w == "ut") && len(rest) > 1 && (rest[0] == '+' || rest[0] == '-') {
			return d.offset(rest)
		}
		if !d.zoned {
			d.zone, d.zoned = time.FixedZone("", off), true
		}
		return rest, true
	}
	if d.zoned && d.clock { // a name after an offset adds nothing
		return rest, true
	}
	return s, false
}

// settle gives the numbers their places.
func (d *dateParts) settle() bool {
	for _, n := range d.nums {
		switch {
		case n.digits == 4 && d.year < 0:
			d.year = n.value
		case d.month > 0 && d.day < 0 && n.digits <= 2:
			d.day = n.value
		case d.month > 0 && d.year < 0 && n.digits == 2:
			d.year = century(n.value)
		case d.month < 0 && n.digits <= 2:
		default:
			return false
		}
	}
	if d.month < 0 && !d.numeric() {
		return false
	}
	if d.day < 0 {
		d.day = 1
	}
	if d.korean && !d.zoned && d.clock {
		d.zone = time.FixedZone("", 9*3600) // Korea has one zone
	}
	return d.year > 0
}

// numeric reads 28/05/2004 and 05/28/2004, if only one reading is possible.
func (d *dateParts) numeric() bool {
	if len(d.nums) != 3 || d.nums[2].digits != 4 {
		return false
	}
	a, b := d.nums[0].value, d.nums[1].value
	switch {
	case a == b:
		d.day, d.month = a, b
	case a > 12 && b <= 12:
		d.day, d.month = a, b
	case b > 12 && a <= 12:
		d.day, d.month = b, a
	default:
		return false
	}
	return true
}

func century(y int) int {
	if y < 70 {
		return 2000 + y
	}
	return 1900 + y
}

func (d *dateParts) time() (time.Time, bool) {
	if d.pm && d.h < 12 {
		d.h += 12
	} else if d.am && d.h == 12 {
		d.h = 0
	}
	// Times such as 25:14 and 23:59:60 are those after midnight.
	if d.year > 9999 || d.month < 1 || d.month > 12 || d.day < 1 || d.day > 31 || d.h > 30 || d.m > 61 || d.s > 61 {
		return time.Time{}, false
	}
	t := time.Date(d.year, time.Month(d.month), d.day, 0, 0, 0, 0, d.zone)
	if t.Day() != d.day {
		return time.Time{}, false
	}
	return time.Date(d.year, time.Month(d.month), d.day, d.h, d.m, d.s, d.ns, d.zone), true
}
