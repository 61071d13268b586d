package bolt

import "os"

const (
	reserveMin = 256 << 10
	reserveMax = 8 << 20
)

// reserve writes zeros behind the used pages of the data file before they are needed.
// A commit then writes to blocks that the file already has, and its sync need not make
// new ones durable as well; bbolt alone would leave a hole for each.
type reserve struct {
	file *os.File
	upTo int64
}

// ensure reserves room behind the used bytes, a quarter of them more or less. It is
// called by the only writer, before it commits. An error shows in the commit, if that
// needs the room.
func (r *reserve) ensure(used int64) {
	want := min(max(used/4, reserveMin), reserveMax)
	r.upTo = max(r.upTo, used)
	if r.file == nil || r.upTo-used >= want/2 {
		return
	}
	zeros := make([]byte, reserveMin)
	for r.upTo < used+want {
		n, err := r.file.WriteAt(zeros[:min(int64(len(zeros)), used+want-r.upTo)], r.upTo)
		r.upTo += int64(n)
		if err != nil {
			return
		}
	}
}

func (r *reserve) close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}
