package bolt

import (
	"errors"
	"io"
	"os"
	"unsafe"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

const (
	pieceLen = 256 << 10
	alignTo  = 4096
)

// copyAround writes the file as the transaction sees it. It reads around the page cache,
// where the file system lets it: a backup reads everything once, and would push out what
// readers need.
func copyAround(tx *bbolt.Tx, w io.Writer) error {
	p := &pieces{Writer: w, buf: aligned(pieceLen)}
	if readsAround(tx.DB().Path(), p.buf[:alignTo]) {
		tx.WriteFlag = unix.O_DIRECT
	}
	_, err := tx.WriteTo(p)
	return err
}

// readsAround tries it.
func readsAround(path string, buf []byte) bool {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECT, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	_, err = f.Read(buf)
	return err == nil
}

// aligned returns a buffer that may be read into around the page cache.
func aligned(n int) []byte {
	buf := make([]byte, n+alignTo)
	skip := -uintptr(unsafe.Pointer(unsafe.SliceData(buf))) % alignTo
	return buf[skip:][:n]
}

// pieces is a writer that io.Copy lets read for itself: in large pieces, into an aligned
// buffer.
type pieces struct {
	io.Writer
	buf []byte
}

// ReadFrom implements io.ReaderFrom.
func (p *pieces) ReadFrom(r io.Reader) (n int64, err error) {
	for {
		read, err := r.Read(p.buf)
		wrote, writeErr := p.Write(p.buf[:read])
		n += int64(wrote)
		switch {
		case writeErr != nil:
			return n, writeErr
		case errors.Is(err, io.EOF):
			return n, nil
		case err != nil:
			return n, err
		}
	}
}
