package oidctest

import (
	"crypto/ecdsa"
	"encoding/base64"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// NewWithKey is New with a P-256 key that outlives the process, so that what a
// verifier has fetched stays true after a restart.
func NewWithKey(url, audience, kid string, private *ecdsa.PrivateKey) *Issuer {
	header := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"alg":"ES256","kid":"%s","typ":"JWT"}`, kid))
	return &Issuer{url: url, audience: audience, made: 1, signing: &key{private, header},
		public: []jose.JSONWebKey{{Key: &private.PublicKey, KeyID: kid, Algorithm: "ES256", Use: "sig"}}}
}
