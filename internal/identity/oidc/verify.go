package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/dorsetcarerecord/dcr/internal/identity"
)

// algorithms is what a token may be signed with: never none, never a shared key.
func algorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.ES256, jose.ES384, jose.RS256, jose.RS384, jose.RS512, jose.PS256}
}

// signedBy tells when a remembered token stops counting though it has not
// expired: its issuer has withdrawn a key since.
type signedBy struct {
	keys      *keySet
	withdrawn uint64
}

// verify checks the signature first: nothing that a token says is believed before,
// but for the name of the issuer whose keys to look among.
func (v *Verifier) verify(ctx context.Context, token string, now time.Time) (identity.Caller, signedBy, error) {
	jws, err := parse(token)
	if err != nil {
		return identity.Caller{}, signedBy{}, err
	}
	said, err := parseClaims(jws.UnsafePayloadWithoutVerification())
	if err != nil {
		return identity.Caller{}, signedBy{}, err
	}
	from := v.issuers[said.Issuer]
	if from == nil {
		return identity.Caller{}, signedBy{}, refuse("The token is from an issuer that is not taken here.")
	}
	made := signedBy{from.keys, from.keys.withdrawn.Load()} // before the key is read
	payload, err := from.keys.payload(ctx, jws)
	if err != nil {
		return identity.Caller{}, signedBy{}, err
	}
	c, err := parseClaims(payload)
	if err != nil {
		return identity.Caller{}, signedBy{}, err
	}
	caller, err := v.caller(from, c, now)
	return caller, made, err
}

// parse reads a token that names the key that it is signed with.
func parse(token string) (*jose.JSONWebSignature, error) {
	jws, err := jose.ParseSignedCompact(token, algorithms())
	if err != nil {
		return nil, refuse("The token is not a JWT signed with an algorithm that is taken (ES256, ES384, RS256, RS384, RS512, PS256).")
	}
	if kid := jws.Signatures[0].Protected.KeyID; kid == "" || len(kid) > maxKID {
		return nil, refuse("The token does not name the key that it is signed with (kid).")
	}
	return jws, nil
}

// payload returns what was signed, if it was by the issuer.
func (s *keySet) payload(ctx context.Context, jws *jose.JSONWebSignature) ([]byte, error) {
	head := jws.Signatures[0].Protected
	key, err := s.key(ctx, head.KeyID)
	if err != nil {
		return nil, err
	}
	if !fits(key, jose.SignatureAlgorithm(head.Algorithm)) {
		return nil, refuse("The token's algorithm is not its key's.")
	}
	payload, err := jws.Verify(key)
	if err != nil {
		return nil, refuse("The token's signature does not hold.")
	}
	return payload, nil
}

// fits reports whether a key may be used with an algorithm: the type and size of
// the key decide, not what the token says.
func fits(k *jose.JSONWebKey, a jose.SignatureAlgorithm) bool {
	if k.Algorithm != "" && k.Algorithm != string(a) {
		return false
	}
	switch key := k.Key.(type) {
	case *ecdsa.PublicKey:
		switch a {
		case jose.ES256:
			return key.Curve.Params().BitSize == 256
		case jose.ES384:
			return key.Curve.Params().BitSize == 384
		}
	case *rsa.PublicKey:
		switch a {
		case jose.RS256, jose.RS384, jose.RS512, jose.PS256:
			return true
		}
	}
	return false
}
