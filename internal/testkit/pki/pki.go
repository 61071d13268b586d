// Package pki is a certificate authority for tests, benchmarks and the simulated
// county: a server certificate for localhost and client certificates for sources.
// It keeps its signing key in memory only.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Authority issues certificates. It is for one goroutine.
type Authority struct {
	CA, Cert, Key string // PEM files: the authority, the server's certificate and its key
	Pool          *x509.CertPool

	from, until time.Time
	root        *x509.Certificate
	signer      *ecdsa.PrivateKey
	serial      int64
}

// New makes an authority and a server certificate for localhost, and writes their
// files to dir. What it issues is valid from from until until.
func New(dir string, from, until time.Time) (*Authority, error) {
	a := &Authority{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "server.pem"), Key: filepath.Join(dir, "server.key"),
		Pool: x509.NewCertPool(), from: from, until: until}
	if err := a.make(dir); err != nil {
		return nil, fmt.Errorf("make an authority: %w", err)
	}
	return a, nil
}

func (a *Authority) make(dir string) (err error) {
	if err = os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if a.signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return err
	}
	root := a.template("Simulated authority")
	root.IsCA, root.BasicConstraintsValid, root.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, root, root, &a.signer.PublicKey, a.signer)
	if err != nil {
		return err
	}
	if a.root, err = x509.ParseCertificate(der); err != nil {
		return err
	}
	a.Pool.AddCert(a.root)
	if err := write(a.CA, "CERTIFICATE", der); err != nil {
		return err
	}
	server := a.template("localhost")
	server.DNSNames, server.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	c, err := a.issue(server)
	if err != nil {
		return err
	}
	return WritePair(a.Cert, a.Key, c)
}

func (a *Authority) template(name string) *x509.Certificate {
	a.serial++
	return &x509.Certificate{SerialNumber: big.NewInt(a.serial), Subject: pkix.Name{CommonName: name}, NotBefore: a.from, NotAfter: a.until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}}
}

func (a *Authority) issue(template *x509.Certificate) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.root, &key.PublicKey, a.signer)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// Client issues a client certificate. The fingerprint is what it is registered by.
func (a *Authority) Client(name string) (c tls.Certificate, fingerprint string, err error) {
	if c, err = a.issue(a.template(name)); err != nil {
		return c, "", fmt.Errorf("issue a certificate: %w", err)
	}
	sum := sha256.Sum256(c.Certificate[0])
	return c, hex.EncodeToString(sum[:]), nil
}

// WritePair writes a certificate and its key as PEM files of mode 0600.
func WritePair(certFile, keyFile string, c tls.Certificate) error {
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		return err
	}
	if err := write(certFile, "CERTIFICATE", c.Certificate[0]); err != nil {
		return err
	}
	return write(keyFile, "PRIVATE KEY", der)
}

func write(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
