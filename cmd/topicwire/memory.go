package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// heapFloor is how far the heap may grow before it is collected, however
	// little of it lives: a sweep of feeds that have not changed keeps next to
	// nothing, and would be collected every few megabytes.
	heapFloor = 16 << 20
	// headroom is how far a large heap may grow between collections.
	headroom = 24 << 20
	// gcPercent holds above the floor. What lives is small beside the garbage
	// that parsing makes: collecting twice as often as usual costs little and
	// saves a fifth of the memory.
	gcPercent    = 50
	gcPercentMin = 20
	gcPercentMax = 400
)

// tuneMemory sets how often garbage is collected, unless GOGC does.
func tuneMemory() {
	if os.Getenv("GOGC") != "" {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	percent := gcPercent
	debug.SetGCPercent(percent)
	afterEachGC(func() {
		metrics.Read(live)
		want := gcPercentMax
		if n := live[0].Value.Uint64(); n > 0 {
			want = min(gcPercent, int(headroom*100/n))
			want = min(max(want, int(heapFloor*100/n)-100, gcPercentMin), gcPercentMax)
		}
		if want < percent*9/10 || want > percent*11/10 {
			percent = want
			debug.SetGCPercent(want)
		}
	})
}

// afterEachGC calls fn after every collection, from one goroutine.
func afterEachGC(fn func()) {
	type cycle struct{ _ *int } // with a pointer, so that it is an object of its own
	var again func(*cycle)
	again = func(c *cycle) {
		fn()
		runtime.SetFinalizer(c, again)
	}
	runtime.SetFinalizer(new(cycle), again)
}
