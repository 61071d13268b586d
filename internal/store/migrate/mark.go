package migrate

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// role is what a store is in a migration.
type role string

const (
	source role = "source"
	target role = "target"
)

// markVersion is the form of a mark.
const markVersion = 1

// mark is what a store says about the last migration that it had part in.
type mark struct {
	Version int       `json:"version"`
	Role    role      `json:"role"`
	ID      string    `json:"id"`    // the same on both sides
	Other   string    `json:"other"` // the other side, for people
	At      time.Time `json:"at"`    // of the beginning, then of the end
	Done    bool      `json:"done"`
	Digest  Digest    `json:"digest,omitzero"` // once it is done

	// Of a target: how far it is. Collections before this one, in the order of names, are copied.
	Collection string `json:"collection,omitempty"`
	After      []byte `json:"after,omitempty"` // a place in the source
}

func readMark(ctx context.Context, e driver.Mover) (m mark, err error) {
	text, err := e.Mark(ctx)
	if err != nil || text == "" {
		return m, err
	}
	if err := json.Unmarshal([]byte(text), &m); err != nil || m.Version > markVersion {
		return m, fmt.Errorf("the store has a mark of a later version of this program: use that one")
	}
	return m, nil
}

func writeMark(ctx context.Context, e driver.Mover, m mark) error {
	m.Version = markVersion
	text, err := json.Marshal(m, json.Deterministic(true))
	if err != nil {
		return err
	}
	return e.SetMark(ctx, string(text))
}

func day(t time.Time) string { return t.UTC().Format("2 January 2006") }

// Usable refuses a store that is not the record: one that is being moved or was moved, so that
// nothing is written that the other would not have, and one that is not whole yet.
func Usable(ctx context.Context, e driver.Mover) error {
	m, err := readMark(ctx, e)
	switch {
	case err != nil:
		return err
	case m.Role == source && m.Done:
		return errs.New(errs.Unprocessable, "this store was moved to %s on %s, and that is the record now: configure dcrd for it; to go back to what is here, and lose what was done since, run that dcr migrate again with --abandon", m.Other, day(m.At))
	case m.Role == source:
		return errs.New(errs.Unprocessable, "this store is being moved to %s since %s: run that dcr migrate again to finish, or with --abandon to stay with this one", m.Other, day(m.At))
	case m.Role == target && !m.Done:
		return errs.New(errs.Unprocessable, "this store is only a part of %s: run that dcr migrate again to finish", m.Other)
	}
	return nil
}

// Abandon makes a store that is being moved, or was moved, the record again. What was copied stays
// where it is, unusable if it was not whole; what was written to the other store since is not here.
func Abandon(ctx context.Context, from driver.Mover) (other string, err error) {
	m, err := readMark(ctx, from)
	if err != nil {
		return "", err
	}
	if m.Role != source {
		return "", errs.New(errs.Unprocessable, "this store is not being moved, and was not: there is nothing to abandon")
	}
	return m.Other, from.SetMark(ctx, "")
}
