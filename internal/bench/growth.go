package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dorsetcarerecord/dcr/internal/operator"
	"github.com/dorsetcarerecord/dcr/internal/testkit/dcrd"
)

const (
	growthConns = 16
	whole       = 3   // the work that reads all there is of a person
	tenfold     = 120 // professionals' requests a second: ten times the county's peak
)

// size is what was measured of a county of one size.
type size struct {
	*service
	warm, cold    []result // by work
	steady        []result // by work: cold, at ten times the peak
	memory        int
	file, logs    int64
	open          time.Duration
	idle, busy    result // reads at ten times the peak, alone and beside a backup
	copy, archive rate
}

// rate is how many bytes were written in what time.
type rate struct {
	bytes int64
	took  time.Duration
}

func (r rate) perSecond() float64 { return float64(r.bytes) / 1e6 / r.took.Seconds() }

// grow compares the cost of a request in records of several sizes. They are all
// served at the same time, and measured in turn, so that what else the machine does
// falls on all of them alike.
func (p plan) grow(ctx context.Context, out io.Writer) error {
	var sizes []*size
	for _, n := range p.growth {
		s, err := p.begin(ctx, "growth-"+strconv.Itoa(n), n)
		if err != nil {
			return err
		}
		defer func() { _ = s.Close() }()
		s.works = append(s.works, inTurn(s.works))
		sizes = append(sizes, &size{service: s})
	}
	if err := p.warm(ctx, sizes); err != nil {
		return err
	}
	for _, s := range sizes {
		if err := s.Stop(); err != nil {
			return err
		}
	}
	for _, s := range sizes {
		if err := errors.Join(s.apart(ctx, p), s.Stop()); err != nil {
			return err
		}
	}
	p.growth1(out, sizes)
	growth2(out, sizes)
	return nil
}

// inTurn is one of each kind that reads, over and over.
func inTurn(works []*work) *work {
	var reads []*work
	for _, w := range works {
		if w.act == nil && w.tls == nil {
			reads = append(reads, w)
		}
	}
	return &work{name: "each read in turn", addr: reads[0].addr, request: func(i int) []byte { return reads[i%len(reads)].request(i) }}
}

func (p plan) warm(ctx context.Context, sizes []*size) error {
	for i := range sizes[0].works {
		rs := make([][]result, len(sizes))
		for _, s := range sizes {
			if err := touch(s.works[whole]); err != nil {
				return err
			}
		}
		for range p.runs {
			for k, s := range sizes {
				memory := s.Peak()
				r, err := load(ctx, s.works[i], growthConns, p.seconds)
				s.memory = max(s.memory, memory())
				if err != nil {
					return err
				}
				rs[k] = append(rs[k], r)
			}
		}
		for k, s := range sizes {
			s.warm = append(s.warm, median(rs[k]))
		}
	}
	return nil
}

