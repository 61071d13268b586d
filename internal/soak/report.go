package main

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// What a soak must reach, outside the seconds around a kill.
const (
	p99Bound     = 100 * time.Millisecond
	restartBound = 5 * time.Second
)

// report prints what was found, and returns an error if anything failed.
func (s *soak) report() error {
	fmt.Fprintf(s.out, "\n| requests | number | p50 | p99 |\n| --- | ---: | ---: | ---: |\n")
	for k := range kinds {
		p50, _ := s.times[k].quantile(0.5)
		p99, n := s.times[k].quantile(0.99)
		fmt.Fprintf(s.out, "| %s | %d | %s | %s |\n", kindNames[k], n, p50, p99)
		if s.bounds && p99 > p99Bound {
			s.findings.add("p99 out of bounds", "%s: %s", kindNames[k], p99)
		}
	}
	var messages int
	for _, l := range s.lanes {
		messages += l.messages
	}
	fmt.Fprintf(s.out, "\n%d answers to professionals; %d messages acknowledged: %d made, %d of them late, %d sent twice, %d kept waiting at first; %d changes of a sharing choice\n",
		s.answered.Load(), s.acknowledged.Load(), messages, s.late.Load(), s.repeated.Load(), s.held.Load(), s.choices.Load())
	if len(s.restarts) > 0 {
		slowest := slices.Max(s.restarts)
		fmt.Fprintf(s.out, "%d kills; ready again after %s at most\n", s.calm.count(), slowest.Round(time.Millisecond))
		if s.bounds && slowest > restartBound {
			s.findings.add("a restart took too long", "%s", slowest)
		}
	}
	middle, last := s.mean(1), s.mean(2)
	fmt.Fprintf(s.out, "RssAnon on average %.1f MB in the first third, %.1f MB in the middle one, %.1f MB in the last\n", s.mean(0), middle, last)
	if s.bounds && last > 1.1*middle+4 {
		s.findings.add("memory grows", "%.1f MB in the middle third, %.1f MB in the last", middle, last)
	}
	failures := s.findings.lines()
	for _, f := range failures {
		fmt.Fprintln(s.out, "FAILED:", f)
	}
	if len(failures) > 0 {
		return errors.New("it failed: see above")
	}
	fmt.Fprintln(s.out, "nothing failed")
	return nil
}

// mean is the mean memory in a third of the run.
func (s *soak) mean(third int) float64 {
	sum, n := 0, 0
	for _, m := range s.memory {
		if int(3*m.at/s.length) == third {
			sum += m.mb
			n++
		}
	}
	return float64(sum) / float64(max(n, 1))
}
