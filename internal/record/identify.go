package record

import (
	"context"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/sharing"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// Identify returns whom a Patient resource from that source is about. A person
// becomes known by the Patient of a GP practice that registers them, whose birth
// date decides (RULES 8); anybody else's Patient, that of a practice which would
// register them from another one too, is linked only to a person who is known and
// has that birth date. Else the error is errs.Unprocessable with a code, and the
// message waits in quarantine. named are the organisations that the Patient's
// references lead to.
func (r *Records) Identify(ctx context.Context, s Source, patient fhir.Node, named Orgs) (PersonID, error) {
	number, err := numberOf(patient)
	if err != nil {
		return "", err
	}
	p := r.PersonOf(number)
	born := patient.Get("birthDate").Text()
	who, err := r.person(ctx, p)
	if err != nil {
		return "", err
	}
	if registers(s, patient, named) && len(born) == len("2006-01-02") && who.describedBy(s.Org, born) {
		return p, nil
	}
	if who.rev == 0 {
		return p, errs.Coded(errs.Unprocessable, CodeUnknownPerson, "No practice has registered a person with this NHS number yet: kept until one does.")
	}
	if born != who.birthDate {
		return p, birthDateDiffers()
	}
	return p, nil
}

func birthDateDiffers() error {
	return errs.Coded(errs.Unprocessable, CodeBirthDate, "The birth date is not the one that the registered practice holds: kept until they agree.")
}

// describedBy reports whether a practice that registers somebody born then may say
// who this person is: it is their practice, or takes them over knowing the birth
// date, or nobody has said it yet. A number typed wrongly at one practice must not
// take the record from another.
func (p *person) describedBy(practice nhs.ODS, born string) bool {
	return p.birthDate == "" || p.practice == practice || p.birthDate == born
}

// numberOf returns the NHS number among a Patient's identifiers.
func numberOf(patient fhir.Node) (nhs.Number, error) {
	value, ok := fhir.Patient{Node: patient}.Identifier(nhs.NumberSystem)
	if !ok {
		return nhs.Number{}, errs.Coded(errs.Unprocessable, CodeNoNumber, "The Patient has no identifier of system %s.", nhs.NumberSystem)
	}
	n, err := nhs.ParseNumber(value)
	if err != nil {
		return n, errs.Coded(errs.Unprocessable, CodeBadNumber, "%s", errs.Message(err))
	}
	return n, nil
}

// registers reports whether the source is a practice that says, by this Patient,
// that the person is registered with it: it names no general practitioner, or its
// own organisation. One of whom is not known where they practise registers nobody:
// temporary residents are registered elsewhere.
func registers(s Source, patient fhir.Node, named Orgs) bool {
	if s.Kind != partner.GP {
		return false
	}
	gps := patient.Get("generalPractitioner")
	for gp := range gps.Each() {
		if ref, ok := fhir.AsReference(gp); ok && named.of(ref) == s.Org {
			return true
		}
	}
	return !gps.Exists()
}

// who adds to the commit what the practice's Patient says of who the person is.
func (f *fold) who(ctx context.Context, t *tieChanges) error {
	if f.c.Person.isLimbo() {
		return nil
	}
	for i := range f.objects {
		o := &f.objects[i]
		res := f.applied[i].Result
		if o.Type != patientType || f.c.Source.Kind != partner.GP || res == Late {
			continue
		}
		was, err := f.r.person(ctx, f.c.Person)
		if err != nil {
			return err
		}
		if was.rev != 0 && !o.order.after(was.order) {
			if was.entry == o.entry && was.order == o.order { // said before, but perhaps not to those who look for people
				f.finder = append(f.finder, finderEntry{f.c.Person, was, was})
			}
			continue
		}
		if !o.Deleted && registers(f.c.Source, o.Resource, o.Orgs) {
			if err := f.register(ctx, o, was, t); err != nil {
				return err
			}
			continue
		}
		if was.practice == f.c.Source.Org && (!o.Deleted || was.entry == o.entry) { // they left it
			t.mark[was.practice] = false
			was.practice, was.order = "", o.order
			f.ops = append(f.ops, was.op(f.c.Person))
		}
	}
	return nil
}

// register writes the person down as their practice describes them.
func (f *fold) register(ctx context.Context, o *object, was person, t *tieChanges) error {
	is, err := describe(o.Resource)
	if err != nil {
		return err
	}
	if !was.describedBy(f.c.Source.Org, is.birthDate) { // since Identify
		return birthDateDiffers()
	}
	is.rev, is.entry, is.order, is.practice = was.rev, o.entry, o.order, f.c.Source.Org
	f.ops = append(f.ops, is.op(f.c.Person))
	if was.practice != "" && was.practice != is.practice {
		t.mark[was.practice] = false
	}
	t.mark[is.practice] = true
	c, err := f.r.control(ctx, f.c.Person)
	if err != nil {
		return err
	}
	if !c.known() {
		c.sharing = sharing.Default()
	}
	// A Patient marks somebody as restricted; only an operator takes the mark away. A
	// sender that leaves it out once must not show where they live.
	if !c.known() || is.restrict && !c.restricted {
		c.restricted = c.restricted || is.restrict
		f.ops = append(f.ops, c.op(f.c.Person))
	}
	f.finder = append(f.finder, finderEntry{f.c.Person, was, is})
	return nil
}

// forgetAll takes back who a practice said that somebody is, and that they are
// registered with it, if the Patient that said so is among what is taken: it turned
// out to be another person. Whichever practice speaks next says it anew.
func (f *fold) forgetAll(ctx context.Context, p PersonID, which []taken, t *tieChanges) (ops []driver.Op, changed []finderEntry, err error) {
	for _, x := range which {
		o := &f.objects[x.object]
		if o.Type != patientType {
			continue
		}
		was, err := f.r.person(ctx, p)
		if err != nil {
			return nil, nil, err
		}
		if was.rev == 0 || was.entry != o.entry {
			continue
		}
		if was.practice != "" {
			t.mark[was.practice] = false
		}
		is := person{rev: was.rev, number: was.number, restrict: was.restrict}
		return []driver.Op{is.op(p)}, []finderEntry{{p, was, is}}, nil
	}
	return nil, nil, nil
}

// describe reads who a Patient says somebody is.
func describe(patient fhir.Node) (person, error) {
	number, err := numberOf(patient)
	if err != nil {
		return person{}, err
	}
	v := fhir.Patient{Node: patient}
	name := v.Name()
	return person{number: number, birthDate: v.BirthDate(), gender: v.Gender(), family: name.Family(), given: name.Given(),
		postcode: v.Postcode(), restrict: v.Labelled("R"), ended: endedBy(patient)}, nil
}
