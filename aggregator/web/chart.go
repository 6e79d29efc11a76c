package web

import "fmt"

// chart is a row of bars, one a day, drawn as SVG without style or script.
type chart struct {
	Bars  []bar
	Width int
	Total int
	Label string // for those who do not see it
}

type bar struct {
	X, Y, Height int
	Title        string
}

const (
	chartHeight = 28
	barStep     = 7
)

// newChart scales the counts to the highest; nil makes an empty chart.
func newChart(perDay []int) chart {
	c := chart{Width: barStep * max(len(perDay), 1)}
	top := 1
	for _, n := range perDay {
		top = max(top, n)
		c.Total += n
	}
	for i, n := range perDay {
		h := n * chartHeight / top
		if n > 0 {
			h = max(h, 2)
		} else {
			h = 1
		}
		c.Bars = append(c.Bars, bar{X: i * barStep, Y: chartHeight - h, Height: h, Title: daysBack(len(perDay)-1-i) + ": " + plural(n, "item", "items")})
	}
	c.Label = fmt.Sprintf("%s in %s", plural(c.Total, "item", "items"), plural(len(perDay), "day", "days"))
	return c
}

func daysBack(n int) string {
	switch n {
	case 0:
		return "today"
	case 1:
		return "yesterday"
	}
	return fmt.Sprintf("%d days ago", n)
}
