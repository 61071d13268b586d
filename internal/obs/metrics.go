package obs

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Metrics are the service's own figures. What is counted for every request has its
// labels resolved once: Route, Source.
type Metrics struct {
	Registry *prometheus.Registry

	requests    *prometheus.CounterVec
	durations   *prometheus.HistogramVec
	append      prometheus.Histogram
	appendFails prometheus.Counter
	missing     prometheus.Gauge
	commit      prometheus.Histogram
	commitFails prometheus.Counter
	inboxFails  prometheus.Counter
	inbox       *prometheus.CounterVec
	quarantined *prometheus.CounterVec
}

// seconds are the buckets of every duration: from a point read to a slow disk.
func seconds() []float64 {
	return []float64{.0001, .0002, .0005, .001, .002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}
}

// NewMetrics returns metrics in a registry of their own, with those of the Go
// runtime and the process.
func NewMetrics() *Metrics {
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "dcr_requests_total",
			Help: "Requests answered, by route, method and class of status."}, []string{"route", "method", "class"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "dcr_request_duration_seconds",
			Help: "Time to answer.", Buckets: seconds()}, []string{"route", "method"}),
		append: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "dcr_ledger_append_duration_seconds",
			Help: "Time until an access event was durable.", Buckets: seconds()}),
		appendFails: prometheus.NewCounter(prometheus.CounterOpts{Name: "dcr_ledger_append_failures_total",
			Help: "Access events that could not be written, so that nothing was answered."}),
		missing: prometheus.NewGauge(prometheus.GaugeOpts{Name: "dcr_ledger_logs_missing",
			Help: "Ledgers of other instances that a checkpoint names and that are not there any more."}),
		commit: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "dcr_store_commit_duration_seconds",
			Help: "Time until a commit was durable.", Buckets: seconds()}),
		commitFails: prometheus.NewCounter(prometheus.CounterOpts{Name: "dcr_store_commit_failures_total",
			Help: "Commits that failed, conflicts not counted."}),
		inboxFails: prometheus.NewCounter(prometheus.CounterOpts{Name: "dcr_inbox_append_failures_total",
			Help: "Messages that could not be kept, so that their sources must send them again."}),
		inbox: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "dcr_inbox_total",
			Help: "Messages of a source, by what became of them: appended, unchanged, applied."}, []string{"source", "result"}),
		quarantined: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "dcr_inbox_quarantined_total",
			Help: "Messages of a source that were quarantined, by the code of the reason."}, []string{"source", "reason"}),
	}
	m.Registry.MustRegister(m.requests, m.durations, m.append, m.appendFails, m.missing, m.commit, m.commitFails, m.inboxFails, m.inbox, m.quarantined,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Route counts the requests of one route.
type Route struct {
	classes  [6]prometheus.Counter // by status/100; 0 for what is none
	duration prometheus.Observer
}

// Route returns the counters of a route: its pattern, never a path.
func (m *Metrics) Route(method, pattern string) *Route {
	r := &Route{duration: m.durations.WithLabelValues(pattern, method)}
	for i, class := range [...]string{"none", "1xx", "2xx", "3xx", "4xx", "5xx"} {
		r.classes[i] = m.requests.WithLabelValues(pattern, method, class)
	}
	return r
}

// Done counts an answer.
func (r *Route) Done(status int, took time.Duration) {
	class := status / 100
	if class < 1 || class > 5 {
		class = 0
	}
	r.classes[class].Inc()
	r.duration.Observe(took.Seconds())
}

// LedgerAppend counts an append to the ledger; it fits ledger.Options.Observe.
func (m *Metrics) LedgerAppend(took time.Duration, err error) {
	m.append.Observe(took.Seconds())
	if err != nil {
		m.appendFails.Inc()
	}
}

// LedgerMissing says how many ledgers of other instances are gone; it fits
// ledger.Options.Missing.
func (m *Metrics) LedgerMissing(logs int) { m.missing.Set(float64(logs)) }

// StoreCommit counts the time of a batch of commits that was written, or could not be.
func (m *Metrics) StoreCommit(took time.Duration, _ error) { m.commit.Observe(took.Seconds()) }

// StoreCommitFailed counts a commit that failed; conflicts are none.
func (m *Metrics) StoreCommitFailed() { m.commitFails.Inc() }

// InboxAppendFailed counts a message that could not be kept.
func (m *Metrics) InboxAppendFailed() { m.inboxFails.Inc() }

// Source counts what one source sends.
type Source struct {
	Appended  prometheus.Counter // durable in the inbox
	Unchanged prometheus.Counter // the same again
	Applied   prometheus.Counter // visible in the record

	name        string
	quarantined *prometheus.CounterVec
}

// Source returns the counters of a source, by its client id.
func (m *Metrics) Source(name string) *Source {
	return &Source{name: name, quarantined: m.quarantined,
		Appended: m.inbox.WithLabelValues(name, "appended"), Unchanged: m.inbox.WithLabelValues(name, "unchanged"),
		Applied: m.inbox.WithLabelValues(name, "applied")}
}

// Quarantined counts a message by the code of its reason, of which there are few;
// never by words that quote it.
func (s *Source) Quarantined(code string) { s.quarantined.WithLabelValues(s.name, code).Inc() }
