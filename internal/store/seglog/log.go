// Package seglog keeps an append-only log of records in a folder of segment files:
// a checksum for each record, verified whenever it is read; one sync shared by all
// who append at the same moment; a torn tail cut at opening; and a note outside the
// folder of how long the log was, so that a lost tail shows.
package seglog

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Options of a log. The zero value is right for all but tests.
type Options struct {
	SegmentSize int64 // a segment that has reached this is followed by a new one; 64 MB

	// NoSync lets Append return before its records are durable: for tests only, which
	// would otherwise wait for the disk.
	NoSync bool

	openFile func(path string, flag int) (osFile, error)
}

func (o Options) withDefaults() Options {
	if o.SegmentSize <= 0 {
		o.SegmentSize = 64 << 20
	}
	if o.openFile == nil {
		o.openFile = openReal
	}
	if o.NoSync {
		synced := o.openFile
		o.openFile = func(path string, flag int) (osFile, error) {
			f, err := synced(path, flag)
			return unsynced{f}, err
		}
	}
	return o
}

// Log is an open log. One process at a time may hold a folder open; whoever opens
// the log sees to that.
type Log struct {
	dir      string
	o        Options
	length   atomic.Uint64
	requests chan *request
	owner    atomic.Uint64 // who may append; see Own
	poke     chan struct{} // something for the background to do
	done     sync.WaitGroup

	closing sync.RWMutex // held for reading while sending to requests
	closed  bool

	mu       sync.RWMutex // the segments and their places
	segments []*segment
	loaded   []*segment // sealed ones whose offsets are in memory, the latest last

	// ahead is where the zeros written ahead of the last segment end. Whoever writes at
	// or beyond it, or cuts the file, holds prepare.
	prepare sync.Mutex
	ahead   atomic.Int64

	note *note // the background's

	// The committer's.
	failed bool   // the tail holds what was not acknowledged
	noted  uint64 // the length for which the background was last asked to renew the note
	buf    []byte
}

var _ driver.Log = (*Log)(nil)

// Open opens the log in dir, making it if need be. A tail that was being written when
// the process or the machine stopped is cut off; a log that is damaged elsewhere, or
// shorter than it was known to be, is refused with driver.ErrCorrupt and left as it is.
func Open(dir string, opts Options) (*Log, error) {
	l := &Log{dir: dir, o: opts.withDefaults(), requests: make(chan *request, 1024), poke: make(chan struct{}, 1)}
	if err := l.open(); err != nil {
		for _, s := range l.segments {
			_ = s.close() // the error of opening says more
		}
		if l.note != nil {
			_ = l.note.file.Close()
		}
		return nil, err
	}
	l.done.Go(l.commitLoop)
	return l, nil
}

func (l *Log) open() (err error) {
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return unavailable("make a log's folder", err)
	}
	if l.note, err = openNote(filepath.Clean(l.dir)+".len", &l.o); err != nil {
		return err
	}
	if l.segments, err = listSegments(l.dir); err != nil {
		return err
	}
	next := uint64(0)
	for i, s := range l.segments {
		if s.first != next {
			return fmt.Errorf("%w: log %s has no records %d to %d: a segment is missing; restore it from a backup", driver.ErrCorrupt, l.name(), next, s.first)
		}
		if i == len(l.segments)-1 {
			err = l.openLast(s)
		} else {
			err = l.openSealed(s)
		}
		if err != nil {
			return err
		}
		next = s.first + s.count
	}
	if next < l.note.at {
		return fmt.Errorf("%w: log %s has %d records, and %d were known to be durable: its tail is lost; restore it from a backup", driver.ErrCorrupt, l.name(), next, l.note.at)
	}
	if err := l.settle(); err != nil {
		return unavailable("open log "+l.name(), err)
	}
	l.length.Store(next)
	l.noted = l.note.at
	return nil
}

