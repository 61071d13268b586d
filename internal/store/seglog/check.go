package seglog

import (
	"context"
	"io"
	"slices"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Part is a segment as it was at one moment.
type Part struct {
	Name string // of its file
	Size int64
	file osFile
	seg  segment
}

// Reader reads the part's bytes.
func (p *Part) Reader() io.Reader { return io.NewSectionReader(p.file, 0, p.Size) }

// Parts returns the log as it is now: files that, put in a folder, are a log of all
// records durable when it was called. Valid until Close.
func (l *Log) Parts() ([]Part, error) {
	l.closing.RLock()
	defer l.closing.RUnlock()
	if l.closed {
		return nil, driver.ErrClosed
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	parts := make([]Part, 0, len(l.segments))
	for _, s := range l.segments {
		f, err := s.handle(&l.o)
		if err != nil {
			return nil, err
		}
		parts = append(parts, Part{Name: segmentName(s.first), Size: s.end, file: f,
			seg: segment{path: s.path, first: s.first, count: s.count, end: s.end, offsets: slices.Clone(s.offsets)}})
	}
	return parts, nil
}

// Check reads the whole log and verifies every checksum and the sparse indexes.
// progress, which may be nil, is told of the bytes read since it was last called.
func (l *Log) Check(ctx context.Context, progress func(read int64)) error {
	parts, err := l.Parts()
	if err != nil {
		return err
	}
	for i := range parts {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := parts[i].check(); err != nil {
			return err
		}
		if progress != nil {
			progress(parts[i].Size)
		}
	}
	return nil
}

func (p *Part) check() error {
	now := &segment{path: p.seg.path, first: p.seg.first}
	stopped, err := now.scan(p.file, p.Size)
	if err == nil {
		err = stopped
	}
	if err != nil {
		return err
	}
	if now.count != p.seg.count || now.end != p.seg.end {
		return now.corrupt(now.first+now.count, "missing")
	}
	if p.seg.offsets == nil {
		p.seg.offsets = p.seg.readOffsets()
	}
	if p.seg.offsets != nil && !slices.Equal(now.offsets, p.seg.offsets) {
		return now.corrupt(now.first, "the index of its segment does not agree")
	}
	return nil
}

// Records returns how many records are in the part.
func (p *Part) Records() uint64 { return p.seg.count }
