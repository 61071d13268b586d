package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/seed"
	"github.com/dorsetcarerecord/dcr/internal/testkit/dcrd"
)

// soak is a run.
type soak struct {
	plan
	out     io.Writer
	service *dcrd.Service
	targets []*target
	lanes   []*lane
	began   time.Time
	tokens  atomic.Pointer[map[nhs.ODS]string]

	calm     calm
	findings findings
	times    [kinds]times
	memory   []sample
	restarts []time.Duration

	answered, acknowledged, choices atomic.Int64
	late, repeated, held            atomic.Int64
}

// begin starts a service and loads the county.
func (p plan) begin(ctx context.Context, out io.Writer) (*soak, error) {
	county := seed.New(p.seed, p.people, seed.PerPerson(p.perPerson), seed.Today(time.Now()))
	// More checkpoints than a minute brings: kills are to hit them too.
	d, err := dcrd.New(filepath.Join(p.dir, "worn"), filepath.Join(p.dir, "dcrd"), county, "DCR_LEDGER_EVERY=1000")
	if err != nil {
		return nil, err
	}
	s := &soak{plan: p, out: out, service: d}
	if _, err := d.Start(ctx); err != nil {
		return nil, err
	}
	if err := errors.Join(d.Partners(ctx), d.Load(ctx)); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	fmt.Fprintf(out, "%d people x %d resources are loaded\n", p.people, p.perPerson)
	return s, nil
}

// prepare looks up the people, and copies the store for the undisturbed run.
func (s *soak) prepare(ctx context.Context) (fresh *dcrd.Service, err error) {
	s.mint()
	for i := range s.service.County.Len() {
		p := s.service.County.Person(i)
		token := (*s.tokens.Load())[p.Practice.ODS]
		t := &target{index: i, number: p.Number, org: p.Practice.ODS}
		if t.id, err = s.service.Find(ctx, token, p.Number); err != nil {
			return nil, err
		}
		found, err := s.service.Get(ctx, token, "Observation?patient="+t.id+"&_count=50")
		if err != nil {
			return nil, err
		}
		t.observations = found.IDs()
		s.targets = append(s.targets, t)
	}
	if err := s.service.Stop(); err != nil {
		return nil, err
	}
	if fresh, err = s.service.Copy(filepath.Join(s.dir, "undisturbed")); err != nil {
		return nil, err
	}
	_, err = s.service.Start(ctx)
	s.began = time.Now()
	s.lanes = s.makeLanes()
	return fresh, err
}

func (s *soak) mint() {
	tokens := s.service.Clinicians()
	s.tokens.Store(&tokens)
}

// makeLanes makes the senders. Neighbours of one hospital share half of their
// people, so that messages about one person come in at the same moment.
func (s *soak) makeLanes() []*lane {
	county := s.service.County
	var lanes []*lane
	byHospital := map[string][]seed.Person{}
	for i := range county.Len() {
		p := county.Person(i)
		byHospital[p.Hospital.Source] = append(byHospital[p.Hospital.Source], p)
	}
	var sources []string
	for source := range byHospital {
		sources = append(sources, source)
	}
	slices.Sort(sources)
	for i := range s.plan.lanes {
		people := byHospital[sources[i%len(sources)]]
		l := &lane{source: sources[i%len(sources)], base: people[0].Hospital.Base(), prefix: fmt.Sprintf("soak%d", i), began: s.began, r: rand.New(rand.NewPCG(s.seed, uint64(i)))}
		chunk := max(1, len(people)*len(sources)/s.plan.lanes)
		for k := range min(2*chunk, len(people)) {
			p := people[(i/len(sources)*chunk+k)%len(people)]
			l.people = append(l.people, p)
			l.own = append(l.own, &patient{s.service.Subject(p.Index, l.source), p.Index})
		}
		lanes = append(lanes, l)
	}
	return lanes
}

// grace is how long sources may take after the end until all is acknowledged.
const grace = 2 * time.Minute

// wear is the run itself: everybody at once, until the time is up, all that was made
// is acknowledged and everybody shares again.
func (s *soak) wear(whole context.Context) error {
	whole, giveUp := context.WithTimeoutCause(whole, s.length+grace, errors.New("sources are not acknowledged long after the end"))
	defer giveUp()
	ctx, cancel := context.WithTimeout(whole, s.length)
	defer cancel()
	var traffic, watchers sync.WaitGroup
	for i, l := range s.lanes {
		traffic.Go(func() {
			s.send(ctx, whole, l, s.messages/float64(len(s.lanes)), rand.New(rand.NewPCG(s.seed, uint64(1000+i))))
		})
	}
	for i := range s.readers {
		traffic.Go(func() { s.look(ctx, s.reads/float64(s.readers), rand.New(rand.NewPCG(s.seed, uint64(2000+i)))) })
	}
	traffic.Go(func() { s.choose(ctx, whole, s.plan.choices, rand.New(rand.NewPCG(s.seed, 3000))) })
	watching, end := context.WithCancel(whole)
	watchers.Go(func() { s.watch(watching) })
	err := s.disturb(ctx, whole)
	if err != nil {
		giveUp()
	}
	traffic.Wait()
	end()
	watchers.Wait()
	for _, t := range s.targets {
		if t.choice.known().out {
			s.change(whole, t)
		}
	}
	return errors.Join(err, context.Cause(whole))
}
