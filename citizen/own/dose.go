package own

import (
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
)

// shorthand are abbreviations on prescriptions. Those that are also words count
// only in capitals, and not in a text that is all capitals.
var shorthand = map[string]string{
	"od": "once a day", "bd": "twice a day", "bid": "twice a day", "tds": "3 times a day", "tid": "3 times a day",
	"qds": "4 times a day", "qid": "4 times a day", "prn": "when needed", "mane": "in the morning",
	"nocte": "at night", "stat": "straight away, once", "po": "by mouth", "sl": "under the tongue",
	"mdu": "as directed", "asd": "as directed", "tab": "tablet", "tabs": "tablets", "cap": "capsule", "caps": "capsules",
	"mcg": "micrograms", "iv": "into a vein", "sc": "under the skin", "neb": "through a nebuliser", "inh": "breathed in",
}

var shorthandCapitals = map[string]string{
	"ON": "at night", "OM": "in the morning", "AC": "before food", "PC": "after food", "IM": "into a muscle",
	"PR": "into the bottom", "PV": "into the vagina", "TOP": "on the skin",
}

// explain finds the abbreviations in a dose, which is shown as it was written.
func explain(dose string) []Explanation {
	shouted := strings.ToUpper(dose) == dose
	var out []Explanation
	for word := range strings.FieldsFuncSeq(dose, notOfWord) {
		words, ok := shorthand[strings.ToLower(word)]
		if !ok && !shouted {
			words, ok = shorthandCapitals[word]
		}
		if !ok {
			continue
		}
		e := Explanation{Text: word, Words: words}
		known := false
		for _, old := range out {
			known = known || old == e
		}
		if !known {
			out = append(out, e)
		}
	}
	return out
}

func notOfWord(c rune) bool {
	return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
}

// dose reads Dosages: as written, else composed of what is coded.
func (m *Medicine) dose(list fhir.Node) {
	var parts []string
	read := func(d fhir.Node) {
		parts = add(parts, first(d.Get("text").Text(), composed(d)))
		m.ForYou = add(m.ForYou, d.Get("patientInstruction").Text())
		m.ForYou = add(m.ForYou, sayAll(d.Get("additionalInstruction"))...)
		if as := d.Get("asNeededCodeableConcept"); as.Exists() || flagged(d.Get("asNeededBoolean")) {
			m.AsNeeded = true
			if reason := says(as); reason != "" {
				m.Reasons = add(m.Reasons, reason)
			}
		}
	}
	if list.Kind() == fhir.Object {
		read(list)
	}
	for d := range list.Each() {
		read(d)
	}
	m.Dose = strings.Join(parts, "; then ")
	m.Explained = explain(m.Dose)
}

// composed writes a Dosage that has no text.
func composed(d fhir.Node) string {
	rate := d.Get("doseAndRate").At(0)
	_, _, dose := quantityIn(rate.Get("doseQuantity"))
	if dose == "" {
		dose = limits(rate.Path("doseRange", "low"), rate.Path("doseRange", "high"))
	}
	if dose == "" {
		_, _, dose = quantityIn(d.Get("dose")) // of MedicationAdministration
	}
	parts := add(nil, dose, timing(d.Get("timing")))
	if route := says(d.Get("route")); route != "" {
		parts = append(parts, small(route))
	}
	if site := says(d.Get("site")); site != "" && len(parts) > 0 {
		parts = append(parts, small(site))
	}
	if flagged(d.Get("asNeededBoolean")) || d.Get("asNeededCodeableConcept").Exists() {
		parts = append(parts, "when needed")
	}
	return capital(strings.Join(parts, ", "))
}

// periods are units of time by UCUM code.
var periods = map[string]string{"s": "second", "min": "minute", "h": "hour", "d": "day", "wk": "week", "mo": "month", "a": "year"}

// times are codes of Timing.repeat.when and dayOfWeek.
var times = map[string]string{
	"MORN": "in the morning", "NOON": "at midday", "AFT": "in the afternoon", "EVE": "in the evening", "NIGHT": "at night",
	"HS": "before going to sleep", "WAKE": "after waking", "AC": "before food", "PC": "after food", "C": "with food",
	"ACM": "before breakfast", "ACD": "before lunch", "ACV": "before dinner", "PCM": "after breakfast", "PCD": "after lunch",
	"PCV": "after dinner", "CM": "with breakfast", "CD": "with lunch", "CV": "with dinner",
	"mon": "on Mondays", "tue": "on Tuesdays", "wed": "on Wednesdays", "thu": "on Thursdays",
	"fri": "on Fridays", "sat": "on Saturdays", "sun": "on Sundays",
}

// timing writes a Timing: "3 times a day, after food".
func timing(t fhir.Node) string {
	rep := t.Get("repeat")
	var parts []string
	if unit := periods[rep.Get("periodUnit").Text()]; unit != "" {
		n, period := digits(rep.Get("frequency")), digits(rep.Get("period"))
		parts = add(parts, often(first(n, "1"), first(period, "1"), unit))
	}
	for _, list := range []string{"when", "dayOfWeek"} {
		for w := range rep.Get(list).Each() {
			parts = add(parts, times[w.Text()])
		}
	}
	for at := range rep.Get("timeOfDay").Each() {
		parts = add(parts, "at "+timeOfDay(at.Text()))
	}
	if len(parts) == 0 {
		return small(says(t.Get("code")))
	}
	return strings.Join(parts, ", ")
}

func often(n, period, unit string) string {
	var s string
	switch n {
	case "1":
		s = "once"
	case "2":
		s = "twice"
	default:
		s = n + " times"
	}
	switch {
	case period == "1" && unit == "hour":
		return s + " an hour"
	case period == "1":
		return s + " a " + unit
	case n == "1":
		return "every " + period + " " + unit + "s"
	}
	return s + " every " + period + " " + unit + "s"
}

// timeOfDay writes 09:30:00 as 9:30am; what is no time, as it was sent.
func timeOfDay(s string) string {
	if len(s) < 5 || s[2] != ':' {
		return s
	}
	h, m := two(s[:2]), two(s[3:5])
	if h < 0 || h > 23 || m < 0 || m > 59 {
		return s
	}
	return clockText(h, m)
}

func two(s string) int {
	if s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9' {
		return -1
	}
	return int(s[0]-'0')*10 + int(s[1]-'0')
}
