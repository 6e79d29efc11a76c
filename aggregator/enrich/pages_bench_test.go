package enrich_test

import (
	"path/filepath"
	"testing"

	"topicwire/aggregator/enrich"
)

// BenchmarkPages reads all real pages; the figure to look at is
// the CPU time of 50 KB.
func BenchmarkPages(b *testing.B) {
	var pages []enrich.Page
	var size int64
	for _, g := range readGold(b) {
		p := enrich.Page{URL: g.URL, Body: readGzip(b, filepath.Join(shared, "newsroom/pages", g.File))}
		pages, size = append(pages, p), size+int64(len(p.Body))
	}
	b.SetBytes(size)
	b.ReportAllocs()
	start := cpuTime()
	for b.Loop() {
		for _, p := range pages {
			enrich.Extract(p)
		}
	}
	cpu := float64((cpuTime() - start).Microseconds()) / float64(b.N)
	b.ReportMetric(cpu/float64(len(pages)), "cpu-µs/page")
	b.ReportMetric(cpu*50*1024/float64(size), "cpu-µs/50KB")
}
