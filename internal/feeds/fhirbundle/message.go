package fhirbundle

import "github.com/dorsetcarerecord/dcr/internal/feeds"

// Message returns a Bundle as the inbox takes it, named and dated as if its source
// had sent it.
func Message(body []byte) feeds.Message {
	m := feeds.Message{Format: Name, Media: "application/fhir+json", Body: body}
	read(&m)
	return m
}
