package operator

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// Limits of a request's body.
const (
	maxBody   = 1 << 20
	maxBundle = 16 << 20
)

// Serve answers at l, as Listen made it, until ctx ends.
func Serve(ctx context.Context, l net.Listener, ops Operations) error {
	server := &http.Server{
		Handler: Handler(ops), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return identity.WithCaller(ctx, operatorAt(conn))
		},
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(l); ctx.Err() == nil {
		return err
	}
	return nil
}

// Handler serves the operations over HTTP. Whoever reaches it may do everything:
// it belongs behind a socket that is its owner's alone. An NHS number is only ever
// in a body.
func Handler(ops Operations) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /v1/status", answer(func(ctx context.Context, _ *http.Request) (any, error) { return ops.Status(ctx) }))
	partnerRoutes(mux, ops)
	peopleRoutes(mux, ops)
	feedRoutes(mux, ops)
	ledgerRoutes(mux, ops)
	mux.Handle("GET /v1/backup", backup(ops))
	mux.Handle("POST /v1/check", progressive(func(ctx context.Context, p Progress) (any, error) { return nil, ops.Check(ctx, p) }))
	return mux
}

func partnerRoutes(mux *http.ServeMux, ops Operations) {
	mux.Handle("GET /v1/agreements", answer(func(ctx context.Context, _ *http.Request) (any, error) { return ops.Agreements(ctx) }))
	mux.Handle("PUT /v1/agreements", take(func(ctx context.Context, _ *http.Request, a Agreement) (any, error) {
		return nil, ops.PutAgreement(ctx, a)
	}))
	mux.Handle("PUT /v1/agreements/{org}/suspended", take(func(ctx context.Context, r *http.Request, suspended bool) (any, error) {
		org, err := nhs.ParseODS(r.PathValue("org"))
		if err != nil {
			return nil, err
		}
		return nil, ops.Suspend(ctx, org, suspended)
	}))
	mux.Handle("POST /v1/import", take(func(ctx context.Context, _ *http.Request, p Partners) (any, error) { return ops.Import(ctx, p) }))
	mux.Handle("GET /v1/clients", answer(func(ctx context.Context, _ *http.Request) (any, error) { return ops.Clients(ctx) }))
	mux.Handle("POST /v1/clients", take(func(ctx context.Context, _ *http.Request, c Client) (any, error) {
		return nil, ops.RegisterClient(ctx, c)
	}))
	mux.Handle("POST /v1/clients/{id}/revoke", answer(func(ctx context.Context, r *http.Request) (any, error) {
		return nil, ops.RevokeClient(ctx, r.PathValue("id"))
	}))
}

// about a person, or two: the one place where NHS numbers cross the socket.
type personBody struct {
	Number      string      `json:"number"`
	Other       string      `json:"other,omitzero"`
	Choice      Choice      `json:"choice,omitzero"`
	Restricted  bool        `json:"restricted,omitzero"`
	Invalidated bool        `json:"invalidated,omitzero"`
	Sensitive   Sensitivity `json:"sensitive,omitzero"`
	BirthDate   string      `json:"birth_date,omitzero"`
	Cursor      string      `json:"cursor,omitzero"`
	Limit       int         `json:"limit,omitzero"`
}

// person makes a handler of what is done about a person.
func person(do func(ctx context.Context, n nhs.Number, b personBody) (any, error)) http.Handler {
	return take(func(ctx context.Context, _ *http.Request, b personBody) (any, error) {
		n, err := nhs.ParseNumber(b.Number)
		if err != nil {
			return nil, err
		}
		return do(ctx, n, b)
	})
}

func peopleRoutes(mux *http.ServeMux, ops Operations) {
	mux.Handle("POST /v1/people/sharing", person(func(ctx context.Context, n nhs.Number, _ personBody) (any, error) { return ops.Sharing(ctx, n) }))
	mux.Handle("PUT /v1/people/sharing", person(func(ctx context.Context, n nhs.Number, b personBody) (any, error) {
		return nil, ops.SetSharing(ctx, n, b.Choice)
	}))
	mux.Handle("POST /v1/people/sharing/history", person(func(ctx context.Context, n nhs.Number, _ personBody) (any, error) {
		return ops.SharingHistory(ctx, n)
	}))
	mux.Handle("PUT /v1/people/invalidated", person(func(ctx context.Context, n nhs.Number, b personBody) (any, error) {
		return nil, ops.SetInvalidated(ctx, n, b.Invalidated)
	}))
	mux.Handle("PUT /v1/people/restricted", person(func(ctx context.Context, n nhs.Number, b personBody) (any, error) {
		return nil, ops.SetRestricted(ctx, n, b.Restricted)
	}))
	mux.Handle("PUT /v1/people/sensitive", person(func(ctx context.Context, n nhs.Number, b personBody) (any, error) {
		return nil, ops.SetSensitive(ctx, n, b.Sensitive)
	}))
	two := func(do func(ctx context.Context, n, other nhs.Number) error) http.Handler {
		return person(func(ctx context.Context, n nhs.Number, b personBody) (any, error) {
			other, err := nhs.ParseNumber(b.Other)
			if err != nil {
				return nil, err
			}
			return nil, do(ctx, n, other)
		})
	}
	mux.Handle("POST /v1/people/join", two(ops.Join))
	mux.Handle("POST /v1/people/split", two(ops.Split))
	mux.Handle("POST /v1/people/code", person(func(ctx context.Context, n nhs.Number, b personBody) (any, error) {
		return ops.ActivationCode(ctx, n, b.BirthDate)
	}))
}

