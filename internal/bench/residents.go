package main

import (
	"context"
	"fmt"

	"github.com/dorsetcarerecord/dcr/internal/testkit/dcrd"
)

// mostResidents is how many people of the sample have an account.
const mostResidents = 200

// residents are complete log-ins with a passkey, and first pages of own records.
func (s *service) residents(ctx context.Context) (logIn, summary *work, err error) {
	var who []int
	for i := range s.sample() {
		if p := s.County.Person(i); s.County.Day().AddDate(-13, 0, 0).After(p.Birth) && len(who) < mostResidents {
			who = append(who, i)
		}
	}
	all, err := s.Enrol(ctx, who)
	if err != nil {
		return nil, nil, err
	}
	summary = &work{name: "own summary", addr: s.API}
	for _, r := range all {
		summary.requests = append(summary.requests, fmt.Appendf(nil, "GET /citizen/v1/summary HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", s.API, r.Token))
	}
	logIn = &work{name: "passkey log-in", addr: s.API}
	logIn.act = func(c *dcrd.Conn, i int) ([]byte, error) {
		options, err := do(c, s.LogInOptions())
		if err != nil {
			return nil, err
		}
		finish, err := s.LogInFinish(all[i%len(all)], options)
		if err != nil {
			return nil, err
		}
		return do(c, finish)
	}
	return logIn, summary, nil
}
