package server

import (
	"context"
	"slices"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// releaseRules are the configured rules as the record takes them.
func releaseRules(c config.Release) *record.ReleaseRules {
	rules := &record.ReleaseRules{Imaging: c.Imaging, Delicate: c.Delicate, Narrative: c.Narrative, Unfinished: c.Unfinished,
		Codes: make(map[string]record.ResultKind, len(c.Codes))}
	for code, name := range c.Codes {
		rules.Codes[code], _ = record.ParseResultKind(name) // config took no other
	}
	return rules
}

// sources tells the record of the systems that its entries come from: what they are
// registered as, and when the inbox heard them.
type sources struct {
	p        *parts
	expected config.Heard
}

func (s sources) Sources(ctx context.Context, ids []string) (map[string]record.SourceState, error) {
	heard, err := s.p.inbox.Heard(ctx, ids)
	if err != nil {
		return nil, err
	}
	clients, err := s.p.partners.ClientsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	orgs := make([]string, 0, len(clients))
	for _, c := range clients {
		if c.Org != "" {
			orgs = append(orgs, string(c.Org))
		}
	}
	slices.Sort(orgs)
	agreements, err := s.p.partners.AgreementsOf(ctx, slices.Compact(orgs))
	if err != nil {
		return nil, err
	}
	out := make(map[string]record.SourceState, len(clients))
	for id, c := range clients {
		expected, ok := s.expected.Of[id]
		if !ok {
			expected = s.expected.Within
		}
		out[id] = record.SourceState{Name: c.Name, Org: c.Org, OrgName: agreements[string(c.Org)].Name, Heard: heard[id], Expected: expected}
	}
	return out, nil
}
