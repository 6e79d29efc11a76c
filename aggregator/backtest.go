package aggregator

import "time"

// Backtest is what a draft of a topic would have caught in the stored history,
// beside the live topic.
type Backtest struct {
	Query      string         `json:"query"`
	Since      time.Time      `json:"since"`
	Items      int            `json:"items"` // looked at
	Hits       int            `json:"hits"`
	ByDay      map[string]int `json:"by_day"` // 2026-11-24, UTC
	ByOutlet   map[string]int `json:"by_outlet"`
	ByLanguage map[string]int `json:"by_language"`
	Newest     []Tested       `json:"newest"`      // hits, newest first
	Gained     []Tested       `json:"gained"`      // hits that the live query does not catch
	Lost       []Tested       `json:"lost"`        // no hits, though the live query catches them
	NearMisses []Tested       `json:"near_misses"` // no hits, but with evidence; nearest first
	Warnings   []string       `json:"warnings,omitempty"`
}

// Tested is an item in a Backtest.
type Tested struct {
	ID        ItemID     `json:"id"`
	Title     string     `json:"title"`
	Outlet    string     `json:"outlet"`
	Language  string     `json:"language"`
	URL       string     `json:"url"`
	Published time.Time  `json:"published"`
	Score     float64    `json:"score"`
	Threshold float64    `json:"threshold"`
	Evidence  []Evidence `json:"evidence"`
}
