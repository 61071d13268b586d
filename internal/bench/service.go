package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dorsetcarerecord/dcr/internal/identity/oidc/oidctest"
	"github.com/dorsetcarerecord/dcr/internal/operator"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/seed"
	"github.com/dorsetcarerecord/dcr/internal/testkit/pki"
)

const audience = "https://record.example"

// build compiles dcrd as it is shipped.
func build(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "dcrd")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/dcrd").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build dcrd: %w: %s", err, out)
	}
	return binary, nil
}

// service is a running dcrd with a county in it.
type service struct {
	dir, binary string
	env         []string
	issuer      *oidctest.Issuer
	authority   *pki.Authority
	county      *seed.County
	certs       map[string]tls.Certificate // by source

	process           *exec.Cmd
	api, sources, ops string // addresses
	works             []*work
}

// begin starts a service with so many people, and loads them as their sources
// send them.
func (p plan) begin(ctx context.Context, binary, name string, people int) (*service, error) {
	s := &service{dir: filepath.Join(p.dir, name), binary: binary, certs: map[string]tls.Certificate{},
		county: seed.New(1, people, seed.PerPerson(p.perPerson), seed.Today(time.Now()))}
	var err error
	if s.issuer, err = oidctest.Start("127.0.0.1:0", audience); err != nil {
		return nil, err
	}
	if s.authority, err = pki.New(filepath.Join(s.dir, "pki"), time.Now().Add(-time.Hour), time.Now().AddDate(1, 0, 0)); err != nil {
		return nil, err
	}
	if err := s.configure(); err != nil {
		return nil, err
	}
	if _, err := s.start(ctx); err != nil {
		return nil, err
	}
	if err := s.partners(ctx); err != nil {
		return nil, err
	}
	began := time.Now()
	if err := s.load(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	fmt.Fprintf(os.Stderr, "%d people x %d resources loaded in %.1f s\n", people, p.perPerson, time.Since(began).Seconds())
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *service) configure() error {
	ports, err := freePorts(3)
	if err != nil {
		return err
	}
	s.api, s.sources, s.ops = ports[0], ports[1], ports[2]
	roles := map[string]string{}
	for _, p := range s.county.Professionals() {
		roles[p.RoleCode] = p.Role.String()
	}
	var file bytes.Buffer
	for code, role := range roles {
		fmt.Fprintf(&file, "%s=%s\n", code, role)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "roles"), file.Bytes(), 0o600); err != nil {
		return err
	}
	s.env = append(os.Environ(), "DCR_DATA="+filepath.Join(s.dir, "d"), "DCR_CHECKPOINTS="+filepath.Join(s.dir, "checkpoints"),
		"DCR_LISTEN="+s.api, "DCR_SOURCES_LISTEN="+s.sources, "DCR_OPS_LISTEN="+s.ops, "DCR_PUBLIC_URL=http://"+s.api, "DCR_RATE=0", "DCR_EVERYTHING_LIMIT=16",
		"DCR_SOURCES_TLS_CERT="+s.authority.Cert, "DCR_SOURCES_TLS_KEY="+s.authority.Key, "DCR_SOURCES_CLIENT_CA="+s.authority.CA,
		"DCR_OIDC_ISSUERS=name=sim url="+s.issuer.URL()+" audience="+audience, "DCR_ROLE_MAP="+filepath.Join(s.dir, "roles"))
	return nil
}

func freePorts(n int) ([]string, error) {
	var out []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		out = append(out, l.Addr().String())
	}
	return out, nil
}

// start runs dcrd and returns how long it took to be ready.
func (s *service) start(ctx context.Context) (time.Duration, error) {
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return 0, err
	}
	defer log.Close()
	s.process = exec.CommandContext(ctx, s.binary)
	s.process.Env, s.process.Stderr = s.env, log
	began := time.Now()
	if err := s.process.Start(); err != nil {
		return 0, err
	}
	for time.Since(began) < time.Minute {
		res, err := http.Get("http://" + s.ops + "/readyz")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return time.Since(began), nil
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	return 0, errors.Join(errors.New("dcrd is not ready after a minute: see "+log.Name()), s.stop())
}

func (s *service) stop() error {
	if s.process == nil {
		return nil
	}
	p := s.process
	s.process = nil
	_ = p.Process.Signal(syscall.SIGTERM)
	return p.Wait()
}

// partners registers the county's organisations and their sources.
func (s *service) partners(ctx context.Context) error {
	c, err := operator.Dial(ctx, filepath.Join(s.dir, "d"))
	if err != nil {
		return err
	}
	all := operator.Sections(section.All)
	day := func(years int) operator.Day { return operator.Day{Time: s.county.Day().AddDate(years, 0, 0)} }
	var p operator.Partners
	for _, o := range s.county.Organisations() {
		p.Agreements = append(p.Agreements, operator.Agreement{Org: o.ODS, Name: o.Name, Kind: o.Kind.String(), Read: all, Contribute: all, DSPT: day(1), Signed: day(-1), Ends: day(1)})
		if o.Source == "" {
			continue
		}
		cert, fingerprint, err := s.authority.Client(o.Source)
		if err != nil {
			return err
		}
		s.certs[o.Source] = cert
		p.Clients = append(p.Clients, operator.Client{ID: o.Source, Org: o.ODS, Kind: "feed", Name: o.Name, Certs: []string{fingerprint}})
	}
	_, err = c.Import(ctx, p)
	return err
}

// load sends everybody's history, several people at a time.
func (s *service) load(ctx context.Context) error {
	clients := map[string]*http.Client{}
	for source, cert := range s.certs {
		clients[source] = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8, TLSClientConfig: s.tls(cert)}}
	}
	post := func(b seed.SourceBundle) error {
		res, err := clients[b.Source].Post("https://"+s.sources+"/fhir/R4", "application/fhir+json", bytes.NewReader(b.Bytes))
		if err != nil {
			return err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: status %d, %w: %.400s", b.Source, res.StatusCode, err, body)
		}
		return nil
	}
	for b := range s.county.Directory() {
		if err := post(b); err != nil {
			return err
		}
	}
	g, _ := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i := range s.county.Len() {
		g.Go(func() error {
			for b := range s.county.Bundles(i) {
				if err := post(b); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

func (s *service) tls(cert tls.Certificate) *tls.Config {
	return &tls.Config{RootCAs: s.authority.Pool, Certificates: []tls.Certificate{cert}, ServerName: "localhost", MinVersion: tls.VersionTLS13}
}

// rss returns the process's own memory in megabytes: RssAnon, without the mapped
// data file.
func rss(p *exec.Cmd) int {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(p.Process.Pid) + "/status")
	if err != nil {
		return 0
	}
	lines := bufio.NewScanner(bytes.NewReader(b))
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "RssAnon:"); ok {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			return kb >> 10
		}
	}
	return 0
}

// peak samples rss until stop is called, and returns the largest.
func peak(p *exec.Cmd) (stop func() int) {
	done, largest := make(chan struct{}), 0
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			largest = max(largest, rss(p))
			select {
			case <-done:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
	return func() int { close(done); wg.Wait(); return largest }
}
