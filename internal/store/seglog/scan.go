package seglog

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
)

// scan walks a segment from its start and fills count, end and offsets with what is
// whole. It returns where and why it stopped: nil at a clean end.
func (s *segment) scan(f osFile, size int64) (stopped error, err error) {
	s.count, s.end, s.offsets = 0, segHeaderLen, s.offsets[:0]
	r := bufio.NewReaderSize(io.NewSectionReader(f, 0, size), 1<<20)
	head := make([]byte, segHeaderLen)
	_, err = io.ReadFull(r, head)
	if err == nil && laterFormat(head) {
		return nil, fmt.Errorf("store: log %s was written by a later version of this program: use that one", filepath.Base(filepath.Dir(s.path)))
	}
	if err != nil || !checkSegHeader(head, s.first) {
		return nil, s.corrupt(s.first, "the header of its segment is damaged")
	}
	var payload []byte
	for {
		number := s.first + s.count
		n, err := io.ReadFull(r, head[:recHeaderLen])
		if err != nil && !endOfFile(err) {
			return nil, fmt.Errorf("read a segment: %w", err)
		}
		if zero(head[:n]) {
			return s.restZero(r, number)
		}
		if n < recHeaderLen {
			return s.corrupt(number, "cut short"), nil
		}
		h := parseHeader(head)
		if !h.plausible(number) {
			return s.corrupt(number, "its header is damaged"), nil
		}
		if cap(payload) < h.size() {
			payload = make([]byte, h.size())
		}
		payload = payload[:h.size()]
		if _, err := io.ReadFull(r, payload); err != nil {
			if !endOfFile(err) {
				return nil, fmt.Errorf("read a segment: %w", err)
			}
			return s.corrupt(number, "cut short"), nil
		}
		if !h.holds(payload) {
			return s.corrupt(number, "its checksum does not hold"), nil
		}
		s.note(s.count, s.end)
		s.count++
		s.end += recHeaderLen + int64(len(payload))
	}
}

// restZero says whether only zeros follow: the part written ahead.
func (s *segment) restZero(r *bufio.Reader, number uint64) (stopped, err error) {
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		if !zero(buf[:n]) {
			return s.corrupt(number, "its header is damaged"), nil
		}
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read a segment: %w", err)
		}
	}
}

func endOfFile(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

func zero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// batchAfter looks for a whole record beyond s.end that starts a batch. There is one
// only if what lies at s.end was durable once: then it was damaged, not torn.
func (s *segment) batchAfter(f osFile, size int64) (bool, error) {
	const window = 1 << 20
	next := s.first + s.count
	buf := make([]byte, window+recHeaderLen)
	for at := s.end + 1; at < size; at += window {
		n, err := f.ReadAt(buf, at)
		if err != nil && !endOfFile(err) {
			return false, fmt.Errorf("read a segment: %w", err)
		}
		for i := 0; i < window && i+recHeaderLen <= n; i++ {
			h := parseHeader(buf[i:])
			if !h.startsBatch() || h.number <= next || h.number-next > uint64(size) || !h.plausible(h.number) {
				continue
			}
			payload := make([]byte, h.size())
			if _, err := f.ReadAt(payload, at+int64(i)+recHeaderLen); err == nil && h.holds(payload) {
				return true, nil
			}
		}
	}
	return false, nil
}
