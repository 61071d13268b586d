package feeds

import "sync"

// tracker knows which messages of the log have been finished, though they finish
// in any order: all below next, and those in done.
type tracker struct {
	mu      sync.Mutex
	next    uint64
	done    map[uint64]struct{}
	flying  map[uint64]struct{}
	suspect map[uint64]struct{} // unfinished and with nobody, when last looked
	saved   uint64              // next, as written down
}

func newTracker(next uint64) *tracker {
	return &tracker{next: next, saved: next, done: map[uint64]struct{}{}, flying: map[uint64]struct{}{}, suspect: map[uint64]struct{}{}}
}

// begin says that somebody works on a message. It reports false if somebody
// does already, or it is finished.
func (t *tracker) begin(seq uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.flying[seq]; ok || seq < t.next {
		return false
	}
	if _, ok := t.done[seq]; ok {
		return false
	}
	t.flying[seq] = struct{}{}
	return true
}

// end says that nobody works on it any longer, and whether it is finished.
func (t *tracker) end(seq uint64, finished bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.flying, seq)
	if !finished || seq < t.next {
		return
	}
	t.done[seq] = struct{}{}
	for {
		if _, ok := t.done[t.next]; !ok {
			return
		}
		delete(t.done, t.next)
		t.next++
	}
}

// abandoned returns the messages below length that nobody works on, now and when
// last asked: those whose applying failed, and those whose appending seemed to.
func (t *tracker) abandoned(length uint64, limit int) []uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	var found []uint64
	now := map[uint64]struct{}{}
	for seq := t.next; seq < length && len(now) < limit; seq++ {
		_, done := t.done[seq]
		_, flying := t.flying[seq]
		if done || flying {
			continue
		}
		now[seq] = struct{}{}
		if _, ok := t.suspect[seq]; ok {
			found = append(found, seq)
		}
	}
	t.suspect = now
	return found
}

// unsaved returns next if it is at least every past what is written down.
func (t *tracker) unsaved(every uint64) (next uint64, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.next, t.next >= t.saved+max(every, 1)
}

func (t *tracker) wrote(next uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.saved = max(t.saved, next)
}
