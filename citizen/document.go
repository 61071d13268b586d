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
	got, err := own.ContentOf(of, index, r.binary(of, index))
	if err := r.failed(); err != nil {
		return own.Content{}, err
	}
	if err != nil {
		return own.Content{}, access.Absent()
	}
	return got, nil
}

// binary returns the Binary that holds an attachment which does not hold its data
// itself.
func (r *reading) binary(of fhir.Node, index int) fhir.Node {
	n := 0
	for _, list := range [...][2]string{{"content", "attachment"}, {"payload", "contentAttachment"}, {"presentedForm", ""}} {
		for a := range of.Get(list[0]).Each() {
			if list[1] != "" {
				a = a.Get(list[1])
			}
			if a.Kind() != fhir.Object {
				continue
			}
			if n == index {
				return r.resolve(a.Get("url").Text())
			}
			n++
		}
	}
	return fhir.Node{}
}
