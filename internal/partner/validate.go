package partner

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/hex"
	"strings"
	"unicode"

	"github.com/go-jose/go-jose/v4"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/go-json-experiment/json"
)

// Limits of what is registered.
const (
	maxName  = 200
	maxJWKS  = 64 << 10
	maxKeys  = 20
	maxCerts = 20
	maxAllow = 200
	minRSA   = 2048
)

// Validate says what is wrong with an agreement that is to be stored. One that
// has lapsed or is suspended is valid: it allows nothing.
func (a Agreement) Validate() error {
	if org, err := nhs.ParseODS(string(a.Org)); err != nil || org != a.Org {
		return invalid("org", "the organisation must be an ODS code: 3 to 10 capital letters and digits")
	}
	if err := validName(a.Name); err != nil {
		return err
	}
	switch {
	case a.Kind == 0 || a.Kind >= endKind:
		return invalid("kind", "the kind must be one of %s", strings.Join(kinds[1:], " "))
	case a.Read&^section.All != 0:
		return invalid("read", "there are sections in it that do not exist")
	case a.Contribute&^section.All != 0:
		return invalid("contribute", "there are sections in it that do not exist")
	case a.Signed.IsZero():
		return invalid("signed", "the date on which it was signed is missing")
	case !a.Ends.After(a.Signed):
		return invalid("ends", "it must end after it was signed")
	case a.DSPT.IsZero():
		return invalid("dspt", "the date until which the DSPT status holds is missing")
	}
	return nil
}

// Validate says what is wrong with a client that is to be stored.
func (c Client) Validate() error {
	if !validID(c.ID) {
		return invalid("id", "a client id has 3 to 64 lower-case letters, digits, dots and dashes")
	}
	if org, err := nhs.ParseODS(string(c.Org)); err != nil || org != c.Org {
		return invalid("org", "the organisation must be an ODS code: 3 to 10 capital letters and digits")
	}
	if err := validName(c.Name); err != nil {
		return err
	}
	if c.Kind != ClinicalSystem && c.Kind != Feed {
		return invalid("kind", "the kind must be clinical-system or feed")
	}
	if len(c.JWKS) == 0 && len(c.Certs) == 0 {
		return invalid("jwks", "a client needs keys (a JWKS), certificates, or both")
	}
	if len(c.JWKS) > 0 {
		if _, err := Keys(c.JWKS); err != nil {
			return err
		}
	}
	if len(c.Certs) > maxCerts {
		return invalid("certs", "a client has at most %d certificates", maxCerts)
	}
	seen := map[string]bool{}
	for _, f := range c.Certs {
		if raw, err := hex.DecodeString(f); err != nil || len(raw) != 32 || strings.ToLower(f) != f {
			return invalid("certs", "a fingerprint is the SHA-256 of the certificate in 64 lower-case hex digits")
		}
		if seen[f] {
			return invalid("certs", "a fingerprint is there twice")
		}
		seen[f] = true
	}
	return validAllow(c.Allow)
}

// Keys reads the public keys of a client: each with a kid of its own, for ES256,
// ES384 or RS384, and none of them private.
func Keys(jwks []byte) (*jose.JSONWebKeySet, error) {
	if len(jwks) > maxJWKS {
		return nil, invalid("jwks", "the key set is over %d bytes", maxJWKS)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(jwks, &set); err != nil {
		return nil, invalid("jwks", "the key set is not a JSON Web Key Set of supported keys")
	}
	if len(set.Keys) == 0 || len(set.Keys) > maxKeys {
		return nil, invalid("jwks", "a key set has 1 to %d keys", maxKeys)
	}
	seen := map[string]bool{}
	for i := range set.Keys {
		k := &set.Keys[i]
		if k.KeyID == "" || seen[k.KeyID] {
			return nil, invalid("jwks", "every key needs a kid of its own")
		}
		seen[k.KeyID] = true
		if err := validKey(k); err != nil {
			return nil, err
		}
	}
	return &set, nil
}

func validKey(k *jose.JSONWebKey) error {
	if !k.IsPublic() {
		return invalid("jwks", "the key set holds a key that is not public: it must be thrown away, and only public keys registered")
	}
	if key, ok := k.Key.(*rsa.PublicKey); ok && key.N.BitLen() < minRSA {
		return invalid("jwks", "an RSA key has at least %d bits", minRSA)
	}
	algorithm := algorithm(k)
	if k.Use != "" && k.Use != "sig" || algorithm == "" || !k.Valid() || k.Algorithm != "" && k.Algorithm != algorithm {
		return invalid("jwks", "keys are for signatures with ES256, ES384 or RS384")
	}
	return nil
}

// algorithm returns the one that a key is for, by its type and size.
func algorithm(k *jose.JSONWebKey) string {
	switch key := k.Key.(type) {
	case *ecdsa.PublicKey:
		switch key.Curve.Params().BitSize {
		case 256:
			return string(jose.ES256)
		case 384:
			return string(jose.ES384)
		}
	case *rsa.PublicKey:
		return string(jose.RS384)
	}
	return ""
}

// Fits reports whether a registered key is for an algorithm: the key decides, not
// what is signed with it.
func Fits(k *jose.JSONWebKey, name string) bool { return name != "" && algorithm(k) == name }

func validName(name string) error {
	if strings.TrimSpace(name) != name || name == "" || len(name) > maxName || strings.ContainsFunc(name, unicode.IsControl) {
		return invalid("name", "a name has 1 to %d bytes and no spaces around it", maxName)
	}
	return nil
}

func validID(id string) bool {
	if len(id) < 3 || len(id) > 64 {
		return false
	}
	for _, r := range id {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.' {
			return false
		}
	}
	return true
}

func validAllow(rules []string) error {
	if len(rules) > maxAllow {
		return invalid("allow", "at most %d rules can be allowed", maxAllow)
	}
	for _, r := range rules {
		if r == "" || len(r) > maxName || strings.ContainsFunc(r, unicode.IsSpace) {
			return invalid("allow", "a rule's name has 1 to %d bytes and no spaces", maxName)
		}
	}
	return nil
}

// invalid is an error about one field.
func invalid(field, format string, args ...any) error {
	err := errs.New(errs.Invalid, format, args...)
	if e, ok := errs.As(err); ok {
		e.Path = field
	}
	return err
}
