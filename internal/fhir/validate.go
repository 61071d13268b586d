package fhir

import (
	"fmt"
	"strings"
)

// Texts that several places tell.
const (
	noNull       = "Leave out what has no value: null is not allowed here."
	emptyElement = "Leave out an element that has neither a value nor anything inside."
)

// maxIssues is how many errors are reported of one resource, and how many
// warnings; only errors end the checking.
const maxIssues = 50

// Validate checks a resource, with all that it contains or, as a Bundle,
// carries, against the R4 definitions: members, types, cardinality, choices,
// values, required codes, reference targets and the invariants that matter to
// a record. Profiles and terminology are not looked at. Nil means nothing to
// say; see Fatal.
func Validate(resource Node, o Options) []Issue {
	v := validator{t: definitions(), o: o}
	if resource.Kind() != Object {
		v.issue(resource, SeverityError, "structure", RuleType, "Send one FHIR resource as a JSON object.")
		return v.issues
	}
	v.d = resource.d
	v.resource(resource)
	return v.issues
}

type validator struct {
	t      *table
	d      *Document
	o      Options
	root   Node            // the resource at hand, not a contained one
	inner  map[string]Node // what root contains, by id
	issues []Issue
	errors int    // among issues
	others int    // warnings found, reported or not
	buf    []byte // for texts with escapes
}

// full reports whether nothing more would be reported: then we stop looking.
func (v *validator) full() bool { return v.errors >= maxIssues }

func (v *validator) issue(n Node, severity, code, rule, text string) {
	if v.full() {
		return
	}
	if severity == SeverityError && v.o.allows(rule) {
		severity = SeverityWarning
	}
	if severity == SeverityError {
		v.errors++
	} else if v.others++; v.others > maxIssues {
		return
	}
	v.issues = append(v.issues, Issue{Severity: severity, Code: code, Rule: rule, Path: n.where(), Text: text})
}

func (v *validator) structure(n Node, rule, format string, args ...any) {
	v.issue(n, SeverityError, "structure", rule, fmt.Sprintf(format, args...))
}

func (v *validator) value(n Node, rule, format string, args ...any) {
	v.issue(n, SeverityError, "value", rule, fmt.Sprintf(format, args...))
}

// invariant reports the breach of one of FHIR's own rules.
func (v *validator) invariant(n Node, key, text string) {
	v.issue(n, SeverityError, "invariant", key, text+" ("+key+")")
}

// resource checks a resource that stands for itself.
func (v *validator) resource(n Node) {
	root, inner := v.root, v.inner
	v.root, v.inner = n, nil
	contained := n.Get("contained")
	if contained.Exists() {
		v.inner = byID(contained)
	}
	v.typed(n)
	if contained.Exists() {
		v.contained(n, contained)
	}
	v.root, v.inner = root, inner
}

// typed checks a resource by its resourceType.
func (v *validator) typed(n Node) {
	name := n.Get("resourceType")
	id, row := v.t.typeOf(name.text())
	switch {
	case row != nil && row.isRes && id != v.t.resource && id != v.t.domain:
		v.object(n, id)
	case IsType(name.Text()):
		v.issue(n, SeverityInformation, "informational", RuleUntyped, "Only the common elements of a "+name.Text()+" are checked.")
		v.untyped(n)
	case !name.Exists():
		v.issue(n, SeverityError, "required", RuleType, "Give the resourceType of the resource.")
	default:
		v.issue(name, SeverityError, "not-supported", RuleType, "Use a resource type of FHIR R4 as resourceType.")
	}
}

// object checks the members of an object that is of the type.
func (v *validator) object(n Node, id typeID) {
	r := v.t.row(id)
	t, end := v.d.tape, n.entry().next
	var seen, seenBeside uint64 // ordinals with a value, with a _sibling
	members, hint := 0, 0
	for i := n.i + 1; i < end && !v.full(); i = t[i].next {
		m := Node{v.d, i}
		name := m.name()
		if r.isRes && string(name) == "resourceType" {
			continue
		}
		members++
		beside := len(name) > 1 && name[0] == '_'
		if beside {
			name = name[1:]
		}
		at := r.find(name, hint)
		if at < 0 || beside && !r.rows[at].typ.primitive() {
			v.structure(m, RuleMember, "Leave this member out: %s does not have it in FHIR R4.", r.name)
			continue
		}
		row := &r.rows[at]
		bit := uint64(1) << row.ordinal
		if v.twoOfChoice(n, row, bit, seen, seenBeside, beside) {
			v.structure(m, RuleChoice, "Give %s as one type only.", r.names[row.ordinal])
		}
		if beside {
			seenBeside |= bit
			v.siblings(m, n.Get(row.name), row)
			continue
		}
		seen |= bit
		hint = at
		v.element(n, m, row)
	}
	if missing := r.required &^ (seen | seenBeside); missing != 0 {
		v.missing(n, r, missing)
	}
	// Every type but resources begins with id, which alone is no content. The id
	// of a primitive value stands beside it: see siblings.
	if !r.isRes && (members == 0 || members == 1 && seen == 1 && id != v.t.element) {
		v.structure(n, RuleEmpty, emptyElement)
	}
	for _, check := range r.checks {
		check(v, n)
	}
}

