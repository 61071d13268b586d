package seed

import (
	"iter"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/partner"
)

// roomPerResource is about what a resource takes, to size a bundle's buffer.
const roomPerResource = 1200

// Bundles returns what the person's sources have to send about them, the
// practice first: until it has, nobody else's is linked to anybody.
func (c *County) Bundles(i int) iter.Seq[SourceBundle] {
	return func(yield func(SourceBundle) bool) {
		r := c.rand(uint64(i))
		p := c.person(i, r)
		l := c.planFor(&p, r)
		d := deal(&p, l)
		if !yield(c.practiceBundle(&p, r, d.practice)) || l.patients < 2 {
			return
		}
		if !yield(c.hospitalBundle(&p, r, d.hospital)) {
			return
		}
		left := l.patients - 2
		if p.Community.Source != "" && left > 0 {
			left--
			if !yield(c.communityBundle(&p, r, d.community)) {
				return
			}
		}
		if p.Council.Source != "" && left > 0 {
			yield(c.councilBundle(&p, r, d.council))
		}
	}
}

// dealt is a plan by who sends what.
type dealt struct{ practice, hospital, community, council plan }

// deal shares a plan out: the community trust and the council first where they
// know the person, then the hospital; the practice has the rest.
func deal(p *Person, l plan) dealt {
	var d dealt
	left := l.patients - 2
	if p.Community.Source != "" && left > 0 {
		left--
		d.community.carePlans, l.carePlans = part(l.carePlans, 1, 1)
		d.community.appointments, l.appointments = part(l.appointments, 1, 9)
		d.community.encounters, l.encounters = part(l.encounters, 1, 7)
		d.community.flags, l.flags = l.flags, 0
	}
	if p.Council.Source != "" && left > 0 {
		d.council.carePlans, l.carePlans = l.carePlans, 0
		d.council.episodes, l.episodes = l.episodes, 0
		d.council.referrals, l.referrals = part(l.referrals, 1, 4)
	}
	if l.patients > 1 {
		d.hospital.conditions, l.conditions = part(l.conditions, 1, 3)
		d.hospital.medications, l.medications = part(l.medications, 1, 6)
		d.hospital.encounters, l.encounters = part(l.encounters, 3, 5)
		d.hospital.appointments, l.appointments = part(l.appointments, 3, 2)
		d.hospital.letters, l.letters = part(l.letters, 7, 1)
		d.hospital.reports, l.reports = part(l.reports, 1, 2)
		d.hospital.observations, l.observations = part(l.observations, 1, 2)
	}
	d.practice = l
	return d
}

// begin starts a source's bundle about the person with their Patient.
func (c *County) begin(p *Person, r *rand.Rand, o Organisation, resources int) *writer {
	w := &writer{
		buf: make([]byte, 0, 1024+resources*roomPerResource), r: r, org: o, person: p, base: o.Base(), staff: carers(c.staffOf(o)),
		key: c.personKey(p.Index, o), today: c.today,
	}
	w.subject = `"reference":"Patient/` + w.key + `"`
	w.open(w.key + "-history")
	w.patientResource()
	return w
}

// personKey is how the source itself numbers the person: a hash of seed, person
// and source in eleven or so letters and digits.
func (c *County) personKey(i int, o Organisation) string {
	h := c.seed ^ 0xcbf29ce484222325
	for _, b := range []byte(o.ODS) {
		h = (h ^ uint64(b)) * 0x100000001b3
	}
	h = (h ^ uint64(i)) * 0x9e3779b97f4a7c15
	h = (h ^ h>>29) * 0xbf58476d1ce4e5b9
	return strconv.FormatUint(h^h>>32, 36)
}

func (c *County) staffOf(o Organisation) []Professional {
	from := -1
	for i := range c.staff {
		switch {
		case c.staff[i].Org.ODS == o.ODS:
			if from < 0 {
				from = i
			}
		case from >= 0:
			return c.staff[from:i]
		}
	}
	return c.staff[max(from, 0):]
}

// carers are those of an organisation's staff who see people: posts lists them
// first.
func carers(staff []Professional) []Professional {
	for i, p := range staff {
		if p.Role == identity.Receptionist || p.Role == identity.PrivacyOfficer {
			return staff[:i]
		}
	}
	return staff
}

