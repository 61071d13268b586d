package main

// What the annotations of the routes call what is sent and answered. FHIR's own
// definitions say the rest: these have the members that every one has.

// Resource is any resource of a person's record or of the directory.
type Resource struct {
	ResourceType string `json:"resourceType" example:"Observation"`
	ID           string `json:"id"`
	Meta         Meta   `json:"meta"`
} //	@name	Resource

// Meta is what the record says of a version.
type Meta struct {
	VersionID   string `json:"versionId"`
	LastUpdated string `json:"lastUpdated" format:"date-time"`
	Source      string `json:"source"`
} //	@name	Meta

// Bundle is a FHIR Bundle.
type Bundle struct {
	ResourceType string  `json:"resourceType" example:"Bundle"`
	Type         string  `json:"type" example:"searchset"`
	Link         []Link  `json:"link"`
	Entry        []Entry `json:"entry"`
} //	@name	Bundle

// Link is a link of a Bundle: self, or next.
type Link struct {
	Relation string `json:"relation" example:"next"`
	URL      string `json:"url"`
} //	@name	Link

// Entry is an entry of a Bundle.
type Entry struct {
	FullURL  string   `json:"fullUrl"`
	Resource Resource `json:"resource"`
} //	@name	Entry

// OperationOutcome says what went wrong inside FHIR.
type OperationOutcome struct {
	ResourceType string  `json:"resourceType" example:"OperationOutcome"`
	Issue        []Issue `json:"issue"`
} //	@name	OperationOutcome

// Issue is one thing that went wrong.
type Issue struct {
	Severity   string   `json:"severity" example:"error"`
	Code       string   `json:"code" example:"not-found"`
	Details    Details  `json:"details"`
	Expression []string `json:"expression"`
} //	@name	Issue

// Details are words for a person, and a code for a program.
type Details struct {
	Text   string   `json:"text"`
	Coding []Coding `json:"coding"`
} //	@name	Details

// Coding is a code of ours: NO_PATIENT_CONSENT, NO_RELATIONSHIP and others.
type Coding struct {
	System string `json:"system" example:"urn:dcr:answer"`
	Code   string `json:"code" example:"NO_PATIENT_CONSENT"`
} //	@name	Coding

// CapabilityStatement is FHIR's.
type CapabilityStatement struct {
	ResourceType string `json:"resourceType" example:"CapabilityStatement"`
	FHIRVersion  string `json:"fhirVersion" example:"4.0.1"`
} //	@name	CapabilityStatement

// SMARTConfiguration is that of SMART App Launch 2.
type SMARTConfiguration struct {
	TokenEndpoint string   `json:"token_endpoint"`
	GrantTypes    []string `json:"grant_types_supported"`
	Methods       []string `json:"token_endpoint_auth_methods_supported"`
	Algorithms    []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	Scopes        []string `json:"scopes_supported"`
	Capabilities  []string `json:"capabilities"`
} //	@name	SMARTConfiguration

// TokenResponse is RFC 6749's.
type TokenResponse struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type" example:"bearer"`
	ExpiresIn   int    `json:"expires_in"`
	Scope       string `json:"scope"`
} //	@name	TokenResponse

// TokenError is RFC 6749's.
type TokenError struct {
	Error       string `json:"error" example:"invalid_client"`
	Description string `json:"error_description"`
} //	@name	TokenError

// Problem is a problem document (RFC 9457): what went wrong outside FHIR.
type Problem struct {
	Type   string `json:"type" example:"urn:dcr:problem:not-found"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Code   string `json:"code"`
	Path   string `json:"path"`
	Action string `json:"action,omitempty" example:"record.export"` // of STEP_UP_REQUIRED: what to confirm, at /citizen/v1/step-up/options
} //	@name	Problem
