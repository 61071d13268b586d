package record

import (
	"cmp"
	"context"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
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
		if theirs != nil && !o.order.after(theirs.order()) {
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
			f.ops = append(f.ops, f.again(o))
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

// again moves the current state's order ahead.
func (f *fold) again(o *object) driver.Op {
	b := o.before.reordered(o.order)
	e := envelope(b)
	return driver.Op{Kind: driver.Replace, Doc: driver.Doc{Ref: driver.Ref{Collection: entries, Partition: string(f.c.Person), ID: o.entry},
		Rev: o.rev, Body: b, Keys: [][]driver.Value{{driver.Num(int64(e.section())), driver.Num(e.int(atLow))}}}}
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

// commit does what was worked out: takes from others first, then says whose the
// objects are, then shows them. A crash in between leaves an object shown nowhere,
// and the message, which is in the inbox, is applied again.
//
// Several messages may do so with one object at the same moment. So the locator
// also names whom the object came from, and what they show is looked at once more
// when it is said whose it is now; and whoever shows an object looks afterwards
// whether it still is this person's. If not, the change is worked out anew, and the
// latest said stays.
func (f *fold) commit(ctx context.Context) error {
	if err := f.takeAll(ctx); err != nil {
		return err
	}
	if err := f.locateAndShow(ctx); err != nil {
		return err
	}
	if err := f.confirm(ctx); err != nil {
		return err
	}
	return f.r.find(ctx, f.finder)
}

// locateAndShow does both at the same time for objects that nobody has yet, which
// spares a wait for the disk: at worst one of the two fails, and all is done anew.
func (f *fold) locateAndShow(ctx context.Context) error {
	if f.taken == nil {
		located := make(chan error, 1)
		go func() { located <- f.locate(ctx) }()
		err := f.show(ctx)
		return cmp.Or(<-located, err)
	}
	if err := f.locate(ctx); err != nil {
		return err
	}
	if err := f.lookAgain(ctx); err != nil {
		return err
	}
	return f.show(ctx)
}

// lookAgain finds out whether what was taken has been shown meanwhile; a conflict,
// if so.
func (f *fold) lookAgain(ctx context.Context) error {
	for owner, which := range f.taken {
		for _, x := range which {
			if owner == f.c.Person {
				continue
			}
			e, _, err := f.theirs(ctx, &f.objects[x.object], owner)
			if err != nil {
				return err
			}
			if e != nil {
				return &driver.ConflictError{}
			}
		}
	}
	return nil
}

// confirm looks whether what is shown is still this person's; a conflict, if not.
func (f *fold) confirm(ctx context.Context) error {
	var refs []driver.Ref
	for i := range f.objects {
		o, r := &f.objects[i], f.applied[i].Result
		if r == Created || r == Moved || o.owner != f.c.Person && r != Late {
			refs = append(refs, locatorRef(f.c.Source.ID, o.Type, o.SourceID))
		}
	}
	if len(refs) == 0 {
		return nil
	}
	lost := false
	err := f.r.o.Store.Get(ctx, refs, func(d *driver.Doc) bool {
		owner, _ := decodeLocator(d.Body)
		lost = lost || owner != f.c.Person
		return true
	})
	if err == nil && lost {
		err = &driver.ConflictError{Ref: refs[0]}
	}
	return err
}

// show commits to the person's record.
func (f *fold) show(ctx context.Context) error {
	if len(f.ops) == 0 {
		return nil
	}
	return f.r.o.Store.Commit(ctx, string(f.c.Person), f.ops)
}

// takeAll hides what goes to another person.
func (f *fold) takeAll(ctx context.Context) error {
	for owner, which := range f.taken {
		if err := f.takeFrom(ctx, owner, which); err != nil {
			return err
		}
	}
	return nil
}

// takeFrom hides objects in the record they lie in, if they are as they were
// compared.
func (f *fold) takeFrom(ctx context.Context, owner PersonID, which []taken) error {
	t := newTies(f.r, owner)
	var ops []driver.Op
	var refs []driver.Ref
	compared := map[string]uint64{}
	for _, x := range which {
		entry := f.objects[x.object].entry
		refs = append(refs, driver.Ref{Collection: entries, Partition: string(owner), ID: entry})
		compared[entry] = x.rev
	}
	var fault error
	err := f.r.o.Store.Get(ctx, refs, func(d *driver.Doc) bool {
		var e envelope
		if e, fault = open(append([]byte(nil), d.Body...)); fault != nil {
			return false
		}
		if e.has(flagMoved) {
			return true
		}
		if compared[d.ID] != d.Rev {
			fault = &driver.ConflictError{Ref: d.Ref}
			return false
		}
		orgs, kind, _ := parseOrgs(e.str(strOrgs))
		t.remove(orgs, kind, d.ID)
		e[atFlags] |= flagMoved
		ops = append(ops, driver.Op{Kind: driver.Replace, Doc: driver.Doc{Ref: d.Ref, Rev: d.Rev, Body: e,
			Keys: [][]driver.Value{{driver.Num(int64(e.section())), driver.Num(e.int(atLow))}}}})
		return true
	})
	if err == nil {
		err = fault
	}
	if err != nil || len(ops) == 0 {
		return err
	}
	more, err := t.ops(ctx)
	if err != nil {
		return err
	}
	return f.r.o.Store.Commit(ctx, string(owner), append(ops, more...))
}

// locate writes whose the objects are, before they are shown.
func (f *fold) locate(ctx context.Context) error {
	var ops []driver.Op
	for i := range f.objects {
		o := &f.objects[i]
		owner, from := f.c.Person, o.owner
		switch {
		case o.yields != "":
			owner, from = o.yields, f.c.Person
		case o.owner == f.c.Person || f.applied[i].Result == Late && o.owner != "":
			continue
		}
		kind := driver.Insert
		if o.owner != "" {
			kind = driver.Replace
		}
		ops = append(ops, driver.Op{Kind: kind, Doc: driver.Doc{Ref: locatorRef(f.c.Source.ID, o.Type, o.SourceID), Rev: o.ownerRev, Body: encodeLocator(owner, from)}})
	}
	if len(ops) == 0 {
		return nil
	}
	return f.r.o.Store.Commit(ctx, f.c.Source.ID, ops)
}

// tieChanges collects what a commit changes in the relations of one person.
type tieChanges struct {
	r       *Records
	p       PersonID
	added   map[nhs.ODS][nTies]tie
	removed map[string]bool          // entries that no longer tie as they did
	affects map[nhs.ODS]map[int]bool // by organisation: kinds that lost an entry
	mark    map[nhs.ODS]bool         // registered from now on, or no longer
}

func newTies(r *Records, p PersonID) *tieChanges {
	return &tieChanges{r: r, p: p, added: map[nhs.ODS][nTies]tie{}, removed: map[string]bool{}, affects: map[nhs.ODS]map[int]bool{}, mark: map[nhs.ODS]bool{}}
}

func (t *tieChanges) add(orgs []nhs.ODS, kind int, x tie) {
	for _, org := range orgs {
		last := t.added[org]
		if x.at.After(last[kind].at) {
			last[kind] = x
		}
		t.added[org] = last
	}
}

func (t *tieChanges) remove(orgs []nhs.ODS, kind int, entry string) {
	for _, org := range orgs {
		if t.affects[org] == nil {
			t.affects[org] = map[int]bool{}
		}
		t.affects[org][kind] = true
		t.removed[entry] = true
	}
}

// ops works out the relation documents that change.
func (t *tieChanges) ops(ctx context.Context) ([]driver.Op, error) {
	touched := map[nhs.ODS]bool{}
	for org := range t.added {
		touched[org] = true
	}
	for org := range t.affects {
		touched[org] = true
	}
	for org := range t.mark {
		touched[org] = true
	}
	var ops []driver.Op
	for org := range touched {
		x, err := t.r.relation(ctx, t.p, org)
		if err != nil {
			return nil, err
		}
		was := x
		for kind := range t.affects[org] {
			if !t.removed[x.last[kind].entry] {
				continue
			}
			if x.last[kind], err = t.r.lastTie(ctx, t.p, org, kind, t.removed); err != nil {
				return nil, err
			}
		}
		for kind, a := range t.added[org] {
			if a.at.After(x.last[kind].at) {
				x.last[kind] = a
			}
		}
		if on, ok := t.mark[org]; ok {
			x.registered = on
		}
		if x != was {
			ops = append(ops, x.op(t.p, org))
		}
	}
	return ops, nil
}

func (r *Records) relation(ctx context.Context, p PersonID, org nhs.ODS) (x relation, err error) {
	var fault error
	err = r.o.Store.Get(ctx, []driver.Ref{relationRef(p, org)}, func(d *driver.Doc) bool {
		x, fault = decodeRelation(d.Body, d.Rev)
		return true
	})
	if err == nil {
		err = fault
	}
	return x, err
}

// gpCodes returns the practices that a Patient names, by ODS code.
func gpCodes(patient fhir.Node) []nhs.ODS {
	var out []nhs.ODS
	for gp := range patient.Get("generalPractitioner").Each() {
		id := gp.Get("identifier")
		if !id.Get("system").Is(nhs.ODSSystem) {
			continue
		}
		if org, err := nhs.ParseODS(id.Get("value").Text()); err == nil {
			out = append(out, org)
		}
	}
	return out
}
