package fhir

import "bytes"

// clinicalChecks returns the invariants of resource types and their parts.
func clinicalChecks(name string) []check {
	switch name {
	case "AllergyIntolerance":
		return []check{checkAllergy}
	case "Appointment":
		return []check{checkAppointment}
	case "Appointment.participant":
		return []check{oneOf("app-1", "Give the type or the actor of a participant.", "type", "actor")}
	case "AppointmentResponse":
		return []check{oneOf("apr-1", "Give participantType or actor.", "participantType", "actor")}
	case "CarePlan.activity":
		return []check{excludes("cpl-3", "detail", "reference", "Give an activity either a reference or a detail.")}
	case "Composition.section":
		return []check{oneOf("cmp-1", "Give a section text, entries or sections.", "text", "entry", "section"),
			excludes("cmp-2", "emptyReason", "entry", "Give emptyReason only where there are no entries.")}
	case "Condition":
		return []check{checkCondition}
	case "Condition.stage":
		return []check{oneOf("con-1", "Give a stage its summary or assessment.", "summary", "assessment")}
	case "Condition.evidence":
		return []check{oneOf("con-2", "Give evidence its code or detail.", "code", "detail")}
	case "Consent":
		return []check{oneOf("ppc-1", "Give the policy or the policyRule.", "policy", "policyRule")}
	case "Goal.target":
		return []check{checkGoalTarget}
	case "Immunization.education":
		return []check{oneOf("imm-1", "Give documentType or reference.", "documentType", "reference")}
	case "List":
		return []check{checkList}
	case "Observation":
		return []check{checkObservation}
	case "Observation.referenceRange":
		return []check{oneOf("obs-3", "Give a reference range its low, high or text.", "low", "high", "text")}
	case "Organization":
		return []check{oneOf("org-1", "Give an organization a name or an identifier.", "name", "identifier"), checkOrganization}
	case "Patient.contact":
		return []check{oneOf("pat-1", "Give a contact a name, telecom, address or organization.", "name", "telecom", "address", "organization")}
	case "QuestionnaireResponse.item":
		return []check{excludes("qrs-1", "answer", "item", "Put items beneath the answer or beneath the item, not both.")}
	case "ServiceRequest":
		return []check{needs("prr-1", "orderDetail", "code", "Give code with orderDetail.")}
	case "AuditEvent.entity":
		return []check{excludes("sev-1", "name", "query", "Give an entity either a name or a query.")}
	}
	return nil
}

// coded reports whether a CodeableConcept has the code.
func coded(concept Node, system, code string) bool {
	for c := range concept.Get("coding").Each() {
		if c.Get("code").Is(code) && c.Get("system").Is(system) {
			return true
		}
	}
	return false
}

const terminology = "http://terminology.hl7.org/CodeSystem/"

func checkAllergy(v *validator, n Node) {
	wrong := coded(n.Get("verificationStatus"), terminology+"allergyintolerance-verification", "entered-in-error")
	switch there := n.has("clinicalStatus"); {
	case wrong && there:
		v.invariant(n, "ait-2", "Leave clinicalStatus out of what was entered in error.")
	case !wrong && !there:
		v.invariant(n, "ait-1", "Give clinicalStatus.")
	}
}

func checkCondition(v *validator, n Node) {
	const clinical = terminology + "condition-clinical"
	status := n.Get("clinicalStatus")
	if n.choice("abatement").Exists() &&
		!coded(status, clinical, "resolved") && !coded(status, clinical, "remission") && !coded(status, clinical, "inactive") {
		v.invariant(n, "con-4", "Give a condition that has abated the clinicalStatus inactive, resolved or remission.")
	}
	if status.Exists() && coded(n.Get("verificationStatus"), terminology+"condition-ver-status", "entered-in-error") {
		v.invariant(n, "con-5", "Leave clinicalStatus out of what was entered in error.")
	}
}

func checkAppointment(v *validator, n Node) {
	start, end := n.has("start"), n.has("end")
	if start != end {
		v.invariant(n, "app-2", "Give both start and end, or neither.")
	}
	status := n.Get("status")
	if (!start || !end) && !status.Is("proposed") && !status.Is("cancelled") && !status.Is("waitlist") {
		v.invariant(n, "app-3", "Give start and end, unless the appointment is proposed, cancelled or on a waitlist.")
	}
	if n.has("cancelationReason") && !status.Is("cancelled") && !status.Is("noshow") && !status.Is("no-show") {
		v.invariant(n, "app-4", "Give cancelationReason only where the appointment was cancelled or not attended.")
	}
}

func checkGoalTarget(v *validator, n Node) {
	if n.choice("detail").Exists() && !n.has("measure") {
		v.invariant(n, "gol-1", "Give the measure of a target's detail.")
	}
}

func checkList(v *validator, n Node) {
	if n.has("emptyReason") && n.has("entry") {
		v.invariant(n, "lst-1", "Give emptyReason only where there are no entries.")
	}
	for e := range n.Get("entry").Each() {
		if e.has("deleted") && !n.Get("mode").Is("changes") {
			v.invariant(e, "lst-2", "Give deleted only where the mode of the list is changes.")
		}
		if e.has("date") && !n.Get("mode").Is("working") {
			v.invariant(e, "lst-3", "Give the date of an entry only where the mode of the list is working.")
		}
	}
}

func checkObservation(v *validator, n Node) {
	value := n.choice("value").Exists()
	if value && n.has("dataAbsentReason") {
		v.invariant(n, "obs-6", "Give dataAbsentReason only where there is no value.")
	}
	if !value {
		return
	}
	for c := range n.Get("component").Each() {
		if sameCoding(n.Get("code"), c.Get("code")) {
			v.invariant(n, "obs-7", "Give the value in the component or in the observation, not both, where their code is the same.")
			return
		}
	}
}

// maxCompared is how many codings of a concept are compared with another's.
const maxCompared = 32

// sameCoding reports whether two concepts have a coding in common.
func sameCoding(a, b Node) bool {
	i := 0
	for x := range a.Get("coding").Each() {
		if i++; i > maxCompared {
			break
		}
		j := 0
		for y := range b.Get("coding").Each() {
			if j++; j > maxCompared {
				break
			}
			if x.Len() == y.Len() && bytes.Equal(x.Get("code").text(), y.Get("code").text()) &&
				bytes.Equal(x.Get("system").text(), y.Get("system").text()) && bytes.Equal(x.Get("display").text(), y.Get("display").text()) {
				return true
			}
		}
	}
	return false
}

func checkOrganization(v *validator, n Node) {
	for a := range n.Get("address").Each() {
		if a.Get("use").Is("home") {
			v.invariant(a, "org-2", "Give an organization no home address.")
		}
	}
	for t := range n.Get("telecom").Each() {
		if t.Get("use").Is("home") {
			v.invariant(t, "org-3", "Give an organization no home contact.")
		}
	}
}
