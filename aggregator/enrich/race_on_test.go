//go:build race

package enrich_test

const slowdown = 10
