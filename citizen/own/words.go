package own

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
)

//go:embed codes.tsv
var codesTSV string

// wording is what a code is in plain words.
type wording struct{ words, meaning string }

// codeKey is a code of one of the systems that codes.tsv knows.
type codeKey struct{ system, code string }

// wordings is codes.tsv, read once.
var wordings = sync.OnceValue(func() map[codeKey]wording {
	m := make(map[codeKey]wording, 600)
	for line := range strings.Lines(codesTSV) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "\t")
		w := wording{words: f[2]}
		if len(f) > 3 {
			w.meaning = f[3]
		}
		m[codeKey{f[0], f[1]}] = w
	}
	return m
})

// system is a code system: its name in codes.tsv, if it is there, and its short
// name for people.
type system struct{ table, name string }

// systems by their URI, without a slash at the end.
var systems = map[string]system{
	"http://snomed.info/sct":                      {"sct", "SNOMED CT"},
	"http://loinc.org":                            {"loinc", "LOINC"},
	"http://hl7.org/fhir/sid/cvx":                 {"cvx", "CVX"},
	"https://dmd.nhs.uk":                          {"sct", "dm+d"}, // its codes are SNOMED CT's
	"http://www.nlm.nih.gov/research/umls/rxnorm": {"", "RxNorm"},
	"http://hl7.org/fhir/sid/icd-10":              {"", "ICD-10"},
	"http://hl7.org/fhir/sid/icd-10-uk":           {"", "ICD-10"},
	"http://www.whocc.no/atc":                     {"", "ATC"},
	"http://read.info/readv2":                     {"", "Read v2"},
	"http://read.info/ctv3":                       {"", "CTV3"},
	"http://unitsofmeasure.org":                   {"", "UCUM"},
	"https://fhir.hl7.org.uk/CodeSystem/UKCore-DischargeDestinationEngland": {"discharge", "NHS discharge destination"},
	"urn:ietf:bcp:47":                                             {"", "BCP 47"},
	"https://fhir.hl7.org.uk/Id/opcs-4":                           {"", "OPCS-4"},
	"http://terminology.hl7.org/CodeSystem/v3-ActCode":            {"", "HL7 ActCode"},
	"http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips": {"ips", "IPS"},
}

func systemOf(uri string) system {
	if s, ok := systems[strings.TrimSuffix(uri, "/")]; ok {
		return s
	}
	return system{name: uri}
}

// concept is a CodeableConcept as this package shows it.
type concept struct {
	title, meaning, original string
	codes                    []Code
	plain                    bool // title is from codes.tsv
}

// conceptOf reads a CodeableConcept. The first coding that we have words for
// gives the title; else it is what was sent.
func conceptOf(n fhir.Node) concept {
	var c concept
	text, display := n.Get("text").Text(), ""
	for coding := range n.Get("coding").Each() {
		code := Code{Code: coding.Get("code").Text(), Display: coding.Get("display").Text()}
		s := systemOf(coding.Get("system").Text())
		code.System = s.name
		if w, ok := wordings()[codeKey{s.table, code.Code}]; ok && !c.plain {
			c.title, c.meaning, c.plain = w.words, w.meaning, true
		}
		if display == "" || flagged(coding.Get("userSelected")) {
			display = first(code.Display, display)
		}
		if code.Code != "" || code.Display != "" {
			c.codes = append(c.codes, code)
		}
	}
	sent := first(text, display)
	if !c.plain {
		c.title = sent
	} else if !strings.EqualFold(sent, c.title) {
		c.original = sent
	}
	if c.title == "" && len(c.codes) > 0 {
		c.title = strings.TrimSpace(c.codes[0].System + " " + c.codes[0].Code)
	}
	return c
}

// says returns what a CodeableConcept is in words, else its code.
func says(n fhir.Node) string {
	if s := spoken(n); s != "" {
		return s
	}
	return n.Path("coding", "code").Text()
}

// spoken returns what a CodeableConcept is in words, and nothing for a bare code.
func spoken(n fhir.Node) string {
	if n.Kind() == fhir.Array {
		n = n.At(0)
	}
	for coding := range n.Get("coding").Each() {
		s := systemOf(coding.Get("system").Text())
		if s.table == "" {
			continue
		}
		if w, ok := wordings()[codeKey{s.table, coding.Get("code").Text()}]; ok {
			return w.words
		}
	}
	if t := n.Get("text").Text(); t != "" {
		return t
	}
	for coding := range n.Get("coding").Each() {
		if d := coding.Get("display").Text(); d != "" {
			return d
		}
	}
	return ""
}

// sayAll returns what CodeableConcepts are in words.
func sayAll(list fhir.Node) []string {
	if list.Kind() == fhir.Object {
		return add(nil, says(list))
	}
	var out []string
	for n := range list.Each() {
		out = add(out, says(n))
	}
	return out
}

// hasCode reports whether a CodeableConcept has one of the codes, of whatever
// system.
func hasCode(n fhir.Node, codes ...string) bool {
	for coding := range n.Get("coding").Each() {
		for _, c := range codes {
			if coding.Get("code").Is(c) {
				return true
			}
		}
	}
	return false
}

// codeOf returns the first code of a CodeableConcept.
func codeOf(n fhir.Node) string { return n.Path("coding", "code").Text() }

// inOwnWords returns the text of a CodeableConcept where its sender wrote more than
// the codes say: of what matters to safety it is shown before our words.
func inOwnWords(n fhir.Node) string {
	text := n.Get("text").Text()
	for coding := range n.Get("coding").Each() {
		if strings.EqualFold(coding.Get("display").Text(), text) {
			return ""
		}
	}
	return text
}
