package own

import (
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
)

// reading is a value of an Observation or of one of its components.
type reading struct {
	value, number, unit, noValue, usual string
	flag                                Flag
}

// reading reads value[x], the reference range and the interpretation.
func (r *Reader) reading(n fhir.Node) reading {
	var v reading
	if q := n.Get("valueQuantity"); q.Exists() {
		v.number, v.unit, v.value = quantityIn(q)
	}
	if v.value == "" {
		v.value = r.valueText(n)
	}
	if v.value == "" {
		v.noValue = absenceOf(n.Get("dataAbsentReason"))
	}
	v.usual = usualRange(n.Get("referenceRange"))
	v.flag = flagOf(n.Get("interpretation"))
	return v
}

// valueText reads a value that is no quantity.
func (r *Reader) valueText(n fhir.Node) string {
	if c := n.Get("valueCodeableConcept"); c.Exists() {
		return says(c)
	}
	for _, name := range []string{"valueString", "valueInteger", "valueDateTime", "valueTime"} {
		v := n.Get(name)
		switch {
		case !v.Exists():
		case name == "valueInteger":
			return digits(v)
		case name == "valueDateTime":
			return r.moment(v).Text
		case name == "valueTime":
			return timeOfDay(v.Text())
		default:
			return v.Text()
		}
	}
	if b := n.Get("valueBoolean"); b.Exists() {
		if flagged(b) {
			return "Yes"
		}
		return "No"
	}
	if q := n.Get("valueRange"); q.Exists() {
		return limits(q.Get("low"), q.Get("high"))
	}
	if q := n.Get("valueRatio"); q.Exists() {
		_, _, a := quantityIn(q.Get("numerator"))
		_, _, b := quantityIn(q.Get("denominator"))
		return strings.Trim(a+" to "+b, " ")
	}
	if p := n.Get("valuePeriod"); p.Exists() {
		return span(r.period(p))
	}
	if n.Get("valueSampledData").Exists() {
		return "A recording, which is not shown here"
	}
	return ""
}

// usualRange writes a reference range. Ranges of another kind, or for other people,
// say so.
func usualRange(list fhir.Node) string {
	var parts []string
	for rr := range list.Each() {
		s := limits(rr.Get("low"), rr.Get("high"))
		if s == "" {
			s = rr.Get("text").Text()
		}
		if s == "" {
			continue
		}
		label := "Usual range"
		if typ := rr.Get("type"); typ.Exists() && !hasCode(typ, "normal") {
			label = capital(says(typ))
		}
		if who := sayAll(rr.Get("appliesTo")); len(who) > 0 {
			label += " (" + strings.Join(who, ", ") + ")"
		}
		parts = append(parts, label+": "+s)
	}
	return strings.Join(parts, "; ")
}
