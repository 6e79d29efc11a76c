package pipeline

import (
	"context"
	"log/slog"
	"time"

	"topicwire/aggregator"
)

// logPoll writes one line for a finished poll, and one for each change of the
// feed that somebody may want to know of.
func (p *Pipeline) logPoll(v *visit, r *aggregator.PollReport, st *aggregator.PollState, saved aggregator.PollSaved) {
	f := v.feed
	if r.Outcome == aggregator.PollNotModified && saved == (aggregator.PollSaved{}) && st.State == f.State &&
		!p.log.Enabled(context.Background(), slog.LevelInfo) {
		return // most polls of a sweep: nothing to say, and nothing spent on it
	}
	log := p.log.With("feed", f.ID, "url", redacted(f.URL))
	attrs := []any{
		"outcome", r.Outcome, "status", r.Fetch.Status, "new", saved.New, "updated", saved.Updated, "bytes", r.Fetch.WireBytes,
		"dur", p.opts.Now().Sub(v.start).Round(time.Millisecond), "next", st.NextPollAt.UTC().Format(time.RFC3339), "reason", st.NextPollReason,
	}
	if st.NextPollAt.IsZero() {
		attrs[len(attrs)-3] = "never"
	}
	if r.Err != "" {
		attrs = append(attrs, "kind", r.ErrKind, "err", r.Err)
	}
	if r.Outcome == aggregator.PollFailed {
		log.Warn("poll failed", attrs...)
	} else {
		log.Info("polled", attrs...)
	}
	logState(log, f, st)
	logChanges(log, f, r, saved)
}

// logState says that a feed fares otherwise than before.
func logState(log *slog.Logger, f *aggregator.Feed, st *aggregator.PollState) {
	if st.State == f.State || f.State == "" {
		return
	}
	switch st.State {
	case aggregator.FeedActive:
		log.Info("feed works again", "was", f.State, "since", f.FailingSince)
	case aggregator.FeedFailing:
		log.Warn("feed fails; it is retried with back-off", "was", f.State, "err", st.LastError)
	case aggregator.FeedGone:
		log.Warn("feed is gone for good, by its server's word; it is polled no more unless forced", "was", f.State)
	case aggregator.FeedDead:
		log.Warn("feed has failed for 60 days; it is tried once a week", "was", f.State, "since", st.FailingSince)
	case aggregator.FeedDisabled:
	}
}

// logChanges says what has changed in how a feed is read.
func logChanges(log *slog.Logger, f *aggregator.Feed, r *aggregator.PollReport, saved aggregator.PollSaved) {
	switch {
	case saved.MovedTo != "" && saved.MovedTo == f.OriginURL:
		log.Warn("feed fails where it moved to; it is polled again where it was subscribed", "to", redacted(saved.MovedTo))
	case saved.MovedTo != "":
		log.Info("feed has moved for good and is polled there from now on", "to", redacted(saved.MovedTo))
	case saved.DuplicateOf != "" && saved.DuplicateOf != f.DuplicateOf:
		log.Warn("feed has moved to one that is subscribed already; remove one of the two", "to", redacted(saved.DuplicateOf))
	}
	if saved.Relinked {
		log.Warn("the GUIDs of the feed do not tell its items apart; they are known by their links from now on", "reason", why(r))
	}
	if d := r.Document; d != nil && skipsAll(d.SkipHours, d.SkipDays) && !skipsAll(f.SkipHours, f.SkipDays) {
		log.Warn("feed lists all hours or all days as those to be left alone in; that is not heeded")
	}
}

func why(r *aggregator.PollReport) string {
	if r.OneGUID {
		return "all items have the same"
	}
	return "old items come with new ones"
}

// skipsAll tells if all hours, or all days of the week, are listed.
func skipsAll(hours uint32, days uint8) bool {
	const allHours, allDays = 1<<24 - 1, 1<<7 - 1
	return hours&allHours == allHours || days&allDays == allDays
}
