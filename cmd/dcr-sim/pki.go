package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/dorsetcarerecord/dcr/internal/operator"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/seed"
)

// portal is a clinical system that reads for named users.
const portal = "uhd-portal"

// bySMART tells which sources authenticate with a signed assertion; the others
// show a client certificate.
func bySMART(o seed.Organisation) bool { return o.Kind == partner.Community }

// authority issues the county's certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	now  time.Time
	dir  string
}

func writePKI(dir string, county *seed.County, now time.Time) error {
	ca, err := newAuthority(dir, now)
	if err != nil {
		return err
	}
	server := &x509.Certificate{Subject: pkix.Name{CommonName: "dcrd"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	if _, err := ca.issue("server", server); err != nil {
		return err
	}
	if err := writeKey(filepath.Join(dir, "issuer.key"), elliptic.P256()); err != nil {
		return err
	}
	p, err := ca.partners(county)
	if err != nil {
		return err
	}
	b, err := json.Marshal(p, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "partners.json"), append(b, '\n'), 0o600)
}

func newAuthority(dir string, now time.Time) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: serial(), Subject: pkix.Name{CommonName: "Simulated county"}, IsCA: true, BasicConstraintsValid: true,
		MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(5, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	// The authority's key is not kept: nothing else shall be issued under it.
	return &authority{cert, key, now, dir}, writePEM(filepath.Join(dir, "ca.pem"), "CERTIFICATE", der)
}

// issue writes a certificate and its key as name.pem and name.key, and returns its
// fingerprint.
func (a *authority) issue(name string, template *x509.Certificate) (fingerprint string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	template.SerialNumber, template.KeyUsage = serial(), x509.KeyUsageDigitalSignature
	template.NotBefore, template.NotAfter = a.now.Add(-time.Hour), a.now.AddDate(1, 0, 0)
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(der)
	path := filepath.Join(a.dir, name)
	return hex.EncodeToString(sum[:]), errors.Join(writePEM(path+".pem", "CERTIFICATE", der), savePrivate(path+".key", key))
}

// partners makes each source's credentials, and tells of all as dcrd is to know
// them.
func (a *authority) partners(county *seed.County) (operator.Partners, error) {
	var p operator.Partners
	day := func(years int) operator.Day { return operator.Day{Time: county.Day().AddDate(years, 0, 0)} }
	for _, o := range county.Organisations() {
		sections := operator.Sections(section.All)
		if o.Kind == partner.Programme {
			sections = 0
		}
		p.Agreements = append(p.Agreements, operator.Agreement{Org: o.ODS, Name: o.Name, Kind: o.Kind.String(), Read: sections, Contribute: sections,
			DSPT: day(1), Signed: day(-1), Ends: day(3)})
		if o.Source == "" {
			continue
		}
		c := operator.Client{ID: o.Source, Org: o.ODS, Kind: partner.Feed.String(), Name: o.Name + ", record system"}
		var err error
		if bySMART(o) {
			c.JWKS, err = a.signingKey(o.Source)
		} else {
			var fingerprint string
			fingerprint, err = a.issue("clients/"+o.Source, &x509.Certificate{Subject: pkix.Name{CommonName: o.Source}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
			c.Certs = []string{fingerprint}
		}
		if err != nil {
			return p, fmt.Errorf("credentials of %s: %w", o.Source, err)
		}
		p.Clients = append(p.Clients, c)
	}
	keys, err := a.signingKey(portal)
	p.Clients = append(p.Clients, operator.Client{ID: portal, Org: "R0D", Kind: partner.ClinicalSystem.String(), Name: "University Hospitals Dorset, clinical portal", JWKS: keys})
	return p, err
}

// signingKey makes the key of a client that signs its assertions, and returns the
// public one as a JWKS.
func (a *authority) signingKey(client string) ([]byte, error) {
	path := filepath.Join(a.dir, "clients", client+".key")
	if err := writeKey(path, elliptic.P384()); err != nil {
		return nil, err
	}
	key, err := readKey(path)
	if err != nil {
		return nil, err
	}
	return json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: client, Algorithm: string(jose.ES384), Use: "sig"}}})
}

func serial() *big.Int {
	var b [15]byte
	_, _ = rand.Read(b[:]) // never fails
	return new(big.Int).SetBytes(b[:])
}

func writeKey(path string, curve elliptic.Curve) error {
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		return err
	}
	return savePrivate(path, key)
}

func savePrivate(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return writePEM(path, "PRIVATE KEY", der)
}

// writeLoginKeys makes the keys of NHS login and of dcrd as the client of both
// issuers.
func writeLoginKeys(dir string) error {
	if err := writeKey(filepath.Join(dir, staffClientKey), elliptic.P256()); err != nil {
		return err
	}
	for _, name := range []string{"nhs-login.key", nhsClientKey} {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return err
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return err
		}
		if err := writePEM(filepath.Join(dir, name), "PRIVATE KEY", der); err != nil {
			return err
		}
	}
	return nil
}

func readKey(path string) (*ecdsa.PrivateKey, error) { return readPrivate[*ecdsa.PrivateKey](path) }

func readRSA(path string) (*rsa.PrivateKey, error) { return readPrivate[*rsa.PrivateKey](path) }

func readPrivate[K any](path string) (private K, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return private, err
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return private, fmt.Errorf("%s is not a PEM file", path)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return private, fmt.Errorf("%s: %w", path, err)
	}
	private, ok := key.(K)
	if !ok {
		return private, fmt.Errorf("%s is not a key of ours", path)
	}
	return private, nil
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
