package passkey

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-webauthn/webauthn/protocol"
)

// Limits of an answer, before anything of it is parsed. What browsers send has
// less than a quarter of each.
const (
	// MaxAnswer is the most bytes that Answer.Credential may have.
	MaxAnswer           = 16 << 10
	maxClientData       = 4 << 10
	maxAuthData         = 1 << 10
	maxAttestation      = 8 << 10
	maxSignature        = 1 << 10
	maxUserHandle       = 64
	maxJSONDepth        = 8 // of clientExtensionResults, which is not looked at
	rpIDHashSize        = 32
	flagsAt             = 32
	minAuthData         = 37
	publicKeyType       = "public-key"
	typeGet             = "webauthn.get"
	typeCreate          = "webauthn.create"
	flagUP         byte = 1 << 0
	flagUV         byte = 1 << 2
	flagBE         byte = 1 << 3
	flagBS         byte = 1 << 4
	flagAT         byte = 1 << 6
)

// wire is the JSON of a PublicKeyCredential, of both ceremonies. A browser may
// add members, which are ignored; it may not repeat one.
type wire struct {
	ID       string `json:"id"`
	RawID    string `json:"rawId"`
	Type     string `json:"type"`
	Response struct {
		ClientDataJSON    string   `json:"clientDataJSON"`
		AuthenticatorData string   `json:"authenticatorData"`
		Signature         string   `json:"signature"`
		UserHandle        string   `json:"userHandle"` // null if there is none
		AttestationObject string   `json:"attestationObject"`
		Transports        []string `json:"transports"`
	} `json:"response"`
}

// clientData is what the browser says of the ceremony, and what is signed.
type clientData struct {
	Type        string `json:"type"`
	Challenge   string `json:"challenge"`
	Origin      string `json:"origin"`
	CrossOrigin bool   `json:"crossOrigin"`
	TopOrigin   string `json:"topOrigin"`
}

// answer is what both kinds of answer have.
type answer struct {
	id         []byte
	clientJSON []byte
	client     clientData
	authData   []byte
}

// strict refuses duplicate names and text that is not UTF-8, which is the
// default of this library, and does not match names in another case.
func strict(b []byte, v any) bool {
	return shallow(b) && json.Unmarshal(b, v) == nil
}

// shallow refuses JSON nested deeper than any browser nests it. Brackets in
// strings count too, and do no harm: base64 has none.
func shallow(b []byte) bool {
	depth := 0
	for _, c := range b {
		switch c {
		case '{', '[':
			if depth++; depth > maxJSONDepth {
				return false
			}
		case '}', ']':
			depth--
		}
	}
	return true
}

// decode decodes unpadded base64url of at most max bytes. The standard decoder
// skips line ends; they are no part of an answer.
func decode(s string, most int) ([]byte, bool) {
	if len(s) > base64url.EncodedLen(most) || strings.ContainsAny(s, "\r\n") {
		return nil, false
	}
	b, err := base64url.DecodeString(s)
	return b, err == nil
}

// parseWire reads what both kinds of answer have. ok is false for anything that
// no browser sends.
func parseWire(raw []byte) (w wire, a answer, ok bool) {
	if len(raw) > MaxAnswer || !strict(raw, &w) || w.Type != publicKeyType || w.ID != w.RawID {
		return w, a, false
	}
	if a.id, ok = decode(w.ID, maxID); !ok || len(a.id) == 0 {
		return w, a, false
	}
	if a.clientJSON, ok = decode(w.Response.ClientDataJSON, maxClientData); !ok {
		return w, a, false
	}
	return w, a, strict(a.clientJSON, &a.client)
}

// assertion is a parsed answer to a login or step-up.
type assertion struct {
	answer
	parsed protocol.ParsedCredentialAssertionData
	handle []byte
}

// parseAssertion reads an answer to options of get.
func parseAssertion(raw []byte) (*assertion, bool) {
	w, a, ok := parseWire(raw)
	if !ok {
		return nil, false
	}
	out := &assertion{answer: a}
	var signature []byte
	if out.authData, ok = decode(w.Response.AuthenticatorData, maxAuthData); !ok || len(out.authData) < minAuthData {
		return nil, false
	}
	if signature, ok = decode(w.Response.Signature, maxSignature); !ok || len(signature) == 0 {
		return nil, false
	}
	if out.handle, ok = decode(w.Response.UserHandle, maxUserHandle); !ok {
		return nil, false
	}
	// An assertion has no attested credential data (WebAuthn 6.1).
	if out.authData[flagsAt]&flagAT != 0 {
		return nil, false
	}
	p := &out.parsed
	if p.Response.AuthenticatorData.Unmarshal(out.authData) != nil {
		return nil, false
	}
	p.RawID = out.id
	p.Response.CollectedClientData = out.client.library()
	p.Response.Signature, p.Response.UserHandle = signature, out.handle
	p.Raw.AssertionResponse.ClientDataJSON = out.clientJSON
	p.Raw.AssertionResponse.AuthenticatorData = out.authData
	return out, true
}

// attestation is a parsed answer to a registration.
type attestation struct {
	answer
	parsed     protocol.ParsedCredentialCreationData
	transports []string
}

// parseAttestation reads an answer to options of create.
func parseAttestation(raw []byte) (*attestation, bool) {
	w, a, ok := parseWire(raw)
	if !ok || len(a.id) < minID {
		return nil, false
	}
	object, ok := decode(w.Response.AttestationObject, maxAttestation)
	if !ok {
		return nil, false
	}
	out := &attestation{answer: a, transports: transports(w.Response.Transports)}
	p := &out.parsed
	library := protocol.AuthenticatorAttestationResponse{AttestationObject: object}
	library.ClientDataJSON = out.clientJSON
	response, err := library.Parse()
	if err != nil {
		return nil, false
	}
	p.RawID, p.Response = out.id, *response
	p.Response.CollectedClientData = out.client.library()
	p.Raw.AttestationResponse = library
	out.authData = p.Response.AttestationObject.RawAuthData
	return out, true
}

// transports keeps the hints that are hints: they come back to browsers, and
// must not be a place to keep other things in.
func transports(in []string) []string {
	var out []string
	for _, t := range in {
		if len(out) == maxTransports || t == "" || len(t) > maxTransport || strings.Trim(t, "abcdefghijklmnopqrstuvwxyz-") != "" {
			continue
		}
		out = append(out, t)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (c clientData) library() protocol.CollectedClientData {
	return protocol.CollectedClientData{
		Type: protocol.CeremonyType(c.Type), Challenge: c.Challenge, Origin: c.Origin,
		CrossOrigin: c.CrossOrigin, TopOrigin: c.TopOrigin,
	}
}
