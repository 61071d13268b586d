// Package access decides who may do what to which sections of a record, and why:
// one pure, total function of facts. Zero values refuse. RULES 0, 2 and 3.
package access

import (
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/sharing"
)

// Action is what the caller wants to do. The zero Action is nothing that anyone
// may do.
type Action uint8

// Actions. Stored in the ledger: add at the end.
const (
	_           Action = iota
	Read               // read entries of a person
	Find               // look a person up: minimum fields only
	Consult            // read of organisations, staff, places and medications: of nobody's record
	Choose             // set a person's sharing choice
	Administer         // restrict, mark as sensitive, invalidate, join or split records
	SeeAccesses        // see who looked at a record
	Export             // take a copy of the whole record away
	Answering          // see and answer a resident's "why did you look?": no part of the record
	Enrol              // make, list or revoke activation codes, and vouch for who recovers an account
)

// Relationship is what ties the caller's organisation to the person. Entries that
// were retracted, cancelled or are held must not be counted by whoever fills it in.
type Relationship struct {
	Registered  bool      // it is the practice that the person is registered with
	Encounter   time.Time // the latest encounter with it (its end, or start; for one that goes on, now), zero if none
	Referral    time.Time // the latest referral to it
	Appointment time.Time // the latest appointment with it, which may lie ahead
}

// Facts are all that a decision depends on. What was not found out stays zero, and
// refuses; so a caller of Decide may leave out what it could not read, never guess.
type Facts struct {
	Now          time.Time
	Caller       identity.Caller
	Action       Action
	Asked        section.Set       // the sections that the request asks for
	Agreement    partner.Agreement // of the caller's organisation
	Known        bool              // the person exists here
	Sensitive    bool              // staff's own records, protected persons
	Invalidated  bool              // the NHS number is no longer valid
	Cleared      bool              // the caller has the right to sensitive records
	ByNumber     bool              // for Find: searched by NHS number
	Restricted   bool              // PDS code R
	Relationship Relationship
	Months       int // how far back an encounter, referral or appointment counts; 0: not at all
	Sharing      sharing.Choice
	AskedOf      nhs.ODS // for Answering: whose member of staff or system did what is asked about

	// Of a resident only.
	Self      bool // the record is the caller's own, or goes on in the one that is
	Ended     bool // the caller's person has died, or was deactivated: their sessions count no more
	SteppedUp bool // the caller has just confirmed this very action with their passkey
}

// Outcome is the answer. The zero Outcome refuses.
type Outcome uint8

// Outcomes, but for the last two in the order in which each tells no more than the
// one before. Stored in the ledger: add at the end.
const (
	Refused        Outcome = iota // not a caller, role or agreement that reads at all: 403
	Unknown                       // person unknown, or sensitive: 404
	NoRelationship                // 403 NO_RELATIONSHIP
	NoConsent                     // 403 NO_PATIENT_CONSENT
	NotYours                      // no section asked for is the caller's: 404
	Allowed
	Invalidated // the NHS number is no longer valid: 404 INVALIDATED_RESOURCE, told before NoRelationship
	StepUp      // a resident's own, and to be confirmed with a passkey first: 401 STEP_UP_REQUIRED
)

// Basis is why access was given. Stored in the ledger: add at the end.
type Basis uint8

// Bases of access. The first that holds is given, in this order.
const (
	NoBasis       Basis = iota
	Registered          // the registered practice
	ByEncounter         // an encounter within 12 months back, or ahead (a planned discharge)
	ByReferral          // a referral within 12 months back, or ahead
	ByAppointment       // an appointment within 12 months back, or any ahead
	Finding             // finding a person, or consulting the directory, needs a role only
	ByOperator          // the programme's operator, over the local socket
	Self                // own record
	ByOffice            // the privacy officer of the organisation that was asked
	ByProgramme         // the programme office
)

// Grant is what was decided. A View can do nothing that its Grant does not list.
// Only an Allowed grant has sections or a basis.
type Grant struct {
	Outcome  Outcome
	Basis    Basis
	Sections section.Set // what may be read: asked for, the role's, and the agreement's
	// Reduced asks for address, telecom, contacts, practice and pharmacy to be
	// dropped: the person is restricted (PDS code R).
	Reduced bool
}
