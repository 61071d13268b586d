package driver

import "strings"

// Bytes that are set aside for strings: so many at first, then twice as many each time.
const (
	stringsMin = 64
	stringsMax = 2 << 10
)

// Strings makes many small strings with few allocations. They are as good as any; one
// that is kept keeps some of its neighbours. The zero value is ready.
type Strings struct{ b strings.Builder }

// Of returns the bytes as a string.
func (s *Strings) Of(b []byte) string {
	at := s.b.Len()
	if n := s.b.Cap(); n-at < len(b) {
		s.b, at = strings.Builder{}, 0
		s.b.Grow(max(min(2*n, stringsMax), stringsMin, len(b)))
	}
	s.b.Write(b)
	return s.b.String()[at:]
}
