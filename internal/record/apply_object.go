package record

import (
	"context"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// object works out what becomes of the i-th object.
func (f *fold) object(ctx context.Context, i int, t *tieChanges) error {
	o := &f.objects[i]
	f.applied[i] = Applied{ID: string(f.c.Person) + "-" + o.entry, Version: o.version}
	for _, rival := range [...]PersonID{o.owner, o.from} {
		if rival == "" || rival == f.c.Person {
			continue
		}
		theirs, rev, err := f.theirs(ctx, o, rival)
		if err != nil {
			return err
		}
		if theirs != nil && o.yieldsTo(theirs.order(), rival) {
			f.yield(i, rival)
			return nil
		}
		f.take(rival, taken{i, rev})
	}
	f.applied[i].Result = f.place(o, t)
	if o.owner != "" && o.owner != f.c.Person {
		f.applied[i].Result = Moved
	}
	return nil
}

// yieldsTo reports whether what was said of a rival stays. In limbo lies what this
// very message could not yet be believed to say.
func (o *object) yieldsTo(theirs order, rival PersonID) bool {
	if rival.isLimbo() {
		return theirs.after(o.order)
	}
	return !o.order.after(theirs)
}

// yield leaves the object to another person, of whom something later was said:
// nothing is shown here, and what a message of the same moment showed is taken back.
func (f *fold) yield(i int, to PersonID) {
	o := &f.objects[i]
	f.applied[i].Result = Late
	if o.owner == f.c.Person {
		o.yields = to
	}
	if o.before != nil && !o.before.has(flagMoved) {
		f.take(f.c.Person, taken{i, o.rev})
	}
}

// theirs reads the state of an object in somebody else's record; nil if there is
// none, or it was taken from there already.
func (f *fold) theirs(ctx context.Context, o *object, p PersonID) (e envelope, rev uint64, err error) {
	var fault error
	err = f.r.o.Store.Get(ctx, []driver.Ref{{Collection: entries, Partition: string(p), ID: o.entry}}, func(d *driver.Doc) bool {
		e, fault = open(append([]byte(nil), d.Body...))
		rev = d.Rev
		return true
	})
	if err == nil {
		err = fault
	}
	if e != nil && e.has(flagMoved) {
		e = nil
	}
	return e, rev, err
}

// taken is an object to be hidden in a record, and the revision that was compared;
// 0 if there was nothing.
type taken struct {
	object int
	rev    uint64
}

func (f *fold) take(owner PersonID, x taken) {
	if f.taken == nil {
		f.taken = map[PersonID][]taken{}
	}
	f.taken[owner] = append(f.taken[owner], x)
}

// place folds an object into the person's own record: as the current state, or as
// one before it.
func (f *fold) place(o *object, t *tieChanges) Result {
	p := f.c.Person
	switch {
	case o.before == nil:
		f.current(f.state(o), o, t)
		return Created
	case o.before.has(flagMoved): // it was here, went to another, and comes back
		f.current(f.state(o), o, t)
		return Created
	case string(o.before.str(strVersion)) == o.version:
		if o.order.after(o.before.order()) { // the same said again later: it is that much newer
			f.repeat(o, t)
		}
		return Unchanged
	case o.known && !o.order.after(o.knownEnv.order()):
		return Unchanged
	case !o.order.after(o.before.order()):
		f.late(o)
		return Late
	}
	f.ops = append(f.ops, versionOp(p, o.entry, o.before, driver.Put, 0))
	if o.known {
		f.ops = append(f.ops, driver.Op{Kind: driver.Delete, Doc: driver.Doc{
			Ref: driver.Ref{Collection: versions, Partition: string(p), ID: o.entry + "." + o.version}, Rev: o.knownRev}})
	}
	f.current(f.state(o), o, t)
	if o.Deleted {
		return Removed
	}
	return Updated
}

// current makes a state the one that is read.
func (f *fold) current(s *state, o *object, t *tieChanges) {
	f.ops = append(f.ops, s.entryOp(f.c.Person, o))
	if f.c.Person.IsDirectory() {
		f.ops = append(f.ops, identifiers(f.c.Source.ID, o, f.idents)...)
		return
	}
	if o.before != nil {
		orgs, kind, _ := parseOrgs(o.before.str(strOrgs))
		t.remove(orgs, kind, o.entry)
	}
	orgs, kind, until := parseOrgs([]byte(s.strings[strOrgs]))
	t.add(orgs, kind, tie{until, o.entry})
}

// repeat takes the same state said again later. Its references may lead to other
// organisations than they did, as the source's directory has come or changed since.
func (f *fold) repeat(o *object, t *tieChanges) {
	if had := string(o.before.str(strOrgs)); NamesOrganisations(o.Type) && (had != "" || len(o.Orgs) > 0) {
		if s := f.state(o); s.strings[strOrgs] != had {
			f.current(s, o, t)
			return
		}
	}
	f.ops = append(f.ops, f.again(o))
}

// again moves the current state's order ahead.
func (f *fold) again(o *object) driver.Op {
	b := o.before.reordered(o.order)
	e := envelope(b)
	return driver.Op{Kind: driver.Replace, Doc: driver.Doc{Ref: driver.Ref{Collection: entries, Partition: string(f.c.Person), ID: o.entry},
		Rev: o.rev, Body: b, Keys: keysOf(e)}}
}

// late keeps a state that was overtaken, or moves a known one's order ahead.
func (f *fold) late(o *object) {
	if o.known {
		f.ops = append(f.ops, versionOp(f.c.Person, o.entry, o.knownEnv.reordered(o.order), driver.Replace, o.knownRev))
		return
	}
	e := envelope(f.state(o).encode())
	f.ops = append(f.ops, versionOp(f.c.Person, o.entry, e, driver.Insert, 0))
	// What is current must still be so when this commits.
	f.ops = append(f.ops, driver.Op{Kind: driver.Require, Doc: driver.Doc{
		Ref: driver.Ref{Collection: entries, Partition: string(f.c.Person), ID: o.entry}, Rev: o.rev}})
}
