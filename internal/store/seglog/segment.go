package seglog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// stride is how many records lie between two offsets of the sparse index.
const stride = 32

// segment is one file of a log. Its fields but file are guarded by Log.mu.
type segment struct {
	path    string
	first   uint64  // number of its first record
	count   uint64  // durable records
	end     int64   // where the next record goes: the end of the durable ones
	offsets []int64 // of records first, first+stride, ...; nil if not loaded

	open sync.Mutex
	file osFile // opened when first needed
}

func segmentName(first uint64) string { return fmt.Sprintf("%020d.seg", first) }

func (s *segment) indexPath() string { return s.path[:len(s.path)-len(".seg")] + ".idx" }

// handle returns the segment's file, opening it if need be.
func (s *segment) handle(o *Options) (osFile, error) {
	s.open.Lock()
	defer s.open.Unlock()
	if s.file == nil {
		f, err := o.openFile(s.path, os.O_RDWR)
		if err != nil {
			return nil, fmt.Errorf("open a segment: %w", err)
		}
		s.file = f
	}
	return s.file, nil
}

func (s *segment) close() error {
	s.open.Lock()
	defer s.open.Unlock()
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	return err
}

// createSegment makes an empty, durable segment; it appears whole or not at all.
func createSegment(dir string, first uint64, o *Options) (*segment, error) {
	s := &segment{path: filepath.Join(dir, segmentName(first)), first: first, end: segHeaderLen}
	tmp := s.path + ".new"
	f, err := o.openFile(tmp, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return nil, err
	}
	if _, err = f.WriteAt(appendSegHeader(nil, first), 0); err == nil {
		err = f.Datasync()
	}
	if err == nil {
		err = os.Rename(tmp, s.path)
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	s.file = f
	return s, nil
}

// note remembers the offset of record first+n if the sparse index wants it.
func (s *segment) note(n uint64, offset int64) {
	if n%stride == 0 {
		s.offsets = append(s.offsets[:n/stride], offset)
	}
}

// The side file of a segment that will not change any more: the numbers first, count
// and end, their crc32c, the offsets, and the crc32c of the offsets.
const indexHeaderLen = 28

// writeIndex writes the side file. It can be rebuilt, so nobody waits for it to be
// durable.
func (s *segment) writeIndex() error {
	b := binary.LittleEndian.AppendUint64(nil, s.first)
	b = binary.LittleEndian.AppendUint64(b, s.count)
	b = binary.LittleEndian.AppendUint64(b, uint64(s.end))
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	for _, off := range s.offsets {
		b = binary.LittleEndian.AppendUint64(b, uint64(off))
	}
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[indexHeaderLen:], castagnoli))
	tmp := s.indexPath() + ".new"
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, s.indexPath())
}

// loadEnds takes count and end from the side file if it agrees with the segment.
func (s *segment) loadEnds() bool {
	f, err := os.Open(s.indexPath())
	if err != nil {
		return false
	}
	defer f.Close()
	var b [indexHeaderLen]byte
	if _, err := io.ReadFull(f, b[:]); err != nil || crc32.Checksum(b[:24], castagnoli) != binary.LittleEndian.Uint32(b[24:]) {
		return false
	}
	count, end := binary.LittleEndian.Uint64(b[8:]), int64(binary.LittleEndian.Uint64(b[16:]))
	st, err := os.Stat(s.path)
	if err != nil || st.Size() != end || binary.LittleEndian.Uint64(b[:]) != s.first || count == 0 {
		return false
	}
	s.count, s.end = count, end
	return true
}

// readOffsets returns the offsets of the side file, or nil if it is not whole.
func (s *segment) readOffsets() []int64 {
	b, err := os.ReadFile(s.indexPath())
	want := int(s.count+stride-1) / stride
	if err != nil || len(b) != indexHeaderLen+want*8+4 {
		return nil
	}
	b = b[indexHeaderLen:]
	if crc32.Checksum(b[:want*8], castagnoli) != binary.LittleEndian.Uint32(b[want*8:]) {
		return nil
	}
	offsets := make([]int64, want)
	for i := range offsets {
		offsets[i] = int64(binary.LittleEndian.Uint64(b[i*8:]))
	}
	return offsets
}

func (s *segment) corrupt(number uint64, what string) error {
	return fmt.Errorf("%w: record %d of log %s: %s; restore it from a backup", driver.ErrCorrupt, number, filepath.Base(filepath.Dir(s.path)), what)
}

// listSegments returns the segments of dir in order, and removes what was left
// unfinished.
func listSegments(dir string) ([]*segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var list []*segment
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		var first uint64
		switch filepath.Ext(e.Name()) {
		case ".new":
			if err := os.Remove(path); err != nil {
				return nil, err
			}
		case ".seg":
			if _, err := fmt.Sscanf(e.Name(), "%d.seg", &first); err != nil || e.Name() != segmentName(first) {
				return nil, fmt.Errorf("%w: %s is not the name of a segment", driver.ErrCorrupt, path)
			}
			list = append(list, &segment{path: path, first: first})
		}
	}
	return list, nil
}
