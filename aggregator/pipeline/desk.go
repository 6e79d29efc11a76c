package pipeline

import (
	"context"
	"fmt"
	"sync"
	"time"

	"topicwire/aggregator"
)

const (
	// maxShortWait is the longest wait for a host's gap: what is further off
	// is written to the items' rows and forgotten here.
	maxShortWait = 2 * time.Minute
	maxExcluded  = 1000 // hosts named in one claim
	claimAhead   = 2    // items claimed for each free place: some are of one host
)

// desk hands out items whose pages are wanted: one of a host at a time, hosts
// side by side, and none of a host before its gap has passed. No place is held
// while a gap passes, so that a host with many pages delays nobody else's.
type desk struct {
	p     *Pipeline
	ctx   context.Context // of the pages
	more  context.Context // while items are claimed
	saver *saver
	wg    sync.WaitGroup
	done  chan struct{} // of size 1: a page is finished

	mu     sync.Mutex
	inHand int
	// hosts whose pages are not to be read now: until then; the zero time: one
	// is being read.
	hosts map[string]time.Time
	back  time.Time // when the last page that was put back may be read, if that is soon
	read  int       // pages finished
}

// readPages reads the pages that are wanted until more ends or the store fails;
// those in hand are then read to their end, unless ctx ends too. With drain it
// returns when none is left that may be read within two minutes, and says how
// many were.
func (p *Pipeline) readPages(ctx, more context.Context, drain bool) (int, error) {
	d := &desk{p: p, ctx: ctx, more: more, saver: newSaver(ctx, p), done: make(chan struct{}, 1), hosts: make(map[string]time.Time)}
	err := d.run(drain)
	d.wg.Wait()
	if saved := d.saver.close(); err == nil {
		err = saved
	}
	return d.read, err
}

func (d *desk) run(drain bool) error {
	for d.more.Err() == nil {
		if d.free() < min(d.p.opts.Pages, 4) && d.free() < d.p.opts.Pages {
			d.wait(idle, nil)
			continue
		}
		given, _, err := d.claim(d.excluded())
		if err != nil || d.saver.failed() {
			return err
		}
		switch {
		case given > 0:
		case !drain:
			d.wait(d.untilReady(idle), d.p.pages)
		case d.busy():
			d.wait(d.untilReady(idle), nil)
		default:
			// Nothing is in hand: what is left waits for its host's gap, or
			// for longer.
			soon := d.soon()
			given, next, err := d.claim(nil)
			if next.IsZero() || !soon.IsZero() && soon.Before(next) {
				next = soon
			}
			if err != nil || given == 0 && next.IsZero() {
				return err
			}
			if given == 0 {
				d.wait(max(0, next.Sub(d.p.opts.Now())), nil)
			}
		}
	}
	return nil
}

// claim claims items and hands out those whose host may be asked now. The
// others are put back; next is when the first of them may be read, if that is
// soon.
func (d *desk) claim(busy []string) (given int, next time.Time, err error) {
	// What was put back must be saved, or it would not be seen.
	if err := d.saver.flush(); err != nil {
		return 0, next, err
	}
	items, err := d.p.claim(d.more, aggregator.StageEnrich, d.free()*claimAhead, busy)
	if err != nil {
		return 0, next, err
	}
	for i := range items {
		ci := &items[i]
		host := d.p.opts.PageHost(ci.URL)
		if d.take(host) {
			given++
			d.wg.Go(func() { d.readOne(ci, host) })
			continue
		}
		at := d.readyAt(host)
		d.saver.add(d.p.putBack(ci, at))
		if at.Sub(d.p.opts.Now()) <= maxShortWait && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return given, next, nil
}

// take gives the caller a host's turn, if it may be asked now and a place is
// free.
func (d *desk) take(host string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, waits := d.hosts[host]
	if d.inHand >= d.p.opts.Pages || waits && (at.IsZero() || at.After(d.p.opts.Now())) {
		return false
	}
	d.hosts[host] = time.Time{}
	d.inHand++
	return true
}

// readyAt returns when items of a host that are put back may be tried. Hosts
// in hand are named in the next claim, so that theirs may be so at once.
func (d *desk) readyAt(host string) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.p.opts.Now()
	if at := d.hosts[host]; at.After(now) {
		return at
	}
	return now
}

