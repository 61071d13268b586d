package record

import (
	"context"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Request is what somebody wants of one person's record.
type Request struct {
	Person    PersonID
	Type      string // the FHIR type asked for; "" asks for the whole record
	What      string // the same in words for the ledger: "Observation", "$everything"
	RequestID string
	// Sections narrows a request without a Type to these; zero: all.
	Sections section.Set

	// Export asks to take a copy of the record away, of a resident's own; SteppedUp says
	// that they have just confirmed that with their passkey, not longer ago than RULES 1
	// says.
	Export, SteppedUp bool
}

// View is what one caller may see of one person's record, during one request. It
// has no other constructor than Open, so whoever holds one was decided on, and the
// decision is in the ledger.
type View struct {
	r       *Records
	grant   access.Grant
	members []PersonID // first the person, then those joined to them
	own     *withheld  // of the person's own view: what they do not see; nil for others
}

// Open decides whether the caller may have what q asks for, appends the decision
// to the ledger, and returns once it is durable. A refusal is an error of the kinds
// and codes of access.Answer; without a ledger there is no answer.
func (r *Records) Open(ctx context.Context, caller identity.Caller, q Request) (*View, error) {
	f := access.Facts{Now: r.o.Now(), Caller: caller, Action: access.Read, Asked: section.All, Months: r.o.Months}
	if q.Type != "" {
		f.Asked = SectionsOf(q.Type)
	} else if q.Sections != 0 {
		f.Asked = q.Sections
	}
	if f.SteppedUp = q.SteppedUp; q.Export {
		f.Action = access.Export
	}
	members, err := r.facts(ctx, &f, q.Person)
	if err != nil {
		return nil, err
	}
	grant := access.Decide(f)
	e := event(f, grant, members[0], q.What, q.RequestID)
	if q.Type == "" {
		e.Sections = grant.Sections
	}
	if _, err := r.o.Ledger.Append(ctx, e); err != nil {
		return nil, err
	}
	if err := grant.Err(); err != nil {
		return nil, err
	}
	v := &View{r: r, grant: grant, members: members}
	if caller.Kind == identity.Resident {
		v.own = &withheld{release: r.release, now: f.Now}
	}
	return v, nil
}

// OpenID is Open for the record that a resource's id lies in. An id that is not
// one of ours is that of nobody: the same answer, and an event too.
func (r *Records) OpenID(ctx context.Context, caller identity.Caller, typ, id, what, requestID string) (*View, error) {
	p, _, ok := SplitID(id)
	if !ok || p.IsDirectory() {
		p = ""
	}
	return r.Open(ctx, caller, Request{Person: p, Type: typ, What: what, RequestID: requestID})
}

// Person returns whose record this is: of joined records, the one that goes on.
func (v *View) Person() PersonID { return v.members[0] }

// Grant returns what was decided.
func (v *View) Grant() access.Grant { return v.grant }

// event is the ledger's event of a decision.
func event(f access.Facts, g access.Grant, p PersonID, what, request string) *ledger.Event {
	c := &f.Caller
	return &ledger.Event{Time: f.Now, Request: request, Kind: c.Kind, Caller: c.ID, Name: c.Name, Role: c.Role, Org: c.Org, Client: c.Client,
		Action: f.Action, Outcome: g.Outcome, Basis: g.Basis, Person: string(p), Sections: f.Asked, What: what}
}

// facts reads what the decision depends on: the agreement, the control document
// (following a join), the relations. It returns the members of the record, the
// surviving one first; of an unknown person, that one.
func (r *Records) facts(ctx context.Context, f *access.Facts, p PersonID) ([]PersonID, error) {
	if f.Caller.Kind == identity.Resident {
		return r.ownFacts(ctx, f, p)
	}
	var err error
	if f.Agreement, err = r.o.Partners.Agreement(ctx, f.Caller.Org); err != nil {
		return nil, err
	}
	members := []PersonID{p}
	if p == "" || f.Caller.Org == "" {
		return members, nil
	}
	c, x, err := r.decisive(ctx, p, f.Caller)
	if err != nil {
		return nil, err
	}
	for hops := 0; c.joinedTo != "" && hops < maxHops; hops++ {
		members[0] = c.joinedTo
		if c, x, err = r.decisive(ctx, members[0], f.Caller); err != nil {
			return nil, err
		}
	}
	for _, m := range c.members {
		own, y, err := r.decisive(ctx, m, f.Caller)
		if err != nil {
			return nil, err
		}
		x.stronger(y)
		c.restricted, c.sensitive = c.restricted || own.restricted, c.sensitive || own.sensitive // marked since the join
		members = append(members, m)
	}
	f.Known, f.Sensitive, f.Restricted = c.known() && c.joinedTo == "", c.sensitive, c.restricted
	f.Cleared, f.Invalidated = c.clears(f.Caller.ID), c.invalidated
	f.Relationship = x.facts(f.Now)
	f.Sharing, err = r.resolve(ctx, members, c.sharing)
	return members, err
}

// maxHops bounds a chain of joins: Join keeps it at one, so a longer one is a
// fault, and is answered as an unknown person.
const maxHops = 4

// decisive reads, at one moment, the two documents of a person that decide.
func (r *Records) decisive(ctx context.Context, p PersonID, caller identity.Caller) (c control, x relation, err error) {
	var bad error
	refs := [...]driver.Ref{controlRef(p), relationRef(p, caller.Org)}
	err = r.o.Store.Get(ctx, refs[:], func(d *driver.Doc) bool {
		if d.Collection == controls {
			c, bad = decodeControl(d.Body, d.Rev)
		} else {
			x, bad = decodeRelation(d.Body, d.Rev)
		}
		return bad == nil
	})
	if err == nil {
		err = bad
	}
	return c, x, err
}

// Directory is what one caller may see of things that belong to no person.
type Directory struct{ r *Records }

// Directory returns what may be read of organisations, staff, places and medications
// that the view's entries name: whoever may see an entry may see whom it names. It is
// no event of its own, the view's is one.
func (v *View) Directory() *Directory { return &Directory{v.r} }

// OpenDirectory decides whether the caller may read of organisations, staff, places
// and medications: everybody may whose role and agreement read anything at all, and
// residents, whose entries name them. It is an event about no person.
func (r *Records) OpenDirectory(ctx context.Context, caller identity.Caller, typ, requestID string) (*Directory, error) {
	f := access.Facts{Now: r.o.Now(), Caller: caller, Action: access.Consult, Asked: section.All}
	if _, err := r.facts(ctx, &f, ""); err != nil {
		return nil, err
	}
	grant := access.Decide(f)
	f.Asked = 0
	if _, err := r.o.Ledger.Append(ctx, event(f, grant, "", typ, requestID)); err != nil {
		return nil, err
	}
	if err := grant.Err(); err != nil {
		return nil, err
	}
	return &Directory{r}, nil
}

// stamp is a time as FHIR's instant carries it: milliseconds.
func stamp(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()).UTC() }
