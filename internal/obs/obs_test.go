package obs

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// A safeBuffer is a bytes.Buffer that counts writes.
type safeBuffer struct {
	mu     sync.Mutex
	buf    bytes.Buffer
	writes int
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.writes++
	return b.buf.Write(p)
}

func (b *safeBuffer) lines() (lines, writes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Count(b.buf.String(), "\n"), b.writes
}

func TestLinesAreGatheredAndNeverLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out safeBuffer
		w := NewWriter(&out)
		log := NewLogger(w, slog.LevelInfo)
		for range 10 {
			log.Info("request", "route", "/fhir/R4/:type")
		}
		log.Debug("not this")
		if lines, _ := out.lines(); lines != 0 {
			t.Errorf("%d lines written before their time", lines)
		}
		time.Sleep(flushEvery + time.Millisecond) // of the bubble's clock
		synctest.Wait()
		if lines, writes := out.lines(); lines != 10 || writes != 1 {
			t.Errorf("%d lines in %d writes, want 10 in 1", lines, writes)
		}
		log.Info(strings.Repeat("x", flushAt))
		if lines, _ := out.lines(); lines != 11 {
			t.Errorf("%d lines, want the full buffer written at once", lines)
		}
		log.Info("last words")
		if err := errors.Join(w.Close(), w.Close()); err != nil {
			t.Fatal(err)
		}
		log.Info("after the end")
		if lines, _ := out.lines(); lines != 13 {
			t.Errorf("%d lines, want 13", lines)
		}
	})
}

func TestALogLineDoesNotShowANumber(t *testing.T) {
	n, err := nhs.ParseNumber("9000000009")
	if err != nil {
		t.Fatal(err)
	}
	var out safeBuffer
	w := NewWriter(&out)
	NewLogger(w, slog.LevelInfo).Info("x", "patient", n)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.buf.String(), "9000000009") {
		t.Error(out.buf.String())
	}
}

func get(t *testing.T, m *Metrics, h *Health) func(path string) (int, string) {
	t.Helper()
	handler := Handler(m, h)
	return func(path string) (int, string) {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
		return w.Code, w.Body.String()
	}
}

func TestReadiness(t *testing.T) {
	h := NewHealth("store", "ledger")
	var trouble error
	h.Check("checkpoints", func(context.Context) error { return trouble })
	ask := get(t, NewMetrics(), h)
	expect := func(status int, body string) {
		t.Helper()
		if code, got := ask("/readyz"); code != status || got != body {
			t.Errorf("got %d %q, want %d %q", code, got, status, body)
		}
		if code, _ := ask("/healthz"); code != 200 {
			t.Errorf("healthz %d: the process lives", code)
		}
	}
	expect(503, "store: starting\nledger: starting\ncheckpoints: ok\n")
	h.Set("store", nil)
	h.Set("ledger", nil)
	expect(200, "store: ok\nledger: ok\ncheckpoints: ok\n")
	trouble = errors.New("folder\nis full")
	expect(503, "store: ok\nledger: ok\ncheckpoints: folder is full\n")
	if _, body := ask("/metrics"); !strings.Contains(body, "dcr_ready 0") {
		t.Error("dcr_ready is not 0")
	}
}

func TestMetrics(t *testing.T) {
	m := NewMetrics()
	ask := get(t, m, NewHealth())
	route := m.Route("GET", "/fhir/R4/:type/:id")
	route.Done(200, 3*time.Millisecond)
	route.Done(404, time.Millisecond)
	route.Done(999, time.Millisecond)
	m.LedgerAppend(time.Millisecond, nil)
	m.LedgerAppend(time.Millisecond, errors.New("disk full"))
	m.StoreCommit(time.Millisecond, nil)
	s := m.Source("uhd-pas")
	s.Appended.Inc()
	s.Applied.Inc()
	s.Quarantined("unknown-patient")
	m.LedgerMissing(1)
	_, body := ask("/metrics")
	for _, want := range []string{
		`dcr_requests_total{class="2xx",method="GET",route="/fhir/R4/:type/:id"} 1`,
		`dcr_requests_total{class="4xx",method="GET",route="/fhir/R4/:type/:id"} 1`,
		`dcr_requests_total{class="none",method="GET",route="/fhir/R4/:type/:id"} 1`,
		`dcr_request_duration_seconds_count{method="GET",route="/fhir/R4/:type/:id"} 3`,
		"dcr_ledger_append_duration_seconds_count 2", "dcr_ledger_append_failures_total 1", "dcr_ledger_logs_missing 1", "dcr_store_commit_duration_seconds_count 1",
		`dcr_inbox_total{result="applied",source="uhd-pas"} 1`,
		`dcr_inbox_quarantined_total{reason="unknown-patient",source="uhd-pas"} 1`, "dcr_ready 1", "go_goroutines",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("not there: %s", want)
		}
	}
}

func BenchmarkRouteDone(b *testing.B) {
	r := NewMetrics().Route("GET", "/fhir/R4/:type/:id")
	b.ReportAllocs()
	for b.Loop() {
		r.Done(200, 300*time.Microsecond)
	}
}
