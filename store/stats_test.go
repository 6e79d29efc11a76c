package store_test

import (
	"testing"
	"time"

	"topicwire/aggregator"
)

// TestO20Stats: a feed is overdue if it may be polled and nobody has claimed
// it; the lag is that of the one due longest.
func TestO20Stats(t *testing.T) {
	forEachEngine(t, func(t *testing.T, w *world) {
		look := func(what string, overdue int, lag time.Duration) {
			t.Helper()
			st, err := w.Stats(w.ctx(), w.now())
			w.must(err)
			if st.Overdue != overdue || st.Lag != lag || st.Bytes <= 0 {
				t.Errorf("%s: %d overdue for %v, %d bytes; want %d for %v", what, st.Overdue, st.Lag, st.Bytes, overdue, lag)
			}
			if wal := st.WALBytes > 0; wal != (w.engine == "sqlite") {
				t.Errorf("%s: %d bytes of log", what, st.WALBytes)
			}
		}
		look("no feeds", 0, 0)
		late, later, gone, paused := w.feed("https://a.example/"), w.feed("https://b.example/"), w.feed("https://c.example/"), w.feed("https://d.example/")
		at := w.now()
		w.pollAs(late, aggregator.PollState{LastPollAt: at, NextPollAt: at.Add(time.Hour)})
		w.pollAs(later, aggregator.PollState{LastPollAt: at, NextPollAt: at.Add(2 * time.Hour)})
		w.pollAs(gone, aggregator.PollState{LastPollAt: at})
		w.pollAs(paused, aggregator.PollState{LastPollAt: at, NextPollAt: at.Add(time.Minute)})
		db := w.raw()
		_, err := db.Exec(`UPDATE feed SET state = 'gone' WHERE id = $1`, gone)
		w.must(err)
		_, err = db.Exec(`INSERT INTO host_pause (host, paused_until, reason) SELECT host, $1, '429' FROM feed WHERE id = $2`, at.Add(10*time.Hour).Unix(), paused)
		w.must(err)
		look("none is due", 0, 0)
		w.advance(3 * time.Hour)
		look("two are due, one waits for its host", 2, 2*time.Hour)
		_, err = w.ClaimDueFeeds(w.ctx(), aggregator.FeedClaim{Now: w.now(), Limit: 1, Lease: time.Hour})
		w.must(err)
		look("one is claimed", 1, time.Hour)
		w.advance(7 * time.Hour)
		look("the pause is over", 3, 10*time.Hour-time.Minute)
		st, err := w.Stats(w.ctx(), w.now())
		w.must(err)
		if st.Feeds[aggregator.FeedActive] != 3 || st.Feeds[aggregator.FeedGone] != 1 {
			t.Errorf("feeds by state: %v", st.Feeds)
		}
	})
}
