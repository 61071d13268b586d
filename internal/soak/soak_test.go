package main

import (
	"bytes"
	"testing"
	"time"
)

// A short run of what make soak does for half an hour. How fast it is is not judged:
// the machine does other things meanwhile.
func TestShortSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("a soak takes half a minute")
	}
	p := standard()
	p.dir, p.people, p.perPerson, p.bounds = t.TempDir(), 30, 60, false
	p.length, p.kill = 20*time.Second, 6*time.Second
	p.reads, p.messages, p.choices, p.readers = 60, 40, 4, 12
	var out bytes.Buffer
	if err := p.run(t.Context(), &out); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
}
