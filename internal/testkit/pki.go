package testkit

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
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// pki is a certificate authority for one world, with the server's certificate.
type pki struct {
	ca, cert, key string // PEM files
	pool          *x509.CertPool
	authority     *x509.Certificate
	signer        *ecdsa.PrivateKey
	serial        int64
}

func newPKI(t testing.TB, dir string) *pki {
	t.Helper()
	fatal(t, os.MkdirAll(dir, 0o700))
	p := &pki{ca: filepath.Join(dir, "ca.pem"), cert: filepath.Join(dir, "server.pem"), key: filepath.Join(dir, "server.key"), pool: x509.NewCertPool()}
	var err error
	p.signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	fatal(t, err)
	root := p.template("ca")
	root.IsCA, root.BasicConstraintsValid, root.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, root, root, &p.signer.PublicKey, p.signer)
	fatal(t, err)
	p.authority, err = x509.ParseCertificate(der)
	fatal(t, err)
	p.pool.AddCert(p.authority)
	write(t, p.ca, "CERTIFICATE", der)
	server := p.template("localhost")
	server.DNSNames, server.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	c := p.issue(t, server)
	write(t, p.cert, "CERTIFICATE", c.Certificate[0])
	der, err = x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	fatal(t, err)
	write(t, p.key, "PRIVATE KEY", der)
	return p
}

// template is valid around the real time, by which TLS checks, and the world's.
func (p *pki) template(name string) *x509.Certificate {
	p.serial++
	return &x509.Certificate{SerialNumber: big.NewInt(p.serial), Subject: pkix.Name{CommonName: name}, NotBefore: Now.AddDate(-10, 0, 0), NotAfter: Now.AddDate(50, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}}
}

func (p *pki) issue(t testing.TB, template *x509.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	fatal(t, err)
	der, err := x509.CreateCertificate(rand.Reader, template, p.authority, &key.PublicKey, p.signer)
	fatal(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// client issues a client certificate and returns its fingerprint too.
func (p *pki) client(t testing.TB, name string) (c tls.Certificate, fingerprint string) {
	t.Helper()
	c = p.issue(t, p.template(name))
	sum := sha256.Sum256(c.Certificate[0])
	return c, hex.EncodeToString(sum[:])
}

func write(t testing.TB, path, kind string, der []byte) {
	t.Helper()
	fatal(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}
