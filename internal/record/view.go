package record

import (
	"cmp"
	"context"
	"slices"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// patientType is the resource type that is served of a joined record once.
const patientType = "Patient"

// Read visits the current state of an entry. Whatever is absent, deleted, moved
// away, of another type or of a section that is not granted is one and the same
// error: access.Absent.
func (v *View) Read(ctx context.Context, typ, id string, visit func(Entry)) error {
	p, entry, err := v.locate(ctx, typ, id)
	if err != nil {
		return err
	}
	deleted := false
	err = v.one(ctx, driver.Ref{Collection: entries, Partition: string(p), ID: entry}, typ, func(e Entry) {
		if deleted = e.Deleted; !deleted {
			visit(e)
		}
	})
	if deleted {
		return access.Absent()
	}
	return err
}

// Version visits one state of an entry that is current, or was.
func (v *View) Version(ctx context.Context, typ, id, version string, visit func(Entry)) error {
	p, entry, err := v.locate(ctx, typ, id)
	if err != nil {
		return err
	}
	found := false
	visitIt := func(e Entry) {
		if e.Version == version && !e.Deleted {
			found = true
			visit(e)
		}
	}
	if err := v.one(ctx, driver.Ref{Collection: entries, Partition: string(p), ID: entry}, typ, visitIt); err != nil || found {
		return err
	}
	if err := v.one(ctx, driver.Ref{Collection: versions, Partition: string(p), ID: entry + "." + version}, typ, visitIt); err != nil || found {
		return err
	}
	return access.Absent()
}

// locate returns where the entry of that id lies: in one of the members. The bare
// id of a person, joined ones too, is that of their Patient.
func (v *View) locate(ctx context.Context, typ, id string) (PersonID, string, error) {
	p, entry, ok := SplitID(id)
	if !ok || !slices.Contains(v.members, p) {
		return "", "", access.Absent()
	}
	if entry != "" {
		return p, entry, nil
	}
	if typ != patientType {
		return "", "", access.Absent()
	}
	entry, err := v.patient(ctx, typ)
	if err == nil && entry == "" {
		err = access.Absent()
	}
	return v.members[0], entry, err
}

// patient returns which entry is the person's own Patient, if typ asks for such.
func (v *View) patient(ctx context.Context, typ string) (string, error) {
	if typ != patientType && typ != "" || !v.grant.Sections.Has(section.Demographics) {
		return "", nil
	}
	who, err := v.r.person(ctx, v.members[0])
	return who.entry, err
}

// one visits the document, a deletion too, if the view may show it.
func (v *View) one(ctx context.Context, ref driver.Ref, typ string, visit func(Entry)) error {
	patient, err := v.patient(ctx, typ)
	if err == nil {
		err = v.prepare(ctx, typ)
	}
	if err != nil {
		return err
	}
	var fault error
	shown := false
	err = v.r.o.Store.Get(ctx, []driver.Ref{ref}, func(d *driver.Doc) bool {
		var e envelope
		if e, fault = open(d.Body); fault != nil {
			return false
		}
		shown = v.mayShow(e, typ, entryPart(d.ID)) && (d.Collection != entries || !v.own.cameSince(e, d.ID))
		if shown {
			s := shower{view: v, patient: patient}
			visit(s.entry(PersonID(d.Partition), e, entryPart(d.ID)))
		}
		return false
	})
	if err = cmp.Or(err, fault); err == nil && !shown {
		err = access.Absent()
	}
	return err
}

// mayShow says what the view may show by itself: of the states of an entry, one that
// the current one does not hide.
func (v *View) mayShow(e envelope, typ, entry string) bool {
	return !e.has(flagMoved) && v.grant.Sections.Has(e.section()) && string(e.str(strType)) == typ && !v.own.hides(e, entry, false)
}

// entryPart takes the version off the id of a document of versions.
func entryPart(id string) string {
	if len(id) > entryLen {
		return id[:entryLen]
	}
	return id
}

// shower makes what a visitor sees of an envelope; it lasts for one call.
type shower struct {
	view    *View
	patient string // entry that is the person's own Patient
	typ     string // the last type, so that a run of one type is converted once
	source  string // likewise
	scratch []byte
	texts   driver.Strings
}

func (s *shower) entry(p PersonID, e envelope, entry string) Entry {
	if t := e.str(strType); string(t) != s.typ {
		s.typ = string(t)
	}
	if t := e.str(strSource); string(t) != s.source {
		s.source = string(t)
	}
	var space [96]byte
	b := append(space[:0], p...)
	if entry != s.patient || s.typ != patientType || p != s.view.members[0] {
		b = append(append(b, '-'), entry...)
	}
	n := len(b)
	text := s.texts.Of(append(b, e.str(strVersion)...))
	shown := Entry{ID: text[:n], Type: s.typ, Section: e.section(), Version: text[n:], Updated: stamp(e.time(atReceived)),
		Source: s.source, Received: e.time(atReceived), Deleted: e.has(flagDeleted), Body: e.json(), envelope: e}
	if !e.has(flagUndated) {
		shown.Date, shown.End = e.time(atLow), e.time(atHigh)
	}
	if s.typ == patientType {
		shown.Body = s.patientBody(e, shown.ID)
	}
	return shown
}

// patientBody gives the person's own Patient the person's id, and takes from a
// restricted person's what would tell where they are (RULES 3).
func (s *shower) patientBody(e envelope, id string) []byte {
	s.scratch = e.withID(s.scratch[:0], id)
	if !s.view.grant.Reduced {
		return s.scratch
	}
	doc, err := fhir.Parse(s.scratch)
	if err != nil { // cannot be: it was parsed when it came; show nothing rather than all
		return []byte(`{"resourceType":"Patient","id":"` + id + `"}`)
	}
	// Without its source, which is the practice's system.
	meta := fhir.Meta(doc.Root().Get("meta"), string(e.str(strVersion)), stamp(e.time(atReceived)), "")
	return fhir.Splice(nil, doc.Root(), fhir.Edits{Drop: reduced, Meta: meta})
}

// reduced are the members of a restricted person's Patient that are not shown:
// address, telecom, contacts, practice and pharmacy. Extensions may hold any of
// them (nominated pharmacy), narrative and contained resources too.
var reduced = []string{"address", "telecom", "contact", "generalPractitioner", "managingOrganization", "extension", "modifierExtension", "text", "contained"}
