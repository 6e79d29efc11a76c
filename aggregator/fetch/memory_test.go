package fetch_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"topicwire/aggregator/fetch"
)

const (
	attackEnv      = "TOPICWIRE_TEST_ATTACK" // URLs; the process is a victim
	attackers      = 32
	attackTimeout  = 2 * time.Second
	maxGrowth      = 100 << 10 // KiB
	attackRounds   = 3
	parsersOfFeeds = 2
)

// TestF57MemoryUnderAttack: 32 feeds at once that all want our memory do not
// get 100 MiB of it. The measuring is done in a process of its own.
func TestF57MemoryUnderAttack(t *testing.T) {
	if urls := os.Getenv(attackEnv); urls != "" {
		suffer(t, strings.Fields(urls))
		return
	}
	if raceEnabled {
		t.Skip("the race detector takes several times the memory")
	}
	if _, err := os.Stat("/proc/self/clear_refs"); err != nil {
		t.Skip("memory is measured by /proc")
	}
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	all := attacks(t)
	urls := serveAttacks(t, all)
	victim, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := func(name string, urls []string) {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), victim, "-test.run=^TestF57MemoryUnderAttack$", "-test.v")
			// The program collects its garbage as often as this, see tuneMemory.
			cmd.Env = append(os.Environ(), "GOGC=50", attackEnv+"="+strings.Join(urls, " "))
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "memory grew by") {
				t.Fatalf("%v\n%s", err, out)
			}
			for line := range strings.Lines(string(out)) {
				if _, words, ok := strings.Cut(line, "victim: "); ok {
					t.Log(strings.TrimSpace(words))
				}
			}
		})
	}
	for i, a := range all {
		if a.name == "gzip bomb" || a.name == "h2 bomb" || os.Getenv(attackEnv+"_ALL") != "" {
			run(a.name, urls[i:i+1])
		}
	}
	run("all of them", urls)
}

// suffer polls the URLs, 32 at a time, as the program does: what was read
// waits for one of two parsers.
func suffer(t *testing.T, urls []string) {
	rule, err := fetch.ParseAllowRule("127.0.0.0/8")
	if err != nil {
		t.Fatal(err)
	}
	c := fetch.New(fetch.Options{AllowPrivate: []fetch.AllowRule{rule}, Timeout: attackTimeout})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	work, parsing := make(chan string), make(chan struct{}, parsersOfFeeds)
	var mu sync.Mutex
	outcomes := make(map[string]int)
	os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // the peak begins here
	before := memory(t, "VmRSS")
	var wg sync.WaitGroup
	for range attackers {
		wg.Go(func() {
			for u := range work {
				res, err := c.Feed(ctx, fetch.Request{URL: u, Insecure: true})
				parsing <- struct{}{}
				outcome := "read"
				if err != nil {
					outcome = err.Error()
				} else {
					time.Sleep(time.Duration(res.Bytes>>20) * time.Millisecond)
				}
				<-parsing
				res.Release()
				mu.Lock()
				outcomes[outcome]++
				mu.Unlock()
			}
		})
	}
	for i := range attackers * attackRounds {
		work <- urls[i%len(urls)]
	}
	close(work)
	wg.Wait()
	grown := memory(t, "VmHWM") - before
	for outcome, n := range outcomes {
		fmt.Printf("victim: %d times: %s\n", n, outcome)
	}
	fmt.Printf("victim: memory grew by %d KiB, from %d\n", grown, before)
	if ctx.Err() != nil {
		t.Error("victim: the feeds wait for each other without end")
	}
	if grown > maxGrowth {
		t.Errorf("victim: memory grew by more than %d KiB", maxGrowth)
	}
}

// memory returns a line of /proc/self/status, in KiB.
func memory(t *testing.T, name string) int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			n, err := strconv.Atoi(strings.Fields(value)[0])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("no %s", name)
	return 0
}
