package enrich_test

import (
	"path/filepath"
	"testing"

	"topicwire/aggregator/enrich"
)

// BenchmarkPages reads all real pages; the figure to look at is MB/s.
func BenchmarkPages(b *testing.B) {
	var pages []enrich.Page
	var size int64
	for _, g := range readGold(b) {
		p := enrich.Page{URL: g.URL, Body: readGzip(b, filepath.Join(shared, "newsroom/pages", g.File))}
		pages, size = append(pages, p), size+int64(len(p.Body))
	}
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		for _, p := range pages {
			enrich.Extract(p)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(pages)), "µs/page")
	b.ReportMetric(float64(b.Elapsed().Microseconds())*50*1024/(float64(b.N)*float64(size)), "µs/50KB")
}
