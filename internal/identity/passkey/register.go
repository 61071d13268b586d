package passkey

import (
	"context"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// Registration is what a new passkey is for.
type Registration struct {
	// Subject is the account or the enrolment that gets the passkey.
	Subject string
	// Digest is of the action that the caller was allowed, if there was one.
	Digest []byte
	// UserHandle is the account's, or a new one (NewUserHandle): it is kept in
	// the state, so that there is no account before the passkey.
	UserHandle []byte
	// Name and DisplayName are shown by the passkey's keeper: no NHS number, and
	// nothing that the resident has not seen.
	Name, DisplayName string
	// Exclude are the account's passkeys: an authenticator that has one of them
	// makes no second.
	Exclude []Credential
}

// Registered is a new passkey. The caller sees to it that no other account has
// its ID.
type Registered struct {
	UserHandle []byte
	Credential Credential
}

// BeginRegistration makes the options of create. It writes nothing.
func (p *Party) BeginRegistration(r Registration) (Begun, error) {
	if len(r.UserHandle) != UserHandleSize {
		return Begun{}, errUserHandle
	}
	s, begun, err := p.begin(registration, r.Subject, r.Digest, r.UserHandle)
	if err != nil {
		return Begun{}, err
	}
	b := p.creates.options(&s, 160+len(r.Name)+len(r.DisplayName)+roomFor(r.Exclude))
	b = append(b, `,"user":{"id":"`...)
	b = base64url.AppendEncode(b, r.UserHandle)
	b = append(append(b, `","name":`...), quote(r.Name)...)
	b = append(append(b, `,"displayName":`...), quote(r.DisplayName)...)
	b = appendDescriptors(append(b, '}'), "excludeCredentials", r.Exclude)
	begun.Options = append(b, '}')
	return begun, nil
}

// FinishRegistration judges the answer and returns the new passkey, named by its
// maker. Errors are a *Refused, or the Spender's.
func (p *Party) FinishRegistration(ctx context.Context, a Answer) (Registered, error) {
	s, err := p.open(registration, a)
	if err != nil {
		return Registered{}, err
	}
	got, ok := parseAttestation(a.Credential)
	if !ok {
		return Registered{}, refuse(registration, Malformed)
	}
	if err := p.spend(ctx, &s); err != nil {
		return Registered{}, err
	}
	if err := p.check(&s, &got.answer, typeCreate); err != nil {
		return Registered{}, err
	}
	if err := p.attested(&s, got); err != nil {
		return Registered{}, err
	}
	data := got.parsed.Response.AttestationObject.AuthData
	c := Credential{
		ID: slices.Clone(got.id), PublicKey: slices.Clone(data.AttData.CredentialPublicKey),
		Flags: flagsIn(got.authData), SignCount: data.Counter, Transports: got.transports,
		Created: p.now(),
	}
	copy(c.AAGUID[:], data.AttData.AAGUID)
	c.Name = DefaultName(c)
	return Registered{UserHandle: slices.Clone(s.handle), Credential: c}, nil
}

// attested checks the key, and the statement about it. None was asked for. One
// signed by the key itself is checked, since browsers may leave it in; one by a
// certificate would identify the device, and is refused.
func (p *Party) attested(s *state, got *attestation) error {
	object := &got.parsed.Response.AttestationObject
	if !goodKey(object.AuthData.AttData.CredentialPublicKey) {
		return refuse(s.kind, BadKey)
	}
	_, certified := object.AttStatement["x5c"]
	if f := protocol.AttestationFormat(object.Format); certified || f != protocol.AttestationFormatNone && f != protocol.AttestationFormatPacked {
		return refuse(s.kind, BadAttestation)
	}
	var params []protocol.CredentialParameter
	for _, alg := range offered {
		params = append(params, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: alg})
	}
	_, err := got.parsed.Verify(base64url.EncodeToString(s.challenge[:]), p.o.RPID, p.o.Origins, p.o.Origins, nil,
		protocol.TopOriginExplicitVerificationMode, false, true, true, nil, params, protocol.AttestationPolicy{}, protocol.SignaturePolicy{})
	if err != nil {
		return refuse(s.kind, BadAttestation)
	}
	return nil
}

// Bounds of an RSA modulus in bytes: 2,048 and 4,096 bits.
const minModulus, maxModulus = 256, 512

// goodKey says whether key is of an algorithm that was offered, and strong.
func goodKey(key []byte) bool {
	if len(key) > maxKey {
		return false
	}
	parsed, err := webauthncose.ParsePublicKey(key)
	if err != nil {
		return false
	}
	switch k := parsed.(type) {
	case webauthncose.EC2PublicKeyData:
		return k.Algorithm == int64(webauthncose.AlgES256)
	case webauthncose.OKPPublicKeyData:
		return k.Algorithm == int64(webauthncose.AlgEdDSA)
	case webauthncose.RSAPublicKeyData:
		return k.Algorithm == int64(webauthncose.AlgRS256) && sized(k.Modulus, minModulus, maxModulus) && k.Modulus[0] != 0
	}
	return false
}
