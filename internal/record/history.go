package record

import (
	"context"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// History visits the states of an entry, newest first: the current one, then those
// before it, deletions too. It visits at most limit, or until visit returns false,
// and returns what continues after them, "" when there are no more. An entry that is
// not the caller's to see is access.Absent, as for Read.
//
// It is also how a corrected result is told with what it replaced: the state after
// the first. To the person themself each state is shown by what it says and when it
// came: one that was withheld, entered in error or not yet released is not in it.
func (v *View) History(ctx context.Context, typ, id string, limit int, after string, visit func(Entry) bool) (next string, err error) {
	p, entry, err := v.locate(ctx, typ, id)
	if err != nil {
		return "", err
	}
	more, visited := true, 0
	var current string
	show := func(e Entry) {
		if current = e.Version; after == "" {
			visited++
			more = visit(e)
		}
	}
	if err := v.one(ctx, driver.Ref{Collection: entries, Partition: string(p), ID: entry}, typ, show); err != nil {
		return "", err
	}
	if !more {
		return formatCursor(span{}, nil), nil
	}
	return v.past(ctx, p, typ, entry, current, limit, visited, after, visit)
}

// past visits the states that are not current.
func (v *View) past(ctx context.Context, p PersonID, typ, entry, current string, limit, visited int, after string, visit func(Entry) bool) (next string, err error) {
	at, cursor, err := parseCursor(after)
	if err != nil {
		return "", err
	}
	patient, err := v.patient(ctx, typ)
	if err != nil {
		return "", err
	}
	s := shower{view: v, patient: patient}
	var fault error
	full := false
	last := cursor
	_, err = v.r.o.Store.Find(ctx, driver.Query{Collection: versions, Partition: string(p), Index: byEntry, Equal: []driver.Value{driver.Str(entry)}, After: cursor},
		func(d *driver.Doc) bool {
			var e envelope
			if e, fault = open(d.Body); fault != nil {
				return false
			}
			if !v.mayShow(e, typ, entry) || string(e.str(strVersion)) == current {
				return true
			}
			if limit > 0 && visited == limit {
				full = true
				return false
			}
			visited++
			o := e.order()
			last, fault = driver.Cursor(&entryIndex, []driver.Value{driver.Str(entry), driver.Num(o.time), driver.Num(o.message)}, d.ID)
			full = !visit(s.entry(p, e, entry))
			return !full && fault == nil
		})
	if err == nil {
		err = fault
	}
	if err != nil || !full {
		return "", err
	}
	return formatCursor(at, last), nil
}

// Read visits something that belongs to no person.
func (d *Directory) Read(ctx context.Context, typ, id string, visit func(Entry)) error {
	p, entry, ok := SplitID(id)
	if !ok || !p.IsDirectory() {
		return access.Absent()
	}
	var fault error
	shown := false
	err := d.r.o.Store.Get(ctx, []driver.Ref{{Collection: entries, Partition: string(p), ID: entry}}, func(doc *driver.Doc) bool {
		var e envelope
		if e, fault = open(doc.Body); fault != nil {
			return false
		}
		if shown = !e.has(flagDeleted|flagMoved) && string(e.str(strType)) == typ; shown {
			visit(Entry{ID: id, Type: typ, Version: string(e.str(strVersion)), Updated: stamp(e.time(atReceived)),
				Source: string(e.str(strSource)), Received: e.time(atReceived), Body: e.json()})
		}
		return false
	})
	if err == nil {
		err = fault
	}
	if err == nil && !shown {
		err = access.Absent()
	}
	return err
}
