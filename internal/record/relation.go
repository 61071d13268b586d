package record

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/packed"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

const relationFormat = 1

// relation is what ties one organisation to one person: a small document, kept up
// by the commits of the entries that it is made of.
type relation struct {
	rev        uint64
	registered bool
	last       [nTies]tie
}

// tie is the latest of a person's encounters, referrals or appointments with an
// organisation, and the entry that says so.
type tie struct {
	at    time.Time
	entry string
}

const (
	tieEncounter = iota
	tieReferral
	tieAppointment
	nTies
)

// ongoing is until when an encounter counts that has not ended.
var ongoing = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func (x *relation) encode() []byte {
	b := packed.AppendBool(append(make([]byte, 0, 96), relationFormat), x.registered)
	for _, t := range x.last {
		b = packed.AppendTime(b, t.at)
		b = packed.AppendString(b, t.entry)
	}
	return b
}

func decodeRelation(b []byte, rev uint64) (relation, error) {
	r, _ := packed.NewReader(b, relationFormat)
	x := relation{rev: rev, registered: r.Bool()}
	for i := range x.last {
		x.last[i] = tie{r.Time(), r.String()}
	}
	if err := r.Close(); err != nil {
		return relation{}, fmt.Errorf("record: relation document: %w", err)
	}
	return x, nil
}

func relationRef(p PersonID, org nhs.ODS) driver.Ref {
	return driver.Ref{Collection: relations, Partition: string(p), ID: string(org)}
}

func (x *relation) op(p PersonID, org nhs.ODS) driver.Op {
	kind := driver.Replace
	if x.rev == 0 {
		kind = driver.Insert
	}
	return driver.Op{Kind: kind, Doc: driver.Doc{Ref: relationRef(p, org), Rev: x.rev, Body: x.encode()}}
}

// facts are the relation as a decision needs it. An encounter that goes on counts
// as of now.
func (x *relation) facts(now time.Time) access.Relationship {
	f := access.Relationship{Registered: x.registered, Encounter: x.last[tieEncounter].at,
		Referral: x.last[tieReferral].at, Appointment: x.last[tieAppointment].at}
	if f.Encounter.Equal(ongoing) {
		f.Encounter = now
	}
	return f
}

// stronger joins the relations of the members of a joined record.
func (x *relation) stronger(y relation) {
	x.registered = x.registered || y.registered
	for i := range x.last {
		if y.last[i].at.After(x.last[i].at) {
			x.last[i] = y.last[i]
		}
	}
}

// ties returns the organisations that an entry ties the person to, which kind of
// tie it is, and until when it counts; none for what is cancelled, retracted or
// only planned. Those are the source's own organisation and those that the entry
// names, by ODS code or by a reference that leads to one: who treats, who was
// referred to, who is met.
func ties(resource fhir.Node, named Orgs, from Source, low, high time.Time) (orgs []nhs.ODS, kind int, until time.Time) {
	if high.IsZero() {
		return nil, 0, time.Time{}
	}
	status := resource.Get("status").Text()
	until = high
	switch resource.Type() {
	case "Encounter", "EpisodeOfCare":
		if resource.Get("status").Is("in-progress") || resource.Get("status").Is("active") || resource.Get("status").Is("onleave") {
			until = ongoing
		}
		kind = tieEncounter
	case "ServiceRequest":
		kind, until = tieReferral, low
	case "Appointment":
		kind = tieAppointment
	default:
		return nil, 0, time.Time{}
	}
	switch status {
	case "cancelled", "entered-in-error", "noshow", "revoked", "draft", "proposed", "planned", "waitlist":
		return nil, 0, time.Time{}
	}
	orgs = append(orgs, from.Org)
	for _, ref := range fhir.References(resource) {
		if org := named.of(ref); org != "" && !contains(orgs, org) && len(orgs) < maxTies {
			orgs = append(orgs, org)
		}
	}
	return orgs, kind, until
}

// NamesOrganisations reports whether it matters which organisations the references of
// a resource of this type lead to: they are tied to the person, or register them.
func NamesOrganisations(typ string) bool {
	switch typ {
	case "Encounter", "EpisodeOfCare", "ServiceRequest", "Appointment", patientType:
		return true
	}
	return false
}

// maxTies bounds the organisations that one entry ties to the person: each is a
// document, and what an envelope says of them is no longer than 64 KB.
const maxTies = 100

func contains(orgs []nhs.ODS, org nhs.ODS) bool {
	for _, o := range orgs {
		if o == org {
			return true
		}
	}
	return false
}

// orgsString is what an envelope keeps of ties: the kind, the end, the codes.
func orgsString(orgs []nhs.ODS, kind int, until time.Time) string {
	if len(orgs) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d %d", kind, until.UnixMicro())
	for _, o := range orgs {
		b.WriteString(" " + string(o))
	}
	return b.String()
}

// parseOrgs reads what orgsString wrote.
func parseOrgs(s []byte) (orgs []nhs.ODS, kind int, until time.Time) {
	if len(s) == 0 {
		return nil, 0, time.Time{}
	}
	fields := bytes.Fields(s)
	kind, _ = strconv.Atoi(string(fields[0])) // orgsString wrote them
	micro, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	for _, f := range fields[2:] {
		orgs = append(orgs, nhs.ODS(f))
	}
	return orgs, kind, time.UnixMicro(micro).UTC()
}

// lastTies finds, from the entries themselves, the latest ties of the given kind,
// leaving out some entries: what is needed when the one that stood falls away.
func (r *Records) lastTie(ctx context.Context, p PersonID, org nhs.ODS, kind int, without map[string]bool) (tie, error) {
	var best tie
	for _, s := range []section.Section{section.Appointments, section.Encounters, section.SocialCare} {
		var bad error
		_, err := r.o.Store.Find(ctx, driver.Query{Collection: entries, Partition: string(p), Index: bySection, Equal: []driver.Value{driver.Num(int64(s))}},
			func(d *driver.Doc) bool {
				var e envelope
				if e, bad = open(d.Body); bad != nil {
					return false
				}
				if without[d.ID] || e.has(flagDeleted|flagMoved) {
					return true
				}
				orgs, k, until := parseOrgs(e.str(strOrgs))
				if k == kind && contains(orgs, org) && until.After(best.at) {
					best = tie{until, d.ID}
				}
				return true
			})
		if err == nil {
			err = bad
		}
		if err != nil {
			return tie{}, err
		}
	}
	return best, nil
}
