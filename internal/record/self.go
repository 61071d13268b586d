package record

import (
	"cmp"
	"context"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Standing is what an account, and its sessions, need to know of the person whose
// it is.
type Standing struct {
	Person PersonID // in whose record theirs goes on; themself, if it was not joined
	Known  bool
	// Ended says that the person has died or was deactivated (Patient.deceased[x];
	// Patient.active false), as the practice that they are registered with says:
	// sessions end, and nothing is sent (RULES 1). Who reads by a session is refused
	// already, at the next request.
	Ended bool
}

// Standing returns a person's as of now. Who may ask is not decided here: it tells
// nothing of the record.
func (r *Records) Standing(ctx context.Context, p PersonID) (Standing, error) {
	mine, c, ended, err := r.surviving(ctx, p)
	return Standing{Person: mine, Known: c.known() && c.joinedTo == "", Ended: ended}, err
}

// ownFacts reads what a decision about a resident depends on, and returns the
// members of the record asked for. Theirs is that of the account's person, which may
// go on in another's since (a join), and is their own again after a split.
func (r *Records) ownFacts(ctx context.Context, f *access.Facts, p PersonID) ([]PersonID, error) {
	mine, c, ended, err := r.surviving(ctx, PersonID(f.Caller.Person))
	if err != nil {
		return nil, err
	}
	f.Ended = ended
	if p == "" {
		return []PersonID{p}, nil
	}
	if p != PersonID(f.Caller.Person) && p != mine {
		// Somebody else's, or nobody's, or that of somebody who was joined to the caller:
		// it is found out by the same reads.
		if p, c, _, err = r.surviving(ctx, p); err != nil {
			return nil, err
		}
		f.Self = p == mine
	} else {
		p, f.Self = mine, mine != ""
	}
	f.Known = c.known() && c.joinedTo == ""
	return append([]PersonID{p}, c.members...), nil
}

// surviving follows joins to the person in whose record p's goes on. ended says
// whether any of them on the way has died or was deactivated.
func (r *Records) surviving(ctx context.Context, p PersonID) (survivor PersonID, c control, ended bool, err error) {
	for hops := 0; ; hops++ {
		var who person
		if c, who, err = r.standing(ctx, p); err != nil {
			return p, c, ended, err
		}
		ended = ended || who.ended
		if c.joinedTo == "" || hops == maxHops {
			return p, c, ended, nil
		}
		p = c.joinedTo
	}
}

// standing reads, at one moment, what decides about a person and who they are.
func (r *Records) standing(ctx context.Context, p PersonID) (c control, who person, err error) {
	if !p.IsPerson() {
		return c, who, nil
	}
	var bad error
	refs := [...]driver.Ref{controlRef(p), personRef(p)}
	err = r.o.Store.Get(ctx, refs[:], func(d *driver.Doc) bool {
		if d.Collection == controls {
			c, bad = decodeControl(d.Body, d.Rev)
		} else {
			who, bad = decodePerson(d.Body, d.Rev)
		}
		return bad == nil
	})
	if err = cmp.Or(err, bad); err != nil || !who.unsaid || who.entry == "" {
		return c, who, err
	}
	who.ended, err = r.readEnded(ctx, p, who.entry)
	return c, who, err
}

// readEnded reads from a Patient itself what a document of an earlier version does
// not say.
func (r *Records) readEnded(ctx context.Context, p PersonID, entry string) (ended bool, err error) {
	var bad error
	err = r.o.Store.Get(ctx, []driver.Ref{{Collection: entries, Partition: string(p), ID: entry}}, func(d *driver.Doc) bool {
		var e envelope
		if e, bad = open(d.Body); bad != nil || e.has(flagDeleted|flagMoved) {
			return false
		}
		doc, fault := fhir.Parse(append([]byte(nil), e.json()...))
		if bad = fault; bad == nil {
			ended = endedBy(doc.Root())
		}
		return false
	})
	return ended, cmp.Or(err, bad)
}

// endedBy reports whether a Patient says that the person has died, or that the
// record of them is not in use.
func endedBy(patient fhir.Node) bool {
	died := patient.Get("deceasedBoolean")
	return patient.Get("deceasedDateTime").Exists() || string(died.Raw()) == "true" || string(patient.Get("active").Raw()) == "false"
}
