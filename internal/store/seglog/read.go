package seglog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"sync"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

const (
	firstRead = 16 << 10
	laterRead = 256 << 10

	// maxLoaded is of how many sealed segments the offsets are kept in memory: 50 KB
	// each for records of 300 bytes.
	maxLoaded = 64
)

// place is where reading goes on: record number lies at offset of the segment, whose
// durable records end at end.
type place struct {
	s      *segment
	number uint64
	offset int64
	end    int64
	last   uint64 // number of the first record after the segment's durable ones
}

// locate returns the nearest known place at or before record n, which is durable.
func (l *Log) locate(n uint64) (place, error) {
	l.mu.RLock()
	i := sort.Search(len(l.segments), func(i int) bool { return l.segments[i].first > n }) - 1
	s := l.segments[i]
	k := (n - s.first) / stride
	p := place{s: s, number: s.first + k*stride, end: s.end, last: s.first + s.count}
	there := s.offsets != nil
	if there {
		p.offset = s.offsets[k]
	}
	l.mu.RUnlock()
	if there {
		return p, nil
	}
	offsets, err := l.loadOffsets(s)
	if err != nil {
		return p, err
	}
	p.offset = offsets[k]
	return p, nil
}

// loadOffsets brings the offsets of a sealed segment into memory.
func (l *Log) loadOffsets(s *segment) ([]int64, error) {
	offsets := s.readOffsets()
	if offsets == nil {
		now := &segment{path: s.path, first: s.first}
		if err := errors.Join(l.rebuild(now), now.close()); err != nil {
			return nil, err
		}
		if now.count != s.count || now.end != s.end {
			return nil, s.corrupt(now.first+now.count, "missing")
		}
		offsets = now.offsets
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.offsets == nil {
		s.offsets = offsets
		l.keepLoaded(s)
	}
	return offsets, nil
}

// keepLoaded counts s among the sealed segments whose offsets are in memory, and drops
// those of the one that has been there longest if they are too many.
func (l *Log) keepLoaded(s *segment) {
	if l.loaded = append(l.loaded, s); len(l.loaded) > maxLoaded {
		l.loaded[0].offsets = nil
		l.loaded = append(l.loaded[:0], l.loaded[1:]...)
	}
}

// Read implements driver.Log. It ends at the records durable when it was called.
func (l *Log) Read(ctx context.Context, from uint64, visit func(n uint64, record []byte) bool) error {
	l.closing.RLock()
	closed := l.closed
	l.closing.RUnlock()
	if closed {
		return driver.ErrClosed
	}
	r := reader{log: l, ctx: ctx, from: from, to: l.Len(), visit: visit, size: firstRead}
	r.buf = buffers.Get().(*[]byte)
	defer buffers.Put(r.buf)
	for r.from < r.to {
		p, err := l.locate(r.from)
		if err != nil {
			return err
		}
		more, err := r.segment(p)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

var buffers = sync.Pool{New: func() any { b := make([]byte, firstRead); return &b }}

type reader struct {
	log      *Log
	ctx      context.Context
	from, to uint64
	visit    func(uint64, []byte) bool
	buf      *[]byte
	size     int // bytes of the next read
}

// segment visits records r.from to r.to as far as they are in p's segment.
func (r *reader) segment(p place) (more bool, err error) {
	f, err := p.s.handle(&r.log.o)
	if err != nil {
		return false, err
	}
	to := min(r.to, p.last)
	for need := recHeaderLen; p.number < to; {
		if err := r.ctx.Err(); err != nil {
			return false, err
		}
		window := r.window(max(need, r.size), p.end-p.offset)
		if _, err := f.ReadAt(window, p.offset); err != nil {
			if endOfFile(err) {
				return false, p.s.corrupt(p.number, "cut short")
			}
			return false, fmt.Errorf("read a log: %w", err)
		}
		r.size = min(r.size*2, laterRead)
		need, more, err = r.records(&p, to, window)
		if err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

// window returns a buffer of n bytes, or of what is left if that is less.
func (r *reader) window(n int, left int64) []byte {
	n = int(min(int64(n), left))
	if cap(*r.buf) >= n {
		return (*r.buf)[:n]
	}
	if n <= laterRead {
		*r.buf = slices.Grow((*r.buf)[:0], n)
		return (*r.buf)[:n]
	}
	return make([]byte, n) // a large record: not for the pool
}

// records visits the whole records in window and moves p behind them. need is how many
// bytes the one after them takes at least.
func (r *reader) records(p *place, to uint64, window []byte) (need int, more bool, err error) {
	left := p.end - p.offset
	for p.number < to {
		if left < recHeaderLen {
			return 0, false, p.s.corrupt(p.number, "cut short")
		}
		if len(window) < recHeaderLen {
			return recHeaderLen, true, nil
		}
		h := parseHeader(window)
		size := recHeaderLen + h.size()
		if !h.plausible(p.number) || int64(size) > left {
			return 0, false, p.s.corrupt(p.number, "its header is damaged")
		}
		if len(window) < size {
			return size, true, nil
		}
		if p.number >= r.from {
			payload := window[recHeaderLen:size:size]
			if !h.holds(payload) {
				return 0, false, p.s.corrupt(p.number, "its checksum does not hold")
			}
			r.from = p.number + 1
			if !r.visit(p.number, payload) {
				return 0, false, nil
			}
		}
		window = window[size:]
		p.number++
		p.offset += int64(size)
		left -= int64(size)
	}
	return 0, true, nil
}