// settle makes the tail end where its records do and durable: what a killed process
// had written may be in memory only.
func (l *Log) settle() error {
	if len(l.segments) == 0 {
		s, err := createSegment(l.dir, 0, &l.o)
		if err != nil {
			return err
		}
		l.segments = append(l.segments, s)
		if err := syncDir(filepath.Dir(l.dir)); err != nil {
			return err
		}
	}
	last := l.segments[len(l.segments)-1]
	f, err := last.handle(&l.o)
	if err != nil {
		return err
	}
	if err := f.Truncate(last.end); err != nil {
		return err
	}
	l.ahead.Store(last.end)
	return f.Datasync()
}

func (l *Log) openLast(s *segment) error {
	f, size, err := l.sized(s)
	if err != nil {
		return err
	}
	stopped, err := s.scan(f, size)
	if err != nil || stopped == nil {
		return err
	}
	damaged, err := s.batchAfter(f, size)
	if err == nil && damaged {
		err = stopped
	}
	return err
}

func (l *Log) openSealed(s *segment) error {
	if s.loadEnds() {
		return nil
	}
	err := l.rebuild(s)
	s.offsets = nil
	return err
}

// rebuild makes the side file of a segment anew.
func (l *Log) rebuild(s *segment) error {
	f, size, err := l.sized(s)
	if err != nil {
		return err
	}
	stopped, err := s.scan(f, size)
	if err == nil {
		err = stopped
	}
	if err != nil {
		return err
	}
	if err := s.writeIndex(); err != nil {
		return unavailable("write the index of a segment", err)
	}
	return nil
}

func (l *Log) sized(s *segment) (osFile, int64, error) {
	f, err := s.handle(&l.o)
	if err != nil {
		return nil, 0, err
	}
	size, err := f.Size()
	return f, size, err
}

func (l *Log) name() string { return filepath.Base(l.dir) }

// Len returns the number of durable records.
func (l *Log) Len() uint64 { return l.length.Load() }

// Close answers what is under way, cuts off what was written ahead, and notes the
// log's length.
func (l *Log) Close() error {
	l.closing.Lock()
	if l.closed {
		l.closing.Unlock()
		return nil
	}
	l.closed = true
	close(l.requests)
	l.closing.Unlock()
	l.done.Wait()
	errs := []error{l.cut(l.segments[len(l.segments)-1]), l.note.write(l.Len()), l.note.file.Close()}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.segments {
		errs = append(errs, s.close())
	}
	return errors.Join(errs...)
}

func unavailable(what string, err error) error {
	return fmt.Errorf("%w: %s: %w", driver.ErrUnavailable, what, err)
}

// Append implements driver.Log.
func (l *Log) Append(ctx context.Context, records ...[]byte) (uint64, error) {
	return l.append(ctx, 0, records)
}

func (l *Log) append(ctx context.Context, owner uint64, records [][]byte) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	size := 0
	for _, r := range records {
		if len(r) > driver.MaxRecord {
			return 0, fmt.Errorf("%w: a log record of %d bytes, %d are allowed", driver.ErrTooLarge, len(r), driver.MaxRecord)
		}
		size += len(r) + recHeaderLen
	}
	if size > maxAppend {
		return 0, fmt.Errorf("%w: %d bytes in one append, %d are allowed", driver.ErrTooLarge, size, maxAppend)
	}
	r := &request{ctx: ctx, owner: owner, records: records, size: size, done: make(chan struct{})}
	l.closing.RLock()
	if l.closed {
		l.closing.RUnlock()
		return 0, driver.ErrClosed
	}
	select {
	case l.requests <- r:
		l.closing.RUnlock()
	case <-ctx.Done():
		l.closing.RUnlock()
		return 0, l.gaveUp(ctx.Err())
	}
	select {
	case <-r.done:
		return r.first, r.err
	case <-ctx.Done(): // the disk does not answer
		return 0, l.gaveUp(ctx.Err())
	}
}

func (l *Log) gaveUp(err error) error {
	return fmt.Errorf("store: append to log %s, given up waiting for the disk: %w", l.name(), err)
}
