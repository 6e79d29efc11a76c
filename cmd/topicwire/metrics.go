package main

import (
	"time"

	"topicwire/aggregator/pipeline"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// newRegistry returns what /metrics shows: the pipeline's counters, the state
// of the feeds and of the database, and the process itself. Labels are
// bounded: never an address.
func (a *app) newRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		pipelineCollector{a.pipe.Counts},
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
	pollsDesc   = desc("polls_total", "Polls by outcome.", "outcome")
	itemsDesc   = desc("items_total", "Items saved, by result.", "result")
	bytesDesc   = desc("fetch_bytes_total", "Bytes of feed bodies, on the wire and decoded.", "kind")
	pagesDesc   = desc("pages_total", "Article pages read.")
	matchesDesc = desc("matches_total", "Matches found.")
	storiesDesc = desc("stories_total", "Stories founded.")
	entriesDesc = desc("entries_total", "Entries published or changed.")
	stageDesc   = desc("stage_seconds_total", "Time spent by stage, summed over workers.", "stage")

	feedsDesc   = desc("feeds", "Feeds by state.", "state")
	overdueDesc = desc("overdue_feeds", "Feeds whose poll is due.")
	pendingDesc = desc("pending_items", "Items that wait to be processed.")
	dbSizeDesc  = desc("db_size_bytes", "Size of the database.")
)

// pipelineCollector shows the pipeline's counters.
type pipelineCollector struct{ counts func() pipeline.Counts }

func (pipelineCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{pollsDesc, itemsDesc, bytesDesc, pagesDesc, matchesDesc, storiesDesc, entriesDesc, stageDesc} {
		ch <- d
	}
}

func (p pipelineCollector) Collect(ch chan<- prometheus.Metric) {
	c := p.counts()
	count := func(d *prometheus.Desc, n int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	count(pollsDesc, c.Read, "read")
	count(pollsDesc, c.NotModified, "not_modified")
	count(pollsDesc, c.Unchanged, "unchanged")
	count(pollsDesc, c.Failed, "failed")
	count(itemsDesc, c.NewItems, "new")
	count(itemsDesc, c.UpdatedItems, "updated")
	count(bytesDesc, c.WireBytes, "wire")
	count(bytesDesc, c.Bytes, "decoded")
	count(pagesDesc, c.Pages)
	count(matchesDesc, c.Matches)
	count(storiesDesc, c.Stories)
	count(entriesDesc, c.Entries)
	for stage, d := range map[string]time.Duration{
		"fetch": c.Fetch, "parse": c.Parse, "save": c.Save, "enrich": c.Enrich, "match": c.Match, "publish": c.Publish,
	} {
		ch <- prometheus.MustNewConstMetric(stageDesc, prometheus.CounterValue, d.Seconds(), stage)
	}
}

// storeCollector shows the state of rows. A store that does not answer leaves
// its metrics out; /readyz says why.
type storeCollector struct{ a *app }

func (storeCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{feedsDesc, overdueDesc, pendingDesc, dbSizeDesc} {
		ch <- d
	}
}

func (s storeCollector) Collect(ch chan<- prometheus.Metric) {
	st, err := s.a.store.Stats(s.a.ctx, s.a.now())
	if err != nil {
		return
	}
	gauge := func(d *prometheus.Desc, n float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, n, labels...)
	}
	for state, n := range st.Feeds {
		gauge(feedsDesc, float64(n), string(state))
	}
	gauge(overdueDesc, float64(st.Overdue))
	gauge(pendingDesc, float64(st.Pending))
	gauge(dbSizeDesc, float64(st.Bytes))
}
