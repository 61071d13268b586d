package ledger

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// AuditID is the id of an event as a FHIR resource: "<instance>-<seq>".
func AuditID(instance string, seq uint64) string {
	return instance + "-" + strconv.FormatUint(seq, 10)
}

// ParseAuditID reads what AuditID writes.
func ParseAuditID(id string) (instance string, seq uint64, ok bool) {
	at := strings.LastIndexByte(id, '-')
	if at <= 0 {
		return "", 0, false
	}
	seq, err := strconv.ParseUint(id[at+1:], 10, 63)
	if err != nil || AuditID(id[:at], seq) != id {
		return "", 0, false
	}
	return id[:at], seq, true
}

// Audit says what an AuditEvent needs beside its event.
type Audit struct {
	Instance string // whose log it is in
	Seq      uint64
	Base     string               // address of the service: "https://record.example/fhir/R4"
	Names    func(nhs.ODS) string // an organisation's name, or ""; may be nil
}

// Profiles of IHE Basic Audit Log Patterns 1.1. They are of what succeeded.
const (
	profileRead  = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientRead"
	profileQuery = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientQuery"
)

// AppendAuditEvent appends an event as a FHIR R4 AuditEvent: one event is about one
// patient, and so is one AuditEvent. It carries what the resident's page of who
// looked carries: names, roles and organisations of staff, not their user ids;
// never what was found. What the ledger does not know (the caller's address, the
// parameters of a search) is marked as absent.
//
// Reads and searches of one person's entries are one action in the ledger, and
// PatientRead here; looking for a person is PatientQuery.
func AppendAuditEvent(dst []byte, e Event, a Audit) []byte {
	w := auditWriter{b: dst, e: &e, a: &a, query: e.Action == access.Find}
	w.lit(`{"resourceType":"AuditEvent","id":`).str(AuditID(a.Instance, a.Seq))
	w.lit(`,"meta":{"lastUpdated":`).instant(e.Time)
	if p := w.profile(); p != "" {
		w.lit(`,"profile":[`).str(p).lit(`]`)
	}
	w.lit(`},"type":{"system":"http://terminology.hl7.org/CodeSystem/audit-event-type","code":"rest","display":"Restful Operation"},"subtype":[`)
	interaction, action := w.interaction()
	w.coding("http://hl7.org/fhir/restful-interaction", interaction, interaction)
	w.coding("urn:dcr:action", e.Action.String(), "").lit(`],"action":"` + action + `","recorded":`).instant(e.Time)
	if e.Outcome == access.Allowed {
		w.lit(`,"outcome":"0"`)
	} else {
		w.lit(`,"outcome":"4","outcomeDesc":`).str(told(refusedTo, e.Outcome))
	}
	w.lit(`,"agent":[`)
	w.user()
	w.organisation()
	w.systems()
	w.lit(`],"source":{"site":`).str(a.Instance)
	w.lit(`,"observer":{"display":"Dorset Care Record"},"type":[{"system":"http://terminology.hl7.org/CodeSystem/security-source-type","code":"4","display":"Application Server"}]}`)
	w.entities()
	return append(w.b, '}')
}

// auditWriter appends one AuditEvent.
type auditWriter struct {
	b     []byte
	e     *Event
	a     *Audit
	query bool // looked for a person
}

func (w *auditWriter) lit(s string) *auditWriter { w.b = append(w.b, s...); return w }

func (w *auditWriter) str(s string) *auditWriter {
	// AppendQuote fails only on text that is no UTF-8, and then writes what is.
	w.b, _ = jsontext.AppendQuote(w.b, s)
	return w
}

func (w *auditWriter) instant(t time.Time) *auditWriter {
	w.b = t.UTC().AppendFormat(append(w.b, '"'), "2006-01-02T15:04:05.000Z")
	w.b = append(w.b, '"')
	return w
}

// coding appends a Coding, after a comma unless it is the first of its list.
func (w *auditWriter) coding(system, code, display string) *auditWriter {
	w.next().lit(`{"system":`).str(system).lit(`,"code":`).str(code)
	if display != "" {
		w.lit(`,"display":`).str(display)
	}
	return w.lit(`}`)
}

// next appends a comma unless a list has just begun.
func (w *auditWriter) next() *auditWriter {
	if last := w.b[len(w.b)-1]; last != '[' {
		w.b = append(w.b, ',')
	}
	return w
}

func (w *auditWriter) profile() string {
	switch {
	case w.e.Outcome != access.Allowed || w.e.Person == "":
		return ""
	case w.e.Action == access.Read:
		return profileRead
	case w.query:
		return profileQuery
	}
	return ""
}

// interaction returns FHIR's name for what was done, and its DICOM action.
func (w *auditWriter) interaction() (interaction, action string) {
	switch w.e.Action {
	case access.Read, access.Consult:
		if strings.HasPrefix(w.e.What, "$") {
			return "operation", "R"
		}
		return "read", "R"
	case access.Find, access.SeeAccesses:
		return "search-type", "E"
	case access.Choose, access.Administer:
		return "update", "U"
	}
	return "operation", "E"
}

const (
	participation = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
	dicom         = "http://dicom.nema.org/resources/ontology/DCM"
	reasons       = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
	absent        = `{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unsupported"}]}`
)

