package own

import (
	"fmt"
	"sync"
	"time"
	_ "time/tzdata" // London must be known wherever the service runs

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Entry is one entry of the resident's record, as a View visits it.
type Entry struct {
	ID       string
	Type     string // of the resource; "" if only Resource says it
	Section  section.Section
	Source   string // client id
	Received time.Time
	// Date and End are the bounds of the clinical date, where the View tells them.
	Date, End time.Time
	Resource  fhir.Node // absent of what an Outline did not read

	rank int // of what it did not read
}

func (e *Entry) typ() string {
	if e.Type != "" {
		return e.Type
	}
	return e.Resource.Type()
}

// Options are what a Reader needs of the world. The functions may be nil: then
// nothing is known of what they would tell.
type Options struct {
	Now time.Time
	// Source says whose the client is that sent an entry.
	Source func(client string) Source
	// Resolve returns the resource that a literal reference of an entry names, from
	// the directory or the record, or an absent node. What is contained is found
	// without it. It is called often, so it had better remember.
	Resolve func(reference string) fhir.Node
	// Earlier returns the states of an entry before the current one, the latest
	// first: what a correction replaced.
	Earlier func(id string) []fhir.Node
}

// Reader makes models of entries, for one request. It is safe for one goroutine
// at a time.
type Reader struct {
	o      Options
	london *time.Location
	today  day
	// sources remembers what Options.Source said.
	sources map[string]Source
	depth   int // of references being followed
}

// day is a day in London.
type day struct {
	year  int
	month time.Month
	day   int
}

// london is the time zone, read once.
var london = sync.OnceValues(func() (*time.Location, error) { return time.LoadLocation("Europe/London") })

// New returns a Reader for what o tells.
func New(o Options) (*Reader, error) {
	london, err := london()
	if err != nil {
		return nil, fmt.Errorf("the time zone of London: %w", err)
	}
	y, m, d := o.Now.In(london).Date()
	return &Reader{o: o, london: london, today: day{y, m, d}, sources: map[string]Source{}}, nil
}
