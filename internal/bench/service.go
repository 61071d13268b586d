package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/seed"
	"github.com/dorsetcarerecord/dcr/internal/testkit/dcrd"
)

// service is a running dcrd with a county in it, and the work that it is to do.
type service struct {
	*dcrd.Service
	works []*work
}

// begin starts a service with so many people, and loads them as their sources
// send them.
func (p plan) begin(ctx context.Context, name string, people int) (*service, error) {
	county := seed.New(1, people, seed.PerPerson(p.perPerson), seed.Today(time.Now()))
	d, err := dcrd.New(filepath.Join(p.dir, name), filepath.Join(p.dir, "dcrd"), county, "DCR_TOKEN_AGE=12h",
		"DCR_FAILURES=1000000") // all clients are one address
	if err != nil {
		return nil, err
	}
	s := &service{Service: d}
	if _, err := s.Start(ctx); err != nil {
		return nil, err
	}
	began := time.Now()
	if err := errors.Join(s.Partners(ctx), s.Load(ctx)); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	fmt.Fprintf(os.Stderr, "%d people x %d resources loaded in %.1f s\n", people, p.perPerson, time.Since(began).Seconds())
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}
