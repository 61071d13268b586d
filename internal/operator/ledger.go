package operator

import (
	"cmp"
	"context"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// LedgerEvent is an event of the ledger in plain words and in its parts.
type LedgerEvent struct {
	Instance string    `json:"instance,omitzero"` // whose log it is in
	Seq      uint64    `json:"seq"`
	Time     time.Time `json:"time"`
	Words    string    `json:"words"`
	Kind     string    `json:"kind"`
	Caller   string    `json:"caller"`
	Name     string    `json:"name,omitzero"`
	Role     string    `json:"role,omitzero"`
	Org      nhs.ODS   `json:"org,omitzero"`
	Client   string    `json:"client,omitzero"`
	OnBehalf string    `json:"on_behalf,omitzero"`
	Action   string    `json:"action"`
	Outcome  string    `json:"outcome"`
	Basis    string    `json:"basis,omitzero"`
	Person   string    `json:"person,omitzero"`
	Sections string    `json:"sections,omitzero"`
	What     string    `json:"what,omitzero"`
	Request  string    `json:"request,omitzero"`
}

// LedgerPage is a part of the events about a person, the newest first, and where
// the next part begins.
type LedgerPage struct {
	Events []LedgerEvent `json:"events"`
	Next   string        `json:"next,omitzero"`
}

// LedgerProof shows to whoever holds the ledger's public key that an event is in
// the log that a checkpoint signs for.
type LedgerProof struct {
	Proof ledger.Portable `json:"proof"`           // what is handed on
	Event *LedgerEvent    `json:"event,omitempty"` // none: its payload was retired
}

// LedgerReport is what a verification found.
type LedgerReport struct {
	OK             bool     `json:"ok"`
	Events         uint64   `json:"events"`
	Retired        uint64   `json:"retired"`
	Checkpoints    int      `json:"checkpoints"`
	Signed         uint64   `json:"signed"` // events that the newest checkpoint vouches for
	Root           string   `json:"root"`
	Findings       []string `json:"findings,omitempty"` // in order: the first names the first bad event
	BadCheckpoints []string `json:"bad_checkpoints,omitempty"`
}

// ReportOf writes a verification's report down.
func ReportOf(r ledger.Report) LedgerReport {
	told := LedgerReport{OK: r.OK(), Events: r.Events, Retired: r.Retired, Checkpoints: r.Checkpoints, Signed: r.Signed, Root: r.Root.String(), BadCheckpoints: r.BadCheckpoints}
	for _, f := range r.Findings {
		told.Findings = append(told.Findings, f.String())
	}
	return told
}

// ReportsOf does so for each instance.
func ReportsOf(all map[string]ledger.Report) map[string]LedgerReport {
	told := make(map[string]LedgerReport, len(all))
	for instance, r := range all {
		told[instance] = ReportOf(r)
	}
	return told
}

// mostEvents bounds a page of the ledger.
const mostEvents = 1000

// Ledger returns events of an instance's ledger from number from on.
func (s *Service) Ledger(ctx context.Context, instance string, from uint64, limit int) ([]LedgerEvent, error) {
	names := s.names(ctx)
	limit = pageOf(limit)
	out := []LedgerEvent{}
	err := s.o.Ledger.ReadOf(ctx, instance, from, func(seq uint64, e ledger.Event) bool {
		told := eventOf(seq, e, names)
		told.Instance = cmp.Or(instance, s.o.Instance)
		out = append(out, told)
		return len(out) < limit
	})
	return out, err
}

// Accesses returns the events about a person.
func (s *Service) Accesses(ctx context.Context, n nhs.Number, cursor string, limit int) (LedgerPage, error) {
	names := s.names(ctx)
	page := LedgerPage{Events: []LedgerEvent{}}
	list, next, err := s.o.Ledger.Accesses(ctx, string(s.o.Records.PersonOf(n)), cursor, pageOf(limit))
	for _, a := range list {
		told := eventOf(a.Seq, a.Event, names)
		told.Instance = a.Instance
		page.Events = append(page.Events, told)
	}
	page.Next = next
	return page, err
}

// Proof returns the proof of an event.
func (s *Service) Proof(ctx context.Context, instance string, seq uint64) (LedgerProof, error) {
	p, err := s.o.Ledger.ProofOf(ctx, instance, seq)
	if err != nil {
		return LedgerProof{}, err
	}
	told := LedgerProof{Proof: p.Portable()}
	names := s.names(ctx)
	err = s.o.Ledger.ReadOf(ctx, instance, seq, func(n uint64, e ledger.Event) bool {
		if n == seq {
			event := eventOf(n, e, names)
			event.Instance = cmp.Or(instance, s.o.Instance)
			told.Event = &event
		}
		return false
	})
	return told, err
}

// VerifyLedger computes the ledgers of all instances anew and compares each with every
// checkpoint that is at hand. The first of this instance's is signed now: what was
// written is compared with what this process knows that it wrote.
func (s *Service) VerifyLedger(ctx context.Context, progress Progress) (map[string]LedgerReport, error) {
	if _, err := s.o.Ledger.Checkpoint(ctx); err != nil {
		return nil, err
	}
	found, err := ledger.VerifyAll(ctx, s.o.Ledger.Extents, func(ctx context.Context, instance string) (ledger.Verification, error) {
		v, err := s.o.Verification(ctx, instance)
		v.Progress = func(done, total uint64) { progress(int64(done), int64(total)) }
		return v, err
	})
	if err != nil {
		return nil, err
	}
	return ReportsOf(found), nil
}

func pageOf(limit int) int {
	if limit <= 0 {
		return 50
	}
	return min(limit, mostEvents)
}

// names returns organisations' names by code, as far as they can be had.
func (s *Service) names(ctx context.Context) func(nhs.ODS) string {
	known := map[nhs.ODS]string{}
	if list, err := s.o.Registry.Agreements(ctx); err == nil {
		for _, a := range list {
			known[a.Org] = a.Name
		}
	}
	return func(org nhs.ODS) string { return known[org] }
}

func eventOf(seq uint64, e ledger.Event, names func(nhs.ODS) string) LedgerEvent {
	return LedgerEvent{Seq: seq, Time: e.Time, Words: ledger.Words(e, names), Kind: e.Kind.String(), Caller: e.Caller, Name: e.Name, Role: e.Role.String(),
		Org: e.Org, Client: e.Client, OnBehalf: e.OnBehalf, Action: e.Action.String(), Outcome: e.Outcome.String(), Basis: e.Basis.String(),
		Person: e.Person, Sections: e.Sections.String(), What: e.What, Request: e.Request}
}
