package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/obs"
	"github.com/dorsetcarerecord/dcr/internal/partner"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/bolt"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// disk is a store whose logs cannot be written while fault is set.
type disk struct {
	*store.DB
	fault error
}

type diskLog struct {
	driver.Log
	d *disk
}

func (d *disk) Log(ctx context.Context, name string) (driver.Log, error) {
	log, err := d.DB.Log(ctx, name)
	return diskLog{log, d}, err
}

func (l diskLog) Append(ctx context.Context, records ...[]byte) (uint64, error) {
	if l.d.fault != nil {
		return 0, l.d.fault
	}
	return l.Log.Append(ctx, records...)
}

type nothing struct{}

func (nothing) Apply(context.Context, feeds.Sender, *feeds.Message, []int) (feeds.Outcome, error) {
	return feeds.Outcome{}, nil
}

// While sources get 503, /readyz says so as well, and no longer when the next message
// is kept.
func TestAFullDiskShows(t *testing.T) {
	now := time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	engine, err := bolt.Open(t.TempDir(), store.Specs(Specs()...), bolt.Options{NoSync: true, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	db, err := store.Open(engine, Specs()...)
	if err != nil {
		t.Fatal(err)
	}
	d, w := &disk{DB: db}, &writes{now: clock}
	own := func(ctx context.Context, _, name string) (driver.Log, error) {
		log, err := d.Log(ctx, name)
		return watchedLog{log, w}, err
	}
	inbox, err := feeds.Open(t.Context(), feeds.Options{Store: d, Own: own, Partners: partner.NewRegistry(db), Instance: "main", Now: clock,
		Formats: map[string]feeds.Format{"none": nothing{}}})
	if err != nil {
		t.Fatal(err)
	}
	health := obs.NewHealth()
	checkpoint := errors.New("no checkpoint")
	healthy := func() error { return checkpoint }
	health.Check("inbox", w.and(func() error { return healthy() }))
	ops := obs.Handler(obs.NewMetrics(), health)
	ready := func(when string, status int, words string) {
		t.Helper()
		answer := httptest.NewRecorder()
		ops.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/readyz", http.NoBody))
		if answer.Code != status || !strings.Contains(answer.Body.String(), words) {
			t.Errorf("%s: %d %s", when, answer.Code, answer.Body)
		}
	}
	const org nhs.ODS = "R0D"
	from := feeds.Sender{Client: partner.Client{ID: "uhd", Org: org, Kind: partner.Feed},
		Agreement: partner.Agreement{Org: org, Kind: partner.Acute, Signed: now.AddDate(-1, 0, 0), Ends: now.AddDate(1, 0, 0), DSPT: now.AddDate(1, 0, 0)}}
	receive := func(body string, want error) {
		t.Helper()
		if _, err := inbox.Receive(t.Context(), from, feeds.Message{Format: "none", Body: []byte(body)}); !errors.Is(err, want) || want != nil && errs.KindOf(err) != errs.Unavailable {
			t.Errorf("receive: %v", err)
		}
	}
	ready("another cause", http.StatusServiceUnavailable, "inbox: no checkpoint")
	healthy = func() error { return nil }
	ready("before", http.StatusOK, "inbox: ok")
	d.fault = errors.New("no space left on device")
	receive("1", d.fault)
	ready("full", http.StatusServiceUnavailable, "inbox: the last write failed at 2026-03-10T09:30:00Z: no space left on device")
	now = now.Add(forgotten - time.Second)
	ready("still", http.StatusServiceUnavailable, "no space left")
	now = now.Add(time.Second)
	ready("nobody has tried for a minute", http.StatusOK, "inbox: ok")
	receive("1", d.fault)
	ready("full again", http.StatusServiceUnavailable, "no space left")
	d.fault = context.Canceled
	receive("2", context.Canceled)
	ready("somebody has gone", http.StatusServiceUnavailable, "no space left")
	d.fault = context.DeadlineExceeded
	receive("2", context.DeadlineExceeded)
	ready("the disk does not answer", http.StatusServiceUnavailable, "deadline exceeded")
	d.fault = nil
	receive("1", nil)
	ready("room again", http.StatusOK, "inbox: ok")
}

// The inbox of an open service is watched.
func TestReadyzTellsOfTheInbox(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/roles", []byte("R1=clinician\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load("", []string{"DCR_DATA=" + dir + "/data", "DCR_CHECKPOINTS=" + dir + "/checkpoints", "DCR_LISTEN=127.0.0.1:0",
		"DCR_OIDC_ISSUERS=name=cis2 url=http://127.0.0.1:1 audience=https://record.example", "DCR_ROLE_MAP=" + dir + "/roles"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := OpenOffline(t.Context(), Options{Config: c, Log: slog.DiscardHandler, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(context.Background()) })
	for name, broken := range map[string]error{"inbox: ok": nil, "inbox: the last write failed": errors.New("no space left")} {
		s.parts.received.note(broken)
		if _, lines := s.health.Ready(t.Context()); !strings.Contains(lines, name) {
			t.Errorf("%v: %s", broken, lines)
		}
	}
}
