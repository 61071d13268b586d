package fhir

import (
	"strconv"
)

// check is an invariant of a type, run after the members of n were checked.
type check func(v *validator, n Node)

// checksOf returns the hand-written invariants of a type or nested element.
func checksOf(name string) []check {
	switch name {
	case "Extension":
		return []check{checkExtension}
	case "Period":
		return []check{checkPeriod}
	case "Quantity":
		return []check{needs("qty-3", "code", "system", "Give the system of a unit's code.")}
	case "Range":
		return []check{checkRange}
	case "Ratio":
		return []check{checkRatio}
	case "Attachment":
		return []check{needs("att-1", "data", "contentType", "Give the contentType of an attachment's data.")}
	case "ContactPoint":
		return []check{needs("cpt-2", "value", "system", "Say by system what kind of contact the value is.")}
	case "Timing.repeat":
		return timingChecks
	case "Coding":
		return []check{checkCoding}
	case "Bundle":
		return []check{checkBundle}
	case "Bundle.entry":
		return []check{checkBundleEntry}
	case "Parameters.parameter":
		return []check{checkParameter}
	}
	return clinicalChecks(name)
}

// needs is the invariant that one member asks for another.
func needs(key, member, other, text string) check {
	return func(v *validator, n Node) {
		if n.has(member) && !n.has(other) {
			v.invariant(n, key, text)
		}
	}
}

// excludes is the invariant that two members are not there together.
func excludes(key, member, other, text string) check {
	return func(v *validator, n Node) {
		if n.has(member) && n.has(other) {
			v.invariant(n, key, text)
		}
	}
}

// oneOf is the invariant that at least one of the members is there.
func oneOf(key, text string, members ...string) check {
	return func(v *validator, n Node) {
		for _, m := range members {
			if n.has(m) {
				return
			}
		}
		v.invariant(n, key, text)
	}
}

// has reports whether an object has the member, its value or what stands beside it.
func (n Node) has(name string) bool {
	return n.Get(name).Exists() || n.Get("_"+name).Exists()
}

// choice returns the value of a choice element: choice("value") of valueString.
func (n Node) choice(stem string) Node {
	if n.Kind() != Object {
		return Node{}
	}
	t, end := n.d.tape, n.entry().next
	for i := n.i + 1; i < end; i = t[i].next {
		name := Node{n.d, i}.name()
		if len(name) > 0 && name[0] == '_' {
			name = name[1:]
		}
		if len(name) > len(stem) && string(name[:len(stem)]) == stem && name[len(stem)] >= 'A' && name[len(stem)] <= 'Z' {
			return Node{n.d, i}
		}
	}
	return Node{}
}

func checkExtension(v *validator, n Node) {
	if n.Get("extension").Exists() == n.choice("value").Exists() {
		v.invariant(n, "ext-1", "Give an extension either a value or extensions of its own.")
	}
}

func checkPeriod(v *validator, n Node) {
	start, ok1 := scanDate(n.Get("start").text())
	end, ok2 := scanDate(n.Get("end").text())
	if !ok1 || !ok2 {
		return
	}
	low, _ := start.bounds()
	if _, high := end.bounds(); !low.Before(high) {
		v.invariant(n, "per-1", "Let a period end after it starts.")
	}
}

func checkRange(v *validator, n Node) {
	low, high := n.Get("low"), n.Get("high")
	if string(low.Get("unit").Raw()) != string(high.Get("unit").Raw()) || string(low.Get("code").Raw()) != string(high.Get("code").Raw()) {
		return // not to be compared without conversion
	}
	a, err1 := strconv.ParseFloat(string(low.Get("value").Raw()), 64)
	b, err2 := strconv.ParseFloat(string(high.Get("value").Raw()), 64)
	if err1 == nil && err2 == nil && a > b {
		v.invariant(n, "rng-2", "Let the low value of a range be lower than the high one.")
	}
}

func checkRatio(v *validator, n Node) {
	if n.has("numerator") != n.has("denominator") || !n.has("numerator") && !n.has("extension") {
		v.invariant(n, "rat-1", "Give both numerator and denominator of a ratio.")
	}
}

func checkParameter(v *validator, n Node) {
	count := 0
	for _, there := range []bool{n.choice("value").Exists(), n.has("resource"), n.has("part")} {
		if there {
			count++
		}
	}
	if count != 1 {
		v.invariant(n, "inv-1", "Give a parameter one of a value, a resource or parts.")
	}
}

var timingChecks = []check{
	needs("tim-1", "duration", "durationUnit", "Give the unit of the duration."),
	needs("tim-2", "period", "periodUnit", "Give the unit of the period."),
	atLeastZero("tim-4", "duration"),
	atLeastZero("tim-5", "period"),
	needs("tim-6", "periodMax", "period", "Give period with periodMax."),
	needs("tim-7", "durationMax", "duration", "Give duration with durationMax."),
	needs("tim-8", "countMax", "count", "Give count with countMax."),
	needs("tim-9", "offset", "when", "Give with offset the event that it counts from, as when."),
	excludes("tim-10", "timeOfDay", "when", "Give either timeOfDay or when."),
}

func atLeastZero(key, member string) check {
	return func(v *validator, n Node) {
		if raw := n.Get(member).Raw(); len(raw) > 0 && raw[0] == '-' {
			v.invariant(n, key, "Let "+member+" not be negative.")
		}
	}
}
