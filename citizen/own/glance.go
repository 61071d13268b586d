package own

import (
	"time"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// glance is what a summary reads of an entry.
type glance struct {
	e    fact
	rank int // those of now before others, and those of high risk before them
	at   time.Time
}

func (g glance) before(o glance) bool {
	if g.rank != o.rank {
		return g.rank > o.rank
	}
	return g.at.After(o.at)
}

// tally is what a summary knows of a section.
type tally struct {
	now, total int    // of what the section is about
	others     int    // of what else lies in it
	none       *Entry // says that there is nothing
	top        []glance
}

func (t *tally) count(now bool) {
	t.total++
	if now {
		t.now++
	}
}

// glances is what a summary knows of a record.
type glances struct {
	sections [section.Contributions + 1]tally
	latest   []glance
	next     glance // appointment
	inNow    glance // stay
	name     string
	told     map[string]bool // prescriptions that are told in another entry
}

// glanceAll reads of each entry what the summary is made of.
func (r *Reader) glanceAll(entries []Entry) *glances {
	g := &glances{told: told(entries)}
	for i := range entries {
		e := fact{&entries[i], entries[i].typ()}
		if int(e.Section) >= len(g.sections) || mistaken(e.Resource) {
			continue
		}
		g.entry(r, e)
	}
	return g
}

func (g *glances) entry(r *Reader, e fact) {
	t := &g.sections[e.Section]
	if none, ok := absent(e.typ, e.Resource); ok {
		if none {
			t.none = e.Entry
		}
		return
	}
	switch {
	case e.typ == "List":
		if about, none, ok := emptyList(e.Resource); ok {
			if none {
				g.sections[about].none = e.Entry
			}
			return
		}
	case e.typ == "Patient":
		g.name = first(g.name, humanName(e.Resource))
		g.sections[section.Contacts].total += e.Resource.Get("contact").Len()
	case g.told != nil && g.told[e.typ+"/"+e.ID]:
		return
	}
	if !modelled[e.typ] {
		t.others++
		return
	}
	x := r.glance(e)
	t.count(x.rank > 0)
	if e.typ == "Appointment" && x.rank > 0 {
		x.at = sooner(x.at)
		if g.next.e.Entry == nil || x.before(g.next) {
			g.next = x
		}
	}
	if e.typ == "Encounter" && x.rank > 0 && admission(e.Resource) {
		g.inNow = x
	}
	// What is past would read as if it were of now among current medicines.
	if x.rank > 0 || !split(e.Section) {
		t.top = insert(t.top, x, topRows)
	}
	if _, ok := happenings[e.typ]; ok && !x.at.After(r.o.Now) {
		x.rank = 0
		g.latest = insert(g.latest, x, latestRows)
	}
}

// glance looks at an entry; of one that was not read, at what the View told.
func (r *Reader) glance(e fact) glance {
	if e.Resource.Exists() {
		return glance{e: e, rank: r.rank(e), at: r.at(e)}
	}
	return glance{e: e, rank: e.rank, at: e.Date}
}

// modelled are the types that have a model of their own.
var modelled = map[string]bool{
	"AllergyIntolerance": true, "Appointment": true, "ServiceRequest": true, "CarePlan": true, "Goal": true, "CareTeam": true,
	"Condition": true, "Procedure": true, "FamilyMemberHistory": true, "RelatedPerson": true, "Patient": true,
	"MedicationRequest": true, "MedicationStatement": true, "MedicationDispense": true, "MedicationAdministration": true,
	"Immunization": true, "Observation": true, "DiagnosticReport": true, "Encounter": true, "EpisodeOfCare": true, "Task": true,
	"QuestionnaireResponse": true, "DocumentReference": true, "Composition": true, "Communication": true,
	"Flag": true, "DetectedIssue": true, "RiskAssessment": true, "AdverseEvent": true,
}

func admission(n fhir.Node) bool {
	kind, _ := stayKind(n)
	ongoing, _ := stayNow(n)
	return kind == StayAdmission && ongoing
}

// sooner turns the order of a time round, so that the next appointment comes first.
// One without a date comes last.
func sooner(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return time.Unix(1<<34-t.Unix(), 0)
}

// insert keeps the first n by their order.
func insert(list []glance, x glance, n int) []glance {
	i := len(list)
	for i > 0 && x.before(list[i-1]) {
		i--
	}
	if i >= n {
		return list
	}
	if list == nil {
		list = make([]glance, 0, n+1)
	}
	list = append(list, glance{})
	copy(list[i+1:], list[i:])
	list[i] = x
	return list[:min(len(list), n)]
}

// rank is above 0 for what counts now.
func (r *Reader) rank(e fact) int {
	n := e.Resource
	now := true
	switch e.typ {
	case "Appointment":
		now = r.upcoming(n)
	case "Encounter":
		now, _ = stayNow(n)
	case "Condition":
		now = activeProblem(n)
	case "AllergyIntolerance":
		if now = !hasCode(n.Get("clinicalStatus"), "inactive", "resolved"); now && n.Get("criticality").Is("high") {
			return 2
		}
	case "MedicationRequest":
		now = n.Get("status").Is("active") || n.Get("status").Is("on-hold")
	case "MedicationStatement":
		now = r.taken(n.Get("status").Text(), r.moment(n.Get("effectivePeriod").Get("end")))
	case "CarePlan", "ServiceRequest", "EpisodeOfCare", "Task", "Flag", "CareTeam":
		now = r.open(n.Get("status").Text(), r.moment(n.Get("period").Get("end")))
	case "Procedure", "FamilyMemberHistory", "MedicationDispense", "MedicationAdministration", "Goal":
		now = false
	}
	if now {
		return 1
	}
	return 0
}

// told returns the prescriptions that are told in a plan or statement, as the page of
// medicines does.
func told(entries []Entry) map[string]bool {
	var out, there map[string]bool
	for i := range entries {
		n := entries[i].Resource
		if entries[i].Section != section.Medicines || !n.Get("basedOn").Exists() {
			continue
		}
		if there == nil {
			out, there = map[string]bool{}, requests(entries)
		}
		for ref := range n.Get("basedOn").Each() {
			base := ref.Get("reference").Text()
			if !there[base] {
				continue
			}
			if typ := n.Type(); typ == "MedicationStatement" {
				out[base] = true
			} else {
				out[typ+"/"+entries[i].ID] = true
			}
			break
		}
	}
	return out
}

func requests(entries []Entry) map[string]bool {
	there := map[string]bool{}
	for i := range entries {
		if n := entries[i].Resource; n.Type() == "MedicationRequest" && !mistaken(n) {
			there["MedicationRequest/"+entries[i].ID] = true
		}
	}
	return there
}
