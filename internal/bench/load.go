package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity/oidc/oidctest"
	"github.com/dorsetcarerecord/dcr/internal/seed"
)

func tokenOf(p seed.Professional) oidctest.Person {
	return oidctest.Person{Sub: p.Sub, UserUID: p.UserID, Name: p.Name(), Org: string(p.Org.ODS), RoleCode: p.RoleCode, RoleName: p.RoleName, RoleID: p.RoleID}
}

var (
	headEnd       = []byte("\r\n\r\n")
	contentLength = []byte("\r\nContent-Length: ")
	ok            = []byte("HTTP/1.1 200")
)

// do sends a request and returns the body, which is valid until the next one. Any
// status but 200 is an error.
func (c *conn) do(request []byte) ([]byte, error) {
	if _, err := c.Write(request); err != nil {
		return nil, err
	}
	n, body, length := 0, -1, 0
	for body < 0 || n < body+length {
		if n == len(c.buf) {
			c.buf = append(c.buf, make([]byte, len(c.buf))...)
		}
		m, err := c.Read(c.buf[n:])
		if err != nil {
			return nil, err
		}
		n += m
		if body >= 0 {
			continue
		}
		head := bytes.Index(c.buf[:n], headEnd)
		if head < 0 {
			continue
		}
		body = head + len(headEnd)
		if at := bytes.Index(c.buf[:head+2], contentLength); at >= 0 {
			value := c.buf[at+len(contentLength) : head+2]
			length, _ = strconv.Atoi(string(value[:bytes.IndexByte(value, '\r')]))
		}
	}
	if !bytes.HasPrefix(c.buf, ok) {
		return nil, fmt.Errorf("answer %.900q", c.buf[:n])
	}
	return c.buf[body : body+length], nil
}

// result is what one measurement found.
type result struct {
	perSecond float64
	p50, p99  time.Duration
}

// load does work over so many connections for some time.
func load(ctx context.Context, w *work, conns int, d time.Duration) (result, error) {
	var mu sync.Mutex
	var all []time.Duration
	var failed error
	var wg sync.WaitGroup
	open := make([]*conn, conns)
	for i := range open {
		c, err := dial(w.addr, w.tls)
		if err != nil {
			return result{}, err
		}
		defer c.Close()
		open[i] = c
		if _, err := c.do(w.request(i)); err != nil { // the handshake is not measured
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
				at := time.Now()
				if _, err = c.do(w.request(i)); err != nil {
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

// median returns the result in the middle by rate.
func median(rs []result) result {
	slices.SortFunc(rs, func(a, b result) int { return int(a.perSecond - b.perSecond) })
	return rs[len(rs)/2]
}
