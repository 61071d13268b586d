package nhs

import (
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/errs"
)

// ODS is an Organisation Data Service code such as "R0D" or "J81012": the NHS's
// own name for an organisation. It identifies no person and prints as it is.
type ODS string

// ParseODS reads an ODS code: 3 to 10 letters and digits, upper-cased.
func ParseODS(s string) (ODS, error) {
	s = strings.ToUpper(strings.TrimSpace(s))
	if len(s) < 3 || len(s) > 10 {
		return "", errs.New(errs.Invalid, "an ODS code has 3 to 10 letters and digits")
	}
	for _, r := range s {
		if (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return "", errs.New(errs.Invalid, "an ODS code has letters and digits only")
		}
	}
	return ODS(strings.Clone(s)), nil
}

// Identifier systems of the national identifiers in FHIR.
const (
	NumberSystem = "https://fhir.nhs.uk/Id/nhs-number"
	ODSSystem    = "https://fhir.nhs.uk/Id/ods-organization-code"
)
