package seed

import (
	"strconv"
	"time"
)

// results writes n observations: two thirds of them in laboratory reports, the
// others vital signs and smoking status.
func (w *writer) results(reports, n int) {
	inReports := 0
	if reports > 0 {
		inReports = n * 2 / 3
	}
	rest := n - inReports
	for i := range reports {
		tests := (inReports + reports - i - 1) / (reports - i)
		written := w.report(tests, w.past(6))
		inReports -= written
	}
	rest += inReports
	for i := range rest {
		switch i % 4 {
		case 0:
			w.bloodPressure()
		case 3:
			if w.person.ageAt(w.today) >= 16 && i%8 == 3 {
				w.smoking()
				continue
			}
			fallthrough
		default:
			w.vitalSign()
		}
	}
}

// report writes a laboratory report with so many of its panel's tests, as far
// as it has them, and returns how many.
func (w *writer) report(tests int, at time.Time) int {
	p := pick(w.r, panels[:])
	tests = min(tests, len(p.tests))
	refs := make([]byte, 0, 256)
	for i, t := range p.tests[:tests] {
		id := w.labResult(t, at)
		if i > 0 {
			refs = append(refs, ',')
		}
		refs = append(refs, `{"reference":"Observation/`...)
		refs = append(append(refs, id...), `"}`...)
	}
	w.entry("DiagnosticReport", "dr", "UKCore-DiagnosticReport", at)
	w.narrative(p.display + ", reported " + date(at))
	w.identifier()
	w.put(`,"status":"final","category":[{"coding":[{"system":"$v2-0074","code":"LAB","display":"Laboratory"}]}]`, hl7)
	w.concept("code", "http://loinc.org", p.coded)
	w.patient("subject")
	w.put(`,"effectiveDateTime":"$","issued":"$","performer":[$]`, instant(at), instant(at.Add(5*time.Hour)), organisation(w.org))
	if tests > 0 {
		w.put(`,"result":[$]`, string(refs))
	}
	w.end()
	return tests
}

// begin an Observation up to its performer.
func (w *writer) observation(category, words string, c coded, at time.Time) string {
	id := w.entry("Observation", "ob", "UKCore-Observation", at)
	w.identifier()
	w.put(`,"status":"final","category":[{"coding":[{"system":"$observation-category","code":"$","display":"$"}]}]`, hl7, category, words)
	w.concept("code", "http://loinc.org", c)
	w.patient("subject")
	w.put(`,"effectiveDateTime":"$","issued":"$","performer":[$]`, instant(at), instant(at.Add(2*time.Hour)), w.clinician())
	return id
}

func (w *writer) labResult(t test, at time.Time) string {
	id := w.observation("laboratory", "Laboratory", t.coded, at)
	spread := t.high - t.low
	v := max(0, t.low-spread/6+w.r.IntN(spread*4/3+1))
	w.quantity("valueQuantity", t, v)
	state := coded{"N", "Normal"}
	switch {
	case v < t.low:
		state = coded{"L", "Low"}
	case v > t.high:
		state = coded{"H", "High"}
	}
	w.put(`,"interpretation":[{"coding":[{"system":"$v3-ObservationInterpretation","code":"$","display":"$"}]}]`, hl7, state.code, state.display)
	w.put(`,"referenceRange":[{"low":{"value":$,"unit":"$","system":"http://unitsofmeasure.org","code":"$"},"high":{"value":$,"unit":"$","system":"http://unitsofmeasure.org","code":"$"}}]`,
		decimal(t.low, t.places), t.shown, t.unit, decimal(t.high, t.places), t.shown, t.unit)
	w.end()
	return id
}

func (w *writer) quantity(element string, t test, v int) {
	w.put(`,"$":{"value":$,"unit":"$","system":"http://unitsofmeasure.org","code":"$"}`, element, decimal(v, t.places), t.shown, t.unit)
}

func (w *writer) vitalSign() {
	t := pick(w.r, vitals[:])
	w.observation("vital-signs", "Vital Signs", t.coded, w.past(5))
	w.quantity("valueQuantity", t, t.low+w.r.IntN(t.high-t.low+1))
	w.end()
}

func (w *writer) bloodPressure() {
	w.observation("vital-signs", "Vital Signs", coded{"85354-9", "Blood pressure panel with all children optional"}, w.past(5))
	w.put(`,"component":[`)
	w.pressure(coded{"8480-6", "Systolic blood pressure"}, 100+w.r.IntN(70))
	w.put(`,`)
	w.pressure(coded{"8462-4", "Diastolic blood pressure"}, 58+w.r.IntN(40))
	w.put(`]`)
	w.end()
}

func (w *writer) pressure(c coded, v int) {
	w.put(`{"code":{"coding":[{"system":"http://loinc.org","code":"$","display":"$"}]},"valueQuantity":{"value":$,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}`,
		c.code, c.display, strconv.Itoa(v))
}

func (w *writer) smoking() {
	w.observation("social-history", "Social History", coded{"72166-2", "Tobacco smoking status"}, w.past(5))
	w.concept("valueCodeableConcept", snomed, pick(w.r, tobacco[:]))
	w.end()
}
