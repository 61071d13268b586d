package record

import (
	"bytes"
	"context"
	"crypto/sha256"
	"slices"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// CodePatientMoved says that a source sends of somebody what it has since said is
// about somebody else.
const CodePatientMoved = "PATIENT_MOVED"

// limboOf is where the objects lie that came by a Patient of whom the source no
// longer says who it is, in a way that could be believed. Nobody is known by that
// name, so nobody sees them.
func limboOf(source, patient string) PersonID {
	sum := sha256.Sum256([]byte("limbo\x00" + source + "\x00" + patient))
	return PersonID("n" + encodeID(sum[:]))
}

func (p PersonID) isLimbo() bool { return len(p) > 0 && p[0] == 'n' }

// Withdraw takes a source's Patient, and all that came by it, from whomever they
// lie with: the source now says that it is somebody else, though not yet whom in a
// way that could be believed (Identify refused). c has that Patient as its only
// object. What comes to be believed is moved on by Apply. withdrawn says whether it
// lay with anybody.
func (r *Records) Withdraw(ctx context.Context, c Change) (withdrawn bool, err error) {
	patient := c.Objects[0].SourceID
	owners, err := r.Locate(ctx, c.Source.ID, patientType, []string{patient})
	if err != nil || owners[patient] == "" || owners[patient].isLimbo() {
		return false, err
	}
	c.Person = limboOf(c.Source.ID, patient)
	applied, err := r.Apply(ctx, c)
	return err == nil && applied[0].Result == Moved, err
}

// vouched refuses objects that are about somebody by a Patient whom the source has
// since said to be somebody else.
func (f *fold) vouched(ctx context.Context) error {
	var refs []driver.Ref
	for i := range f.objects {
		if via := f.objects[i].Via; via != "" {
			ref := locatorRef(f.c.Source.ID, patientType, via)
			if !slices.Contains(refs, ref) {
				refs = append(refs, ref)
			}
		}
	}
	if len(refs) == 0 {
		return nil
	}
	moved := false
	err := f.r.o.Store.Get(ctx, refs, func(d *driver.Doc) bool {
		owner, _ := decodeLocator(d.Body)
		moved = moved || owner != f.c.Person && !f.moves(d.ID[len(patientType)+1:])
		return true
	})
	if err == nil && moved {
		err = errs.Coded(errs.Unprocessable, CodePatientMoved, "You have since said that this Patient is somebody else: send what is theirs now.")
	}
	return err
}

// moves reports whether the change itself says that the Patient is this person now.
func (f *fold) moves(patient string) bool {
	for i := range f.objects {
		if o := &f.objects[i]; o.Type == patientType && o.SourceID == patient {
			return f.applied[i].Result == Moved
		}
	}
	return false
}

// follow moves what came by the Patients that this change moves, before they are
// moved themselves: so that all of it is done again if it is cut off.
func (f *fold) follow(ctx context.Context) error {
	for i := range f.objects {
		o := &f.objects[i]
		if o.Type != patientType || f.applied[i].Result != Moved {
			continue
		}
		for _, owner := range [...]PersonID{o.owner, o.from} {
			if owner == "" || owner == f.c.Person {
				continue
			}
			if err := f.followFrom(ctx, owner, o.SourceID); err != nil {
				return err
			}
		}
	}
	return nil
}

// mostFollowers is how many entries are moved by one round of commits.
const mostFollowers = 300

// follower is an entry that came by a Patient.
type follower struct {
	id      string
	rev     uint64
	e       envelope
	locator driver.Ref
}

func (f *fold) followFrom(ctx context.Context, owner PersonID, patient string) error {
	var all []follower
	var fault error
	_, err := f.r.o.Store.Find(ctx, driver.Query{Collection: entries, Partition: string(owner), Index: bySection}, func(d *driver.Doc) bool {
		var e envelope
		if e, fault = open(d.Body); fault != nil {
			return false
		}
		if string(e.str(strSource)) == f.c.Source.ID && string(e.str(strVia)) == patient {
			all = append(all, follower{d.ID, d.Rev, bytes.Clone(e), locatorRef(f.c.Source.ID, string(e.str(strType)), string(e.str(strSourceID)))})
		}
		return true
	})
	if err == nil {
		err = fault
	}
	for len(all) > 0 && err == nil {
		n := min(len(all), mostFollowers)
		err = f.moveSome(ctx, owner, all[:n])
		all = all[n:]
	}
	return err
}

// moveSome moves entries: hidden there, located here, shown here. It passes over
// those that have gone to somebody else by themselves, and does what is missing of
// those that were on their way.
func (f *fold) moveSome(ctx context.Context, owner PersonID, some []follower) error {
	located, err := f.ownersOf(ctx, some)
	if err != nil {
		return err
	}
	some = slices.DeleteFunc(some, func(x follower) bool {
		is := located[x.locator.ID].owner
		return is != owner && is != f.c.Person
	})
	if err := f.hide(ctx, owner, some); err != nil {
		return err
	}
	var ops []driver.Op
	for _, x := range some {
		if l := located[x.locator.ID]; l.owner == owner {
			ops = append(ops, driver.Op{Kind: driver.Replace, Doc: driver.Doc{Ref: x.locator, Rev: l.rev, Body: encodeLocator(f.c.Person, owner)}})
		}
	}
	if len(ops) > 0 {
		if err := f.r.o.Store.Commit(ctx, f.c.Source.ID, ops); err != nil {
			return err
		}
	}
	return f.settle(ctx, owner, some)
}

// location is what a locator says, and its revision.
type location struct {
	owner PersonID
	rev   uint64
}

func (f *fold) ownersOf(ctx context.Context, some []follower) (map[string]location, error) {
	refs := make([]driver.Ref, len(some))
	for i, x := range some {
		refs[i] = x.locator
	}
	out := make(map[string]location, len(refs))
	err := f.r.o.Store.Get(ctx, refs, func(d *driver.Doc) bool {
		owner, _ := decodeLocator(d.Body)
		out[d.ID] = location{owner, d.Rev}
		return true
	})
	return out, err
}

// hide marks entries as moved away.
func (f *fold) hide(ctx context.Context, owner PersonID, some []follower) error {
	t := newTies(f.r, owner)
	var ops []driver.Op
	for _, x := range some {
		if x.e.has(flagMoved) {
			continue
		}
		orgs, kind, _ := parseOrgs(x.e.str(strOrgs))
		t.remove(orgs, kind, x.id)
		b := bytes.Clone(x.e)
		b[atFlags] |= flagMoved
		ops = append(ops, driver.Op{Kind: driver.Replace, Doc: driver.Doc{Ref: driver.Ref{Collection: entries, Partition: string(owner), ID: x.id}, Rev: x.rev, Body: b, Keys: keysOf(x.e)}})
	}
	if len(ops) == 0 {
		return nil
	}
	more, err := t.ops(ctx)
	if err != nil {
		return err
	}
	return f.r.o.Store.Commit(ctx, string(owner), append(ops, more...))
}

// settle shows entries, as they were with their former owner, in this person's
// record. The former owner's id in them becomes this person's: it stands in them as
// what they are about, and in their own id and references to each other.
func (f *fold) settle(ctx context.Context, owner PersonID, some []follower) error {
	have := map[string]uint64{}
	shown := map[string]bool{}
	refs := make([]driver.Ref, len(some))
	for i, x := range some {
		refs[i] = driver.Ref{Collection: entries, Partition: string(f.c.Person), ID: x.id}
	}
	var fault error
	err := f.r.o.Store.Get(ctx, refs, func(d *driver.Doc) bool {
		var e envelope
		e, fault = open(d.Body)
		have[d.ID] = d.Rev
		shown[d.ID] = fault == nil && !e.has(flagMoved)
		return fault == nil
	})
	if err == nil {
		err = fault
	}
	if err != nil {
		return err
	}
	t := newTies(f.r, f.c.Person)
	var ops []driver.Op
	for _, x := range some {
		if shown[x.id] {
			continue
		}
		b := renamed(x.e, owner, f.c.Person)
		b[atFlags] &^= flagMoved
		op := driver.Op{Kind: driver.Insert, Doc: driver.Doc{Ref: driver.Ref{Collection: entries, Partition: string(f.c.Person), ID: x.id}, Rev: have[x.id], Body: b, Keys: keysOf(b)}}
		if have[x.id] != 0 {
			op.Kind = driver.Replace
		}
		ops = append(ops, op)
		orgs, kind, until := parseOrgs(x.e.str(strOrgs))
		t.add(orgs, kind, tie{until, x.id})
	}
	if len(ops) == 0 {
		return nil
	}
	more, err := t.ops(ctx)
	if err != nil {
		return err
	}
	return f.r.o.Store.Commit(ctx, string(f.c.Person), append(ops, more...))
}

// renamed returns a copy with another person's id in the place of p's. All ids of
// people are of one length, and stand for nothing else.
func renamed(e envelope, p, q PersonID) envelope {
	at := e.jsonAt()
	return append(bytes.Clone(e[:at]), bytes.ReplaceAll(e[at:], []byte(p), []byte(q))...)
}

// keysOf are the index keys of a stored entry.
func keysOf(e envelope) [][]driver.Value {
	return [][]driver.Value{{driver.Num(int64(e.section())), driver.Num(e.int(atLow))}}
}
