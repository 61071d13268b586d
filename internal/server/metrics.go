package server

import (
	"sync"

	"github.com/dorsetcarerecord/dcr/api"
	"github.com/dorsetcarerecord/dcr/internal/obs"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// routeMetrics counts requests as the API asks for it.
type routeMetrics struct{ m *obs.Metrics }

func (r routeMetrics) Route(method, route string) api.RouteMetrics { return r.m.Route(method, route) }

// feedMetrics counts messages as the feeds ask for it, by source.
type feedMetrics struct {
	m       *obs.Metrics
	sources sync.Map // client id -> *obs.Source
}

func newFeedMetrics(m *obs.Metrics) *feedMetrics { return &feedMetrics{m: m} }

func (f *feedMetrics) of(source string) *obs.Source {
	if s, ok := f.sources.Load(source); ok {
		return s.(*obs.Source)
	}
	s, _ := f.sources.LoadOrStore(source, f.m.Source(source))
	return s.(*obs.Source)
}

func (f *feedMetrics) Appended(source string, _ int) { f.of(source).Appended.Inc() }
func (f *feedMetrics) Repeated(source string)        { f.of(source).Unchanged.Inc() }

func (f *feedMetrics) Applied(source string, r record.Result) {
	if r == record.Unchanged {
		f.of(source).Unchanged.Inc()
		return
	}
	f.of(source).Applied.Inc()
}

func (f *feedMetrics) Quarantined(source, code string) { f.of(source).Quarantined(code) }
func (f *feedMetrics) Released(source string)          { f.of(source).Applied.Inc() }