type replayBody struct {
	Source string `json:"source"`
	ID     string `json:"id,omitzero"`
}

func feedRoutes(mux *http.ServeMux, ops Operations) {
	mux.Handle("GET /v1/quarantine/{source}", answer(func(ctx context.Context, r *http.Request) (any, error) {
		q := r.URL.Query()
		limit, _ := strconv.Atoi(q.Get("limit"))
		return ops.Quarantine(ctx, QuarantineQuery{Source: r.PathValue("source"), State: q.Get("state"), Cursor: q.Get("cursor"), Limit: limit})
	}))
	mux.Handle("GET /v1/quarantine/{source}/{id}", answer(func(ctx context.Context, r *http.Request) (any, error) {
		return ops.Quarantined(ctx, r.PathValue("source"), r.PathValue("id"))
	}))
	mux.Handle("POST /v1/replay", take(func(ctx context.Context, _ *http.Request, b replayBody) (any, error) {
		return ops.Replay(ctx, b.Source, b.ID)
	}))
	mux.Handle("POST /v1/discard", take(func(ctx context.Context, _ *http.Request, b replayBody) (any, error) {
		return nil, ops.Discard(ctx, b.Source, b.ID)
	}))
	mux.Handle("POST /v1/load/{source}", answer(func(ctx context.Context, r *http.Request) (any, error) {
		body, err := readBody(r, maxBundle)
		if err != nil {
			return nil, err
		}
		return ops.Load(ctx, r.PathValue("source"), body)
	}))
}

func ledgerRoutes(mux *http.ServeMux, ops Operations) {
	mux.Handle("GET /v1/ledger", answer(func(ctx context.Context, r *http.Request) (any, error) {
		from, _ := strconv.ParseUint(r.URL.Query().Get("from"), 10, 64)
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		return ops.Ledger(ctx, r.URL.Query().Get("instance"), from, limit)
	}))
	mux.Handle("POST /v1/ledger/accesses", person(func(ctx context.Context, n nhs.Number, b personBody) (any, error) {
		return ops.Accesses(ctx, n, b.Cursor, b.Limit)
	}))
	mux.Handle("GET /v1/ledger/{seq}/proof", answer(func(ctx context.Context, r *http.Request) (any, error) {
		seq, err := strconv.ParseUint(r.PathValue("seq"), 10, 64)
		if err != nil {
			return nil, errs.New(errs.Invalid, "an event's number has digits only")
		}
		return ops.Proof(ctx, r.URL.Query().Get("instance"), seq)
	}))
	mux.Handle("POST /v1/ledger/verify", progressive(func(ctx context.Context, p Progress) (any, error) { return ops.VerifyLedger(ctx, p) }))
}

// answer makes a handler of a function that returns what is to be told.
func answer(do func(ctx context.Context, r *http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		told, err := do(r.Context(), r)
		if err != nil {
			refuse(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.MarshalWrite(w, told) // an error means that the client has gone
	})
}

// take is answer for what has a JSON body, whose unknown members are refused.
func take[T any](do func(ctx context.Context, r *http.Request, body T) (any, error)) http.Handler {
	return answer(func(ctx context.Context, r *http.Request) (any, error) {
		b, err := readBody(r, maxBody)
		if err != nil {
			return nil, err
		}
		var body T
		if err := json.Unmarshal(b, &body, json.RejectUnknownMembers(true)); err != nil {
			// Not the decoder's words: they may quote the body.
			return nil, errs.New(errs.Invalid, "the request's body is not the JSON that this operation takes")
		}
		return do(ctx, r, body)
	})
}

func readBody(r *http.Request, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	switch {
	case err != nil:
		return nil, errs.New(errs.Invalid, "the request's body could not be read")
	case int64(len(b)) > limit:
		return nil, errs.New(errs.TooLarge, "this is over the limit of %d MB", limit>>20)
	}
	return b, nil
}

func refuse(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status(errs.KindOf(err)))
	_ = json.MarshalWrite(w, faultOf(err))
}
