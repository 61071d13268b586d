package record

import (
	"context"
	"fmt"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/packed"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

const personFormat = 2 // 1 did not say whether they have died

// person is who somebody is, as the practice they are registered with says.
type person struct {
	rev       uint64
	number    nhs.Number
	birthDate string
	family    string
	given     []string
	gender    string
	postcode  string
	practice  nhs.ODS
	entry     string // the entry that is their Patient
	order     order  // of the message that said so
	restrict  bool   // the practice's Patient is labelled restricted (PDS code R)
	ended     bool   // it says that they have died, or is not active
	unsaid    bool   // ended was not kept yet when this was written
}

func (p *person) encode() []byte {
	b := append(make([]byte, 0, 192), personFormat)
	for _, s := range []string{p.number.Digits(), p.birthDate, p.family, p.gender, p.postcode, string(p.practice), p.entry, p.order.key} {
		b = packed.AppendString(b, s)
	}
	b = packed.AppendTime(b, time.UnixMicro(p.order.time))
	b = packed.AppendTime(b, time.UnixMicro(p.order.message))
	b = packed.AppendBool(b, p.restrict)
	b = packed.AppendUint(b, uint64(len(p.given)))
	for _, g := range p.given {
		b = packed.AppendString(b, g)
	}
	return packed.AppendBool(b, p.ended)
}

func decodePerson(b []byte, rev uint64) (person, error) {
	r, format := packed.NewReader(b, personFormat)
	p := person{rev: rev, unsaid: format == 1}
	digits := r.String()
	var practice string
	for _, s := range []*string{&p.birthDate, &p.family, &p.gender, &p.postcode, &practice, &p.entry, &p.order.key} {
		*s = r.String()
	}
	p.practice = nhs.ODS(practice)
	p.order.time, p.order.message = r.Time().UnixMicro(), r.Time().UnixMicro()
	p.restrict = r.Bool()
	for range r.Len() {
		p.given = append(p.given, r.String())
	}
	if format > 1 {
		p.ended = r.Bool()
	}
	err := r.Close()
	if err == nil {
		p.number, err = nhs.ParseNumber(digits)
	}
	if err != nil {
		return person{}, fmt.Errorf("record: person document: %w", err)
	}
	return p, nil
}

func personRef(p PersonID) driver.Ref {
	return driver.Ref{Collection: people, Partition: string(p), ID: personID}
}

func (p *person) op(id PersonID) driver.Op {
	kind := driver.Replace
	if p.rev == 0 {
		kind = driver.Insert
	}
	return driver.Op{Kind: kind, Doc: driver.Doc{Ref: personRef(id), Rev: p.rev, Body: p.encode()}}
}

// person reads who somebody is; somebody who is not known has the zero person.
func (r *Records) person(ctx context.Context, id PersonID) (p person, err error) {
	var bad error
	err = r.o.Store.Get(ctx, []driver.Ref{personRef(id)}, func(d *driver.Doc) bool {
		p, bad = decodePerson(d.Body, d.Rev)
		return true
	})
	if err == nil {
		err = bad
	}
	return p, err
}

// known is what may be shown of somebody who was found. Of a restricted person,
// where they are registered is not.
func (p *person) known(id PersonID, restricted bool) Known {
	k := Known{Person: id, Number: p.number, Family: p.family, Given: p.given, BirthDate: p.birthDate, Gender: p.gender, Practice: p.practice}
	if restricted {
		k.Practice = ""
	}
	return k
}
