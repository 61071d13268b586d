package api

import (
	"slices"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/gofiber/fiber/v2"
)

// finders are the parameters by which a person is found.
var finders = []string{"identifier", "family", "given", "birthdate", "address-postalcode"}

// finding reports whether a search for Patient asks who somebody is, rather than
// for one whose id is known.
func finding(pairs []web.Pair) bool {
	return slices.ContainsFunc(pairs, func(p web.Pair) bool { return slices.Contains(finders, p.Name) })
}

// find answers with the people who match: no more of each than tells people
// apart. It needs a role, and no relationship.
func (s *server) find(c *fiber.Ctx, pairs []web.Pair, urls int) error {
	who, err := whom(pairs, urls, strictly(c.Context()))
	if err != nil {
		return err
	}
	call := web.From(c)
	people, withheld, err := s.o.Records.Find(call.Ctx, call.Caller, call.RequestID, who)
	if err != nil {
		return err
	}
	w := s.newBundle(c.Context(), "searchset")
	defer w.drop()
	for i := range people {
		w.appendKnown(&people[i])
	}
	if withheld {
		w.outcome(web.Issue{Severity: "warning", Type: "suppressed", Code: "NO_PATIENT_CONSENT", Text: "withheld"})
	}
	w.end(patientType, nil, "") // the link leaves out who was asked for
	return nil
}

// whom reads who is looked for.
func whom(pairs []web.Pair, urls int, strict bool) (record.Who, error) {
	var who record.Who
	seen := map[string]bool{}
	for i, p := range pairs {
		switch {
		case p.Name == "_format":
			if err := format(p.Value); err != nil {
				return who, err
			}
			continue
		case p.Name == "_count" || p.Name == "_pretty":
			continue
		case i < urls && holdsNumber(p.Value):
			return who, postOnly()
		case !slices.Contains(finders, p.Name):
			if strict || strings.HasPrefix(p.Name, "_id") {
				return who, errs.New(errs.Invalid, "People are found by identifier, or by family and birthdate with given and address-postalcode; nothing else is taken with those.")
			}
			continue
		case i < urls:
			return who, postOnly()
		case seen[p.Name]:
			return who, invalidAt(p.Name, "The parameter is there twice.")
		}
		seen[p.Name] = true
		if err := take(&who, p); err != nil {
			return who, err
		}
	}
	if byNumber := !who.Number.IsZero(); byNumber == (who.Family != "" || who.BirthDate != "") || !byNumber && (who.Family == "" || who.BirthDate == "") {
		return who, errs.New(errs.Invalid, "Search by identifier alone, or by family and birthdate together.")
	}
	return who, nil
}

// take takes one of the finders.
func take(who *record.Who, p web.Pair) error {
	if strings.TrimSpace(p.Value) == "" {
		return invalidAt(p.Name, "The parameter has no value.")
	}
	switch p.Name {
	case "identifier":
		system, value, _ := strings.Cut(p.Value, "|")
		if system != nhs.NumberSystem {
			return &errs.Error{Kind: errs.Invalid, Code: "INVALID_IDENTIFIER_SYSTEM", Path: p.Name, Message: "The identifier is " + nhs.NumberSystem + "| and an NHS number."}
		}
		n, err := nhs.ParseNumber(value)
		if err != nil {
			return &errs.Error{Kind: errs.Invalid, Code: "INVALID_NHS_NUMBER", Path: p.Name, Message: errs.Message(err) + "."}
		}
		who.Number = n
	case "family":
		who.Family = p.Value
	case "given":
		who.Given = p.Value
	case "address-postalcode":
		who.Postcode = p.Value
	case "birthdate":
		date := strings.TrimPrefix(p.Value, "eq")
		if !wholeDate(date) {
			return invalidAt(p.Name, "The birth date is YYYY-MM-DD.")
		}
		who.BirthDate = date
	}
	return nil
}

// wholeDate reports whether the text is a date to the day.
func wholeDate(text string) bool {
	_, _, err := fhir.ParseDate(text)
	return err == nil && len(text) == len("2006-01-02")
}

// appendKnown adds a person as found. The resource says that it is not the whole
// Patient.
func (w *bundle) appendKnown(k *record.Known) {
	w.next()
	b := append(w.b, `"fullUrl":"`...)
	w.b = b
	w.appendURL(patientType, string(k.Person))
	b = append(w.b, `","resource":{"resourceType":"Patient","id":"`...)
	b = append(b, k.Person...)
	b = append(b, `","meta":{"tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]},"identifier":[{"system":"`+nhs.NumberSystem+`","value":"`...)
	b = append(b, k.Number.Digits()...)
	b = append(b, `"}]`...)
	if k.Family != "" || len(k.Given) > 0 {
		b = append(b, `,"name":[{`...)
		b = appendName(b, k)
		b = append(b, `}]`...)
	}
	b = appendMember(b, "gender", k.Gender)
	b = appendMember(b, "birthDate", k.BirthDate)
	if k.Practice != "" {
		b = append(b, `,"generalPractitioner":[{"type":"Organization","identifier":{"system":"`+nhs.ODSSystem+`","value":`...)
		b = web.AppendString(b, string(k.Practice))
		b = append(b, `}}]`...)
	}
	w.b = append(b, `},"search":{"mode":"match"}}`...)
}

func appendName(b []byte, k *record.Known) []byte {
	if k.Family != "" {
		b = append(b, `"family":`...)
		b = web.AppendString(b, k.Family)
	}
	for i, g := range k.Given {
		switch {
		case i > 0:
			b = append(b, ',')
		case k.Family != "":
			b = append(b, `,"given":[`...)
		default:
			b = append(b, `"given":[`...)
		}
		b = web.AppendString(b, g)
	}
	if len(k.Given) > 0 {
		b = append(b, ']')
	}
	return b
}

func appendMember(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	b = append(b, `,"`...)
	b = append(b, name...)
	b = append(b, `":`...)
	return web.AppendString(b, value)
}
