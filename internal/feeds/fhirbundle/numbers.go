package fhirbundle

import (
	"context"

	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// byNumber is whom an NHS number means, and the Patient by which this source said,
// with a birth date, that it knows them; "" if it did not.
type byNumber struct {
	person record.PersonID
	via    string
}

// subject is resolve for a reference that may say whose an entry is: one that names
// nothing but an NHS number means the Patient of that number.
func (j *job) subject(ctx context.Context, r fhir.Reference) (target, error) {
	t := j.resolve(r.Literal, r.Type)
	if t.entry >= 0 || t.id != "" {
		return t, nil
	}
	system, value := r.Identified()
	if system != nhs.NumberSystem {
		return t, nil
	}
	t = j.identifiedBy(query{patientType, system, value})
	if t.entry >= 0 {
		return t, nil
	}
	return t, j.readNumber(ctx, t.query)
}

// readNumber finds out, once, whom an NHS number means to this source.
func (j *job) readNumber(ctx context.Context, q query) error {
	if _, known := j.number[q]; known {
		return nil
	}
	if j.number == nil {
		j.number = map[query]byNumber{}
	}
	var is byNumber
	if n, err := nhs.ParseNumber(q.value); err == nil {
		is.person = j.records.PersonOf(n)
		if is.via, err = j.records.SourcePatient(ctx, j.source.ID, is.person); err != nil {
			return err
		}
	}
	j.number[q] = is
	return nil
}

// linkByNumber links an entry that names its person by NHS number alone, if the
// source has sent that person's Patient; else it waits for that.
func (j *job) linkByNumber(e *entry, is byNumber) {
	e.about = is.person
	if is.via != "" {
		e.person, e.via = is.person, is.via
		return
	}
	h := feeds.Held{Code: UnverifiedSubject,
		Words: "the entry names its person by an identifier only: send their Patient, with NHS number and birth date, in the Bundle or in another"}
	if is.person != "" {
		h.Await = feeds.AwaitPatient(j.source.ID, is.person)
	}
	e.hold(h)
}
