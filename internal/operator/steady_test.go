package operator

import (
	"bytes"
	"testing"
)

type countedFile struct {
	bytes.Buffer
	syncs int
}

func (f *countedFile) Sync() error { f.syncs++; return nil }

// A backup never leaves more than a megabyte to be written later.
func TestSteadyBringsToTheDiskBitByBit(t *testing.T) {
	var f countedFile
	w := Steady(&f)
	piece := make([]byte, 1<<18)
	for i := range 40 {
		piece[0] = byte(i)
		if n, err := w.Write(piece); n != len(piece) || err != nil {
			t.Fatal(n, err)
		}
	}
	if f.Len() != 10<<20 || f.Bytes()[9<<20] != 36 || f.syncs != 10 {
		t.Errorf("%d bytes, %d syncs", f.Len(), f.syncs)
	}
}
