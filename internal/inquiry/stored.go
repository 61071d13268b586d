package inquiry

import (
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Collections.
const (
	asked   = "inquiry"        // partition: the person; id: <instance>-<seq>.<round>
	tallies = "inquiry_tally"  // partition: the person; id: one
	mirrors = "inquiry_mirror" // partition: the organisation asked; id: <person>.<inquiry>

	one   = "one"
	queue = "inquiry" // of what is to be mirrored, told or reminded of
)

// byGroup is the index of mirrors: group, then when it was asked.
const byGroup = "group"

// Specs declares the collections of the package.
func Specs() []store.Spec {
	return []store.Spec{
		{Name: asked, Small: true},
		{Name: tallies, Small: true},
		{Name: mirrors, Small: true, Indexes: []driver.Index{{Name: byGroup, Fields: []driver.Field{{Kind: driver.Int}, {Kind: driver.Int}}}}},
	}
}

// stored is an inquiry as it is kept.
type stored struct {
	Form     uint8     `json:"form"`
	Instance string    `json:"instance"`
	Seq      uint64    `json:"seq"`
	Round    int       `json:"round"`
	Event    event     `json:"event"`
	Words    string    `json:"words,omitzero"`
	State    State     `json:"state"`
	AskedOf  nhs.ODS   `json:"asked_of"`
	Asked    time.Time `json:"asked"`
	Due      time.Time `json:"due"`
	Seen     time.Time `json:"seen,omitzero"`
	Answer   string    `json:"answer,omitzero"`
	By       string    `json:"by,omitzero"`
	ByName   string    `json:"by_name,omitzero"`
	ByRole   uint8     `json:"by_role,omitzero"`
	Answered time.Time `json:"answered,omitzero"`
	Closed   time.Time `json:"closed,omitzero"`
	Version  uint64    `json:"version"`
	Late     bool      `json:"late,omitzero"`
	Mirrored uint64    `json:"mirrored,omitzero"` // the version that the organisation's list shows
	Told     uint8     `json:"told,omitzero"`     // bits of NoticeKind
	Next     time.Time `json:"next,omitzero"`     // when Work looks at it again; zero: never
}

// event is the part of a ledger's event that an inquiry is about.
type event struct {
	Time     time.Time `json:"time"`
	Request  string    `json:"request,omitzero"`
	Kind     uint8     `json:"kind"`
	Caller   string    `json:"caller"`
	Name     string    `json:"name,omitzero"`
	Role     uint8     `json:"role,omitzero"`
	Org      nhs.ODS   `json:"org,omitzero"`
	Client   string    `json:"client,omitzero"`
	OnBehalf string    `json:"on_behalf,omitzero"`
	Action   uint8     `json:"action"`
	Outcome  uint8     `json:"outcome"`
	Basis    uint8     `json:"basis,omitzero"`
	Person   string    `json:"person"`
	Sections uint32    `json:"sections,omitzero"`
	What     string    `json:"what,omitzero"`
}

const form = 1

func keep(e ledger.Event) event {
	return event{Time: e.Time, Request: e.Request, Kind: uint8(e.Kind), Caller: e.Caller, Name: e.Name, Role: uint8(e.Role), Org: e.Org, Client: e.Client,
		OnBehalf: e.OnBehalf, Action: uint8(e.Action), Outcome: uint8(e.Outcome), Basis: uint8(e.Basis), Person: e.Person, Sections: uint32(e.Sections), What: e.What}
}

func (e event) event() ledger.Event {
	return ledger.Event{Time: e.Time, Request: e.Request, Kind: identity.Kind(e.Kind), Caller: e.Caller, Name: e.Name, Role: identity.Role(e.Role), Org: e.Org,
		Client: e.Client, OnBehalf: e.OnBehalf, Action: access.Action(e.Action), Outcome: access.Outcome(e.Outcome), Basis: access.Basis(e.Basis),
		Person: e.Person, Sections: section.Set(e.Sections), What: e.What}
}

func askedSchema() store.Schema[stored] {
	s := store.JSON[stored](asked)
	s.Due = func(v stored) store.Due {
		if v.Next.IsZero() {
			return store.Due{}
		}
		return store.Due{Queue: queue, At: v.Next}
	}
	return s
}

func (s stored) inquiry(id string) Inquiry {
	return Inquiry{ID: id, Instance: s.Instance, Seq: s.Seq, Event: s.Event.event(), Words: s.Words, State: s.State, AskedOf: s.AskedOf, At: s.Asked, Due: s.Due,
		SeenAt: s.Seen, Answer: s.Answer, By: Officer{ID: s.By, Name: s.ByName, Role: identity.Role(s.ByRole)}, Answered: s.Answered, Closed: s.Closed,
		Late: s.Late, Version: s.Version}
}

// tally is what bounds how much one person asks: how many are open, and how often
// each event was asked about.
type tally struct {
	Open   map[string]bool `json:"open,omitempty"`   // by id of the inquiry
	Rounds map[string]int  `json:"rounds,omitempty"` // by id of the event
}

// mirror is what an organisation's list shows of an inquiry.
type mirror struct {
	Form     uint8     `json:"form"`
	State    State     `json:"state"`
	Asked    time.Time `json:"asked"`
	Due      time.Time `json:"due"`
	Answered time.Time `json:"answered,omitzero"`
	Version  uint64    `json:"version"`
}

func mirrorSchema() store.Schema[mirror] {
	s := store.JSON[mirror](mirrors)
	s.Keys = func(m mirror) [][]store.Value {
		return [][]store.Value{{store.Num(int64(groupOf(m.State))), store.Num(m.Asked.UnixMicro())}}
	}
	return s
}

// Ref names an inquiry to the organisation that was asked: the person, and which of
// theirs. Neither says anything to anybody else.
func refOf(person, id string) string { return person + "." + id }

func cutRef(ref string) (person, id string, ok bool) {
	person, id, ok = strings.Cut(ref, ".")
	return person, id, ok && person != "" && id != "" && len(ref) <= 200
}
