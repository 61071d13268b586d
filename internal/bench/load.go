package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/testkit/dcrd"
)

// do sends a request and returns the body. Any status but 200 is an error.
func do(c *dcrd.Conn, request []byte) ([]byte, error) {
	status, body, err := c.Do(request)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("status %d: %.900q", status, body)
	}
	return body, err
}

// result is what one measurement found.
type result struct {
	perSecond float64
	p50, p99  time.Duration
}

// load does work over so many connections for some time.
func load(ctx context.Context, w *work, conns int, d time.Duration) (result, error) {
	return paced(ctx, w, conns, d, 0)
}

// paced does so much work a second, or with 0 as much as is answered, until d has
// passed or ctx has ended.
func paced(ctx context.Context, w *work, conns int, d time.Duration, perSecond int) (result, error) {
	var mu sync.Mutex
	var all []time.Duration
	var failed error
	var wg sync.WaitGroup
	open := make([]*dcrd.Conn, conns)
	for i := range open {
		c, err := dcrd.Dial(w.addr, w.tls)
		if err != nil {
			return result{}, err
		}
		defer c.Close()
		open[i] = c
		if w.tls == nil && perSecond > 0 {
			continue
		}
		if _, err := w.do(c, i); err != nil { // the handshake is not measured
			return result{}, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	began := time.Now()
	for k, c := range open {
		wg.Go(func() {
			var mine []time.Duration
			var err error
			for i := k; ctx.Err() == nil; i += conns {
				if perSecond > 0 && !until(ctx, began.Add(time.Duration(i)*time.Second/time.Duration(perSecond))) {
					break
				}
				at := time.Now()
				if _, err = w.do(c, i); err != nil {
					break
				}
				mine = append(mine, time.Since(at))
			}
			mu.Lock()
			defer mu.Unlock()
			all, failed = append(all, mine...), errors.Join(failed, err)
		})
	}
	wg.Wait()
	took := time.Since(began)
	if failed != nil {
		return result{}, fmt.Errorf("%s: %w", w.name, failed)
	}
	if len(all) == 0 {
		return result{}, fmt.Errorf("%s: not one answer in %s", w.name, d)
	}
	slices.Sort(all)
	return result{float64(len(all)) / took.Seconds(), all[len(all)/2], all[len(all)*99/100]}, nil
}

// until waits for a moment, and reports false if ctx ends before.
func until(ctx context.Context, at time.Time) bool {
	t := time.NewTimer(time.Until(at))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// median returns the result in the middle by rate.
func median(rs []result) result {
	slices.SortFunc(rs, func(a, b result) int { return int(a.perSecond - b.perSecond) })
	return rs[len(rs)/2]
}
