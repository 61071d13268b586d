package own

import (
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
)

// statuses are FHIR's status codes in words: those of one type by "Type/code", else
// by the code alone.
var statuses = map[string]string{
	"active": "Active", "on-hold": "On hold", "completed": "Completed", "cancelled": "Cancelled",
	"stopped": "Stopped", "draft": "Draft", "unknown": "Not known", "revoked": "Stopped",
	"ended": "Ended", "inactive": "Not active", "final": "Final", "current": "Current",
	"superseded": "Replaced by a later one", "planned": "Planned", "finished": "Finished",
	"in-progress": "In progress", "not-done": "Not done", "preparation": "Being prepared",
	"suspended": "Paused", "proposed": "Proposed", "resolved": "Ended", "recurrence": "Came back",
	"relapse": "Came back", "remission": "In remission", "registered": "Registered, no result yet",
	"preliminary": "Early result, may change", "partial": "Part of the results, more to come",
	"amended": "Changed after it was final", "corrected": "Corrected", "appended": "Added to after it was final",
	"intended": "Planned", "not-taken": "Not taken", "declined": "Declined", "accepted": "Accepted",
	"requested": "Requested", "received": "Received", "rejected": "Not accepted", "ready": "Ready",
	"failed": "Could not be done", "available": "Available", "retired": "No longer used", "partially": "Partly",

	"Appointment/proposed": "Proposed, not yet agreed", "Appointment/pending": "Waiting to be confirmed",
	"Appointment/booked": "Booked", "Appointment/arrived": "You arrived", "Appointment/fulfilled": "Took place",
	"Appointment/noshow": "Missed", "Appointment/checked-in": "You checked in", "Appointment/waitlist": "On the waiting list",
	"Encounter/arrived": "Arrived", "Encounter/triaged": "Waiting to be seen", "Encounter/onleave": "Away for a while",
	"Immunization/completed": "Given", "Immunization/not-done": "Not given",
	"MedicationDispense/completed": "Handed out", "MedicationAdministration/completed": "Given",
	"Procedure/completed": "Done", "Procedure/in-progress": "Under way",
	"EpisodeOfCare/finished": "Ended", "EpisodeOfCare/waitlist": "On the waiting list", "EpisodeOfCare/onhold": "On hold",
	"FamilyMemberHistory/partial": "Part of what is known", "FamilyMemberHistory/health-unknown": "Health not known",
}

// statusOf reads a status code.
func statusOf(typ string, n fhir.Node) Status {
	if n.Kind() == fhir.Object {
		n = n.Path("coding", "code")
	}
	code := n.Text()
	if code == "" {
		return Status{}
	}
	words, ok := statuses[typ+"/"+code]
	if !ok {
		words, ok = statuses[code]
	}
	if !ok {
		words = capital(strings.ReplaceAll(code, "-", " "))
	}
	return Status{Code: code, Words: words}
}

// doubts are verification statuses that are not certain, in words.
var doubts = map[string]string{
	"unconfirmed": "Not yet confirmed", "provisional": "Not yet confirmed", "presumed": "Presumed, not confirmed",
	"differential": "One of several possibilities", "refuted": "Found not to be so",
}

// severities by code: FHIR's and those of SNOMED CT.
var severities = map[string]string{
	"mild": "Mild", "moderate": "Moderate", "severe": "Severe",
	"255604002": "Mild", "6736007": "Moderate", "24484000": "Severe",
	"442452003": "Life threatening", "399166001": "Fatal",
}

func severityOf(n fhir.Node) string {
	code := n.Text()
	if n.Kind() == fhir.Object {
		code = codeOf(n)
	}
	if s, ok := severities[code]; ok {
		return s
	}
	return first(says(n), code)
}

// flags are how laboratories mark a value (HL7 ObservationInterpretation).
var flags = map[string]Flag{
	"N":   {"N", "Within the usual range", LevelNormal},
	"H":   {"H", "Higher than usual", LevelHigh},
	"HU":  {"HU", "Much higher than usual", LevelHigh},
	"HH":  {"HH", "Very high: urgent", LevelUrgent},
	"L":   {"L", "Lower than usual", LevelLow},
	"LU":  {"LU", "Much lower than usual", LevelLow},
	"LL":  {"LL", "Very low: urgent", LevelUrgent},
	"A":   {"A", "Outside what is usual", LevelAbnormal},
	"AA":  {"AA", "Far outside what is usual: urgent", LevelUrgent},
	"HX":  {"HX", "Above the highest value that can be measured", LevelHigh},
	"LX":  {"LX", "Below the lowest value that can be measured", LevelLow},
	">":   {">", "Above the highest value that can be measured", LevelHigh},
	"<":   {"<", "Below the lowest value that can be measured", LevelLow},
	"U":   {"U", "Higher than last time", ""},
	"D":   {"D", "Lower than last time", ""},
	"B":   {"B", "Better than last time", ""},
	"W":   {"W", "Worse than last time", ""},
	"POS": {"POS", "Positive", ""},
	"NEG": {"NEG", "Negative", ""},
	"DET": {"DET", "Found", ""},
	"ND":  {"ND", "Not found", ""},
	"IND": {"IND", "Not clear", ""},
	"E":   {"E", "Not clear", ""},
	"R":   {"R", "Resistant: this medicine is not expected to work on the germ", ""},
	"S":   {"S", "Sensitive: this medicine is expected to work on the germ", ""},
	"I":   {"I", "Partly resistant: this medicine may work on the germ", ""},
}

