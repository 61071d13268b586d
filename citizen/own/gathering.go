package own

import (
	"fmt"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
)

// chunk is how much room is made at a time for copies of bodies.
const chunk = 32 << 10

// Gathering collects entries while a View visits them: it copies each body, which is
// the visitor's only for the length of the visit, and parses it.
type Gathering struct {
	room    []byte
	parser  fhir.Parser
	entries []Entry
}

// Add takes in an entry, whose Resource it makes of the body. Its error says nothing
// of what the entry holds.
func (g *Gathering) Add(e Entry, body []byte) error {
	if cap(g.room)-len(g.room) < len(body) {
		g.room = make([]byte, 0, max(chunk, len(body)))
	}
	from := len(g.room)
	g.room = append(g.room, body...)
	d, err := g.parser.Parse(g.room[from:len(g.room):len(g.room)])
	if err != nil {
		return fmt.Errorf("entry %s: %w", e.ID, err)
	}
	e.Resource = d.Root()
	g.add(e)
	return nil
}

// usual is for how many entries room is made at first.
const usual = 256

func (g *Gathering) add(e Entry) {
	if g.entries == nil {
		g.entries = make([]Entry, 0, usual)
	}
	g.entries = append(g.entries, e)
}

// Entries returns what was taken in, in that order.
func (g *Gathering) Entries() []Entry { return g.entries }
