package seglog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// The note lies beside the log's folder and says how many records were durable at
// least, so that a lost tail or a lost folder shows. Two slots are written in turn:
// a torn write leaves the other.
const (
	noteMagic = "DCRLEN1\n"
	slotLen   = 512
)

type note struct {
	file osFile
	turn int64
	at   uint64 // what it says
}

// openNote returns the note and what it says; a new one says 0.
func openNote(path string, o *Options) (*note, error) {
	f, err := o.openFile(path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	n := &note{file: f}
	size, err := f.Size()
	if err != nil || size == 0 {
		return n, err
	}
	buf, good := make([]byte, 20), false
	for slot := range int64(2) {
		if k, _ := f.ReadAt(buf, slot*slotLen); k < len(buf) || string(buf[:8]) != noteMagic ||
			crc32.Checksum(buf[:16], castagnoli) != binary.LittleEndian.Uint32(buf[16:]) {
			continue
		}
		if v := binary.LittleEndian.Uint64(buf[8:]); !good || v >= n.at {
			n.at, n.turn, good = v, 1-slot, true
		}
	}
	if !good && !blank(f, size) {
		err := fmt.Errorf("%w: the note of a log's length, %s, cannot be read; restore from a backup, or remove it to open the log as it is", driver.ErrCorrupt, path)
		return nil, errors.Join(err, f.Close())
	}
	return n, nil
}

// write makes the note say that length records are durable.
func (n *note) write(length uint64) error {
	if length == n.at {
		return nil
	}
	b := binary.LittleEndian.AppendUint64([]byte(noteMagic), length)
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	if _, err := n.file.WriteAt(b, n.turn*slotLen); err != nil {
		return err
	}
	if err := n.file.Datasync(); err != nil {
		return err
	}
	n.at, n.turn = length, 1-n.turn
	return nil
}

// blank says whether the note was made and never written.
func blank(f osFile, size int64) bool {
	b := make([]byte, min(size, 2*slotLen))
	n, _ := f.ReadAt(b, 0)
	return n == len(b) && zero(b)
}