// flagOf reads an interpretation; the first one that has a level counts.
func flagOf(list fhir.Node) Flag {
	var f Flag
	for n := range list.Each() {
		code := codeOf(n)
		g, ok := flags[code]
		if !ok {
			g = Flag{Code: code, Words: says(n)}
		}
		if f == (Flag{}) || f.Level == "" && g.Level != "" {
			f = g
		}
	}
	return f
}

// absences are why there is no value (HL7 data-absent-reason).
var absences = map[string]string{
	"unknown": "The value is not known", "asked-unknown": "You were asked and it was not known",
	"temp-unknown": "The value is not known yet", "not-asked": "You were not asked", "asked-declined": "You chose not to say",
	"masked": "The value is not shown", "not-applicable": "Does not apply", "unsupported": "The value could not be recorded",
	"as-text": "See the notes", "error": "The test could not be completed", "not-a-number": "The value could not be measured",
	"negative-infinity": "Too low to be measured", "positive-infinity": "Too high to be measured",
	"not-performed": "The test was not done", "not-permitted": "The value may not be recorded",
}

func absenceOf(n fhir.Node) string {
	if w, ok := absences[codeOf(n)]; ok {
		return w
	}
	return says(n)
}

// units are units of measure that read badly, as people write them here.
var units = map[string]string{
	"mm[Hg]": "mmHg", "Cel": "°C", "C": "°C", "degC": "°C", "[degF]": "°F",
	"10*9/L": "× 10⁹ per litre", "10*3/uL": "× 10³ per microlitre", "10*6/uL": "× 10⁶ per microlitre", "10*12/L": "× 10¹² per litre",
	"kg/m2": "kg/m²", "m2": "m²", "mL/min/{1.73_m2}": "ml/min/1.73m²", "mL/min/1.73m2": "ml/min/1.73m²",
	"mL/min": "ml/min", "umol/L": "µmol/L", "ug/L": "µg/L", "ug": "micrograms", "mcg": "micrograms",
	"/min": "a minute", "{beats}/min": "beats a minute", "beats/minute": "beats a minute", "bpm": "beats a minute",
	"breaths/minute": "breaths a minute", "{breaths}/min": "breaths a minute", "beats/min": "beats a minute", "breaths/min": "breaths a minute", "degrees C": "°C",
	"{score}": "", "{T-score}": "", "1": "", "{ratio}": "", "{INR}": "",
	"a": "years", "mo": "months", "wk": "weeks", "d": "days", "h": "hours", "min": "minutes", "s": "seconds",
	"[iU]": "units", "[IU]": "units", "milligram": "mg", "mL": "ml", "TAB": "tablets", "CAP": "capsules",
}

// quantityIn returns a Quantity's number as sent, its unit as people write it, and
// both in words.
func quantityIn(q fhir.Node) (number, unit, words string) {
	number = digits(q.Get("value"))
	code := q.Get("code").Text()
	unit = q.Get("unit").Text()
	if u, ok := units[unit]; ok && (unit == code || code == "" || len(unit) > 2) {
		unit = u
	} else if unit == "" {
		if u, ok := units[code]; ok {
			code = u
		}
		unit = code
	}
	if number == "" {
		return "", unit, ""
	}
	words = number
	switch q.Get("comparator").Text() {
	case "<":
		words = "less than " + words
	case "<=":
		words += " or less"
	case ">":
		words = "more than " + words
	case ">=":
		words += " or more"
	}
	switch unit {
	case "":
	case "%":
		words += "%"
	default:
		words += " " + unit
	}
	return number, unit, words
}

// limits writes from low to high.
func limits(low, high fhir.Node) string {
	ln, _, lw := quantityIn(low)
	hn, _, hw := quantityIn(high)
	switch {
	case ln != "" && hn != "":
		return ln + " to " + hw
	case ln != "":
		return lw + " or more"
	case hn != "":
		return hw + " or less"
	}
	return ""
}
