package citizen

import (
	"context"
	"strconv"
	"strings"

	"github.com/dorsetcarerecord/dcr/citizen/own"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// Timeline is a page of the caller's own record as one list.
type Timeline struct {
	own.Timeline
	Next string          `json:"next,omitzero"`
	Late []own.Freshness `json:"late,omitempty"`
}

// Timeline returns at most limit rows, the latest first, from a cursor on; "" begins.
// A cursor is for the caller and their filter only.
func (s *Service) Timeline(ctx context.Context, c identity.Caller, requestID string, f own.Filter, cursor string, limit int) (Timeline, error) {
	to := []byte("timeline " + c.ID + " " + strconv.Itoa(f.Year) + " " + f.Kind)
	after := ""
	if cursor != "" {
		var err error
		if after, err = s.cursors.Open(cursor, to, s.o.Now()); err != nil {
			return Timeline{}, err
		}
	}
	r, err := s.open(ctx, c, record.Request{What: "timeline", RequestID: requestID})
	if err != nil {
		return Timeline{}, err
	}
	if err := r.gather(s.o.Now()); err != nil {
		return Timeline{}, err
	}
	out := Timeline{Timeline: r.reader.Timeline(r.entries.Entries(), f), Late: r.late()}
	if err := r.failed(); err != nil {
		return Timeline{}, err
	}
	from, err := begins(out.Rows, after)
	if err != nil {
		return Timeline{}, err
	}
	if end := from + limit; end < len(out.Rows) {
		out.Next = s.cursors.Seal(strconv.Itoa(end-1)+" "+out.Rows[end-1].ID, to, s.o.Now())
		out.Rows = out.Rows[from:end]
	} else {
		out.Rows = out.Rows[from:]
	}
	return out, nil
}

// begins finds the row after the one that the page before ended with: by its entry, or,
// where that is gone, by its number.
func begins(rows []own.Row, after string) (int, error) {
	if after == "" {
		return 0, nil
	}
	at, id, _ := strings.Cut(after, " ")
	n, err := strconv.Atoi(at)
	if err != nil {
		return 0, errs.New(errs.Invalid, "This page link is not valid: begin again.")
	}
	for i := range rows {
		if rows[i].ID == id {
			return i + 1, nil
		}
	}
	return min(n, len(rows)), nil
}
