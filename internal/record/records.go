package record

import (
	"cmp"
	"context"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Documents is what the record needs of the store.
type Documents interface {
	Get(ctx context.Context, refs []driver.Ref, visit driver.Visit) error
	Find(ctx context.Context, q driver.Query, visit driver.Visit) (after []byte, err error)
	Commit(ctx context.Context, partition string, ops []driver.Op) error
}

// Ledger is where every decision is written before anything is read.
type Ledger interface {
	// Append returns once the event is durable; after an error nothing may be shown.
	Append(ctx context.Context, e *ledger.Event) (seq uint64, err error)
}

// Agreements tells what an organisation's sharing agreement says now.
type Agreements interface {
	// Agreement returns the zero Agreement when there is none.
	Agreement(ctx context.Context, org nhs.ODS) (partner.Agreement, error)
}

// Options are what New needs; all of them but for what has a default.
type Options struct {
	Store    Documents
	Ledger   Ledger
	Partners Agreements
	Key      []byte // makes person ids of NHS numbers; the same for the life of the store
	Now      func() time.Time

	Months  int // how far back an encounter, referral or appointment gives a relationship; 0: 12
	FindMax int // people found by name and birth date, at most; 0: 20
	// AppointmentWindow is how long after an appointment a sharing window that was
	// opened for it ends; 0: 24 hours.
	AppointmentWindow time.Duration
	// Release says when people see results of theirs; nil: DefaultRelease.
	Release *ReleaseRules
	Sources Sources // nil: nothing is known of them but what their entries say
	Looks   Looks   // nil: who looked cannot be asked for
}

// Records is the shared record of everybody.
type Records struct {
	o       Options
	release *releases
}

// New returns the record kept in o.Store, whose collections are Specs.
func New(o Options) *Records {
	o.Months, o.FindMax = cmp.Or(o.Months, 12), cmp.Or(o.FindMax, 20)
	o.AppointmentWindow = cmp.Or(o.AppointmentWindow, 24*time.Hour)
	if o.Release == nil {
		rules := DefaultRelease()
		o.Release = &rules
	}
	return &Records{o, newReleases(*o.Release)}
}

// Collections of the record.
const (
	entries   = "entry"           // partition: person; id: entry. The current state of a source object
	versions  = "entry_version"   // partition: person; id: entry.version. The states before and, for late ones, between
	locators  = "locator"         // partition: source; id: type/source's id. Whose the object is
	controls  = "control"         // partition: person; id: controlID. What decides about a person
	decisions = "control_history" // partition: person; id: revision that it replaced. What decided, when, by whom
	people    = "person"          // partition: person; id: personID. Who they are
	relations = "relation"        // partition: person; id: ODS code. What ties an organisation to them
	finder    = "finder"          // partition: birth date; id: person. Finding without a number
	byIdent   = "identifier"      // partition: directory; id: hash of type, system and value. Conditional references
)

const (
	controlID = "control"
	personID  = "person"
)

// Indexes of the record: where each is read, see docs/architecture.md.
const (
	bySection = "section" // entries by section, newest first
	byEntry   = "entry"   // versions by entry, newest first
)

// sectionIndex is also the order in which entries lie.
var sectionIndex = driver.Index{Name: bySection, Fields: []driver.Field{{Kind: driver.Int}, {Kind: driver.Int, Desc: true}}}

// entryIndex orders the states of an entry.
var entryIndex = driver.Index{Name: byEntry, Fields: []driver.Field{{Kind: driver.String}, {Kind: driver.Int, Desc: true}, {Kind: driver.Int, Desc: true}}}

// Specs declares the collections of the record.
func Specs() []driver.Spec {
	return []driver.Spec{
		{Name: entries, Clustered: bySection, Indexes: []driver.Index{sectionIndex}},
		{Name: versions, Indexes: []driver.Index{entryIndex}},
		{Name: locators, Small: true},
		{Name: controls, Small: true, Linearizable: true},
		{Name: decisions, Small: true},
		{Name: people, Small: true},
		{Name: relations, Small: true},
		{Name: finder, Small: true},
		{Name: byIdent, Small: true},
	}
}
