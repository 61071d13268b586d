package operator

import (
	"bytes"
	"testing"
	"time"
)

type countedFile struct {
	bytes.Buffer
	syncs, most, waiting int
}

func (f *countedFile) Write(b []byte) (int, error) {
	f.waiting += len(b)
	f.most = max(f.most, f.waiting)
	return f.Buffer.Write(b)
}

func (f *countedFile) Sync() error {
	f.syncs++
	f.waiting = 0
	return nil
}

// However large what is written is, only little of it ever waits for the disk, and the
// disk rests after each piece.
func TestSteadyBringsToTheDiskBitByBit(t *testing.T) {
	var f countedFile
	rests := 0
	w := &steady{f: &f, rest: func(time.Duration) { rests++ }}
	var want []byte
	for i := range 40 {
		piece := bytes.Repeat([]byte{byte(i)}, i*90_000)
		want = append(want, piece...)
		if n, err := w.Write(piece); n != len(piece) || err != nil {
			t.Fatal(n, err)
		}
	}
	if pieces := len(want) / syncEvery; !bytes.Equal(f.Bytes(), want) || f.most != syncEvery || f.syncs != pieces || rests != pieces {
		t.Errorf("%d bytes of %d, at most %d waiting, %d syncs and %d rests for %d pieces", f.Len(), len(want), f.most, f.syncs, rests, pieces)
	}
}
