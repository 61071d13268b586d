package fhir

// AppendOutcome appends an OperationOutcome of the issues; of none, one that
// says that all is well.
func AppendOutcome(dst []byte, issues ...Issue) []byte {
	if len(issues) == 0 {
		issues = []Issue{{Severity: SeverityInformation, Code: "informational", Text: "All is well."}}
	}
	dst = append(dst, `{"resourceType":"OperationOutcome","issue":[`...)
	for i, issue := range issues {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendString(append(dst, `{"severity":`...), issue.Severity)
		dst = AppendString(append(dst, `,"code":`...), issue.Code)
		dst = append(AppendString(append(dst, `,"details":{"text":`...), issue.Text), '}')
		if issue.Rule != "" {
			dst = AppendString(append(dst, `,"diagnostics":`...), "rule "+issue.Rule)
		}
		if issue.Path != "" {
			dst = append(AppendString(append(dst, `,"expression":[`...), issue.Path), ']')
		}
		dst = append(dst, '}')
	}
	return append(dst, "]}"...)
}

// Issue tells a syntax error as an issue.
func (e *SyntaxError) Issue() Issue {
	return Issue{Severity: SeverityError, Code: "structure", Rule: "syntax", Path: e.Path, Text: "Send one FHIR resource as well-formed JSON: " + e.Reason + "."}
}
