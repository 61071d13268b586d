package seglog

import (
	"context"
	"runtime"
)

const (
	maxAppend  = 64 << 20 // bytes of one Append
	maxBatch   = 4 << 20  // bytes at which a batch takes no further request
	keepBuffer = 4 << 20
	aheadMin   = 256 << 10 // zeros written ahead: as much as the log has, within these
	aheadMax   = 8 << 20
	aheadPiece = 256 << 10
	noteEvery  = 4096 // records after which the note is renewed
)

type request struct {
	ctx     context.Context
	owner   uint64
	records [][]byte
	size    int
	first   uint64
	err     error
	done    chan struct{}
}

// commitLoop takes what waits, makes it durable with one sync, and answers. Letting
// others run once before it looks gathers those who are about to append; waiting
// any longer was measured to be slower.
func (l *Log) commitLoop() {
	background := make(chan struct{})
	go func() {
		defer close(background)
		for range l.poke {
			l.writeAhead()
			if n := l.Len(); n-l.note.at >= noteEvery {
				_ = l.note.write(n) // after an error it is renewed later; exact at Close
			}
		}
	}()
	var batch []*request
	for first := range l.requests {
		runtime.Gosched()
		batch = l.gather(append(batch[:0], first))
		err := l.write(batch)
		for i, r := range batch {
			if r.err == nil {
				r.err = err
			}
			close(r.done)
			batch[i] = nil
		}
		if l.wantsBackground() {
			select {
			case l.poke <- struct{}{}:
			default:
			}
		}
	}
	close(l.poke)
	<-background
}

func (l *Log) gather(batch []*request) []*request {
	for size := batch[0].size; size < maxBatch; {
		select {
		case r, ok := <-l.requests:
			if !ok {
				return batch
			}
			batch = append(batch, r)
			size += r.size
		default:
			return batch
		}
	}
	return batch
}

// write makes the records of all requests durable, or none of them count.
func (l *Log) write(batch []*request) error {
	s := l.segments[len(l.segments)-1]
	if l.failed {
		if err := l.cut(s); err != nil {
			return unavailable("take back what was not made durable", err)
		}
		l.failed = false
	}
	if s.end >= l.o.SegmentSize {
		next, err := l.rotate(s)
		if err != nil {
			return unavailable("begin a segment", err)
		}
		s = next
	}
	start := s.first + s.count
	buf, next := l.buf[:0], start
	for _, r := range batch {
		if r.err = r.ctx.Err(); r.err != nil {
			continue
		}
		if r.owner != l.owner.Load() {
			r.err = l.fenced()
			continue
		}
		r.first = next
		for _, rec := range r.records {
			buf = appendRecord(buf, next, next == start, rec)
			next++
		}
	}
	if l.buf = nil; cap(buf) <= keepBuffer {
		l.buf = buf
	}
	if len(buf) == 0 {
		return nil
	}
	if err := l.put(s, buf); err != nil {
		l.failed = true
		return unavailable("append to log "+l.name(), err)
	}
	l.publish(s, buf, next)
	return nil
}

func (l *Log) put(s *segment, buf []byte) error {
	f, err := s.handle(&l.o)
	if err != nil {
		return err
	}
	if end := s.end + int64(len(buf)); end > l.ahead.Load() {
		l.prepare.Lock()
		defer l.prepare.Unlock()
		l.ahead.Store(max(end, l.ahead.Load()))
	}
	if _, err := f.WriteAt(buf, s.end); err != nil {
		return err
	}
	return f.Datasync()
}

// publish lets readers see the records of buf, the last of which is next-1.
func (l *Log) publish(s *segment, buf []byte, next uint64) {
	l.mu.Lock()
	for at := 0; at < len(buf); {
		s.note(s.count, s.end)
		n := recHeaderLen + parseHeader(buf[at:]).size()
		s.count++
		s.end += int64(n)
		at += n
	}
	l.mu.Unlock()
	l.length.Store(next)
}

// cut takes everything behind the durable records away.
func (l *Log) cut(s *segment) error {
	l.prepare.Lock()
	defer l.prepare.Unlock()
	f, err := s.handle(&l.o)
	if err != nil {
		return err
	}
	if err := f.Truncate(s.end); err != nil {
		return err
	}
	l.ahead.Store(s.end)
	return f.Datasync()
}

// rotate ends the segment s and begins the next.
func (l *Log) rotate(s *segment) (*segment, error) {
	if err := l.cut(s); err != nil {
		return nil, err
	}
	if err := s.writeIndex(); err != nil {
		return nil, err
	}
	next, err := createSegment(l.dir, s.first+s.count, &l.o)
	if err != nil {
		return nil, err
	}
	l.prepare.Lock()
	l.ahead.Store(next.end)
	l.prepare.Unlock()
	l.mu.Lock()
	l.segments = append(l.segments, next)
	l.keepLoaded(s)
	l.mu.Unlock()
	return next, nil
}

// aheadWanted returns up to where the last segment should be written ahead.
func (l *Log) aheadWanted(s *segment) int64 {
	return min(s.end+min(max(s.end, aheadMin), aheadMax), l.o.SegmentSize)
}

// wantsBackground says whether it is time to write ahead or to renew the note.
func (l *Log) wantsBackground() bool {
	if l.o.NoSync {
		return false
	}
	if n := l.Len(); n-l.noted >= noteEvery {
		l.noted = n
		return true
	}
	s := l.segments[len(l.segments)-1]
	return l.ahead.Load()-s.end < (l.aheadWanted(s)-s.end)/2
}

// writeAhead writes zeros where records will go, so that the sync of a batch has no
// new blocks to write down. It only saves time: an error shows in an append.
func (l *Log) writeAhead() {
	var zeros []byte
	for {
		l.mu.RLock()
		s := l.segments[len(l.segments)-1]
		behind := l.ahead.Load() < l.aheadWanted(s)
		l.mu.RUnlock()
		if !behind {
			return
		}
		if zeros == nil {
			zeros = make([]byte, aheadPiece)
		}
		if l.writePiece(zeros) != nil {
			return
		}
	}
}

// writePiece writes one piece, in its turn with whoever else writes behind the records.
func (l *Log) writePiece(zeros []byte) error {
	l.prepare.Lock()
	defer l.prepare.Unlock()
	l.mu.RLock()
	s := l.segments[len(l.segments)-1]
	want := l.aheadWanted(s)
	l.mu.RUnlock()
	at := l.ahead.Load()
	if at >= want {
		return nil
	}
	f, err := s.handle(&l.o)
	if err != nil {
		return err
	}
	zeros = zeros[:min(want-at, int64(len(zeros)))]
	if _, err := f.WriteAt(zeros, at); err != nil {
		return err
	}
	if err := f.Datasync(); err != nil {
		return err
	}
	l.ahead.Store(at + int64(len(zeros)))
	return nil
}