// twoOfChoice reports whether the row's element has been there as another type.
// A value and its own _sibling are one.
func (v *validator) twoOfChoice(n Node, row *elementRow, bit, seen, seenBeside uint64, beside bool) bool {
	if beside {
		return seenBeside&bit != 0 || seen&bit != 0 && !n.Get(row.name).Exists()
	}
	return seen&bit != 0 || seenBeside&bit != 0 && !n.Get("_"+row.name).Exists()
}

func (v *validator) missing(n Node, r *typeRow, missing uint64) {
	for i, name := range r.names {
		if missing&(1<<i) != 0 {
			v.issue(n, SeverityError, "required", RuleRequired, "Give "+name+": it is required here.")
		}
	}
}

// element checks a member's value, or each of its values.
func (v *validator) element(parent, m Node, row *elementRow) {
	if !row.many {
		if m.Kind() == Array {
			v.structure(m, RuleList, "Give one value, not a list.")
			return
		}
		v.single(m, row)
		return
	}
	if m.Kind() != Array {
		v.structure(m, RuleList, "Give a list, in square brackets, even for one value.")
		return
	}
	t, end := v.d.tape, m.entry().next
	if m.i+1 == end {
		v.structure(m, RuleEmpty, "Leave out a list that is empty.")
		return
	}
	var beside siblingList
	if row.typ.primitive() {
		beside = siblingsOf(parent.Get("_" + row.name))
	}
	for i := m.i + 1; i < end && !v.full(); i = t[i].next {
		e := Node{v.d, i}
		if e.Kind() == Null && beside.Kind() == Object {
			beside.step()
			continue
		}
		v.single(e, row)
		beside.step()
	}
}

// siblingList walks a _name list beside its values.
type siblingList struct {
	Node
	end uint32
}

func siblingsOf(list Node) siblingList {
	if list.Kind() != Array || list.entry().next == list.i+1 {
		return siblingList{}
	}
	return siblingList{Node{list.d, list.i + 1}, list.entry().next}
}

func (s *siblingList) step() {
	if s.d == nil {
		return
	}
	if s.i = s.entry().next; s.i >= s.end {
		s.Node = Node{}
	}
}

// single checks one value of the row's type.
func (v *validator) single(n Node, row *elementRow) {
	switch {
	case n.Kind() == Null:
		v.structure(n, RuleNull, noNull)
	case row.typ.primitive():
		v.primitive(n, row)
	case n.Kind() != Object:
		v.structure(n, RuleJSON, "Give an object, a %s.", v.t.row(row.typ).name)
	case row.typ == v.t.resource:
		v.nested(n, row.name == "contained")
	default:
		v.object(n, row.typ)
		if row.codes != nil {
			v.concept(n, row.codes)
		}
		if row.typ == v.t.reference {
			v.refers(n, row.targets)
		}
	}
}

// nested checks a resource inside another: a contained one here, that of a
// Bundle's entry or of a parameter as a resource of its own.
func (v *validator) nested(n Node, contained bool) {
	if !contained {
		v.resource(n)
		return
	}
	v.typed(n)
}

// siblings checks what a _name member says beside the primitive values.
func (v *validator) siblings(m, values Node, row *elementRow) {
	if !row.many {
		if m.Kind() != Object {
			v.structure(m, RuleJSON, "Give an object with the id or the extensions of the value.")
			return
		}
		v.object(m, v.t.element)
		if !values.Exists() && m.Len() == 1 && m.Get("id").Exists() {
			v.structure(m, RuleEmpty, emptyElement)
		}
		return
	}
	if m.Kind() != Array || m.Len() == 0 || values.Exists() && values.Len() != m.Len() {
		v.structure(m, RuleList, "Give a list with one object or null for each of the values.")
		return
	}
	for e := range m.Each() {
		switch {
		case v.full():
			return
		case e.Kind() == Object:
			v.object(e, v.t.element)
		case e.Kind() != Null:
			v.structure(e, RuleJSON, "Give an object with the id or the extensions of the value.")
		case !values.Exists():
			v.structure(e, RuleNull, noNull)
		}
	}
}

// concept checks that a CodeableConcept or a Coding has a code of the set.
func (v *validator) concept(n Node, set *codeSet) {
	codings := n.Get("coding")
	if !codings.Exists() && n.Get("code").Exists() {
		if n.Get("system").Is(set.system) && set.has(n.Get("code").text()) {
			return
		}
	}
	for c := range codings.Each() {
		if c.Get("system").Is(set.system) && set.has(c.Get("code").text()) {
			return
		}
	}
	if n.Get("extension").Exists() && !codings.Exists() {
		return // a data-absent-reason or the like
	}
	v.issue(n, SeverityError, "code-invalid", RuleCode, "Give a code of the system "+set.system+": "+list(set.codes)+".")
}

func list(codes []string) string {
	if n := len(codes); n > 1 {
		return strings.Join(codes[:n-1], ", ") + " or " + codes[n-1]
	}
	return codes[0]
}
