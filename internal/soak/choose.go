package main

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/operator"
)

// choosers is how many of the people change their mind: one in so many.
const choosers = 10

// choose plays the operator until ctx ends, who records people's choices.
func (s *soak) choose(ctx, whole context.Context, perSecond float64, r *rand.Rand) {
	pace := schedule{next: time.Now(), every: time.Duration(float64(time.Second) / perSecond)}
	for {
		if _, ok := pace.take(ctx); !ok {
			return
		}
		s.change(whole, s.targets[r.IntN((len(s.targets)+choosers-1)/choosers)*choosers])
	}
}

// change turns a person's choice to the other, until the operator has been told that
// it is set.
func (s *soak) change(ctx context.Context, t *target) {
	out := t.choice.begin()
	tier := "share"
	if out {
		tier = "none"
	}
	for {
		began := time.Now()
		err := setSharing(ctx, s.service.Data(), t.number, tier)
		if err == nil {
			t.choice.done(out)
			s.choices.Add(1)
			return
		}
		if s.calm.during(began, time.Now()) {
			s.findings.add("the operator's command failed", "%v", err)
		}
		if !wait(ctx, again) {
			return
		}
	}
}

// setSharing does as the command does, with a connection of its own.
func setSharing(ctx context.Context, data string, n nhs.Number, tier string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := operator.Dial(ctx, data)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	return c.SetSharing(ctx, n, operator.Choice{Tier: tier})
}
