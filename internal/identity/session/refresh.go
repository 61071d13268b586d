package session

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// The tokens of a native app are a keyed hash over the session and a counter. So the
// successor of a refresh token can be given again, to an app that did not get the answer,
// without being kept; and a token of long ago is told from one that was made up.
func (s *Sessions) derive(prefix string, d *document, counter uint32) token {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(prefix + d.account + d.id))
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], counter)
	h.Write(n[:])
	t := token{prefix: prefix, account: d.account, session: d.id, counter: counter}
	h.Sum(t.secret[:0])
	return t
}

// issue gives a session the tokens of its counter.
func (s *Sessions) issue(d *document, now time.Time) Tokens {
	access, refresh := s.derive(accessPrefix, d, d.counter), s.derive(refreshPrefix, d, d.counter)
	d.accessBefore, d.refreshBefore = d.access, d.refresh
	d.access, d.refresh = sha256.Sum256(access.secret[:]), sha256.Sum256(refresh.secret[:])
	d.turned, d.used = now, now
	return Tokens{Access: access.text(), Refresh: refresh.text()}
}

// Refresh gives a native app new tokens for its refresh token, which then is used up.
//
// One that was used up gets the same answer again for a few seconds, for the app that
// asked twice or lost the answer. After that it is a sign that somebody has copied it:
// the session ends, and its owner is told.
func (s *Sessions) Refresh(ctx context.Context, text string) (Tokens, error) {
	t, ok := parse(text, refreshPrefix)
	if !ok {
		return Tokens{}, badToken()
	}
	for {
		now := s.o.Now()
		d, acc, err := s.read(ctx, t.account, t.session)
		if err != nil {
			return Tokens{}, err
		}
		if !d.native || !s.counts(&d, &acc, now) {
			return Tokens{}, badToken()
		}
		switch s.judge(&d, &t, now) {
		case current:
			next := d
			next.counter++
			tokens := s.issue(&next, now)
			err = s.o.DB.Commit(ctx, d.account, []store.Op{{Kind: store.Replace, Doc: next.doc(s.o.Absolute)}})
			if err == nil {
				return s.native(&next, tokens), nil
			}
		case again:
			access, refresh := s.derive(accessPrefix, &d, d.counter), s.derive(refreshPrefix, &d, d.counter)
			if !same(sha256.Sum256(refresh.secret[:]), d.refresh) {
				return Tokens{}, badToken() // they were made with another key
			}
			return s.native(&d, Tokens{Access: access.text(), Refresh: refresh.text()}), nil
		case reused:
			told := account.NoticeOp(d.account, account.Notice{Kind: account.RefreshReused, At: now, About: d.device})
			err = s.o.DB.Commit(ctx, d.account, []store.Op{d.deletion(), told})
			if err == nil {
				return Tokens{}, badToken()
			}
		default:
			return Tokens{}, badToken()
		}
		if errs.KindOf(err) != errs.Conflict {
			return Tokens{}, err
		}
	}
}

// native describes tokens of a native app.
func (s *Sessions) native(d *document, t Tokens) Tokens {
	t = s.described(d, t)
	t.Expires = earliest(t.Until, d.turned.Add(s.o.Access))
	return t
}

// verdict is what a refresh token is.
type verdict uint8

const (
	madeUp  verdict = iota
	current         // the newest
	again           // used up a moment ago
	reused          // used up
)

func (s *Sessions) judge(d *document, t *token, now time.Time) verdict {
	sum := sha256.Sum256(t.secret[:])
	switch {
	case t.counter == d.counter && same(sum, d.refresh):
		return current
	case t.counter+1 == d.counter && same(sum, d.refreshBefore):
		if now.Sub(d.turned) <= s.o.Grace {
			return again
		}
		return reused
	case t.counter < d.counter:
		was := s.derive(refreshPrefix, d, t.counter)
		if subtle.ConstantTimeCompare(was.secret[:], t.secret[:]) == 1 {
			return reused
		}
	}
	return madeUp
}

func (d *document) deletion() store.Op {
	return store.Op{Kind: store.Delete, Doc: store.Doc{Ref: ref(d.account, d.id), Rev: d.rev}}
}
