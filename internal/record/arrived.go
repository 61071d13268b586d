package record

import (
	"cmp"
	"context"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Arrival is a result or letter that has come, and that the person does not see yet:
// no more of it than RULES 3 lets them know. It has no id: asked for, it is absent.
type Arrival struct {
	Type      string // FHIR resource type
	Section   section.Section
	Source    string // client id of the source
	Received  time.Time
	Corrected bool      // it corrects one that was here before
	Latest    time.Time // it is shown from then on, if nobody releases it before
}

// Arrived visits what of the granted sections waits to be released to the person
// whose own view this is: a report once, not its results too. What is not for them at
// all is not among it. A view of somebody else's has nothing that waits.
func (v *View) Arrived(ctx context.Context, visit func(Arrival) bool) error {
	if v.own == nil {
		return nil
	}
	if err := v.prepare(ctx, ""); err != nil {
		return err
	}
	for _, p := range v.members {
		for _, s := range []section.Section{section.Results, section.Letters} {
			// A result that waits by itself is held, so where none is there is none to tell.
			if !v.grant.Sections.Has(s) || s == section.Results && len(v.own.held) == 0 {
				continue
			}
			more, err := v.arrivedIn(ctx, p, s, visit)
			if err != nil || !more {
				return err
			}
		}
	}
	return nil
}

func (v *View) arrivedIn(ctx context.Context, p PersonID, s section.Section, visit func(Arrival) bool) (more bool, err error) {
	more = true
	var fault error
	q := driver.Query{Collection: entries, Partition: string(p), Index: bySection, Equal: []driver.Value{driver.Num(int64(s))}}
	_, err = v.r.o.Store.Find(ctx, q, func(d *driver.Doc) bool {
		var e envelope
		if e, fault = open(d.Body); fault != nil {
			return false
		}
		until, waits := v.own.waits(e, d.ID)
		if waits {
			more = visit(Arrival{Type: string(e.str(strType)), Section: e.section(), Source: string(e.str(strSource)),
				Received: e.time(atReceived), Corrected: v.r.release.corrects(e), Latest: until})
		}
		return more
	})
	return more, cmp.Or(err, fault)
}

// waits reports whether an entry is one to be told of, and until when it waits.
func (w *withheld) waits(e envelope, entry string) (until time.Time, ok bool) {
	if e.sensitivity() != Normal || e.has(flagDeleted|flagMoved) || e.wrong() || w.cameSince(e, entry) {
		return until, false
	}
	name := hash(entry)
	if w.parts[name] || e.section() == section.Letters && len(w.held) > 0 && w.ofHeld(e) {
		return until, false
	}
	latest := w.held[name]
	if shown, own := w.release.rules.Release(w.release.facts(e), w.now); !shown {
		latest = max(latest, own.UnixMicro())
	}
	if latest <= w.now.UnixMicro() || latest == never {
		return until, false
	}
	return time.UnixMicro(latest).UTC(), true
}
