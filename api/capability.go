package api

import (
	"maps"
	"slices"

	"github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/gofiber/fiber/v2"
)

// metadata answers with the CapabilityStatement, which was made once of the tables
// that route and parse.
//
//	@Summary	What this server does
//	@Tags		about
//	@Produce	application/fhir+json
//	@Success	200	{object}	main.CapabilityStatement
//	@Failure	400,406,500	{object}	main.OperationOutcome
//	@Router		/fhir/R4/metadata [get]
func (s *server) metadata(statement []byte) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := acceptable(c.Context()); err != nil {
			return err
		}
		if err := s.onlyControls(c); err != nil {
			return err
		}
		c.Context().Response.Header.SetContentTypeBytes(vFHIR)
		c.Context().Response.SetBodyRaw(statement)
		return nil
	}
}

// capabilities writes people's CapabilityStatement.
func (s *server) capabilities() []byte {
	b := s.appendStatement(nil, "The shared record of the people of Dorset, for themselves, the professionals who care for them, and their clinical systems.")
	b = append(b, `,"resource":[`...)
	for i, name := range slices.Sorted(maps.Keys(s.kinds)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = s.appendResource(b, s.kinds[name])
	}
	return append(b, `]}]}`...)
}

// sourceCapabilities writes that of the listener for systems that send.
func (s *server) sourceCapabilities() []byte {
	b := s.appendStatement(nil, "Where the sources of the record send: bundles of type transaction, batch, collection or message.")
	return append(b, `,"interaction":[{"code":"transaction"},{"code":"batch"}]}]}`...)
}

// appendStatement appends all that both statements say, up to the security of
// their one rest entry.
func (s *server) appendStatement(b []byte, about string) []byte {
	b = append(b, `{"resourceType":"CapabilityStatement","status":"active","date":"`...)
	b = web.AppendInstant(b, s.o.Now())
	b = append(b, `","publisher":"Dorset Care Record","kind":"instance","software":{"name":"Dorset Care Record","version":`...)
	b = web.AppendString(b, s.o.Version)
	b = append(b, `},"implementation":{"description":`...)
	b = web.AppendString(b, about)
	b = append(b, `,"url":`...)
	b = web.AppendString(b, s.base)
	b = append(b, `},"fhirVersion":"4.0.1","format":["application/fhir+json","json"],"rest":[{"mode":"server","security":{"service":[{"coding":[`+
		`{"system":"http://terminology.hl7.org/CodeSystem/restful-security-service","code":"SMART-on-FHIR"},`+
		`{"system":"http://terminology.hl7.org/CodeSystem/restful-security-service","code":"OAuth"}]}],"description":`...)
	b = web.AppendString(b, "A bearer token of a registered issuer, of "+s.o.BaseURL+pathToken+" (SMART Backend Services), or of a resident's session, which has the scope patient/*.rs of their own record. Every look is in the access ledger before its answer.")
	return append(b, '}')
}

// appendResource appends what may be done with a type.
func (s *server) appendResource(b []byte, k *kind) []byte {
	b = append(b, `{"type":"`...)
	b = append(b, k.name...)
	b = append(b, `","interaction":[`...)
	first := true
	for _, i := range s.interactions() {
		if i.code == "" || k.directory && !i.directory || k.ledger && !i.ledger {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, `{"code":"`...)
		b = append(b, i.code...)
		b = append(b, `"}`...)
	}
	if k.ledger {
		b = append(b, `],"documentation":"who looked, for the person themself only; newest first","versioning":"no-version","readHistory":false,`+
			`"searchParam":[{"name":"patient","type":"reference"},{"name":"date","type":"date"}]}`...)
		return b
	}
	b = append(b, `],"versioning":"versioned","readHistory":`...)
	if k.directory {
		return append(b, `false}`...)
	}
	b = append(b, `true,"searchParam":[{"name":"_id","type":"token"}`...)
	for _, name := range slices.Sorted(maps.Keys(k.params)) {
		b = append(b, `,{"name":"`...)
		b = append(b, name...)
		b = append(b, `","type":"`...)
		b = append(b, k.params[name].Kind...)
		b = append(b, `"}`...)
	}
	if k.name != patientType {
		return append(b, `]}`...)
	}
	b = append(b, `,{"name":"family","type":"string","documentation":"by POST only, with birthdate"}`+
		`,{"name":"given","type":"string","documentation":"by POST only, to narrow"}`+
		`,{"name":"birthdate","type":"date","documentation":"by POST only, a whole date"}`+
		`,{"name":"address-postalcode","type":"string","documentation":"by POST only, to narrow"}`+
		`,{"name":"identifier","type":"token","documentation":"by POST only: NHS number with its system"}],"operation":[`...)
	for _, i := range s.interactions() {
		if i.op != "" {
			b = append(b, `{"name":"`...)
			b = append(b, i.op...)
			b = append(b, `","definition":"http://hl7.org/fhir/OperationDefinition/Patient-`...)
			b = append(b, i.op...)
			b = append(b, `"}`...)
		}
	}
	return append(b, `]}`...)
}
