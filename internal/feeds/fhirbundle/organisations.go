package fhirbundle

import (
	"context"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

const organisationType = "Organization"

// organisations finds the ODS codes of the organisations that entries refer to, where
// it matters: as the Bundle says, else as the source's directory does.
func (j *job) organisations(ctx context.Context) error {
	asked := map[string]string{} // by literal: the directory's entry
	for i := range j.entries {
		e := &j.entries[i]
		if e.ignored || !record.NamesOrganisations(e.typ) {
			continue
		}
		for _, r := range e.references() {
			if r.Literal == "" {
				continue
			}
			t := j.resolve(r.Literal, r.Type)
			if t.typ != organisationType {
				continue
			}
			if t.entry >= 0 && j.entries[t.entry].held == nil {
				j.leadsTo(r.Literal, record.ODSOf(j.entries[t.entry].resource))
				continue
			}
			id, err := j.inDirectory(ctx, t)
			if err != nil {
				return err
			}
			if id != "" {
				asked[r.Literal] = id
			}
		}
	}
	return j.askDirectory(ctx, asked)
}

// inDirectory returns the directory's entry that a target is, if there is one.
func (j *job) inDirectory(ctx context.Context, t target) (id string, err error) {
	switch {
	case t.id != "":
		return record.EntryID(record.DirectoryOf(j.source.ID), j.source.ID, t.typ, t.id), nil
	case t.query.value != "" && t.query.system != nhs.ODSSystem: // which says it itself
		err = j.find(ctx, t.query)
		return j.found[t.query], err
	}
	return "", nil
}

func (j *job) askDirectory(ctx context.Context, asked map[string]string) error {
	if len(asked) == 0 {
		return nil
	}
	ids := make([]string, 0, len(asked))
	for _, id := range asked {
		ids = append(ids, id)
	}
	found, err := j.records.DirectoryODS(ctx, j.source.ID, ids)
	if err != nil {
		return err
	}
	for literal, id := range asked {
		j.leadsTo(literal, found[id])
	}
	return nil
}

func (j *job) leadsTo(literal string, org nhs.ODS) {
	if org == "" {
		return
	}
	if j.orgs == nil {
		j.orgs = record.Orgs{}
	}
	j.orgs[literal] = org
}
