package obs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

var errStarting = errors.New("starting")

// Health knows by name what must hold for dcrd to take requests. The zero Health
// has no checks and is ready.
type Health struct {
	mu     sync.Mutex
	names  []string
	states map[string]error
	checks map[string]func(context.Context) error
}

// NewHealth returns a Health in which every name is starting until Set says more.
func NewHealth(names ...string) *Health {
	h := &Health{}
	for _, n := range names {
		h.Set(n, errStarting)
	}
	return h
}

// Set notes that name holds (nil) or why not. The reason is shown to operators:
// no person data.
func (h *Health) Set(name string, reason error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.knownLocked(name)
	if h.states == nil {
		h.states = map[string]error{}
	}
	h.states[name] = reason
}

// Check asks f each time somebody wants to know; it must be quick.
func (h *Health) Check(name string, f func(context.Context) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.knownLocked(name)
	if h.checks == nil {
		h.checks = map[string]func(context.Context) error{}
	}
	h.checks[name] = f
	delete(h.states, name)
}

func (h *Health) knownLocked(name string) {
	if !slices.Contains(h.names, name) {
		h.names = append(h.names, name)
	}
}

// Ready reports whether all holds, and says of each name how it is, a line each.
func (h *Health) Ready(ctx context.Context) (ready bool, lines string) {
	h.mu.Lock()
	names := slices.Clone(h.names)
	states := make([]error, len(names))
	checks := make([]func(context.Context) error, len(names))
	for i, n := range names {
		states[i], checks[i] = h.states[n], h.checks[n]
	}
	h.mu.Unlock()

	var b strings.Builder
	ready = true
	for i, n := range names {
		reason := states[i]
		if reason == nil && checks[i] != nil {
			reason = checks[i](ctx)
		}
		word := "ok"
		if reason != nil {
			ready, word = false, strings.ReplaceAll(reason.Error(), "\n", " ")
		}
		fmt.Fprintf(&b, "%s: %s\n", n, word)
	}
	return ready, b.String()
}

// Handler serves the ops listener: /metrics, /healthz (the process lives) and
// /readyz (503 with the reasons until all holds). Call it once for each Metrics.
func Handler(m *Metrics, h *Health) http.Handler {
	m.Registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "dcr_ready", Help: "1 when all checks of /readyz hold."},
		func() float64 {
			if ready, _ := h.Ready(context.Background()); ready {
				return 1
			}
			return 0
		}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ready, lines := h.Ready(r.Context())
		if !ready {
			answer(w, http.StatusServiceUnavailable, lines)
			return
		}
		answer(w, http.StatusOK, lines)
	})
	return mux
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // who asked has gone: nothing to do
}
