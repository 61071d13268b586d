package access

import "github.com/dorsetcarerecord/dcr/internal/errs"

// Codes that a refusal carries.
const (
	CodeDenied         = "ACCESS_DENIED"
	CodeNoRelationship = "NO_RELATIONSHIP"
	CodeNoConsent      = "NO_PATIENT_CONSENT"
	CodeInvalidated    = "INVALIDATED_RESOURCE"
	CodeStepUp         = "STEP_UP_REQUIRED"
)

// Answer returns the error that tells a caller the outcome, nil if it is Allowed.
// An unknown person, a hidden one and a section that is not theirs are one and
// the same error, Absent, which entries that are hidden or held answer with too.
func Answer(o Outcome) error {
	switch o {
	case Allowed:
		return nil
	case NoRelationship:
		return errs.Coded(errs.Forbidden, CodeNoRelationship,
			"Your organisation has no current relationship with this person: no registration, and no encounter, referral or appointment within 12 months.")
	case NoConsent:
		return errs.Coded(errs.Forbidden, CodeNoConsent, "This person has chosen not to share their record.")
	case Invalidated:
		return errs.Coded(errs.NotFound, CodeInvalidated, "The NHS number of this record is no longer valid: trace the person's right number.")
	case StepUp:
		return errs.Coded(errs.Unauthenticated, CodeStepUp, "Confirm this with your passkey first.")
	case Unknown, NotYours:
		return Absent()
	}
	return errs.Coded(errs.Forbidden, CodeDenied, "Your role or your organisation's sharing agreement does not allow this.")
}

// Absent returns the one answer for everything that is not there for the caller:
// no such person, or entry, or section, or one that is hidden or held.
func Absent() error { return errs.New(errs.NotFound, "There is no such record.") }

// Err returns the error that tells the caller the grant's outcome, nil if it is
// Allowed.
func (g Grant) Err() error { return Answer(g.Outcome) }

var (
	actions  = [...]string{"none", "read", "find", "consult", "choose", "administer", "see-accesses", "export", "answer", "enrol"}
	outcomes = [...]string{"refused", "unknown", "no-relationship", "no-consent", "not-yours", "allowed", "invalidated", "step-up"}
	bases    = [...]string{"none", "registered", "encounter", "referral", "appointment", "finding", "operator", "self", "office", "programme"}
)

func (a Action) String() string  { return name(actions[:], int(a)) }
func (o Outcome) String() string { return name(outcomes[:], int(o)) }
func (b Basis) String() string   { return name(bases[:], int(b)) }

// name tolerates a value that a newer version stored.
func name(names []string, i int) string {
	if i >= len(names) {
		return "other"
	}
	return names[i]
}
