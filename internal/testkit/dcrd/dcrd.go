// Package dcrd runs the server as its own process, as it is shipped: with a
// configuration, certificates and an issuer of its own, and a county of package
// seed that sends to it. What measures the whole service, or kills it, is built on
// this.
package dcrd

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
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

	"github.com/dorsetcarerecord/dcr/internal/identity/oidc/oidctest"
	"github.com/dorsetcarerecord/dcr/internal/seed"
	"github.com/dorsetcarerecord/dcr/internal/testkit/pki"
)

const (
	module   = "github.com/dorsetcarerecord/dcr"
	audience = "https://record.example"
)

// Build compiles commands of this module, such as dcrd and dcr, into dir. It is
// called from anywhere within the module.
func Build(ctx context.Context, dir string, commands ...string) error {
	for _, c := range commands {
		out, err := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, c), module+"/cmd/"+c).CombinedOutput()
		if err != nil {
			return fmt.Errorf("build %s: %w: %s", c, err, out)
		}
	}
	return nil
}

// Service is a dcrd with the county's partners. Its folder holds everything: the
// data is in d, the checkpoints in checkpoints, what dcrd said in log.
type Service struct {
	Dir               string
	API, Sources, Ops string // addresses
	County            *seed.County
	Issuer            *oidctest.Issuer

	binary    string
	env       []string
	authority *pki.Authority
	certs     map[string]tls.Certificate // by source

	mu      sync.Mutex // over what follows, which whoever samples reads
	process *exec.Cmd
	exited  chan error
}

// New prepares a service in dir, which it makes. Settings are added to the
// environment of dcrd.
func New(dir, binary string, county *seed.County, settings ...string) (*Service, error) {
	s := &Service{Dir: dir, binary: binary, County: county, certs: map[string]tls.Certificate{}}
	var err error
	if s.Issuer, err = oidctest.Start("127.0.0.1:0", audience); err != nil {
		return nil, err
	}
	if s.authority, err = pki.New(filepath.Join(dir, "pki"), time.Now().Add(-time.Hour), time.Now().AddDate(1, 0, 0)); err != nil {
		return nil, err
	}
	return s, s.configure(settings)
}

// URL is how callers reach the API: by a name, for which browsers make passkeys.
func (s *Service) URL() string {
	_, port, _ := strings.Cut(s.API, ":")
	return "http://localhost:" + port
}

// Data is the folder of the store.
func (s *Service) Data() string { return filepath.Join(s.Dir, "d") }

// Checkpoints is the folder of the ledger's checkpoints.
func (s *Service) Checkpoints() string { return filepath.Join(s.Dir, "checkpoints") }

// Log is the file of what dcrd has said since New.
func (s *Service) Log() string { return filepath.Join(s.Dir, "log") }

func (s *Service) configure(settings []string) error {
	ports, err := FreePorts(3)
	if err != nil {
		return err
	}
	s.API, s.Sources, s.Ops = ports[0], ports[1], ports[2]
	roles := map[string]string{}
	for _, p := range s.County.Professionals() {
		roles[p.RoleCode] = p.Role.String()
	}
	var file bytes.Buffer
	for code, role := range roles {
		fmt.Fprintf(&file, "%s=%s\n", code, role)
	}
	if err := os.WriteFile(filepath.Join(s.Dir, "roles"), file.Bytes(), 0o600); err != nil {
		return err
	}
	s.env = append(os.Environ(), "DCR_DATA="+s.Data(), "DCR_CHECKPOINTS="+s.Checkpoints(),
		"DCR_LISTEN="+s.API, "DCR_SOURCES_LISTEN="+s.Sources, "DCR_OPS_LISTEN="+s.Ops, "DCR_PUBLIC_URL="+s.URL(), "DCR_RATE=0", "DCR_EVERYTHING_LIMIT=16",
		"DCR_SOURCES_TLS_CERT="+s.authority.Cert, "DCR_SOURCES_TLS_KEY="+s.authority.Key, "DCR_SOURCES_CLIENT_CA="+s.authority.CA,
		"DCR_OIDC_ISSUERS=name=sim url="+s.Issuer.URL()+" audience="+audience, "DCR_ROLE_MAP="+filepath.Join(s.Dir, "roles"))
	s.env = append(s.env, settings...)
	return nil
}

// FreePorts returns addresses that nobody listens on. They lie below those that
// the system gives to outgoing connections, which could take them while a server
// restarts.
func FreePorts(n int) ([]string, error) {
	var out []string
	for range 1000 {
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(12_000+rand.IntN(18_000)))
		if err != nil {
			continue
		}
		defer l.Close()
		if out = append(out, l.Addr().String()); len(out) == n {
			return out, nil
		}
	}
	return nil, errors.New("no free port was found")
}

// Start runs dcrd and returns how long it took to be ready.
func (s *Service) Start(ctx context.Context) (time.Duration, error) {
	log, err := os.OpenFile(s.Log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return 0, err
	}
	defer log.Close()
	p, exited := exec.CommandContext(ctx, s.binary), make(chan error, 1)
	p.Env, p.Stderr = s.env, log
	began := time.Now()
	if err := p.Start(); err != nil {
		return 0, err
	}
	go func() { exited <- p.Wait() }()
	s.mu.Lock()
	s.process, s.exited = p, exited
	s.mu.Unlock()
	for time.Since(began) < time.Minute {
		if s.ready(ctx) {
			return time.Since(began), nil
		}
		select {
		case err := <-exited:
			s.mu.Lock()
			s.process = nil
			s.mu.Unlock()
			return 0, fmt.Errorf("dcrd ended before it was ready (%w): %s", err, s.lastWords())
		case <-time.After(5 * time.Millisecond):
		}
	}
	return 0, errors.Join(errors.New("dcrd is not ready after a minute: see "+s.Log()), s.Kill())
}

// lastWords is the end of the log.
func (s *Service) lastWords() string {
	b, err := os.ReadFile(s.Log())
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-600):])
}

func (s *Service) ready(ctx context.Context) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Ops+"/readyz", nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// Stop lets dcrd end as it does at a SIGTERM. It does nothing if none runs.
func (s *Service) Stop() error { return s.end(syscall.SIGTERM) }

// Kill ends dcrd as kill -9 does, and returns when it is gone.
func (s *Service) Kill() error {
	if err := s.end(syscall.SIGKILL); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			return err
		}
	}
	return nil
}

func (s *Service) end(with syscall.Signal) error {
	s.mu.Lock()
	p, exited := s.process, s.exited
	s.process = nil
	s.mu.Unlock()
	if p == nil {
		return nil
	}
	_ = p.Process.Signal(with)
	if err := <-exited; err != nil {
		return fmt.Errorf("dcrd ended (%w): %s", err, s.lastWords())
	}
	return nil
}

// Close stops dcrd and the issuer.
func (s *Service) Close() error { return errors.Join(s.Stop(), s.Issuer.Close()) }

// RSS returns the process's own memory in megabytes: RssAnon, without the mapped
// data file. It is 0 while none runs.
func (s *Service) RSS() int {
	s.mu.Lock()
	p := s.process
	s.mu.Unlock()
	if p == nil {
		return 0
	}
	b, err := os.ReadFile("/proc/" + strconv.Itoa(p.Process.Pid) + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			return kb >> 10
		}
	}
	return 0
}

// Peak samples RSS until stop is called, and returns the largest.
func (s *Service) Peak() (stop func() int) {
	done, largest := make(chan struct{}), 0
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			largest = max(largest, s.RSS())
			select {
			case <-done:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
	return func() int { close(done); wg.Wait(); return largest }
}
