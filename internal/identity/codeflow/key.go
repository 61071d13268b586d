package codeflow

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// assertionLife is how long an assertion counts: it is used at once.
const assertionLife = 2 * time.Minute

// Key proves to an issuer who its client is (private_key_jwt, RFC 7523): an RSA key
// signs with RS512, as NHS login and CIS2 want, a P-256 or P-384 key with ES256 or
// ES384. It does not print itself.
type Key struct {
	signer jose.Signer
	public jose.JSONWebKey
}

// LoadKey reads a private key from a PEM file.
func LoadKey(path string) (*Key, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, errors.New("the key file cannot be read")
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, errors.New("the key file is not PEM")
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		return NewKey(key)
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return NewKey(key)
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return NewKey(key)
	}
	return nil, errors.New("the key file holds no RSA or EC private key that is not encrypted")
}

// NewKey returns the key of a *rsa.PrivateKey or *ecdsa.PrivateKey.
func NewKey(private any) (*Key, error) {
	var algorithm jose.SignatureAlgorithm
	var public crypto.PublicKey
	switch k := private.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < 2048 {
			return nil, errors.New("the RSA key is shorter than 2048 bits")
		}
		algorithm, public = jose.RS512, k.Public()
	case *ecdsa.PrivateKey:
		switch k.Curve.Params().BitSize {
		case 256:
			algorithm = jose.ES256
		case 384:
			algorithm = jose.ES384
		default:
			return nil, errors.New("the EC key is of a curve that is not taken: P-256 and P-384 are")
		}
		public = k.Public()
	default:
		return nil, errors.New("the key is neither RSA nor EC")
	}
	jwk := jose.JSONWebKey{Key: public, Algorithm: string(algorithm), Use: "sig"}
	sum, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, err
	}
	jwk.KeyID = base64.RawURLEncoding.EncodeToString(sum)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: private}, (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", jwk.KeyID))
	if err != nil {
		return nil, err
	}
	return &Key{signer, jwk}, nil
}

// Public returns the public key as JSON (a JWK), for registering it with the issuer.
// Its kid is its thumbprint (RFC 7638).
func (k *Key) Public() ([]byte, error) { return k.public.MarshalJSON() }

// assertion says to the token endpoint who its client is. Each has an id of its own.
func (k *Key) assertion(client, audience string, now time.Time) (string, error) {
	return jwt.Signed(k.signer).Claims(jwt.Claims{Issuer: client, Subject: client, Audience: jwt.Audience{audience}, ID: rand.Text(),
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(assertionLife))}).Serialize()
}

// Format implements fmt.Formatter: whatever the verb, the key does not show.
func (k *Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "*****") }

// LogValue implements slog.LogValuer.
func (k *Key) LogValue() slog.Value { return slog.StringValue("*****") }