func (c *County) practiceBundle(p *Person, r *rand.Rand, l plan) SourceBundle {
	total := 1 + l.related + l.allergies + l.conditions + l.medications + l.observations + l.appointments
	w := c.begin(p, r, p.Practice, total*2)
	for i := range l.related {
		w.relatedPerson(i)
	}
	w.allergyList(l.allergies)
	ill := w.conditionList(l.conditions)
	w.medicationList(ill, l.medications)
	w.times(l.statements, w.medicationStatement)
	w.times(l.immunisations, w.immunisation)
	w.times(l.encounters, func() { w.encounter("AMB", "ambulatory", generalPractice) })
	w.times(l.appointments, func() { w.appointment(generalPractice, "") })
	w.times(l.referrals, w.referral)
	w.times(l.letters, func() { w.letter("Letter") })
	w.times(l.flags, w.flag)
	w.times(l.carePlans, func() { w.carePlan("Long-term condition review") })
	w.times(l.episodes, w.episode)
	w.results(l.reports, l.observations)
	return w.close()
}

func (c *County) hospitalBundle(p *Person, r *rand.Rand, l plan) SourceBundle {
	w := c.begin(p, r, p.Hospital, (l.conditions+l.medications+l.encounters+l.appointments+l.letters+l.observations)*2)
	ill := w.conditionList(l.conditions)
	w.medicationList(ill, l.medications)
	for i := range l.encounters {
		s := pick(r, specialties[:])
		switch i % 3 {
		case 0:
			w.encounter("AMB", "ambulatory", s)
		case 1:
			w.encounter("IMP", "inpatient encounter", s)
		default:
			w.encounter("EMER", "emergency", coded{"773568002", "Emergency medicine"})
		}
	}
	w.times(l.appointments, func() { w.appointment(pick(r, specialties[:]), "Outpatients, Level 2") })
	for i := range l.letters {
		w.letter([]string{"Outpatient letter", "Discharge summary"}[i%2])
	}
	w.results(l.reports, l.observations)
	return w.close()
}

func (c *County) communityBundle(p *Person, r *rand.Rand, l plan) SourceBundle {
	w := c.begin(p, r, p.Community, l.carePlans+l.encounters+l.appointments+l.flags)
	w.times(l.carePlans, func() { w.carePlan("Community nursing care plan") })
	w.times(l.encounters, func() { w.encounter("HH", "home health", districtNursing) })
	w.times(l.appointments, func() { w.appointment(districtNursing, "") })
	w.times(l.flags, w.flag)
	return w.close()
}

func (c *County) councilBundle(p *Person, r *rand.Rand, l plan) SourceBundle {
	w := c.begin(p, r, p.Council, l.carePlans+l.episodes+l.referrals)
	w.times(l.referrals, w.careReferral)
	w.times(l.episodes, w.episode)
	w.times(l.carePlans, func() { w.carePlan("Package of care at home") })
	return w.close()
}

func (w *writer) times(n int, write func()) {
	for range n {
		write()
	}
}

// Directory returns the bundles of what belongs to no person: each source's
// organisation, its places and its professionals.
func (c *County) Directory() iter.Seq[SourceBundle] {
	return func(yield func(SourceBundle) bool) {
		for _, o := range c.orgs {
			if o.Source != "" && !yield(c.directoryBundle(o)) {
				return
			}
		}
	}
}

func (c *County) directoryBundle(o Organisation) SourceBundle {
	w := &writer{r: c.rand(1 << 41), org: o, base: o.Base(), today: c.today, person: &Person{}}
	w.open("directory-" + string(o.ODS))
	since := c.today.AddDate(-2, 0, 0)
	w.organizationResource(o, since)
	w.locationResource(o, since)
	for _, p := range c.staffOf(o) {
		w.practitioner(p, since)
		w.practitionerRole(p, since)
	}
	return w.close()
}

// Event returns something new from a source about one person: a result or an
// appointment, told at the given time. The same n and time make the same event.
func (c *County) Event(n uint64, at time.Time) SourceBundle {
	r := c.rand(1<<42 + n)
	i := r.IntN(c.Len())
	p := c.Person(i)
	o := pick(r, []Organisation{p.Practice, p.Hospital})
	w := &writer{r: r, org: o, person: &p, base: o.Base(), staff: carers(c.staffOf(o)), today: at.UTC().Truncate(time.Second),
		key: c.personKey(i, o) + "-e" + strconv.FormatUint(n, 36)}
	w.subject = `"reference":"Patient/` + c.personKey(i, o) + `"`
	w.open(w.key)
	s := generalPractice
	if o.Kind == partner.Acute {
		s = pick(r, specialties[:])
	}
	if r.IntN(3) == 0 {
		w.report(4, w.today)
	} else {
		w.booking(s, "", w.ahead(60), "booked")
	}
	return w.close()
}
