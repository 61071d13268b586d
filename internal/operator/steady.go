package operator

import (
	"io"
	"time"

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
// bit, and out of memory, and leaves the disk to others a third of the time. Otherwise
// gigabytes wait in memory, which push out what readers need; and when the system
// writes them, the ledger's events wait behind them, and with these every reader.
func Steady(f File) io.Writer { return &steady{f: f, rest: time.Sleep} }

type steady struct {
	f       File
	rest    func(time.Duration)
	waiting int
}

func (s *steady) Write(b []byte) (n int, err error) {
	for err == nil && len(b) > 0 {
		began := time.Now()
		var k int
		k, err = s.f.Write(b[:min(len(b), syncEvery-s.waiting)])
		n, b = n+k, b[k:]
		if s.waiting += k; err == nil && s.waiting == syncEvery {
			s.waiting = 0
			err = s.f.Sync()
			s.forget()
			s.rest(time.Since(began) / 2)
		}
	}
	return n, err
}

// forget takes what is on the disk out of memory, if f is a file.
func (s *steady) forget() {
	if f, is := s.f.(interface{ Fd() uintptr }); is {
		_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) // else it stays, which only takes room
	}
}
