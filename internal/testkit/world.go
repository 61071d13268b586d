// Package testkit starts the whole service in a test - the real store, ledger,
// feeds and listeners on ports of their own - with people who do things to it, and
// compares the ledger with the exact trail that they should leave.
package testkit

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/oidc/oidctest"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/operator"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/internal/server"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
	"github.com/dorsetcarerecord/dcr/internal/testkit/pki"
)

// Now is when every world begins.
var Now = time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)

// World is a running service, and the world around it.
type World struct {
	T      testing.TB
	Server *server.Server
	Config *config.Config
	Issuer *oidctest.Issuer
	Log    *Buffer // what the service logs
	Faults *Faults // what befalls its store

	pki    *pki.Authority
	engine driver.Engine // what the store stands on, without its faults
	first  *World        // of those on one store; nil: this one is
	mu     sync.Mutex
	now    time.Time
	off    time.Duration // how far the service's own clock is ahead
	mark   uint64        // events that a trail has accounted for
}

// Start starts a world with an issuer of professionals' tokens and no partners.
// change may alter the configuration before.
func Start(t testing.TB, change ...func(*config.Config)) *World {
	t.Helper()
	issuer, err := oidctest.Start("127.0.0.1:0", "https://record.example")
	fatal(t, err)
	t.Cleanup(func() { _ = issuer.Close() })
	w := &World{T: t, Issuer: issuer, Log: &Buffer{}, Faults: newFaults(), now: Now}
	dir := t.TempDir()
	// Valid around the real time, by which TLS checks, and the world's.
	w.pki, err = pki.New(filepath.Join(dir, "pki"), Now.AddDate(-10, 0, 0), Now.AddDate(50, 0, 0))
	fatal(t, err)
	roles := filepath.Join(dir, "roles")
	fatal(t, os.WriteFile(roles, []byte(roleMap()), 0o600))
	w.Config, err = config.Load("", []string{
		"DCR_DATA=" + filepath.Join(dir, "data"), "DCR_CHECKPOINTS=" + filepath.Join(dir, "checkpoints"),
		"DCR_LISTEN=127.0.0.1:0", "DCR_OPS_LISTEN=127.0.0.1:0", "DCR_SOURCES_LISTEN=127.0.0.1:0",
		"DCR_SOURCES_TLS_CERT=" + w.pki.Cert, "DCR_SOURCES_TLS_KEY=" + w.pki.Key, "DCR_SOURCES_CLIENT_CA=" + w.pki.CA,
		"DCR_OIDC_ISSUERS=name=cis2 url=" + issuer.URL() + " audience=https://record.example", "DCR_ROLE_MAP=" + roles, "DCR_RATE=0",
	})
	fatal(t, err)
	for _, f := range change {
		f(w.Config)
	}
	fatal(t, w.TryStart())
	t.Cleanup(func() { fatal(t, w.Server.Stop(context.Background())) })
	return w
}

// TryStart starts the service on the world's folder, and returns why it does not.
func (w *World) TryStart() error {
	s, err := server.Start(w.T.Context(), server.Options{Config: w.Config, Log: slog.NewJSONHandler(w.Log, nil), Version: "test", Now: w.serviceClock, NoSync: true, Engine: w.over})
	if err == nil {
		w.Server = s
	}
	return err
}

// Stop stops the service, so that something can be done to its folder.
func (w *World) Stop() {
	w.T.Helper()
	fatal(w.T, w.Server.Stop(w.T.Context()))
}

// Restart stops the service and starts it again on the same folder.
func (w *World) Restart() {
	w.T.Helper()
	w.Stop()
	fatal(w.T, w.TryStart())
}

// Ops asks the operators' listener for "readyz" or "metrics".
func (w *World) Ops(path string) Answer {
	w.T.Helper()
	r, err := http.NewRequestWithContext(w.T.Context(), http.MethodGet, "http://"+w.Server.Addr("ops")+"/"+path, http.NoBody)
	fatal(w.T, err)
	return do(w.T, http.DefaultClient, r)
}

// Clock is the world's time.
func (w *World) Clock() time.Time {
	if w.first != nil {
		return w.first.Clock()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Pass lets time pass.
func (w *World) Pass(d time.Duration) {
	if w.first != nil {
		w.first.Pass(d)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// Jump puts the service's own clock ahead, or back, of everybody else's.
func (w *World) Jump(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.off += d
}

func (w *World) serviceClock() time.Time {
	now := w.Clock()
	w.mu.Lock()
	defer w.mu.Unlock()
	return now.Add(w.off)
}

// Operator returns what the programme's operator can do.
func (w *World) Operator() operator.Operations { return w.Server.Operations() }

// Partner gives an organisation an agreement over every section, for a year.
func (w *World) Partner(org nhs.ODS, kind string) {
	w.T.Helper()
	w.Agree(operator.Agreement{Org: org, Name: "Organisation " + string(org), Kind: kind, Read: operator.Sections(section.All), Contribute: operator.Sections(section.All),
		Signed: operator.Day{Time: Now.AddDate(-1, 0, 0)}, Ends: operator.Day{Time: Now.AddDate(1, 0, 0)}, DSPT: operator.Day{Time: Now.AddDate(1, 0, 0)}})
}

// Agree stores an agreement.
func (w *World) Agree(a operator.Agreement) {
	w.T.Helper()
	fatal(w.T, w.Operator().PutAgreement(w.T.Context(), a))
}

// Trail checks that what happened since the last call left exactly these events,
// each "who action outcome basis what", and forgets them. Events of feeds there
// are none: the inbox is their trail.
func (w *World) Trail(want ...string) {
	w.T.Helper()
	var got []string
	for _, e := range w.Events() {
		got = append(got, strings.Join([]string{e.Caller, e.Action.String(), e.Outcome.String(), e.Basis.String(), e.What}, " "))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.T.Errorf("the ledger's trail (-want +got):\n%s", diff)
	}
}

// Events returns the ledger's events since the last call.
func (w *World) Events() []ledger.Event {
	w.T.Helper()
	var out []ledger.Event
	fatal(w.T, w.Server.Ledger().Read(w.T.Context(), w.mark, func(seq uint64, e ledger.Event) bool {
		out, w.mark = append(out, e), seq+1
		return true
	}))
	return out
}

// roleMap gives every role a code, which is its name in capitals.
func roleMap() string {
	var b strings.Builder
	for r := identity.Clinician; r <= identity.ProgrammeOffice; r++ {
		b.WriteString(roleCode(r) + "=" + r.String() + "\n")
	}
	return b.String()
}

func roleCode(r identity.Role) string {
	return "R" + strings.ToUpper(strings.ReplaceAll(r.String(), "-", ""))
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// do sends a request and reads the answer.
func do(t testing.TB, c *http.Client, r *http.Request) Answer {
	t.Helper()
	res, err := c.Do(r)
	fatal(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	fatal(t, err)
	return Answer{res.StatusCode, res.Header, body}
}

func fatal(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Buffer is a bytes.Buffer that several goroutines may use.
type Buffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
