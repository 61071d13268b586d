package own

import (
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Appointments is the page of appointments and referrals.
type Appointments struct {
	Page
	Upcoming  []Appointment `json:"upcoming"` // the next first
	Past      []Appointment `json:"past"`     // the latest first; cancelled ones too
	Referrals []Referral    `json:"referrals"`
}

// Appointment is one appointment.
type Appointment struct {
	Item
	When         string   `json:"when"`           // "Tuesday 3 May 2026 at 9:30am to 10am"
	Day          string   `json:"day,omitempty"`  // "Tuesday 3 May 2026"
	Time         string   `json:"time,omitempty"` // "9:30am"
	Start        Moment   `json:"start,omitzero"`
	End          Moment   `json:"end,omitzero"`
	Length       string   `json:"length,omitempty"` // "30 minutes"
	Upcoming     bool     `json:"upcoming"`
	Cancelled    bool     `json:"cancelled"`
	Why          string   `json:"why,omitempty"` // of a cancellation
	Service      string   `json:"service,omitempty"`
	With         []Person `json:"with,omitempty"`
	Where        []Place  `json:"where,omitempty"`
	How          string   `json:"how,omitempty"` // "By video", where it is known
	Reasons      []string `json:"reasons,omitempty"`
	Instructions []string `json:"instructions,omitempty"` // for the patient
	Requested    []string `json:"requested,omitempty"`    // wished-for times of one without a date
	Kind         string   `json:"kind"`                   // of the filter: upcoming, past, cancelled
}

// Appointments makes the page of appointments and referrals.
func (r *Reader) Appointments(entries []Entry, f Filter) Appointments {
	p := Appointments{Upcoming: []Appointment{}, Past: []Appointment{}, Referrals: []Referral{}}
	s := newShelf(&p.Page, section.Appointments, f)
	for e := range r.facts(&p.Page, section.Appointments, entries) {
		switch e.typ {
		case "Appointment":
			a := r.appointment(e)
			if !s.keep(r.when(e), a.Kind, appointmentKinds[a.Kind]) {
				continue
			}
			if a.Upcoming {
				p.Upcoming = append(p.Upcoming, a)
			} else {
				p.Past = append(p.Past, a)
			}
		case "ServiceRequest":
			if s.keep(r.when(e), "referral", "Referrals and requests") {
				p.Referrals = append(p.Referrals, r.referral(e))
			}
		default:
			s.other(r, e)
		}
	}
	start := func(a *Appointment) Moment { return a.Start }
	soonest(p.Upcoming, start)
	latest(p.Past, start)
	latest(p.Referrals, func(a *Referral) Moment { return a.When })
	s.done(section.Appointments)
	return p
}

// Kinds of appointment, which are values of the page's filter.
var appointmentKinds = map[string]string{"upcoming": "To come", "past": "Past", "cancelled": "Cancelled"}

func (r *Reader) appointment(e fact) Appointment {
	n := e.Resource
	a := Appointment{Item: r.item(e, n.Get("serviceType"))}
	a.Service, a.Title = appointmentName(n)
	if d := n.Get("description").Text(); d != a.Title {
		a.Notes = add(a.Notes, d)
	}
	a.Start, a.End = r.moment(n.Get("start")), r.moment(n.Get("end"))
	a.setWhen()
	if minutes := digits(n.Get("minutesDuration")); a.Length == "" && minutes != "" {
		a.Length = minutes + " minutes"
	}
	a.Status, a.Kind = r.appointmentStatus(n)
	a.Upcoming, a.Cancelled = a.Kind == "upcoming", a.Kind == "cancelled"
	a.Why = first(cancellations[codeOf(n.Get("cancelationReason"))], says(n.Get("cancelationReason")))
	a.How = channel(n)
	a.Reasons = append(sayAll(n.Get("reasonCode")), r.titles(n, n.Get("reasonReference"))...)
	a.Instructions = paragraphs(n.Get("patientInstruction").Text())
	for p := range n.Get("requestedPeriod").Each() {
		a.Requested = add(a.Requested, span(r.period(p)))
	}
	r.participants(&a, n)
	return a
}

// appointmentName returns what an appointment is for, if that is said, and is called.
func appointmentName(n fhir.Node) (service, title string) {
	service = firstOf(n.Get("serviceType"), n.Get("specialty"), n.Get("serviceCategory"))
	return service, first(service, n.Get("description").Text(), says(n.Get("appointmentType")), "Appointment")
}

// appointmentStatus returns an appointment's status, and of which kind it makes it.
func (r *Reader) appointmentStatus(n fhir.Node) (s Status, kind string) {
	s = statusOf("Appointment", n.Get("status"))
	switch {
	case s.Code == "cancelled":
		return s, "cancelled"
	case r.upcoming(n):
		return s, "upcoming"
	case s.Code == "booked" || s.Code == "pending" || s.Code == "proposed":
		s.Words += "; the date has passed"
	}
	return s, "past"
}

// cancellations are who cancelled, of FHIR's reasons.
var cancellations = map[string]string{"pat": "Cancelled by the patient", "prov": "Cancelled by the service", "maint": "Equipment was not working", "meds-inc": "Medicines were not finished"}

// setWhen writes the date and the time of an appointment.
func (a *Appointment) setWhen() {
	if a.Start.IsZero() {
		a.When = "No date yet"
		return
	}
	a.Day, a.Time, a.Length = a.Start.weekday(), a.Start.clock(), length(a.Start, a.End)
	a.When = a.Day
	if a.Time != "" {
		a.When += " at " + a.Time
		if a.End.timed && a.Length != "" && a.End.date() == a.Start.date() {
			a.When += " to " + a.End.clock()
		}
	}
}

// upcoming reports whether an appointment is to come: it is not over, or has no
// date yet, and is neither cancelled nor done.
func (r *Reader) upcoming(n fhir.Node) bool {
	switch n.Get("status").Text() {
	case "proposed", "pending", "booked", "arrived", "checked-in", "waitlist":
	default:
		return false
	}
	start, end := r.moment(n.Get("start")), r.moment(n.Get("end"))
	return start.IsZero() || start.ahead(r.o.Now) || !end.IsZero() && end.ahead(r.o.Now)
}

// channels are how an appointment takes place (UK Core DeliveryChannel).
var channels = map[string]string{
	"in-person": "In person", "telephone": "By phone", "video": "By video", "telephone-consultation": "By phone",
}

func channel(n fhir.Node) string {
	v := extension(n, "DeliveryChannel")
	code := first(v.Get("valueCode").Text(), codeOf(v.Get("valueCodeableConcept")))
	return first(channels[strings.ToLower(code)], says(v.Get("valueCodeableConcept")), code)
}

// participants tells those who are seen from where it is; the resident is neither.
func (r *Reader) participants(a *Appointment, n fhir.Node) {
	for p := range n.Get("participant").Each() {
		actor := p.Get("actor")
		typ := r.targetType(n, actor)
		switch {
		case typ == "Patient" || p.Get("status").Is("declined"):
		case typ == "Location":
			if at := r.place(n, actor); at.Name != "" || at.Lines != nil {
				a.Where = append(a.Where, at)
			}
		case typ == "HealthcareService":
			a.Service = first(a.Service, r.nameOf(n, actor))
		default:
			who := r.person(n, actor)
			who.Role = first(who.Role, spoken(p.Get("type")))
			if who.Name == "" {
				who.Name = who.Role
			}
			if who.Name != "" {
				a.With = append(a.With, who)
			}
		}
	}
}

// targetType returns the type of what a Reference leads to, as far as it is known.
func (r *Reader) targetType(resource, ref fhir.Node) string {
	typ := ref.Get("type").Text()
	if typ == "" {
		typ, _ = fhir.SplitReference(ref.Get("reference").Text())
	}
	if typ == "" {
		typ = r.target(resource, ref).Type()
	}
	return typ
}

// firstOf returns what the first concept that is there is in words.
func firstOf(concepts ...fhir.Node) string {
	for _, c := range concepts {
		if s := says(c); s != "" {
			return s
		}
	}
	return ""
}
