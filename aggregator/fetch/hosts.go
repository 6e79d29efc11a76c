package fetch

import (
	"context"
	"sync"
	"time"

	"topicwire/aggregator"
)

// Hosts keeps what hosts wish of their pages, for all processes that read
// some, and over their ends. Its methods are safe for use by several
// goroutines.
type Hosts interface {
	// UpdateHost changes what is known of a host's pages, by a function that
	// is given the row as it stands and tells if it changed it. Nobody else
	// changes the row meanwhile. The function may be called more than once.
	UpdateHost(ctx context.Context, host string, change func(*aggregator.HostState) bool) error
	// Robots returns an origin's robots.txt as last saved, or
	// aggregator.ErrNotFound.
	Robots(ctx context.Context, origin string) (aggregator.RobotsState, error)
	SaveRobots(ctx context.Context, st aggregator.RobotsState) error
}

// maxHosts is how many hosts are remembered in memory, as long as those that
// wish something are fewer than four times as many.
const maxHosts = 4096

// memoryHosts keeps hosts as long as the process runs. What robots.txt says is
// in the robotsCache anyway.
type memoryHosts struct {
	now   func() time.Time
	mu    sync.Mutex
	hosts map[string]aggregator.HostState
}

func (m *memoryHosts) UpdateHost(_ context.Context, host string, change func(*aggregator.HostState) bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	st, known := m.hosts[host]
	st.Host = host
	if !change(&st) {
		return nil
	}
	if !known && len(m.hosts) >= maxHosts {
		m.evict()
	}
	m.hosts[host] = st
	return nil
}

func (m *memoryHosts) evict() {
	now := m.now()
	for host, st := range m.hosts {
		idle := !st.HeldUntil.After(now) && !st.NextPageAt.After(now) && st.Refusals == 0 && st.Day.IsZero()
		if idle || len(m.hosts) >= 4*maxHosts {
			delete(m.hosts, host)
		}
	}
}

func (*memoryHosts) Robots(context.Context, string) (aggregator.RobotsState, error) {
	return aggregator.RobotsState{}, aggregator.ErrNotFound
}

func (*memoryHosts) SaveRobots(context.Context, aggregator.RobotsState) error { return nil }
