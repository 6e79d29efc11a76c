package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"topicwire/aggregator"
	"topicwire/aggregator/match"
	"topicwire/aggregator/pipeline"
)

// failingStore fails as long as err is set.
type failingStore struct {
	pipeline.Store
	err   atomic.Pointer[error]
	calls atomic.Int64
}

func (s *failingStore) ClaimWork(context.Context, aggregator.WorkClaim) ([]aggregator.ClaimedItem, error) {
	s.calls.Add(1)
	if err := s.err.Load(); err != nil {
		return nil, *err
	}
	return nil, nil
}

func (s *failingStore) fail(err error) { s.err.Store(&err) }

func withStore(s pipeline.Store) *pipeline.Pipeline {
	none, _ := match.NewSet(nil, nil)
	return pipeline.New(pipeline.Options{Store: s, Topics: func() *match.Set { return none }, Logger: slog.New(slog.DiscardHandler)})
}

// TestServeOutlivesAFullDisk (BEHAVIOUR O-10): the store fails, the daemon
// tries again each minute, and goes on when it is well.
func TestServeOutlivesAFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(failingStore)
		s.fail(errors.New("database or disk is full (13)"))
		p := withStore(s)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- p.Serve(ctx) }()
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("Serve ended: %v", err)
		default:
		}
		if n := s.calls.Load(); n < 3 || n > 10 {
			t.Errorf("%d tries in three minutes", n)
		}
		s.err.Store(nil)
		time.Sleep(2 * time.Minute)
		before := s.calls.Load()
		time.Sleep(time.Minute)
		if s.calls.Load() < before+10 {
			t.Error("work is not looked for again")
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve returned %v at the end of its context", err)
		}
	})
}

func TestServeEndsWithADamagedDatabase(t *testing.T) {
	s := new(failingStore)
	s.fail(fmt.Errorf("%w: x", aggregator.ErrDamaged))
	if err := withStore(s).Serve(t.Context()); !errors.Is(err, aggregator.ErrDamaged) {
		t.Errorf("Serve returned %v", err)
	}
}
