package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/dorsetcarerecord/dcr/internal/seed"
)

// source is a system that sends: by its client certificate, or with a token that
// it gets for a signed assertion.
type source struct {
	id   string
	base string // of dcrd's FHIR for sources
	http *http.Client
	now  func() time.Time
	key  *ecdsa.PrivateKey // nil: by certificate

	mu    sync.Mutex
	token string
	until time.Time
}

func newSource(dir, address string, o seed.Organisation, now func() time.Time) (*source, error) {
	pem, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	s := &source{id: o.Source, base: "https://" + address + "/fhir/R4", now: now}
	config := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}
	file := filepath.Join(dir, "clients", o.Source)
	if bySMART(o) {
		s.key, err = readKey(file + ".key")
	} else {
		config.Certificates = make([]tls.Certificate, 1)
		config.Certificates[0], err = tls.LoadX509KeyPair(file+".pem", file+".key")
	}
	s.http = &http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{TLSClientConfig: config, MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute}}
	return s, err
}

// refused is an answer that sending again would not change.
type refused struct {
	status int
	words  string
}

func (r *refused) Error() string { return fmt.Sprintf("refused with %d: %s", r.status, r.words) }

// later is an answer that asks to try again.
type later struct {
	after time.Duration
	err   error
}

func (l *later) Error() string { return l.err.Error() }

// send sends one bundle once.
func (s *source) send(ctx context.Context, bundle []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base, bytes.NewReader(bundle))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/fhir+json")
	if s.key != nil {
		token, err := s.bearer(ctx)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return &later{err: err}
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20)) // kept alive only if read
	_, _ = io.Copy(io.Discard, resp.Body)
	if resp.StatusCode == http.StatusUnauthorized && s.key != nil {
		s.forget()
		return &later{err: errors.New("the token was not taken")}
	}
	return judge(resp, body)
}

// judge tells what an answer means.
func judge(resp *http.Response, body []byte) error {
	switch code := resp.StatusCode; {
	case code < 300:
		return nil
	case code == http.StatusTooManyRequests || code >= 500:
		after, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return &later{after: time.Duration(after) * time.Second, err: errors.New(resp.Status)}
	default:
		return &refused{code, string(body[:min(len(body), 300)])}
	}
}

func (s *source) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = ""
}

// bearer returns a token that lasts for another half minute at least.
func (s *source) bearer(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.now(); s.token != "" && now.Add(30*time.Second).Before(s.until) {
		return s.token, nil
	}
	var configuration struct {
		Endpoint string `json:"token_endpoint"`
	}
	if err := s.ask(ctx, http.MethodGet, s.base+"/.well-known/smart-configuration", "", &configuration); err != nil {
		return "", err
	}
	assertion, err := s.assertion(configuration.Endpoint)
	if err != nil {
		return "", err
	}
	var got struct {
		Token   string `json:"access_token"`
		Expires int    `json:"expires_in"`
	}
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"system/Bundle.c"}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}
	if err := s.ask(ctx, http.MethodPost, configuration.Endpoint, form.Encode(), &got); err != nil {
		return "", err
	}
	s.token, s.until = got.Token, s.now().Add(time.Duration(got.Expires)*time.Second)
	return s.token, nil
}

func (s *source) ask(ctx context.Context, method, address, form string, told any) error {
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form))
	if err != nil {
		return err
	}
	if form != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return &later{err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return &later{err: err}
	}
	if err := judge(resp, body); err != nil {
		return err
	}
	return json.Unmarshal(body, told)
}

func (s *source) assertion(endpoint string) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES384, Key: jose.JSONWebKey{Key: s.key, KeyID: s.id}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", err
	}
	now := s.now()
	return jwt.Signed(signer).Claims(jwt.Claims{Issuer: s.id, Subject: s.id, Audience: jwt.Audience{endpoint}, ID: rand.Text(),
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(4 * time.Minute))}).Serialize()
}
