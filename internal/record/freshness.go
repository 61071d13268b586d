package record

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// Sources tells what is known of source systems beside their entries.
type Sources interface {
	// Sources returns what is known of each, by client id; nothing of those not known.
	Sources(ctx context.Context, ids []string) (map[string]SourceState, error)
}

// SourceState is a source system as the feeds know it.
type SourceState struct {
	Name     string // of the system, as it is registered
	Org      nhs.ODS
	OrgName  string        // as its sharing agreement names it, "" if there is none
	Heard    time.Time     // when it last sent anything, about anybody; zero if that is not known
	Expected time.Duration // a source that was not heard for so long is late; 0: not known
}

// Freshness is how much what a source sent may be out of date (RULES 8): "Dorset
// County Hospital last heard 09:12; late".
type Freshness struct {
	Source  string // client id: Entry.Source
	Name    string // of the system, "" if it is not registered any more
	Org     nhs.ODS
	OrgName string // likewise
	Heard   time.Time
	Late    bool
}

// Freshness returns the sources of what the view shows, by the name of their
// organisation. It reads the envelope of every entry that is granted; whoever visits
// all of them anyhow asks FreshnessOf.
func (v *View) Freshness(ctx context.Context) ([]Freshness, error) {
	seen := map[string]time.Time{}
	_, err := v.Search(ctx, Search{}, func(e Entry) bool {
		if e.Received.After(seen[e.Source]) {
			seen[e.Source] = e.Received
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	return v.FreshnessOf(ctx, seen)
}

// FreshnessOf is Freshness for sources of which the latest of the entries shown was
// received at these times: at least then they were heard.
func (v *View) FreshnessOf(ctx context.Context, received map[string]time.Time) ([]Freshness, error) {
	ids := make([]string, 0, len(received))
	for id := range received {
		ids = append(ids, id)
	}
	states := map[string]SourceState{}
	if v.r.o.Sources != nil && len(ids) > 0 {
		var err error
		if states, err = v.r.o.Sources.Sources(ctx, ids); err != nil {
			return nil, err
		}
	}
	now := v.r.o.Now()
	out := make([]Freshness, 0, len(ids))
	for _, id := range ids {
		s := states[id]
		f := Freshness{Source: id, Name: s.Name, Org: s.Org, OrgName: s.OrgName, Heard: s.Heard}
		if received[id].After(f.Heard) {
			f.Heard = received[id]
		}
		f.Late = s.Expected > 0 && now.Sub(f.Heard) > s.Expected
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b Freshness) int {
		return cmp.Or(cmp.Compare(a.OrgName, b.OrgName), cmp.Compare(a.Source, b.Source))
	})
	return out, nil
}