func (d *desk) readOne(ci *aggregator.ClaimedItem, host string) {
	out, wait := d.p.readPage(d.ctx, ci)
	d.saver.add(out)
	now := d.p.opts.Now()
	ready := d.p.opts.Fetch.NextPage(ci.URL)
	if at := now.Add(wait); wait > 0 && at.After(ready) {
		ready = at
	}
	d.mu.Lock()
	d.inHand--
	if d.hosts[host] = ready; !ready.After(now) {
		delete(d.hosts, host)
	}
	switch {
	case !out.Unchanged:
		d.read++
	case wait > 0 && wait <= maxShortWait && out.Next.RunAt.After(d.back):
		d.back = out.Next.RunAt
	}
	d.mu.Unlock()
	select {
	case d.done <- struct{}{}:
	default:
	}
}

func (d *desk) free() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.p.opts.Pages - d.inHand
}

func (d *desk) busy() bool { return d.free() < d.p.opts.Pages }

// excluded lists the hosts in hand and those whose gap is passing. Hosts with
// a long pause are not named: their items are claimed once, and their rows
// carry the end of the pause from then on.
func (d *desk) excluded() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.p.opts.Now()
	var out []string
	for host, at := range d.hosts {
		switch {
		case !at.IsZero() && !at.After(now):
			delete(d.hosts, host)
		case at.Sub(now) <= maxShortWait && len(out) < maxExcluded:
			out = append(out, host)
		}
	}
	return out
}

// soon returns when a page that was put back may be read; the zero time: there
// is none to wait for.
func (d *desk) soon() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.back.After(d.p.opts.Now()) {
		return time.Time{}
	}
	return d.back
}

// untilReady returns how long it takes until a host's gap is over, at most the
// time given.
func (d *desk) untilReady(most time.Duration) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.p.opts.Now()
	for _, at := range d.hosts {
		if !at.IsZero() {
			most = min(most, max(0, at.Sub(now)))
		}
	}
	return most
}

// wait waits until a page is finished, there may be work, or the time is over.
func (d *desk) wait(most time.Duration, work <-chan struct{}) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-d.more.Done():
	case <-d.done:
	case <-work:
	case <-timer.C:
	}
}

// saver saves finished items: those that finish while others are being saved
// share the next transaction. A step is saved even if its caller is stopping.
type saver struct {
	ctx  context.Context
	p    *Pipeline
	turn sync.Mutex // held while saving

	mu   sync.Mutex
	have []aggregator.Processed
	err  error

	wg     sync.WaitGroup
	saving bool // a goroutine is at it
}

const saveBatch = 20

func newSaver(ctx context.Context, p *Pipeline) *saver { return &saver{ctx: ctx, p: p} }

func (s *saver) add(done aggregator.Processed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.have = append(s.have, done)
	if !s.saving {
		s.saving = true
		s.wg.Go(func() { _ = s.flush() }) // the error is kept
	}
}

func (s *saver) failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err != nil
}

func (s *saver) close() error {
	s.wg.Wait()
	return s.flush()
}

// flush returns when all that was added before is saved.
func (s *saver) flush() error {
	s.turn.Lock()
	defer s.turn.Unlock()
	for {
		batch, err := s.next()
		if err != nil || len(batch) == 0 {
			return err
		}
		if err := s.p.save(s.ctx, batch); err != nil {
			s.mu.Lock()
			s.err = fmt.Errorf("save %d enriched items: %w", len(batch), err)
			s.mu.Unlock()
		}
	}
}

func (s *saver) next() ([]aggregator.Processed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(len(s.have), saveBatch)
	batch := s.have[:n:n]
	s.have = s.have[n:]
	s.saving = n > 0
	return batch, s.err
}
