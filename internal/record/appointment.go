package record

import (
	"context"
	"slices"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/sharing"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// CodeNoAppointment says that a window cannot be opened for an appointment.
const CodeNoAppointment = "NO_SUCH_APPOINTMENT"

// resolve looks up, at each decision, the appointments that a choice's windows were
// opened for, so that a window follows its appointment: moved, it ends later or
// sooner; cancelled, deleted, given to somebody else or split from the record, it is
// shut. Hardly any choice has such a window, and all others cost nothing.
func (r *Records) resolve(ctx context.Context, members []PersonID, c sharing.Choice) (sharing.Choice, error) {
	ids := c.Appointments()
	if len(ids) == 0 {
		return c, nil
	}
	until, err := r.until(ctx, members, ids)
	return c.Resolve(until), err
}

// booked refuses what is not an appointment of the members that keeps a window open.
func (r *Records) booked(ctx context.Context, members []PersonID, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	until, err := r.until(ctx, members, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !until[id].After(r.o.Now()) {
			return errs.Coded(errs.Invalid, CodeNoAppointment, "There is no appointment of this person by that id which is booked, or it was too long ago.")
		}
	}
	return nil
}

// until returns, of those ids that name a booked appointment in one of the members'
// records, when a window that was opened for it ends.
func (r *Records) until(ctx context.Context, members []PersonID, ids []string) (map[string]time.Time, error) {
	refs := make([]driver.Ref, 0, len(ids))
	for _, id := range ids {
		if p, entry, ok := SplitID(id); ok && entry != "" && slices.Contains(members, p) {
			refs = append(refs, driver.Ref{Collection: entries, Partition: string(p), ID: entry})
		}
	}
	out := make(map[string]time.Time, len(refs))
	var fault error
	err := r.o.Store.Get(ctx, refs, func(d *driver.Doc) bool {
		var e envelope
		if e, fault = open(d.Body); fault != nil {
			return false
		}
		if takesPlace(e) {
			out[d.Partition+"-"+d.ID] = e.time(atHigh).Add(r.o.AppointmentWindow)
		}
		return true
	})
	if err == nil {
		err = fault
	}
	return out, err
}

// takesPlace reports whether an entry is an appointment with a date that is booked,
// or was kept.
func takesPlace(e envelope) bool {
	if string(e.str(strType)) != "Appointment" || e.has(flagDeleted|flagMoved|flagUndated) {
		return false
	}
	doc, err := fhir.Parse(e.json())
	if err != nil { // cannot be: it was parsed when it came
		return false
	}
	switch doc.Root().Get("status").Text() {
	case "booked", "arrived", "checked-in", "fulfilled":
		return true
	}
	return false
}
