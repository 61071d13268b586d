package own

import (
	"fmt"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// chunk is how much room is made at a time for copies of bodies.
const chunk = 64 << 10

// Gathering collects entries while a View visits them: it copies each body, which is
// the visitor's only for the length of the visit, and parses it.
type Gathering struct {
	room    []byte
	entries []Entry
}

// Add takes in an entry. Its error says nothing of what the entry holds.
func (g *Gathering) Add(id string, s section.Section, source string, received time.Time, body []byte) error {
	if cap(g.room)-len(g.room) < len(body) {
		g.room = make([]byte, 0, max(chunk, len(body)))
	}
	from := len(g.room)
	g.room = append(g.room, body...)
	d, err := fhir.Parse(g.room[from:len(g.room):len(g.room)])
	if err != nil {
		return fmt.Errorf("entry %s: %w", id, err)
	}
	g.entries = append(g.entries, Entry{ID: id, Section: s, Source: source, Received: received, Resource: d.Root()})
	return nil
}

// Entries returns what was taken in, in that order.
func (g *Gathering) Entries() []Entry { return g.entries }
