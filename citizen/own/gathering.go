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
	if err := g.parse(&e, g.copied(body)); err != nil {
		return err
	}
	g.add(e)
	return nil
}

// copied returns a copy of a body.
func (g *Gathering) copied(body []byte) []byte {
	if cap(g.room)-len(g.room) < len(body) {
		g.room = make([]byte, 0, max(chunk, len(body)))
	}
	from := len(g.room)
	g.room = append(g.room, body...)
	return g.room[from:len(g.room):len(g.room)]
}

// parse makes an entry's Resource of a body.
func (g *Gathering) parse(e *Entry, body []byte) error {
	d, err := g.parser.Parse(body)
	if err != nil {
		return fmt.Errorf("entry %s: %w", e.ID, err)
	}
	e.Resource = d.Root()
	return nil
}

// usual is for how many entries room is made at first.
const usual = 128

func (g *Gathering) add(e Entry) {
	if g.entries == nil {
		g.entries = make([]Entry, 0, usual)
	}
	g.entries = append(g.entries, e)
}

// Entries returns what was taken in, in that order.
func (g *Gathering) Entries() []Entry { return g.entries }
