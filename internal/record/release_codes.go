package record

import "strings"

// Code systems of the table.
const (
	snomed = "http://snomed.info/sct"
	loinc  = "http://loinc.org"
)

// sections0074 are the names under which HL7's table of diagnostic services comes.
var sections0074 = []string{"http://terminology.hl7.org/CodeSystem/v2-0074", "http://hl7.org/fhir/v2/0074"}

// observationCategories likewise.
var observationCategories = []string{"http://terminology.hl7.org/CodeSystem/observation-category", "http://hl7.org/fhir/observation-category"}

// resultCode says what sort of result some codes mean.
type resultCode struct {
	kind    ResultKind
	systems []string
	codes   []string
}

// resultCodes is the table, of what real senders use. A laboratory of virology or
// serology is delicate as a whole: HIV and syphilis come from there under codes of
// its own, which no table can list. Microbiology is not: most of it is not about
// sexual health, and what is has codes here.
func resultCodes() []resultCode {
	list := func(codes string) []string { return strings.Fields(codes) }
	return []resultCode{
		{Numbers, sections0074, list("LAB BG BLB CH HM IMM ICU MB MCB MYC OSL PAR TX URN")},
		{Imaging, sections0074, list("RAD IMG CT CTH CUS NMR NMS OUS RUS RX VUS XRC")},
		{Delicate, sections0074, list("PAT SP CP CG GE SR VR")},

		{Numbers, observationCategories, list("laboratory")},
		{Imaging, observationCategories, list("imaging")},

		// SNOMED CT: laboratory test, haematology test, chemical pathology, laboratory report.
		{Numbers, []string{snomed}, list("15220000 252275004 394596001 4241000179101")},
		// Radiology, imaging, radiology report.
		{Imaging, []string{snomed}, list("394914008 363679005 371527006")},
		// Histopathology, general pathology, anatomic pathology, histopathology test, pathology
		// report; clinical genetics, genetic test; HIV: antigen test, screening, infection, positive.
		{Delicate, []string{snomed}, list("394597005 394915009 108257001 252416005 371528001 394580004 405824009 31676001 171121004 86406008 165816005")},

		// LOINC: classes of reports, imaging study.
		{Numbers, []string{loinc}, list("LP29693-6 11502-2")},
		{Imaging, []string{loinc}, list("LP29684-5 18748-4")},
		// Pathology and cytology reports.
		{Delicate, []string{loinc}, list("LP7839-6 11526-1 22634-0 22637-3 60567-5 60568-3 47527-7 47528-5 10524-7 33717-0")},
		// Genetics.
		{Delicate, []string{loinc}, list("51969-4 55232-3 81247-9")},
		// HIV: antibodies, antigen, RNA.
		{Delicate, []string{loinc}, list("7917-8 7918-6 24013-1 30361-0 31201-7 33866-5 48345-3 56888-1 58900-2 75622-1 80387-4 20447-9 25836-8")},
		// Chlamydia, gonorrhoea, syphilis, papillomavirus.
		{Delicate, []string{loinc}, list("21613-5 36903-3 43304-5 24111-7 43305-2 20507-0 5292-8 11084-1 24110-9 21440-3 59420-0")},
	}
}

// cutCode splits "system|code".
func cutCode(name string) (system, code string) {
	at := strings.LastIndexByte(name, '|')
	if at < 0 {
		return "", name
	}
	return name[:at], name[at+1:]
}
