package seglog

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// faults is a disk that can be made to fail. The zero value works.
type faults struct {
	mu       sync.Mutex
	room     int64 // bytes that can still be written to segments once full is set
	full     bool
	syncFail bool
}

var errDisk = errors.New("the disk failed")

func (d *faults) options(segment int64) Options {
	return Options{SegmentSize: segment, openFile: func(path string, flag int) (osFile, error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.full && d.room <= 0 && flag&os.O_CREATE != 0 {
			return nil, syscall.ENOSPC
		}
		f, err := openReal(path, flag)
		return faultyFile{f, d}, err
	}}
}

// set makes the disk have room for so many bytes more, or for any number if negative.
func (d *faults) set(room int64, syncFail bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room, d.full, d.syncFail = room, room >= 0, syncFail
}

type faultyFile struct {
	osFile
	d *faults
}

func (f faultyFile) WriteAt(p []byte, off int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if !f.d.full || int64(len(p)) <= f.d.room {
		f.d.room -= int64(len(p))
		return f.osFile.WriteAt(p, off)
	}
	n, err := f.osFile.WriteAt(p[:f.d.room], off)
	if f.d.room = 0; err != nil {
		return n, err
	}
	return n, syscall.ENOSPC
}

func (f faultyFile) Datasync() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.d.syncFail {
		return errDisk
	}
	return f.osFile.Datasync()
}

func TestDiskFull(t *testing.T) {
	for _, sync := range []bool{false, true} {
		t.Run(fmt.Sprintf("sync fails %v", sync), func(t *testing.T) {
			var disk faults
			dir := filepath.Join(t.TempDir(), "log")
			l := open(t, dir, disk.options(4096))
			for round := range uint64(8) {
				fill(t, l, (round+1)*37)
				disk.set(int64(round)*11, sync)
				for range 3 {
					_, err := l.Append(t.Context(), bytes.Repeat([]byte("never acknowledged"), 100), []byte("nor this"))
					if !errors.Is(err, driver.ErrUnavailable) {
						t.Fatalf("%v, want %v", err, driver.ErrUnavailable)
					}
				}
				disk.set(-1, false)
				holds(t, l, (round+1)*37)
			}
			fill(t, l, 400)
			holds(t, l, 400)
			shut(t, l)
			holds(t, open(t, dir, disk.options(4096)), 400)
		})
	}
}

// TestFullAtTheEnd leaves the log as it is when the disk fills up, and opens it again.
func TestFullAtTheEnd(t *testing.T) {
	var disk faults
	dir := filepath.Join(t.TempDir(), "log")
	l := open(t, dir, disk.options(1<<20))
	fill(t, l, 50)
	disk.set(100, false)
	if _, err := l.Append(t.Context(), make([]byte, 5000)); !errors.Is(err, driver.ErrUnavailable) {
		t.Fatalf("%v, want %v", err, driver.ErrUnavailable)
	}
	disk.set(-1, false)
	shut(t, l)
	holds(t, open(t, dir, disk.options(1<<20)), 50)
}
