package fhir

import "slices"

// Severities of an Issue.
const (
	SeverityError       = "error"
	SeverityWarning     = "warning"
	SeverityInformation = "information"
)

// Issue is one thing wrong with a resource. Neither its path nor its text
// holds anything of what the resource says about a person.
type Issue struct {
	Severity string
	Code     string // of FHIR's issue types: structure, required, value, code-invalid, invariant, ...
	Rule     string // what a source may be allowed to break: see Options
	Path     string // FHIRPath from the document's root, Patient.name[0].given[1], say
	Text     string // what is wrong and what to do
}

// Rules that are not invariants of FHIR (those have their own names: ref-1, obs-6).
const (
	RuleType      = "type"             // not a resource of R4
	RuleUntyped   = "type:untyped"     // a type that we hold no definition of: its elements are not checked
	RuleMember    = "member:unknown"   // a member that the type does not have
	RuleRequired  = "cardinality:min"  // a required element is missing
	RuleList      = "cardinality:list" // a list where one is expected, or the reverse
	RuleChoice    = "choice"           // two of the types of one choice
	RuleEmpty     = "empty"            // an empty object, list or string
	RuleNull      = "null"             // a null that stands for nothing
	RuleJSON      = "json-type"        // a string for a number and the like
	RuleCode      = "code:required"    // a code that is not of the required value set
	RuleTarget    = "reference:target" // a reference to a type that may not be there
	RuleNarrative = "narrative"        // a narrative that is no plain XHTML div
	RuleFullURL   = "fullUrl"          // an entry's fullUrl that contradicts its resource
	ruleValue     = "value:"           // and the primitive type: value:date, value:uri
)

// Fatal reports whether any of the issues is an error.
func Fatal(issues []Issue) bool {
	return slices.ContainsFunc(issues, func(i Issue) bool { return i.Severity == SeverityError })
}

// Options say how strict Validate is. The zero Options is strict.
type Options struct {
	// Allow lists rules that may be broken, as Issue.Rule names them: what breaks
	// one is reported as a warning. A rule's family may be named alone: value
	// allows value:date.
	Allow []string
}

func (o Options) allows(rule string) bool {
	for _, a := range o.Allow {
		if rule == a || len(rule) > len(a) && rule[:len(a)] == a && rule[len(a)] == ':' {
			return true
		}
	}
	return false
}
