package record

import (
	"context"
	"errors"
	"fmt"

	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// SourcePatient returns the source's id of the Patient by which it said, with a birth
// date that was checked, that it knows a person; "" if it has none.
func (r *Records) SourcePatient(ctx context.Context, source string, p PersonID) (sourceID string, err error) {
	var bad error
	_, err = r.o.Store.Find(ctx, driver.Query{Collection: entries, Partition: string(p), Index: bySection, Equal: []driver.Value{driver.Num(int64(section.Demographics))}},
		func(d *driver.Doc) bool {
			var e envelope
			if e, bad = open(d.Body); bad != nil {
				return false
			}
			if string(e.str(strType)) == patientType && string(e.str(strSource)) == source && !e.has(flagDeleted|flagMoved) {
				sourceID = string(e.str(strSourceID))
			}
			return sourceID == ""
		})
	if err = errors.Join(err, bad); err != nil {
		return "", fmt.Errorf("a source's patient: %w", err)
	}
	return sourceID, nil
}

// ViaOf returns the source's id of the Patient by which one of its objects came to a
// person, or "".
func (r *Records) ViaOf(ctx context.Context, p PersonID, source, typ, sourceID string) (via string, err error) {
	var bad error
	ref := driver.Ref{Collection: entries, Partition: string(p), ID: entryOf(source, typ, sourceID)}
	err = r.o.Store.Get(ctx, []driver.Ref{ref}, func(d *driver.Doc) bool {
		var e envelope
		if e, bad = open(d.Body); bad == nil {
			via = string(e.str(strVia))
		}
		return true
	})
	if err = errors.Join(err, bad); err != nil {
		return "", fmt.Errorf("by which patient: %w", err)
	}
	return via, nil
}
