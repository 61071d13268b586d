package feeds

import "github.com/dorsetcarerecord/dcr/internal/fhir"

// Systems of the codings in an OperationOutcome: why something is held, which codes
// the API uses too, and which rule of validation was broken.
const (
	codeSystem = "urn:dcr:answer"
	ruleSystem = "urn:dcr:rule"
)

// AppendOutcome appends the OperationOutcome of what is held. Its id is that of the
// quarantine, for whoever asks the operator about it.
func (h Held) AppendOutcome(dst []byte, id string) []byte {
	severity, code := "error", "processing"
	if !h.Fault {
		severity, code = "warning", "incomplete"
	}
	dst = fhir.AppendString(append(dst, `{"resourceType":"OperationOutcome","id":`...), id)
	dst = append(dst, `,"issue":[`...)
	issues := h.Issues
	if len(issues) == 0 {
		issues = []Issue{{Code: code, Text: h.Words}}
	}
	for i, is := range issues {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = fhir.AppendString(append(dst, `{"severity":`...), severity)
		dst = fhir.AppendString(append(dst, `,"code":`...), is.Code)
		dst = appendCoding(append(dst, `,"details":{"coding":[`...), codeSystem, h.Code)
		if is.Rule != "" {
			dst = appendCoding(append(dst, ','), ruleSystem, is.Rule)
		}
		dst = fhir.AppendString(append(dst, `],"text":`...), h.Words)
		dst = fhir.AppendString(append(dst, `},"diagnostics":`...), is.Text)
		if is.Path != "" {
			dst = append(fhir.AppendString(append(dst, `,"expression":[`...), is.Path), ']')
		}
		dst = append(dst, '}')
	}
	return append(dst, "]}"...)
}

func appendCoding(dst []byte, system, code string) []byte {
	dst = fhir.AppendString(append(dst, `{"system":`...), system)
	return append(fhir.AppendString(append(dst, `,"code":`...), code), '}')
}

// AppendOutcome appends the OperationOutcome that the sender was given, or would be
// now.
func (it Item) AppendOutcome(dst []byte) []byte {
	return Held{Code: it.Code, Words: it.Words, Issues: it.Issues, Fault: it.Fault}.AppendOutcome(dst, it.ID)
}
