package main

import (
	"context"
	"maps"
	"path/filepath"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/fetch"
	"topicwire/aggregator/pipeline"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// newRegistry returns what /metrics shows (BEHAVIOUR O-20): the counters of
// fetching and of the pipeline, the state of the feeds and of the database,
// and the process itself. Labels are bounded: never an address.
func (a *app) newRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		pipelineCollector{a.pipe.Counts, a.fetch.Counts},
		storeCollector{a},
	)
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "topicwire_build_info", Help: "1, labelled with the version.",
	}, []string{"version"})
	info.WithLabelValues(buildVersion()).Set(1)
	r.MustRegister(info)
	return r
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("topicwire_"+name, help, labels, nil)
}

var (
	fetchDesc    = desc("fetch_total", "Polls of feeds by outcome: read, not_modified, unchanged, or the kind of failure.", "outcome")
	durationDesc = desc("fetch_duration_seconds", "Duration of the fetches of feeds, redirects included.")
	bytesDesc    = desc("fetch_bytes_total", "Bytes of feed bodies, on the wire and decoded.", "kind")
	same304Desc  = desc("not_modified_total", "Polls answered with 304 Not Modified.")
	plainDesc    = desc("unconditional_total", "Requests for feeds without validators.")
	limitedDesc  = desc("rate_limited_total", "Answers 429 Too Many Requests, to feeds and pages.")
	blockedDesc  = desc("ssrf_blocked_total", "Connections refused because of their address or port.")
	insecureDesc = desc("insecure_total", "Requests for feeds whose certificate was not verified.")
	scrapeDesc   = desc("scrape_total", "Article pages asked for, by outcome.", "outcome")
	itemsDesc    = desc("items_total", "Items saved, by result.", "result")
	pagesDesc    = desc("pages_total", "Article pages read.")
	matchesDesc  = desc("matches_total", "Matches found.")
	storiesDesc  = desc("stories_total", "Stories founded.")
	entriesDesc  = desc("entries_total", "Entries published or changed.")
	stageDesc    = desc("stage_seconds_total", "Time spent by stage, summed over workers.", "stage")

	feedsDesc   = desc("feeds", "Feeds by state.", "state")
	overdueDesc = desc("overdue_feeds", "Feeds whose poll is due and may be made.")
	lagDesc     = desc("scheduler_lag_seconds", "How long the longest overdue feed that may be polled has waited.")
	pendingDesc = desc("pending_items", "Items that wait to be processed.")
	dbSizeDesc  = desc("db_size_bytes", "Size of the database, without its write-ahead log.")
	walSizeDesc = desc("wal_size_bytes", "Size of the database's write-ahead log.")
	backupDesc  = desc("backup_age_seconds", "Age of the newest daily backup.")
	freeDesc    = desc("disk_free_bytes", "Free space on the disk of the database.")
)

// pipelineCollector shows the counters of fetching and of the pipeline.
type pipelineCollector struct {
	counts  func() pipeline.Counts
	fetched func() fetch.Counts
}

func (pipelineCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{fetchDesc, durationDesc, bytesDesc, same304Desc, plainDesc, limitedDesc, blockedDesc, insecureDesc,
		scrapeDesc, itemsDesc, pagesDesc, matchesDesc, storiesDesc, entriesDesc, stageDesc} {
		ch <- d
	}
}

func (p pipelineCollector) Collect(ch chan<- prometheus.Metric) {
	c := p.counts()
	p.collectFetches(ch, &c)
	counter(ch, itemsDesc, c.NewItems, "new")
	counter(ch, itemsDesc, c.UpdatedItems, "updated")
	counter(ch, pagesDesc, c.Pages)
	counter(ch, matchesDesc, c.Matches)
	counter(ch, storiesDesc, c.Stories)
	counter(ch, entriesDesc, c.Entries)
	for stage, d := range map[string]time.Duration{
		"fetch": c.Fetch, "parse": c.Parse, "save": c.Save, "enrich": c.Enrich, "match": c.Match, "publish": c.Publish,
	} {
		ch <- prometheus.MustNewConstMetric(stageDesc, prometheus.CounterValue, d.Seconds(), stage)
	}
}

func (p pipelineCollector) collectFetches(ch chan<- prometheus.Metric, c *pipeline.Counts) {
	// These are there from the start, so that rates over them are never empty.
	outcomes := map[string]int64{string(aggregator.PollRead): 0, string(aggregator.PollNotModified): 0, string(aggregator.PollUnchanged): 0}
	maps.Copy(outcomes, c.Outcomes)
	for outcome, n := range outcomes {
		counter(ch, fetchDesc, n, outcome)
	}
	ch <- prometheus.MustNewConstHistogram(durationDesc, c.Durations.Count, c.Durations.Sum.Seconds(), c.Durations.Buckets)
	counter(ch, bytesDesc, c.WireBytes, "wire")
	counter(ch, bytesDesc, c.Bytes, "decoded")
	counter(ch, same304Desc, c.NotModified)
	f := p.fetched()
	counter(ch, plainDesc, f.Unconditional)
	counter(ch, limitedDesc, f.RateLimited)
	counter(ch, blockedDesc, f.SSRFBlocked)
	counter(ch, insecureDesc, f.Insecure)
	for outcome, n := range c.PageOutcomes {
		counter(ch, scrapeDesc, n, outcome)
	}
}

func counter(ch chan<- prometheus.Metric, d *prometheus.Desc, n int64, labels ...string) {
	ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
}

func gauge(ch chan<- prometheus.Metric, d *prometheus.Desc, n float64, labels ...string) {
	ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, n, labels...)
}

// storeCollector shows the state of rows and files. A store that does not
// answer leaves its metrics out; /readyz says why.
type storeCollector struct{ a *app }

func (storeCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{feedsDesc, overdueDesc, lagDesc, pendingDesc, dbSizeDesc, walSizeDesc, backupDesc, freeDesc} {
		ch <- d
	}
}

// collectTimeout bounds what a scrape may ask of the store.
const collectTimeout = 10 * time.Second

func (s storeCollector) Collect(ch chan<- prometheus.Metric) {
	s.collectFiles(ch)
	ctx, cancel := context.WithTimeout(s.a.ctx, collectTimeout)
	defer cancel()
	st, err := s.a.store.Stats(ctx, s.a.now())
	if err != nil {
		s.a.log.Warn("metrics of the database are left out", "err", err)
		return
	}
	for _, state := range []aggregator.FeedState{
		aggregator.FeedActive, aggregator.FeedFailing, aggregator.FeedGone, aggregator.FeedDead, aggregator.FeedDisabled,
	} {
		gauge(ch, feedsDesc, float64(st.Feeds[state]), string(state))
	}
	gauge(ch, overdueDesc, float64(st.Overdue))
	gauge(ch, lagDesc, st.Lag.Seconds())
	gauge(ch, pendingDesc, float64(st.Pending))
	gauge(ch, dbSizeDesc, float64(st.Bytes))
	if s.a.store.Path() != "" {
		gauge(ch, walSizeDesc, float64(st.WALBytes))
	}
}

func (s storeCollector) collectFiles(ch chan<- prometheus.Metric) {
	path := s.a.store.Path()
	if path == "" {
		return
	}
	if free, err := freeDisk(filepath.Dir(path)); err == nil {
		gauge(ch, freeDesc, float64(free))
	}
	if made, ok := lastBackup(path); ok {
		gauge(ch, backupDesc, s.a.now().Sub(made).Seconds())
	}
}
