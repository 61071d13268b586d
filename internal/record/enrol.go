package record

import (
	"context"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// Enrollee is somebody as a code for an account of their own needs to know them.
type Enrollee struct {
	Person    PersonID // of their number, also if their record goes on in another's
	BirthDate string   // 2006-01-02
	Practice  nhs.ODS
}

// Enrolling is whom staff want to do something for: a person by their number and
// the birth date that was seen on a document, both of which must agree.
type Enrolling struct {
	Number    nhs.Number
	BirthDate string
	What      string // for the ledger: "activation code made"
	RequestID string
}

// OpenEnrolment decides whether the caller may make, revoke or vouch for a code of
// that person (RULES 1), appends the decision to the ledger, and returns once it is
// durable. A birth date that is not theirs has the answer of an unknown person.
func (r *Records) OpenEnrolment(ctx context.Context, caller identity.Caller, q Enrolling) (Enrollee, error) {
	f := access.Facts{Now: r.o.Now(), Caller: caller, Action: access.Enrol, Months: r.o.Months}
	own := r.PersonOf(q.Number)
	members, err := r.facts(ctx, &f, own)
	if err == nil && caller.Kind == identity.Operator { // of no organisation, so that facts read nothing
		var c control
		members[0], c, _, err = r.surviving(ctx, own)
		f.Known = c.known() && c.joinedTo == ""
	}
	if err != nil {
		return Enrollee{}, err
	}
	who, err := r.person(ctx, members[0])
	if err != nil {
		return Enrollee{}, err
	}
	f.Known = f.Known && q.BirthDate != "" && who.birthDate == q.BirthDate
	if err := r.enrols(ctx, f, members[0], q.What, q.RequestID); err != nil {
		return Enrollee{}, err
	}
	return Enrollee{Person: own, BirthDate: who.birthDate, Practice: who.practice}, nil
}

// OpenEnrolments is OpenEnrolment for what is about nobody in particular: the list
// of codes that the caller's organisation made, and withdrawing one of them.
func (r *Records) OpenEnrolments(ctx context.Context, caller identity.Caller, what, requestID string) error {
	f, err := r.enrolling(ctx, caller)
	if err != nil {
		return err
	}
	return r.enrols(ctx, f, "", what, requestID)
}

// MayEnrol tells whether OpenEnrolments would allow it: for a menu. Nothing is shown or
// changed by that, so the ledger is not told.
func (r *Records) MayEnrol(ctx context.Context, caller identity.Caller) (bool, error) {
	f, err := r.enrolling(ctx, caller)
	return err == nil && access.Decide(f).Outcome == access.Allowed, err
}

// enrolling are the facts of what is about nobody in particular.
func (r *Records) enrolling(ctx context.Context, caller identity.Caller) (access.Facts, error) {
	f := access.Facts{Now: r.o.Now(), Caller: caller, Action: access.Enrol, Known: true, Relationship: access.Relationship{Registered: true}}
	var err error
	f.Agreement, err = r.o.Partners.Agreement(ctx, caller.Org)
	return f, err
}

func (r *Records) enrols(ctx context.Context, f access.Facts, p PersonID, what, requestID string) error {
	g := access.Decide(f)
	if _, err := r.o.Ledger.Append(ctx, event(f, g, p, what, requestID)); err != nil {
		return err
	}
	return g.Err()
}

// NameOf returns what somebody is called, for whoever was asked something by them;
// errs.NotFound if the record knows no name. Who may ask is not decided here.
func (r *Records) NameOf(ctx context.Context, p PersonID) (string, error) {
	who, err := r.person(ctx, p)
	if err != nil {
		return "", err
	}
	name := strings.TrimSpace(strings.Join(who.given, " ") + " " + who.family)
	if name == "" {
		return "", errs.New(errs.NotFound, "There is no such name.")
	}
	return name, nil
}
