package testkit

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/oidc/oidctest"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/operator"
)

// Professional is somebody who works for a partner, and signs in when they need to.
type Professional struct {
	w      *World
	person oidctest.Person
	client *http.Client
}

// Professional returns somebody of that name, organisation and role. In the
// ledger they are "cis2/<name>".
func (w *World) Professional(name string, org nhs.ODS, role identity.Role) *Professional {
	return &Professional{w: w, client: &http.Client{Transport: &http.Transport{}},
		person: oidctest.Person{Sub: name, Name: "Dr " + name, Org: string(org), RoleCode: roleCode(role), RoleName: role.String()}}
}

// Token returns a token that was issued just now.
func (p *Professional) Token() string { return p.w.Issuer.Mint(p.person, p.w.Clock()) }

// Gets asks for a path below /fhir/R4, such as "Observation?patient=...".
func (p *Professional) Gets(path string) Answer { return p.asks(http.MethodGet, path, "") }

// Posts sends a form to a path below /fhir/R4.
func (p *Professional) Posts(path, form string) Answer { return p.asks(http.MethodPost, path, form) }

func (p *Professional) asks(method, path, form string) Answer {
	p.w.T.Helper()
	r, err := http.NewRequestWithContext(p.w.T.Context(), method, "http://"+p.w.Server.Addr("api")+"/fhir/R4/"+path, strings.NewReader(form))
	fatal(p.w.T, err)
	r.Header.Set("Authorization", "Bearer "+p.Token())
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return do(p.w.T, p.client, r)
}

// Source is a source system with its own client certificate.
type Source struct {
	w      *World
	client *http.Client
}

// Source registers a source system of a partner.
func (w *World) Source(id string, org nhs.ODS) *Source {
	w.T.Helper()
	cert, fingerprint, err := w.pki.Client(id)
	fatal(w.T, err)
	fatal(w.T, w.Operator().RegisterClient(w.T.Context(), operator.Client{ID: id, Org: org, Kind: "feed", Name: id, Certs: []string{fingerprint}}))
	t := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: w.pki.Pool, Certificates: []tls.Certificate{cert}, ServerName: "localhost", MinVersion: tls.VersionTLS12}}
	w.T.Cleanup(t.CloseIdleConnections)
	return &Source{w, &http.Client{Transport: t}}
}

// Sends posts a Bundle.
func (s *Source) Sends(bundle []byte) Answer {
	s.w.T.Helper()
	r, err := http.NewRequestWithContext(s.w.T.Context(), http.MethodPost, "https://"+s.w.Server.Addr("sources")+"/fhir/R4", bytes.NewReader(bundle))
	fatal(s.w.T, err)
	r.Header.Set("Content-Type", "application/fhir+json")
	return do(s.w.T, s.client, r)
}

// Asks sends a request of any other kind to the listener for sources.
func (s *Source) Asks(method, path string, change func(*http.Request)) Answer {
	s.w.T.Helper()
	r, err := http.NewRequestWithContext(s.w.T.Context(), method, "https://"+s.w.Server.Addr("sources")+path, http.NoBody)
	fatal(s.w.T, err)
	change(r)
	return do(s.w.T, s.client, r)
}

// Person is somebody whom a record is about.
type Person struct {
	Number nhs.Number
	Family string // a marker too: it stands in every resource of theirs
	Born   string
}

// Patient is their Patient resource.
func (p Person) Patient() string {
	return fmt.Sprintf(`{"resourceType":"Patient","id":"%s","identifier":[{"system":"%s","value":"%s"}],"name":[{"use":"official","family":"%s","given":["Pat"]}],"gender":"female","birthDate":"%s"}`,
		strings.ToLower(p.Family), nhs.NumberSystem, p.Number.Digits(), p.Family, p.Born)
}

// Observation is a result of theirs.
func (p Person) Observation(id string, day time.Time, value float64) string {
	return fmt.Sprintf(`{"resourceType":"Observation","id":"%s","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"718-7","display":"Haemoglobin"}]},"subject":{"reference":"Patient/%s"},"effectiveDateTime":"%s","valueQuantity":{"value":%g,"unit":"g/L"},"note":[{"text":"%s"}]}`,
		id, strings.ToLower(p.Family), day.Format(time.DateOnly), value, p.Family)
}

// Encounter is a finished visit of theirs on that day.
func (p Person) Encounter(id string, day time.Time) string {
	return fmt.Sprintf(`{"resourceType":"Encounter","id":"%s","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},"subject":{"reference":"Patient/%s","display":"%s"},"period":{"start":"%s","end":"%s"}}`,
		id, strings.ToLower(p.Family), p.Family, day.Format(time.RFC3339), day.Add(time.Hour).Format(time.RFC3339))
}

// Bundle makes a transaction of resources, sent at that time.
func Bundle(at time.Time, resources ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"resourceType":"Bundle","type":"transaction","timestamp":"%s","entry":[`, at.Format(time.RFC3339))
	for i, r := range resources {
		if i > 0 {
			b.WriteByte(',')
		}
		typ, id := field(r, "resourceType"), field(r, "id")
		fmt.Fprintf(&b, `{"fullUrl":"https://source.example/%s/%s","resource":%s,"request":{"method":"PUT","url":"%s/%s"}}`, typ, id, r, typ, id)
	}
	b.WriteString("]}")
	return b.Bytes()
}

// field reads a string member of JSON that this package made.
func field(js, name string) string {
	_, rest, _ := strings.Cut(js, `"`+name+`":"`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}
