package operator

import (
	"io"

	"golang.org/x/sys/unix"
)

// syncEvery is how much of a backup may wait for the disk.
const syncEvery = 1 << 20

// File is what a backup is written to; *os.File is one.
type File interface {
	io.Writer
	Sync() error
}

// Steady returns a writer to f that has what it wrote brought to the disk bit by
// bit, and out of memory. Otherwise gigabytes wait there, which push out what readers
// need; and when the system writes them, the ledger's events wait behind them, and with
// these every reader.
func Steady(f File) io.Writer { return &steady{f: f} }

type steady struct {
	f       File
	waiting int
}

func (s *steady) Write(b []byte) (int, error) {
	n, err := s.f.Write(b)
	if s.waiting += n; err == nil && s.waiting >= syncEvery {
		s.waiting = 0
		err = s.f.Sync()
		if d, is := s.f.(interface{ Fd() uintptr }); is && err == nil {
			_ = unix.Fadvise(int(d.Fd()), 0, 0, unix.FADV_DONTNEED) // what stays only takes room
		}
	}
	return n, err
}
