package fhirbundle

import (
	"context"
	"maps"

	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

const patientType = "Patient"

// people finds whom each entry is about: by the Bundle's own Patients, else by
// those that the source sent before. Nobody is linked without a Patient whose NHS
// number and birth date were checked.
func (j *job) people(ctx context.Context) error {
	if err := j.locate(ctx); err != nil {
		return err
	}
	for i := range j.entries {
		if e := &j.entries[i]; e.typ == patientType && !e.deleted && e.resource.Exists() {
			if err := j.identify(ctx, e); err != nil {
				return err
			}
		}
	}
	var rest []*entry
	for i := range j.entries {
		e := &j.entries[i]
		if e.typ == patientType && !e.deleted || e.directory || e.ignored || e.held != nil {
			continue
		}
		linked := false
		if !e.deleted {
			var err error
			if linked, err = j.bySubject(ctx, e); err != nil {
				return err
			}
		}
		if !linked {
			rest = append(rest, e)
		}
	}
	for i := range j.entries {
		j.note(j.entries[i].person)
	}
	for _, e := range rest {
		if err := j.byContext(ctx, e); err != nil {
			return err
		}
		j.note(e.person)
	}
	return nil
}

// locate reads whose the source's Patients are that the Bundle refers to and does
// not hold, or holds without a number.
func (j *job) locate(ctx context.Context) error {
	j.patient = map[string]record.PersonID{}
	wanted := map[string]struct{}{}
	for i := range j.entries {
		e := &j.entries[i]
		if e.typ == patientType && !e.deleted {
			wanted[e.sourceID] = struct{}{}
		}
		for _, r := range e.references() {
			if t := j.resolve(r.Literal, r.Type); t.typ == patientType && t.entry < 0 && t.id != "" {
				wanted[t.id] = struct{}{}
			}
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	ids := make([]string, 0, len(wanted))
	for id := range wanted {
		ids = append(ids, id)
	}
	found, err := j.records.Locate(ctx, j.source.ID, patientType, ids)
	if err != nil {
		return err
	}
	maps.DeleteFunc(found, func(_ string, p record.PersonID) bool { return !p.IsPerson() })
	j.patient = found
	return nil
}

// identify finds the person of a Patient entry. One without an NHS number is the
// person that it was before.
func (j *job) identify(ctx context.Context, e *entry) error {
	if e.held != nil && e.held.Code != feeds.SectionNotAgreed {
		return nil
	}
	p, err := j.records.Identify(ctx, j.source, e.resource, j.orgs)
	if err == nil {
		e.person, e.about = p, p
		return nil
	}
	h, ok := heldOf(err)
	if !ok {
		return err
	}
	switch h.Code {
	case record.CodeNoNumber:
		if known := j.patient[e.sourceID]; known != "" {
			e.person, e.about = known, known
			return nil
		}
	case record.CodeUnknownPerson, record.CodeBirthDate:
		h.Await = feeds.AwaitPerson(p, e.resource.Get("birthDate").Text())
		e.about = p
		if err := j.withdraw(ctx, e, p); err != nil {
			return err
		}
	}
	e.hold(h)
	return nil
}

// withdraw takes a Patient, and what came by it, from the person whom the source said
// it was, as now it says somebody else, who is not known yet.
func (j *job) withdraw(ctx context.Context, e *entry, is record.PersonID) error {
	if was := j.patient[e.sourceID]; was == "" || was == is || e.held != nil {
		return nil
	}
	c := j.changeOf([]*entry{e})
	if _, err := j.records.Withdraw(ctx, c); err != nil {
		if _, ok := heldOf(err); !ok {
			return err
		}
	}
	return nil
}

// bySubject links an entry to the person whom it names as its subject. It reports
// false if it names none.
func (j *job) bySubject(ctx context.Context, e *entry) (bool, error) {
	var subject fhir.Reference
	var is target
	all := fhir.Subjects(e.resource)
	for _, r := range all {
		t, err := j.subject(ctx, r)
		if err != nil {
			return false, err
		}
		if t.typ != patientType {
			continue
		}
		if subject.Exists() && j.whose(t) != j.whose(is) {
			e.fault(TwoPeople, "the entry is about several people")
			return true, nil
		}
		subject, is = r, t
	}
	switch {
	case subject.Exists():
		j.link(e, is)
	case len(all) == 1 && all[0].Literal != "" && j.resolve(all[0].Literal, all[0].Type).entry < 0:
		e.hold(feeds.Held{Code: UnknownPatient, Words: "the entry is about a Patient that is neither in the Bundle nor one of this source's"})
	default:
		return false, nil
	}
	return true, nil
}

// whose is the person of a Patient that a reference means, as far as it is known.
func (j *job) whose(t target) record.PersonID {
	if t.entry >= 0 {
		return j.entries[t.entry].about
	}
	if t.id == "" {
		return j.number[t.query].person
	}
	return j.patient[t.id]
}

// link links an entry to the Patient that its subject means.
func (j *job) link(e *entry, t target) {
	switch {
	case t.entry >= 0:
		j.like(e, &j.entries[t.entry])
	case t.id == "":
		j.linkByNumber(e, j.number[t.query])
	case j.patient[t.id] == "":
		e.hold(feeds.Held{Code: UnknownPatient, Await: feeds.AwaitObject(j.source.ID, patientType, t.id),
			Words: "the Patient that the entry is about has not been received from this source yet"})
	default:
		e.person, e.via = j.patient[t.id], t.id
		e.about = e.person
	}
}

// like links an entry to the person of a Patient entry of the Bundle.
func (j *job) like(e, patient *entry) {
	e.about, e.via = patient.about, patient.sourceID
	switch {
	case patient.person != "":
		e.person = patient.person
	case patient.held != nil && patient.held.Await != "":
		e.hold(feeds.Held{Code: patient.held.Code, Words: patient.held.Words, Await: patient.held.Await})
	default:
		e.hold(feeds.Held{Code: UnknownPatient, Await: feeds.AwaitObject(j.source.ID, patientType, patient.sourceID),
			Words: "the Patient that the entry is about could not be taken: see there"})
	}
}

// byContext links an entry that names no subject, or a deletion, to the one person
// whom what it belongs to is about.
func (j *job) byContext(ctx context.Context, e *entry) error {
	if e.deleted {
		return j.byLocator(ctx, e)
	}
	var one *entry
	for _, r := range e.references() {
		t := j.resolve(r.Literal, r.Type)
		if t.entry < 0 || t.entry == e.index || j.entries[t.entry].about == "" {
			continue
		}
		if other := &j.entries[t.entry]; one == nil || one.about == other.about {
			one = other
			continue
		}
		e.hold(feeds.Held{Code: TwoPeople, Fault: true, Words: "the entry names no subject and refers to entries about several people"})
		return nil
	}
	if one != nil {
		j.with(e, one)
		return nil
	}
	for _, r := range e.references() {
		t := j.resolve(r.Literal, r.Type)
		if t.entry >= 0 || t.id == "" || record.IsDirectoryType(t.typ) {
			continue
		}
		p, err := j.owner(ctx, t.typ, t.id)
		if err != nil {
			return err
		}
		if p != "" && e.about != "" && p != e.about {
			e.person, e.about, e.via = "", "", ""
			e.hold(feeds.Held{Code: TwoPeople, Fault: true, Words: "the entry names no subject and refers to entries about several people"})
			return nil
		}
		if p != "" && e.person == "" {
			e.person, e.about, e.via = p, p, t.id
			if t.typ != patientType {
				if e.via, err = j.records.ViaOf(ctx, p, j.source.ID, t.typ, t.id); err != nil {
					return err
				}
			}
		}
	}
	if e.person == "" {
		e.hold(feeds.Held{Code: NoSubject, Words: "nothing in the entry says whom it is about"})
	}
	return nil
}

// with links an entry to the person of another, or lets it wait for the same.
func (j *job) with(e, other *entry) {
	e.about, e.person, e.via = other.about, other.person, other.via
	if other.typ == patientType {
		e.via = other.sourceID
	}
	if other.person == "" && other.held != nil {
		e.hold(feeds.Held{Code: other.held.Code, Words: other.held.Words, Await: other.held.Await})
	}
}

// byLocator links a deletion to the person who has the object, or is given it by
// this Bundle; where nobody has it yet, to the one person of the Bundle.
func (j *job) byLocator(ctx context.Context, e *entry) error {
	p, err := j.owner(ctx, e.typ, e.sourceID)
	if err != nil {
		return err
	}
	if i, ok := j.byRef[e.typ+"/"+e.sourceID]; ok && p == "" {
		p = j.entries[i].person
	}
	if p == "" {
		p = j.sole
	}
	if p == "" {
		e.hold(feeds.Held{Code: UnknownObject, Await: feeds.AwaitObject(j.source.ID, e.typ, e.sourceID),
			Words: "what is to be deleted has not been received from this source yet"})
		return nil
	}
	e.person, e.about = p, p
	return nil
}

// owner returns whose an object of the source is, or "".
func (j *job) owner(ctx context.Context, typ, id string) (record.PersonID, error) {
	found, err := j.records.Locate(ctx, j.source.ID, typ, []string{id})
	if p := found[id]; p.IsPerson() {
		return p, err
	}
	return "", err
}

// note keeps account of whom the Bundle is about.
func (j *job) note(p record.PersonID) {
	switch {
	case p == "" || p == j.sole || j.several:
	case j.sole == "":
		j.sole = p
	default:
		j.sole, j.several = "", true
	}
}
