package fhirbundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/dorsetcarerecord/dcr/internal/fhir"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// DemoNumber makes an NHS number of a synthetic person's id: always the same, from
// the range of test numbers that begin with 999.
func DemoNumber(id string) nhs.Number {
	sum := sha256.Sum256([]byte(id))
	for n := binary.BigEndian.Uint64(sum[:]) % 1_000_000; ; n = (n + 1) % 1_000_000 {
		nine := fmt.Sprintf("999%06d", n)
		for check := '0'; check <= '9'; check++ {
			if number, err := nhs.ParseNumber(nine + string(check)); err == nil {
				return number
			}
		}
	}
}

// Demo returns a Bundle's bytes with a 999 number added to each of its Patients
// that has no NHS number, made of the Patient's id. It is for demonstrations with
// people who are synthetic; what is no Bundle is returned as it is.
func Demo(body []byte) []byte {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	doc, err := fhir.Parse(body)
	if err != nil {
		return body
	}
	var dst []byte
	done := 0
	for n := range doc.Root().Get("entry").Each() {
		patient := n.Get("resource")
		if patient.Type() != patientType || numbered(patient) {
			continue
		}
		member := fmt.Sprintf(`{"system":%q,"value":%q}`, nhs.NumberSystem, DemoNumber(patient.ID()).Digits())
		at := 0
		if list := patient.Get("identifier"); list.Kind() == fhir.Array {
			at = list.Offset() + 1
			if list.Len() > 0 {
				member += ","
			}
		} else {
			at = patient.Offset() + 1
			member = `"identifier":[` + member + `],`
		}
		dst = append(append(dst, body[done:at]...), member...)
		done = at
	}
	return append(dst, body[done:]...)
}

func numbered(patient fhir.Node) bool {
	for id := range patient.Get("identifier").Each() {
		if id.Get("system").Is(nhs.NumberSystem) {
			return true
		}
	}
	return false
}