// user appends who asked, and for what.
func (w *auditWriter) user() {
	t := Tell(*w.e, Reader{Names: w.a.Names})
	who := t.Who
	if t.Own {
		who = "The person themselves"
	}
	w.next().lit(`{"type":{"coding":[`).coding(participation, "IRCP", "information recipient").lit(`]}`)
	if w.e.Role != identity.NoRole {
		w.lit(`,"role":[{"coding":[`).coding("urn:dcr:role", w.e.Role.String(), "").lit(`],"text":`).str(told(rolesInWords, w.e.Role)).lit(`}]`)
	}
	if t.Own && w.e.Person != "" {
		w.lit(`,"who":{"reference":`).str("Patient/" + w.e.Person).lit(`,"display":`).str(who).lit(`}`)
	} else {
		w.lit(`,"who":{"display":`).str(who).lit(`}`)
	}
	if w.e.Name != "" && w.e.Kind != identity.Resident && w.e.Kind != identity.Operator {
		w.lit(`,"name":`).str(w.e.Name)
	}
	w.lit(`,"requestor":true,"purposeOfUse":[{"coding":[`)
	code, display := purpose(w.e)
	w.coding(reasons, code, display).coding("urn:dcr:basis", w.e.Basis.String(), "").lit(`]`)
	if t.Why != "" {
		w.lit(`,"text":`).str(t.Why)
	}
	w.lit(`}]}`)
	if w.e.OnBehalf != "" {
		w.next().lit(`{"type":{"text":"acted for"},"who":{"display":`).str(w.e.OnBehalf).lit(`},"requestor":false}`)
	}
}

// purpose is why somebody looked, in HL7's words.
func purpose(e *Event) (code, display string) {
	switch {
	case e.Kind == identity.Resident, e.Action == access.Answering:
		return "PATRQT", "patient requested"
	case e.Kind == identity.Operator, e.Action == access.Enrol:
		return "HSYSADMIN", "health system administration"
	}
	return "TREAT", "treatment"
}

func (w *auditWriter) organisation() {
	if w.e.Org == "" {
		return
	}
	w.next().lit(`{"type":{"coding":[`).coding("http://terminology.hl7.org/CodeSystem/v3-RoleClass", "PROV", "healthcare provider")
	w.lit(`]},"who":{"type":"Organization","identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":`).str(string(w.e.Org))
	w.lit(`},"display":`).str(orgName(w.e.Org, w.a.Names)).lit(`},"requestor":false}`)
}

// systems appends client and server: who sends and who receives are as BALP says
// for reads and for queries.
func (w *auditWriter) systems() {
	client, server := [2]string{"110152", "Destination Role ID"}, [2]string{"110153", "Source Role ID"}
	if w.query || w.e.Action == access.SeeAccesses {
		client, server = server, client
	}
	w.next().lit(`{"type":{"coding":[`).coding(dicom, client[0], client[1]).lit(`]},"who":{`)
	switch {
	case w.e.Client != "":
		w.lit(`"identifier":{"system":"urn:dcr:client","value":`).str(w.e.Client).lit(`},"display":`).str(w.e.Client)
	case w.e.Kind == identity.Resident:
		w.lit(`"display":"The person's own browser or app"`)
	default:
		w.lit(`"display":"A system that was not named"`)
	}
	w.lit(`},"requestor":false,"network":`+absent+`},{"type":{"coding":[`).coding(dicom, server[0], server[1])
	w.lit(`]},"who":{"display":"Dorset Care Record"},"requestor":false,"network":{"address":`).str(w.a.Base).lit(`,"type":"5"}}`)
}

const entityTypes = "http://terminology.hl7.org/CodeSystem/audit-entity-type"

// entities appends the request's id, the patient, and what of theirs it was.
func (w *auditWriter) entities() {
	w.lit(`,"entity":[`)
	if w.e.Request != "" {
		w.next().lit(`{"what":{"identifier":{"value":`).str(w.e.Request)
		w.lit(`}},"type":{"system":"https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType","code":"XrequestId"}}`)
	}
	if w.e.Person != "" {
		w.next().lit(`{"what":{"reference":`).str("Patient/"+w.e.Person).lit(`},"type":`).one(entityTypes, "1", "Person")
		w.lit(`,"role":`).one("http://terminology.hl7.org/CodeSystem/object-role", "1", "Patient").lit(`}`)
	}
	if w.query {
		// What was searched by names people, so the ledger does not keep it.
		w.next().lit(`{"type":`).one(entityTypes, "2", "System Object").lit(`,"role":`).one("http://terminology.hl7.org/CodeSystem/object-role", "24", "Query")
		w.lit(`,"description":"What was searched by is not kept.","query":"` + base64.StdEncoding.EncodeToString([]byte("Patient/_search")) + `"}]`)
		return
	}
	w.next().lit(`{"what":{"display":`).str(w.what()).lit(`},"type":`).one(entityTypes, "2", "System Object")
	w.lit(`,"role":`).one("http://terminology.hl7.org/CodeSystem/object-role", "4", "Domain Resource")
	if w.e.Sections != 0 {
		w.lit(`,"detail":[{"type":"sections","valueString":`).str(w.e.Sections.String()).lit(`}]`)
	}
	w.lit(`}]`)
}

// what is the type or operation asked for, and never an id.
func (w *auditWriter) what() string {
	if w.e.What != "" {
		return w.e.What
	}
	return w.e.Action.String()
}

// one appends a Coding that is no item of a list.
func (w *auditWriter) one(system, code, display string) *auditWriter {
	return w.lit(`{"system":`).str(system).lit(`,"code":`).str(code).lit(`,"display":`).str(display).lit(`}`)
}
