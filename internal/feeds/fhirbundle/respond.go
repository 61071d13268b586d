package fhirbundle

import (
	"net/http"

	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// respond makes the answer to a message: a Bundle that says of each entry what
// became of it, or an OperationOutcome if the message was refused as a whole.
func respond(r *feeds.Receipt) (status int, body []byte) {
	out := &r.Outcome
	if len(out.Held) == 1 && out.Held[0].Entry == feeds.Whole && (out.Held[0].Fault || len(out.Entries) == 0) {
		h := out.Held[0]
		return wholeStatus(h), h.AppendOutcome(nil, r.HeldID(h))
	}
	status = http.StatusOK
	if len(out.Held) > 0 && out.Held[0].Entry == feeds.Whole {
		status = http.StatusAccepted
	}
	body = append(make([]byte, 0, 64+320*len(out.Entries)), `{"resourceType":"Bundle","type":"`...)
	body = append(append(body, responseType(r)...), '"')
	for i := range out.Entries {
		if i == 0 {
			body = append(body, `,"entry":[`...)
		} else {
			body = append(body, ',')
		}
		body = appendEntry(body, r, &out.Entries[i])
	}
	if len(out.Entries) > 0 {
		body = append(body, ']')
	}
	return status, append(body, '}')
}

// responseType is transaction-response for a transaction; for all others, whose
// entries are judged one by one, batch-response.
func responseType(r *feeds.Receipt) string {
	if doc, ok := r.Message.Parsed.(*fhir.Document); ok && doc.Root().Get("type").Is("transaction") {
		return "transaction-response"
	}
	return "batch-response"
}

func wholeStatus(h feeds.Held) int {
	switch {
	case !h.Fault:
		return http.StatusAccepted
	case h.Code == Malformed || h.Code == NotABundle || h.Code == BundleType:
		return http.StatusBadRequest
	case h.Code == feeds.MessageIDReused:
		return http.StatusConflict
	}
	return http.StatusUnprocessableEntity
}

func appendEntry(dst []byte, r *feeds.Receipt, e *feeds.Entry) []byte {
	dst = append(dst, `{"response":{"status":`...)
	if e.Held > 0 {
		h := r.Outcome.Held[e.Held-1]
		dst = fhir.AppendString(dst, heldStatus(h))
		dst = h.AppendOutcome(append(dst, `,"outcome":`...), r.HeldID(h))
		return append(dst, "}}"...)
	}
	dst = fhir.AppendString(dst, appliedStatus(e))
	if a := e.Applied; a.ID != "" && a.Result != record.Removed {
		location := e.Type + "/" + a.ID
		if a.Version != "" {
			location += "/_history/" + a.Version
			dst = fhir.AppendString(append(dst, `,"etag":`...), `W/"`+a.Version+`"`)
		}
		dst = fhir.AppendString(append(dst, `,"location":`...), location)
		dst = append(fhir.AppendInstant(append(dst, `,"lastModified":"`...), r.Message.Received), '"')
	}
	return append(dst, "}}"...)
}

func appliedStatus(e *feeds.Entry) string {
	switch e.Applied.Result {
	case record.Created, record.Moved:
		return "201 Created"
	case record.Removed:
		return "204 No Content"
	}
	return "200 OK"
}

func heldStatus(h feeds.Held) string {
	switch {
	case !h.Fault:
		return "202 Accepted"
	case h.Code == MethodNotTaken:
		return "405 Method Not Allowed"
	}
	return "422 Unprocessable Entity"
}
