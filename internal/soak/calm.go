package main

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// settling is how long after a restart the figures are not yet judged.
const settling = 3 * time.Second

// calm knows when dcrd was killed. What is slow or breaks off then is expected.
type calm struct {
	mu    sync.Mutex
	kills []span
}

type span struct{ from, to time.Time }

func (c *calm) killing() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kills = append(c.kills, span{time.Now(), time.Now().Add(time.Hour)})
}

func (c *calm) ready() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kills[len(c.kills)-1].to = time.Now().Add(settling)
}

// during reports whether no kill was felt between two moments.
func (c *calm) during(from, to time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range slices.Backward(c.kills) {
		if k.to.Before(from) {
			return true
		}
		if k.from.Before(to) {
			return false
		}
	}
	return true
}

func (c *calm) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.kills)
}

// findings are what went wrong, the first of each kind in words.
type findings struct {
	mu    sync.Mutex
	kinds []string
	first map[string]string
	count map[string]int
}

func (f *findings) add(kind, format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count == nil {
		f.first, f.count = map[string]string{}, map[string]int{}
	}
	if f.count[kind]++; f.count[kind] == 1 {
		f.kinds = append(f.kinds, kind)
		f.first[kind] = fmt.Sprintf(format, args...)
	}
}

func (f *findings) lines() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, k := range f.kinds {
		out = append(out, fmt.Sprintf("%s (%d times), first: %s", k, f.count[k], f.first[k]))
	}
	return out
}

func (f *findings) total() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.count {
		n += c
	}
	return n
}

// times are the durations of one kind of request, to the tenth of a millisecond up
// to ten seconds.
type times struct {
	mu     sync.Mutex
	counts [100_001]int
	n      int
}

func (t *times) add(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts[min(len(t.counts)-1, int(d/(100*time.Microsecond)))]++
	t.n++
}

// quantile returns what q of the requests took at most, and how many there were.
func (t *times) quantile(q float64) (time.Duration, int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	left := int(q * float64(t.n))
	for i, c := range t.counts {
		if left -= c; left < 0 {
			return time.Duration(i+1) * 100 * time.Microsecond, t.n
		}
	}
	return 0, t.n
}
