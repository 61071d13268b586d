package seed

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// SourceBundle is a transaction bundle as one source sends it. It stays valid:
// nothing reuses its bytes.
type SourceBundle struct {
	Source    string // client id of the sender
	Bytes     []byte
	Resources int
}

// Addresses of code systems.
const (
	snomed = "http://snomed.info/sct"
	dmd    = "https://dmd.nhs.uk"
	ukcore = "https://fhir.hl7.org.uk/StructureDefinition/"
)

// writer appends one source's bundle about one person. Texts come from the lists
// of this package, which hold nothing that JSON or XHTML would have to escape.
type writer struct {
	buf     []byte
	r       *rand.Rand
	org     Organisation
	person  *Person
	staff   []Professional // of org
	base    string
	key     string // the source's own key of the person, the stem of every id
	subject string // `"reference":"Patient/..."`, empty in a directory
	today   time.Time
	n       int
	typ, id string // of the entry being written
}

// put appends a template in which each $ stands for the next of the arguments.
func (w *writer) put(template string, args ...string) {
	for _, a := range args {
		i := strings.IndexByte(template, '$')
		w.buf = append(w.buf, template[:i]...)
		w.buf = append(w.buf, a...)
		template = template[i+1:]
	}
	w.buf = append(w.buf, template...)
}

func (w *writer) open(messageID string) {
	at := instant(w.today)
	w.put(`{"resourceType":"Bundle","id":"$","meta":{"lastUpdated":"$"},"identifier":{"system":"$message","value":"$"},"type":"transaction","timestamp":"$","entry":[`,
		messageID, at, w.base, messageID, at)
}

func (w *writer) close() SourceBundle {
	w.put(`]}`)
	return SourceBundle{Source: w.org.Source, Bytes: w.buf, Resources: w.n}
}

// entry begins a resource whose id is the person's key, a letter or two and a
// count; profile may be empty.
func (w *writer) entry(typ, letters string, profile string, changed time.Time) (id string) {
	return w.named(typ, w.key+"-"+letters+strconv.Itoa(w.n), profile, changed)
}

func (w *writer) named(typ, id, profile string, changed time.Time) string {
	if w.n > 0 {
		w.put(`,`)
	}
	w.n++
	w.typ, w.id = typ, id
	w.put(`{"fullUrl":"$$/$","resource":{"resourceType":"$","id":"$","meta":{"versionId":"1","lastUpdated":"$"`,
		w.base, typ, id, typ, id, instant(changed))
	if profile != "" {
		w.put(`,"profile":["$$"]`, ukcore, profile)
	}
	w.put(`}`)
	return id
}

func (w *writer) end() {
	w.put(`},"request":{"method":"PUT","url":"$/$"}}`, w.typ, w.id)
}

// identifier gives the resource the source's own business identifier.
func (w *writer) identifier() {
	w.put(`,"identifier":[{"system":"$$-id","value":"$"}]`, w.base, strings.ToLower(w.typ), w.id)
}

// concept appends a CodeableConcept; what has no code has words only.
func (w *writer) concept(element, system string, c coded) {
	if c.code == "" {
		w.put(`,"$":{"text":"$"}`, element, c.display)
		return
	}
	w.put(`,"$":{"coding":[{"system":"$","code":"$","display":"$"}],"text":"$"}`, element, system, c.code, c.display, c.display)
}

// status appends a CodeableConcept without words, as required bindings want.
func (w *writer) status(element, system, code string) {
	w.put(`,"$":{"coding":[{"system":"$","code":"$"}]}`, element, system, code)
}

func (w *writer) patient(element string) {
	w.put(`,"$":{$}`, element, w.subject)
}

// clinician picks somebody of the organisation and returns a reference to their
// entry in the source's directory.
func (w *writer) clinician() string {
	p := pick(w.r, w.staff)
	return `{"reference":"Practitioner/` + p.Sub + `","display":"` + p.Name() + `"}`
}

// organisation returns a reference to the organisation by its ODS code.
func organisation(o Organisation) string {
	return `{"type":"Organization","identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"` + string(o.ODS) + `"},"display":"` + o.Name + `"}`
}

// narrative is a generated one of one sentence.
func (w *writer) narrative(text string) {
	w.put(`,"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>$</p></div>"}`, text)
}

// past returns a moment of the last years, more likely a recent one, in working
// hours.
func (w *writer) past(years int) time.Time {
	f := w.r.Float64()
	return w.hour(w.today.AddDate(0, 0, -1-int(f*f*float64(years)*365)))
}

// ahead returns a moment within the next days.
func (w *writer) ahead(days int) time.Time {
	return w.hour(w.today.AddDate(0, 0, 1+w.r.IntN(days)))
}

func (w *writer) hour(day time.Time) time.Time {
	at := day.Add(8*time.Hour + time.Duration(w.r.IntN(9*12))*5*time.Minute)
	if at.Before(w.person.Birth) {
		return w.person.Birth.Add(9 * time.Hour)
	}
	return at
}

func instant(t time.Time) string { return t.Format(time.RFC3339) }

func date(t time.Time) string { return t.Format(time.DateOnly) }

// decimal writes value with so many decimals.
func decimal(value, places int) string {
	s := strconv.Itoa(value)
	if places == 0 {
		return s
	}
	for len(s) <= places {
		s = "0" + s
	}
	return s[:len(s)-places] + "." + s[len(s)-places:]
}
