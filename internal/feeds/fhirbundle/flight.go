package fhirbundle

import "sync"

// flight lets only one message at a time change an object of a source, so that two
// that say different things of whose it is do not meet halfway. Messages about
// different objects pass.
type flight struct {
	mu     sync.Mutex
	landed *sync.Cond
	inAir  map[string]struct{}
}

func newFlight() *flight {
	f := &flight{inAir: map[string]struct{}{}}
	f.landed = sync.NewCond(&f.mu)
	return f
}

// start waits until none of the objects is being changed, and takes them all at
// once, so that no two messages can wait for each other.
func (f *flight) start(names []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.any(names) {
		f.landed.Wait()
	}
	for _, n := range names {
		f.inAir[n] = struct{}{}
	}
}

func (f *flight) any(names []string) bool {
	for _, n := range names {
		if _, ok := f.inAir[n]; ok {
			return true
		}
	}
	return false
}

func (f *flight) end(names []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, n := range names {
		delete(f.inAir, n)
	}
	f.landed.Broadcast()
}

// names lists the objects that the message may change and that could go from one
// person to another; what many messages have in common is in the directory.
func (j *job) names() []string {
	names := make([]string, 0, len(j.entries))
	for i := range j.entries {
		if e := &j.entries[i]; e.live() && !e.directory {
			names = append(names, j.source.ID+"/"+e.typ+"/"+e.sourceID)
		}
	}
	return names
}
