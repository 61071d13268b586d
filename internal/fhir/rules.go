package fhir

import (
	"slices"
	"strings"
)

// Rule is something that Validate checks: what a source may be allowed to break.
type Rule struct{ Name, Asks string }

// Rules lists all rules, those of no invariant first. docs/validation.md shows them.
func Rules() []Rule {
	rules := []Rule{
		{RuleType, "a resource type of FHIR R4"},
		{RuleUntyped, "information only: of this type only the common elements are checked"},
		{RuleMember, "no members that the type does not have"},
		{RuleRequired, "every element that is required"},
		{RuleList, "a list where the definition has one, and nowhere else"},
		{RuleChoice, "one type of a choice (`value[x]`)"},
		{RuleEmpty, "no empty text, object or list"},
		{RuleNull, "no `null` that stands for nothing"},
		{RuleJSON, "a number, text, `true` or `false` as the type has it"},
		{RuleCode, "codes of a required value set"},
		{RuleTarget, "references to types that may be there"},
		{RuleNarrative, "a narrative that is one plain XHTML `div`"},
		{RuleFullURL, "an absolute `fullUrl` that fits its resource"},
	}
	for typ, hint := range hints {
		if hint != "" {
			rules = append(rules, Rule{ruleValue + primitiveNames[typ], strings.TrimSuffix(strings.TrimPrefix(hint, "Write "), ".")})
		}
	}
	rules = append(rules,
		Rule{ruleValue + "link", "one link of each relation in a Bundle"},
		Rule{ruleValue + "reference", "a literal reference as Type/id, and the type that it names"},
		Rule{ruleValue + "system", "an absolute URI as the system of a code"})
	return append(rules, invariantRules()...)
}

// KnowsRule reports whether name is a rule, or the name of a family of rules.
func KnowsRule(name string) bool {
	return slices.ContainsFunc(Rules(), func(r Rule) bool {
		return r.Name == name || strings.HasPrefix(r.Name, name+":")
	})
}

// invariantRules are FHIR's invariants that are checked, by their own names.
func invariantRules() []Rule {
	return []Rule{
		{"ait-1", "AllergyIntolerance: clinicalStatus"},
		{"ait-2", "AllergyIntolerance: no clinicalStatus of what was entered in error"},
		{"app-1", "Appointment: type or actor of a participant"},
		{"app-2", "Appointment: start and end, or neither"},
		{"app-3", "Appointment: start and end, unless proposed, cancelled or on a waitlist"},
		{"app-4", "Appointment: cancelationReason only where cancelled or not attended"},
		{"apr-1", "AppointmentResponse: participantType or actor"},
		{"att-1", "Attachment: contentType of data"},
		{"bdl-1", "Bundle: total in a searchset or history only"},
		{"bdl-2", "Bundle: search in a searchset only"},
		{"bdl-3", "Bundle: request in every entry of a batch, transaction or history, and nowhere else"},
		{"bdl-4", "Bundle: response in every entry of a response or history, and nowhere else"},
		{"bdl-5", "Bundle: a resource, request or response in each entry"},
		{"bdl-7", "Bundle: a fullUrl of its own for each entry"},
		{"bdl-8", "Bundle: no version in fullUrl"},
		{"bdl-9", "Bundle: identifier with system and value of a document"},
		{"bdl-10", "Bundle: timestamp of a document"},
		{"bdl-11", "Bundle: a document begins with its Composition"},
		{"bdl-12", "Bundle: a message begins with its MessageHeader"},
		{"cmp-1", "Composition: text, entries or sections in each section"},
		{"cmp-2", "Composition: emptyReason only without entries"},
		{"con-1", "Condition: summary or assessment of a stage"},
		{"con-2", "Condition: code or detail of evidence"},
		{"con-4", "Condition: inactive, resolved or remission where it has abated"},
		{"con-5", "Condition: no clinicalStatus of what was entered in error"},
		{"cpl-3", "CarePlan: reference or detail of an activity, not both"},
		{"cpt-2", "ContactPoint: system of a value"},
		{"dom-2", "contained resources in the outer resource only"},
		{"dom-3", "contained resources that are referred to"},
		{"dom-4", "no versionId or lastUpdated in contained resources"},
		{"dom-5", "no security labels in contained resources"},
		{"ext-1", "Extension: a value or extensions, not both"},
		{"gol-1", "Goal: measure of a target's detail"},
		{"imm-1", "Immunization: documentType or reference of education"},
		{"inv-1", "Parameters: one of value, resource, parts"},
		{"lst-1", "List: emptyReason only without entries"},
		{"lst-2", "List: deleted only where the mode is changes"},
		{"lst-3", "List: an entry's date only where the mode is working"},
		{"obs-3", "Observation: low, high or text of a reference range"},
		{"obs-6", "Observation: dataAbsentReason only without a value"},
		{"obs-7", "Observation: a value once for one code"},
		{"org-1", "Organization: name or identifier"},
		{"org-2", "Organization: no home address"},
		{"org-3", "Organization: no home contact"},
		{"pat-1", "Patient: name, telecom, address or organization of a contact"},
		{"per-1", "Period: an end after its start"},
		{"ppc-1", "Consent: policy or policyRule"},
		{"prr-1", "ServiceRequest: code with orderDetail"},
		{"qrs-1", "QuestionnaireResponse: items beneath the answer or the item, not both"},
		{"qty-3", "Quantity: system of a unit's code"},
		{"rat-1", "Ratio: both numerator and denominator"},
		{"ref-1", "Reference: # only to what is contained"},
		{"rng-2", "Range: low before high"},
		{"sev-1", "AuditEvent: name or query of an entity, not both"},
		{"tim-1", "Timing: unit of the duration"},
		{"tim-2", "Timing: unit of the period"},
		{"tim-4", "Timing: no negative duration"},
		{"tim-5", "Timing: no negative period"},
		{"tim-6", "Timing: period with periodMax"},
		{"tim-7", "Timing: duration with durationMax"},
		{"tim-8", "Timing: count with countMax"},
		{"tim-9", "Timing: when with offset"},
		{"tim-10", "Timing: timeOfDay or when, not both"},
		{"txt-2", "warning only: a narrative that is not empty"},
	}
}
