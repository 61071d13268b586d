package staff

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

const ended = "staff_ended" // partition and id: the session's

// Specs declares the collections of the package.
func Specs() []store.Spec { return []store.Spec{{Name: ended, Small: true}} }

// sealed is what a session's cookie holds.
type sealed struct {
	ID       string `json:"i"`
	Issuer   string `json:"f"`
	Key      string `json:"k"` // that signed the ID token
	Caller   string `json:"c"`
	Name     string `json:"n,omitzero"`
	Org      string `json:"o"`
	Role     uint8  `json:"r"`
	AuthTime int64  `json:"a"` // ms since 1970
	Expires  int64  `json:"e"`
}

var purpose = []byte("staff session") // a session's cookie opens as nothing else

func (s *Sessions) close(c identity.Caller, issuer, kid string) (string, error) {
	body, err := json.Marshal(sealed{ID: rand.Text(), Issuer: issuer, Key: kid, Caller: c.ID, Name: c.Name, Org: string(c.Org), Role: uint8(c.Role),
		AuthTime: c.AuthTime.UnixMilli(), Expires: c.Expires.UnixMilli()})
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(s.seal.Seal(nil, nil, body, purpose)), nil
}

const maxCookie = 3 << 10

func over() error {
	return errs.New(errs.Unauthenticated, "Your session has ended. Log in again.")
}

// open returns whose session a cookie is, and its id, whether it was logged out or not.
func (s *Sessions) open(cookie string) (c identity.Caller, id string, err error) {
	if len(cookie) > maxCookie {
		return c, "", over()
	}
	raw, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil {
		return c, "", over()
	}
	body, err := s.seal.Open(nil, nil, raw, purpose)
	if err != nil {
		return c, "", over()
	}
	var t sealed
	if json.Unmarshal(body, &t) != nil || !s.o.Now().Before(time.UnixMilli(t.Expires)) || !s.o.Verifier.Stands(t.Issuer, t.Key) {
		return c, "", over()
	}
	return identity.Caller{Kind: identity.Professional, ID: t.Caller, Name: t.Name, Org: nhs.ODS(t.Org), Role: identity.Role(t.Role),
		AuthTime: time.UnixMilli(t.AuthTime).UTC(), Expires: time.UnixMilli(t.Expires).UTC()}, t.ID, nil
}

// Authenticate returns whose session a cookie is. One that has expired, was logged
// out, or whose issuer or its key is no longer taken, is errs.Unauthenticated.
func (s *Sessions) Authenticate(ctx context.Context, cookie string) (identity.Caller, error) {
	c, id, err := s.open(cookie)
	if err != nil {
		return identity.Caller{}, err
	}
	gone := false
	if err := s.o.DB.Get(ctx, []store.Ref{endedRef(id)}, func(*store.Doc) bool { gone = true; return true }); err != nil {
		return identity.Caller{}, err
	}
	if gone {
		return identity.Caller{}, over()
	}
	return c, nil
}

// End logs out. The session does not count from the next request on; one that does
// not count any more is none to end.
func (s *Sessions) End(ctx context.Context, cookie string) error {
	c, id, err := s.open(cookie)
	if err != nil {
		return nil //nolint:nilerr // nothing to end
	}
	doc := store.Doc{Ref: endedRef(id), Expires: c.Expires}
	err = s.o.DB.Commit(ctx, id, []store.Op{{Kind: store.Insert, Doc: doc}})
	if errs.KindOf(err) == errs.Conflict {
		return nil
	}
	return err
}

func endedRef(session string) store.Ref {
	return store.Ref{Collection: ended, Partition: session, ID: session}
}
