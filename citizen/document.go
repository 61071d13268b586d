package citizen

import (
	"context"

	"github.com/dorsetcarerecord/dcr/citizen/own"
	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/section"
)

// Document returns the bytes of an entry's document, by its index there, and how they
// may be shown. The section may be "", as for Entry.
func (s *Service) Document(ctx context.Context, c identity.Caller, requestID, sectionName, id string, index int) (own.Content, error) {
	r, _, err := s.openEntry(ctx, c, requestID, sectionName, id, section.Of(section.Letters), "document")
	if err != nil {
		return own.Content{}, err
	}
	var of fhir.Node
	for _, e := range r.entries.Entries() {
		if e.ID == id {
			of = e.Resource
		}
	}
	if err := r.failed(); err != nil {
		return own.Content{}, err
	}
	got, err := own.ContentOf(of, index)
	if err != nil {
		return own.Content{}, access.Absent()
	}
	return got, nil
}
