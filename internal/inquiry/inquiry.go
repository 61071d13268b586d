// Package inquiry keeps what residents ask of the organisations that looked at
// their record: "why did you look?", tracked to the answer. RULES 7.
//
// An inquiry lies with the person who asked, and that is the one that counts. What
// an organisation's privacy officer lists is a mirror in the organisation's own
// partition, which holds no words and no names; it is written after the inquiry,
// and again by Work wherever that was cut short. A privacy officer opens one
// through access.Decide, and the decision is in the ledger before they see or
// change anything.
package inquiry

import (
	"context"
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// State is how far an inquiry is. The zero State is none.
type State uint8

// States. Stored: add at the end.
const (
	_        State = iota
	Asked          // the organisation has it
	Seen           // its privacy officer has opened it and is looking into it
	Answered       // there is an answer, which the person can read
	Closed         // the person needs no more
)

var states = [...]string{"none", "asked", "seen", "answered", "closed"}

func (s State) String() string {
	if int(s) >= len(states) {
		return states[0]
	}
	return states[s]
}

// ParseState returns the state of that name.
func ParseState(name string) (State, error) {
	for i, n := range states {
		if i > 0 && n == name {
			return State(i), nil
		}
	}
	return 0, errs.New(errs.Invalid, "the state must be one of %s", strings.Join(states[1:], " "))
}

// open reports whether the organisation still owes an answer.
func (s State) open() bool { return s == Asked || s == Seen }

// Limits of texts, in characters.
const (
	MaxWords  = 1000
	MaxAnswer = 4000
)

// Inquiry is one question and what came of it, as the person who asked sees it.
type Inquiry struct {
	ID       string // within the person's; of the event and of how often it was asked about
	Instance string // the event asked about
	Seq      uint64
	Event    ledger.Event // as it was then: what the person saw
	Words    string       // of the person; may be empty
	State    State
	AskedOf  nhs.ODS
	At       time.Time // when it was asked
	Due      time.Time // when an answer should be there
	SeenAt   time.Time
	Answer   string
	By       Officer   // who answered
	Answered time.Time // when
	Closed   time.Time
	Late     bool   // not answered when it was due, and the person was told so
	Version  uint64 // for If-Match: it grows with each change of what is shown
}

// Officer is who answered, as they are named to the person.
type Officer struct {
	ID   string // of the caller
	Name string
	Role identity.Role
}

// NoticeKind is what a person is told.
type NoticeKind uint8

// Kinds of notice.
const (
	_        NoticeKind = iota
	IsAnswer            // the organisation has answered
	IsLate              // the answer was due and is not there
)

// Notice is what a person is told about an inquiry of theirs: that there is
// something to read, not what. It may be told again with the same Key.
type Notice struct {
	Key     string // the same for the same notice
	Kind    NoticeKind
	Inquiry string // its id
	Org     nhs.ODS
	At      time.Time
}

// Notices tell people; their inbox is another's room.
type Notices interface {
	Inquiry(ctx context.Context, person string, n Notice) error
}

// Ledger takes the decisions about what a privacy officer sees; *ledger.Ledger is one.
type Ledger interface {
	Append(ctx context.Context, e *ledger.Event) (seq uint64, err error)
}

// Partners knows agreements. It returns the zero agreement for an organisation
// without one.
type Partners interface {
	Agreement(ctx context.Context, org nhs.ODS) (partner.Agreement, error)
}

// People knows what people are called, for whoever was asked by them.
type People interface {
	NameOf(ctx context.Context, person string) (string, error)
}

// Looks is the door through which somebody saw who looked at their record: who
// holds one was decided on. An event that is not about its person is errs.NotFound.
type Looks interface {
	Access(ctx context.Context, instance string, seq uint64) (ledger.Event, error)
}

// Options of Inquiries. All but the last group are required; that has defaults.
type Options struct {
	DB       *store.DB
	Ledger   Ledger
	Partners Partners
	People   People
	Notices  Notices
	Now      func() time.Time

	Office nhs.ODS       // answers for the programme's own operators; "": they cannot be asked
	Answer time.Duration // in which an answer is due; 0: 28 days
	Remind time.Duration // before that, the list of the organisation marks it; 0: 7 days
	Open   int           // that one person may have open at a time; 0: 10
	Again  int           // how often one event may be asked about; 0: 3
}

// Inquiries keeps inquiries.
type Inquiries struct {
	o       Options
	asked   *store.Collection[stored]
	tallies *store.Collection[tally]
	mirrors *store.Collection[mirror]
}

// New returns the inquiries in a store whose specs include Specs.
func New(o Options) *Inquiries {
	if o.Answer <= 0 {
		o.Answer = 28 * 24 * time.Hour
	}
	if o.Remind <= 0 {
		o.Remind = 7 * 24 * time.Hour
	}
	if o.Open <= 0 {
		o.Open = 10
	}
	if o.Again <= 0 {
		o.Again = 3
	}
	return &Inquiries{o: o, asked: store.NewCollection(o.DB, askedSchema()), tallies: store.NewCollection(o.DB, store.JSON[tally](tallies)),
		mirrors: store.NewCollection(o.DB, mirrorSchema())}
}