// touch does each of the requests once, so that what they read is in memory.
func touch(w *work) error {
	g := errgroup.Group{}
	for k := range growthConns {
		g.Go(func() error {
			c, err := dcrd.Dial(w.addr, w.tls)
			if err != nil {
				return err
			}
			defer c.Close()
			for i := k; i < len(w.requests); i += growthConns {
				if _, err := do(c, w.requests[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// apart measures what needs the machine for one size alone: starts, and what comes
// from the disk.
func (s *size) apart(ctx context.Context, p plan) (err error) {
	data := filepath.Join(s.Data(), "dcr.db")
	if s.file, err = bytesIn(data); err != nil {
		return err
	}
	if s.logs, err = bytesIn(filepath.Join(s.Data(), "logs")); err != nil {
		return err
	}
	for _, w := range s.works {
		for _, to := range []struct {
			rs        *[]result
			perSecond int
		}{{&s.cold, 0}, {&s.steady, tenfold}} {
			if err := s.fresh(ctx); err != nil {
				return err
			}
			r, err := paced(ctx, w, growthConns, p.seconds, to.perSecond)
			if err != nil {
				return err
			}
			*to.rs = append(*to.rs, r)
		}
	}
	if err := s.backUp(ctx, p, data); err != nil {
		return err
	}
	s.open, err = s.Start(ctx)
	return err
}

// fresh restarts the service with nothing of its data file in memory.
func (s *size) fresh(ctx context.Context) error {
	if err := s.Stop(); err != nil {
		return err
	}
	if err := forget(filepath.Join(s.Data(), "dcr.db")); err != nil {
		return err
	}
	_, err := s.Start(ctx)
	return err
}

// backUp measures reads alone, and reads while the running service is backed up. Then it
// stops the service and copies its file as it lies on the disk, which is the disk's
// speed: last, for the disk is slow for a while after it.
func (s *size) backUp(ctx context.Context, p plan, data string) (err error) {
	target := filepath.Join(s.Dir, "copy")
	if err := s.fresh(ctx); err != nil {
		return err
	}
	if s.idle, err = paced(ctx, s.works[0], growthConns, max(p.seconds, 3*time.Second), tenfold); err != nil {
		return err
	}
	beside, cancel := context.WithCancel(ctx)
	busy := make(chan error, 1)
	go func() {
		var err error
		s.busy, err = paced(beside, s.works[0], growthConns, time.Hour, tenfold)
		busy <- err
	}()
	c, err := operator.Dial(ctx, s.Data())
	if err == nil {
		s.archive, err = written(target, func(f *os.File) error {
			return c.Backup(ctx, operator.Steady(f), func(int64, int64) {})
		})
		_ = c.Close()
	}
	cancel()
	if err := errors.Join(err, <-busy, s.Stop(), forget(data)); err != nil {
		return err
	}
	s.copy, err = written(target, func(f *os.File) error {
		from, err := os.Open(data)
		if err != nil {
			return err
		}
		defer from.Close()
		_, err = io.Copy(f, from)
		return err
	})
	return errors.Join(err, os.Remove(target))
}

// written tells how long it takes until what write writes is on the disk.
func written(path string, write func(*os.File) error) (rate, error) {
	f, err := os.Create(path)
	if err != nil {
		return rate{}, err
	}
	began := time.Now()
	err = errors.Join(write(f), f.Sync())
	r := rate{took: time.Since(began)}
	info, statErr := f.Stat()
	if statErr == nil {
		r.bytes = info.Size()
	}
	return r, errors.Join(err, statErr, f.Close())
}

// bytesIn is the size of a file, or of all files in a folder.
func bytesIn(path string) (n int64, err error) {
	err = filepath.Walk(path, func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			n += info.Size()
		}
		return err
	})
	return n, err
}

func (p plan) growth1(out io.Writer, sizes []*size) {
	fmt.Fprintf(out, "\n%d resources of each person, %d connections; warm: median of %d runs of %s. Cold: the data file not in memory at the start, first %s; the last columns at %d requests a second.\n\n",
		p.perPerson, growthConns, p.runs, p.seconds, p.seconds, tenfold)
	fmt.Fprintln(out, "| work | people | warm per second | ns per request | cost to the smallest | cold per second | cold p50 | cold p99 |")
	fmt.Fprintln(out, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	for i, w := range sizes[0].works {
		for _, s := range sizes {
			r := s.warm[i]
			fmt.Fprintf(out, "| %s | %d | %.0f | %.0f | %.2f | %.0f | %s | %s |\n", w.name, s.County.Len(), r.perSecond, 1e9/r.perSecond,
				sizes[0].warm[i].perSecond/r.perSecond, s.cold[i].perSecond, round(s.steady[i].p50), round(s.steady[i].p99))
		}
	}
}

func growth2(out io.Writer, sizes []*size) {
	fmt.Fprintf(out, "\nOpen: from the start to ready, with the logs of this run. Disk: the data file copied cold to the same disk. Backup: of the running service to a file there. Read p99 at %d a second.\n\n", tenfold)
	fmt.Fprintln(out, "| people | data file MB | logs MB | RssAnon MB | open | disk MB/s | backup | backup MB/s | read p99 alone | read p99 beside a backup |")
	fmt.Fprintln(out, "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	for _, s := range sizes {
		fmt.Fprintf(out, "| %d | %.0f | %.0f | %d | %s | %.0f | %s | %.0f | %s | %s |\n", s.County.Len(), float64(s.file)/1e6, float64(s.logs)/1e6, s.memory,
			s.open.Round(time.Millisecond), s.copy.perSecond(), s.archive.took.Round(time.Millisecond), s.archive.perSecond(), round(s.idle.p99), round(s.busy.p99))
	}
}
