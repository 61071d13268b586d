package seed

import (
	"strconv"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/partner"
)

// patientResource writes the Patient; its id is the person's key.
func (w *writer) patientResource() {
	p := w.person
	w.named("Patient", w.key, "UKCore-Patient", w.today.AddDate(-1, 0, 0))
	w.put(`,"identifier":[{"extension":[{"url":"$Extension-UKCore-NHSNumberVerificationStatus","valueCodeableConcept":{"coding":[{"system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland","code":"number-present-and-verified","display":"Number present and verified"}]}}],"use":"official","system":"https://fhir.nhs.uk/Id/nhs-number","value":"$"},{"use":"secondary","system":"$local-number","value":"$"}]`,
		ukcore, p.Number.Digits(), w.base, w.key)
	w.put(`,"active":true,"name":[{"use":"official","family":"$","given":[`, p.Family)
	for i, g := range p.Given {
		if i > 0 {
			w.put(`,`)
		}
		w.put(`"$"`, g)
	}
	w.put(`]`)
	if p.Title != "" {
		w.put(`,"prefix":["$"]`, p.Title)
	}
	w.put(`}],"telecom":[{"system":"phone","value":"$","use":"home"},{"system":"phone","value":"$","use":"mobile"},{"system":"email","value":"$","use":"home"}]`,
		p.Phone, p.Mobile, p.Email)
	w.put(`,"gender":"$","birthDate":"$","address":[{"use":"home","type":"both","line":["$"],"city":"$","postalCode":"$","country":"GBR"}]`,
		p.Gender, p.BirthDate(), p.Line, p.Town, p.Postcode)
	w.put(`,"communication":[{"language":{"coding":[{"system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-HumanLanguage","code":"$","display":"$"}]},"preferred":true}]`,
		p.Language.code, p.Language.display)
	w.put(`,"generalPractitioner":[$],"managingOrganization":$`, organisation(p.Practice), organisation(w.org))
	w.end()
}

func (w *writer) relatedPerson(i int) {
	p, relation := w.person, pick(w.r, relations[:])
	if p.ageAt(w.today) < 16 {
		relation = relations[len(relations)-2+i%2]
	}
	names, gender := womensNames[:], "female"
	if relation.code == "SONC" || relation.code == "FTH" || relation.code != "DAUC" && relation.code != "MTH" && w.r.IntN(2) == 0 {
		names, gender = mensNames[:], "male"
	}
	w.entry("RelatedPerson", "rp", "UKCore-RelatedPerson", w.past(4))
	w.identifier()
	w.put(`,"active":true`)
	w.patient("patient")
	w.put(`,"relationship":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-RoleCode","code":"$","display":"$"},{"system":"http://terminology.hl7.org/CodeSystem/v2-0131","code":"$"}]}]`,
		relation.code, relation.display, []string{"N", "C"}[i%2])
	w.put(`,"name":[{"use":"usual","family":"$","given":["$"]}],"telecom":[{"system":"phone","value":"07700 900$","use":"mobile"}],"gender":"$"`,
		p.Family, pick(w.r, names), strconv.Itoa(100+w.r.IntN(900)), gender)
	w.end()
}

func (w *writer) organizationResource(o Organisation, since time.Time) {
	kind := coded{"prov", "Healthcare Provider"}
	if o.Kind == partner.Council {
		kind = coded{"govt", "Government"}
	}
	w.named("Organization", "org-"+string(o.ODS), "UKCore-Organization", since)
	w.put(`,"identifier":[{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"$"}],"active":true`, string(o.ODS))
	w.put(`,"type":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/organization-type","code":"$","display":"$"}]}],"name":"$"`,
		kind.code, kind.display, o.Name)
	w.put(`,"address":[{"use":"work","city":"$","postalCode":"$","country":"GBR"}]`, o.Town, o.Postcode)
	w.end()
}

func (w *writer) locationResource(o Organisation, since time.Time) {
	w.named("Location", "loc-"+string(o.ODS), "UKCore-Location", since)
	w.put(`,"identifier":[{"system":"$site","value":"$-1"}],"status":"active","name":"$, main site","mode":"instance"`, w.base, string(o.ODS), o.Name)
	w.put(`,"address":{"use":"work","city":"$","postalCode":"$","country":"GBR"},"managingOrganization":{"reference":"Organization/org-$"}`,
		o.Town, o.Postcode, string(o.ODS))
	w.end()
}

func (w *writer) practitioner(p Professional, since time.Time) {
	w.named("Practitioner", p.Sub, "UKCore-Practitioner", since)
	w.put(`,"identifier":[{"system":"https://fhir.nhs.uk/Id/sds-user-id","value":"$"}],"active":true,"name":[{"use":"official","family":"$","given":["$"]`,
		p.UserID, p.Family, p.Given)
	if p.Title != "" {
		w.put(`,"prefix":["$"]`, p.Title)
	}
	w.put(`}]`)
	w.end()
}

func (w *writer) practitionerRole(p Professional, since time.Time) {
	w.named("PractitionerRole", p.Sub+"-role", "UKCore-PractitionerRole", since)
	w.put(`,"identifier":[{"system":"https://fhir.nhs.uk/Id/sds-role-profile-id","value":"$"}],"active":true`, p.RoleID)
	w.put(`,"practitioner":{"reference":"Practitioner/$"},"organization":{"reference":"Organization/org-$"}`, p.Sub, string(p.Org.ODS))
	w.put(`,"code":[{"coding":[{"system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-SDSJobRoleName","code":"$","display":"$"}]}],"location":[{"reference":"Location/loc-$"}]`,
		p.RoleCode, p.RoleName, string(p.Org.ODS))
	w.end()
}
