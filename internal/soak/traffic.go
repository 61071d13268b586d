package main

import (
	"context"
	"crypto/tls"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/testkit/dcrd"
)

const (
	patience = 30 * time.Second      // without an answer, something hangs
	again    = 50 * time.Millisecond // between attempts while nobody answers
)

// line is a connection that is made anew whenever it breaks.
type line struct {
	addr string
	tls  *tls.Config
	conn *dcrd.Conn
}

// ask sends a request until it is answered or ctx ends. A connection that fails
// while nothing was killed is a finding. attempted is told when each attempt begins.
func (l *line) ask(ctx context.Context, s *soak, attempted func(), request []byte) (status int, body []byte, err error) {
	for {
		attempted()
		began := time.Now()
		if status, body, err = l.once(request); err == nil {
			return status, body, nil
		}
		l.close()
		if s.calm.during(began, time.Now()) {
			s.findings.add("connection failed", "%s: %v", l.addr, err)
		}
		if !wait(ctx, again) {
			return 0, nil, ctx.Err()
		}
	}
}

func (l *line) once(request []byte) (status int, body []byte, err error) {
	if l.conn == nil {
		if l.conn, err = dcrd.Dial(l.addr, l.tls); err != nil {
			l.conn = nil
			return 0, nil, err
		}
	}
	if err := l.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, nil, err
	}
	return l.conn.Do(request)
}

func (l *line) close() {
	if l.conn != nil {
		l.conn.Close()
		l.conn = nil
	}
}

func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// schedule spreads work evenly. What a kill kept from being done is made up for by
// sources, who have it to send, and not by readers.
type schedule struct {
	next  time.Time
	every time.Duration
	owing bool
}

// take waits for the next turn and returns when it was due. It reports false if ctx
// ends first.
func (p *schedule) take(ctx context.Context) (due time.Time, ok bool) {
	now := time.Now()
	if late := now.Sub(p.next); late > time.Second && !p.owing {
		p.next = now
	}
	due = p.next
	p.next = p.next.Add(p.every)
	ok = wait(ctx, time.Until(due))
	if now.Sub(due) > time.Second {
		due = now
	}
	return due, ok
}
