package ledger_test

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
)

// code is a Coding that a profile asks for, with its display where the profile's
// pattern has one.
type code struct{ system, code, display string }

// Codes of the profiles of IHE Basic Audit Log Patterns 1.1 that PatientRead and
// PatientQuery derive from.
var (
	balpRest        = code{"http://terminology.hl7.org/CodeSystem/audit-event-type", "rest", "Restful Operation"}
	balpRead        = code{"http://hl7.org/fhir/restful-interaction", "read", "read"}
	balpDestination = code{"http://dicom.nema.org/resources/ontology/DCM", "110152", "Destination Role ID"}
	balpSource      = code{"http://dicom.nema.org/resources/ontology/DCM", "110153", "Source Role ID"}
	balpUser        = code{"http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP", "information recipient"}
	balpPerson      = code{"http://terminology.hl7.org/CodeSystem/audit-entity-type", "1", "Person"}
	balpObject      = code{"http://terminology.hl7.org/CodeSystem/audit-entity-type", "2", "System Object"}
	balpRequest     = code{"https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "XrequestId", ""}
	balpPatient     = code{"http://terminology.hl7.org/CodeSystem/object-role", "1", "Patient"}
	balpQuery       = code{"http://terminology.hl7.org/CodeSystem/object-role", "24", "Query"}
)

func (c code) is(n fhir.Node) bool {
	return n.Get("system").Is(c.system) && n.Get("code").Is(c.code) && (c.display == "" || n.Get("display").Is(c.display))
}

// among reports whether a CodeableConcept has it.
func (c code) among(concept fhir.Node) bool {
	for coding := range concept.Get("coding").Each() {
		if c.is(coding) {
			return true
		}
	}
	return false
}

// balp checks one AuditEvent against the profile that it claims.
type balp struct {
	t    *testing.T
	root fhir.Node
}

func (b balp) want(ok bool, what string) {
	b.t.Helper()
	if !ok {
		b.t.Errorf("%s: %s", what, b.root.Raw())
	}
}

// only returns the one element of a list that a slice takes.
func (b balp) only(list, slice string, in func(fhir.Node) bool) (found fhir.Node) {
	b.t.Helper()
	n := 0
	for e := range b.root.Get(list).Each() {
		if in(e) {
			found = e
			n++
		}
	}
	b.want(n == 1, list+":"+slice+" is there "+strconv.Itoa(n)+" times")
	return found
}

func (b balp) agent(slice string, typ code) fhir.Node {
	b.t.Helper()
	return b.only("agent", slice, func(n fhir.Node) bool { return typ.among(n.Get("type")) })
}

func (b balp) entity(slice string, typ code) fhir.Node {
	b.t.Helper()
	return b.only("entity", slice, func(n fhir.Node) bool { return typ.is(n.Get("type")) })
}

// follows checks what both profiles demand; client and server are the other way round
// for a query.
func (b balp) follows(action string, client, server code) {
	b.t.Helper()
	r := b.root
	b.want(balpRest.is(r.Get("type")), "type")
	b.want(len(slices.Collect(r.Get("subtype").Each())) > 0, "subtype")
	b.want(r.Get("action").Is(action), "action")
	b.want(r.Get("recorded").Kind() == fhir.String, "recorded")
	b.want(r.Get("outcome").Is("0"), "outcome")
	for slice, a := range map[string]fhir.Node{"client": b.agent("client", client), "server": b.agent("server", server)} {
		b.want(a.Get("who").Kind() == fhir.Object && a.Get("network").Kind() == fhir.Object && !a.Get("media").Exists(), slice)
		b.want(string(a.Get("requestor").Raw()) == "false", slice+" asked")
	}
	user := b.agent("user", balpUser)
	b.want(user.Get("who").Kind() == fhir.Object && string(user.Get("requestor").Raw()) == "true", "user")
	b.want(!user.Get("media").Exists() && !user.Get("network").Exists(), "user has media or network")
	b.want(user.Get("purposeOfUse").Exists(), "purposeOfUse")
	source := r.Get("source")
	b.want(source.Get("observer").Exists() && source.Get("site").Exists() && source.Get("type").Exists(), "source")
	patient := b.entity("patient", balpPerson)
	b.want(balpPatient.is(patient.Get("role")), "patient's role")
	b.want(strings.HasPrefix(patient.Path("what", "reference").Text(), "Patient/"), "patient")
}

// request checks the entity of the request's id, where there is one.
func (b balp) request(id string) {
	b.t.Helper()
	if id != "" {
		b.want(b.entity("transaction", balpRequest).Path("what", "identifier", "value").Is(id), "transaction")
		return
	}
	for e := range b.root.Get("entity").Each() {
		b.want(!balpRequest.is(e.Get("type")), "a transaction without an id")
	}
}

func (b balp) read() {
	b.t.Helper()
	b.follows("R", balpDestination, balpSource)
	for sub := range b.root.Get("subtype").Each() {
		b.want(!sub.Get("system").Is(balpRead.system) || balpRead.is(sub) || sub.Get("code").Is("operation"), "subtype read")
	}
	data := b.entity("data", balpObject)
	role := data.Get("role")
	b.want(role.Get("system").Is(balpPatient.system) && slices.Contains([]string{"3", "4", "20"}, role.Get("code").Text()), "data's role")
	b.want(data.Get("what").Kind() == fhir.Object, "data")
}

func (b balp) query() {
	b.t.Helper()
	b.follows("E", balpSource, balpDestination)
	b.want(strings.Contains(string(b.root.Get("subtype").Raw()), `"search-type"`), "subtype search-type")
	query := b.entity("query", balpObject)
	b.want(balpQuery.is(query.Get("role")), "query's role")
	sent, err := base64.StdEncoding.DecodeString(query.Get("query").Text())
	b.want(err == nil && len(sent) > 0, "query")
	for _, no := range []string{"what", "lifecycle", "detail"} {
		b.want(!query.Get(no).Exists(), "query has "+no)
	}
}

// Whatever was allowed and is about a patient claims PatientRead if it was a read,
// PatientQuery if it was a search, and does all that the profile demands; nothing
// else claims anything.
func TestAuditEventsDoWhatTheirProfileDemands(t *testing.T) {
	const base = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
	for _, e := range eventsOfAllSorts() {
		d, err := fhir.Parse(audit(e))
		if err != nil {
			t.Fatal(err)
		}
		b := balp{t, d.Root()}
		profiles := []string{}
		for p := range d.Root().Path("meta").Get("profile").Each() {
			profiles = append(profiles, p.Text())
		}
		switch of := e.Outcome == access.Allowed && e.Person != ""; {
		case of && e.Action == access.Read:
			b.want(slices.Equal(profiles, []string{base + "PatientRead"}), "profile")
			b.read()
			b.request(e.Request)
		case of && e.Action == access.Find:
			b.want(slices.Equal(profiles, []string{base + "PatientQuery"}), "profile")
			b.query()
			b.request(e.Request)
		default:
			b.want(len(profiles) == 0, "claims a profile")
		}
		if t.Failed() {
			return
		}
	}
}

// eventsOfAllSorts are events by everybody, about somebody or not, with as much as an
// event may say and with as little.
func eventsOfAllSorts() (all []ledger.Event) {
	for a := access.Read; a.String() != "other"; a++ {
		for o := access.Refused; o.String() != "other"; o++ {
			for k := identity.Professional; k <= identity.Resident; k++ {
				full := looked
				full.Action, full.Outcome, full.Kind, full.Client, full.OnBehalf = a, o, k, "ward", "Ms B"
				op := full
				op.What = "$everything"
				nobody := full
				nobody.Person = ""
				all = append(all, full, op, nobody, ledger.Event{Time: looked.Time, Action: a, Outcome: o, Kind: k, Person: "pmary"})
			}
		}
	}
	return all
}
