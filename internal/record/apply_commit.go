package record

import (
	"cmp"
	"context"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

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
	if err := f.follow(ctx); err != nil {
		return err
	}
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
			Keys: keysOf(e)}})
		return true
	})
	if err == nil {
		err = fault
	}
	if err != nil || len(ops) == 0 {
		return err
	}
	who, changed, err := f.forgetAll(ctx, owner, which, t)
	if err != nil {
		return err
	}
	more, err := t.ops(ctx)
	if err != nil {
		return err
	}
	if err := f.r.o.Store.Commit(ctx, string(owner), append(append(ops, who...), more...)); err != nil {
		return err
	}
	return f.r.find(ctx, changed)
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
