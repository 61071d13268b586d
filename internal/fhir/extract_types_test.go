package fhir

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Types that there is no definition of at hand are found by their codes and dates
// like others, and so are dates beside the clinical one.
func TestExtractByType(t *testing.T) {
	tested := map[string]bool{}
	for _, tc := range []struct{ typ, in, want string }{
		{"Account", `"status":"active","type":{"coding":[{"system":"s","code":"t"}]},"servicePeriod":{"start":"2024-01-01"}`,
			"2024-01-01 0001-01-01 false status |active type s|t"},
		{"AdverseEvent", `"actuality":"actual","category":[{"coding":[{"code":"c"}]}],"event":{"coding":[{"code":"e"}]},"severity":{"coding":[{"code":"v"}]},"date":"2024-05-03"`,
			"2024-05-03 2024-05-04 false actuality |actual category |c event |e severity |v"},
		{"AdverseEvent", `"actuality":"actual","detected":"2024-05-03"`,
			"2024-05-03 2024-05-04 true actuality |actual"},
		{"BodyStructure", `"location":{"coding":[{"code":"l"}]},"morphology":{"coding":[{"code":"m"}]}`,
			"0001-01-01 0001-01-01 false location |l morphology |m"},
		{"ChargeItem", `"code":{"coding":[{"code":"c"}]},"occurrencePeriod":{"start":"2024-05-03","end":"2024-05-04"},"enteredDate":"2024-06"`,
			"2024-05-03 2024-05-05 false code |c entered-date 2024-06-01 2024-07-01"},
		{"Claim", `"status":"active","use":"claim","priority":{"coding":[{"code":"p"}]},"created":"2024-05-03"`,
			"2024-05-03 2024-05-04 false priority |p status |active use |claim"},
		{"ClaimResponse", `"status":"active","use":"claim","outcome":"complete","created":"2024-05-03","payment":{"date":"2024-06-01"}`,
			"2024-05-03 2024-05-04 false outcome |complete status |active use |claim payment-date 2024-06-01 2024-06-02"},
		{"ClinicalImpression", `"status":"completed","statusReason":{"coding":[{"code":"r"}]},"date":"2024-05-03","finding":[{"itemCodeableConcept":{"coding":[{"system":"s","code":"f"}]}}]`,
			"2024-05-03 2024-05-04 false finding-code s|f status |completed"},
		{"ClinicalImpression", `"statusReason":{"coding":[{"code":"r"}]},"effectivePeriod":{"start":"2024-05-03","end":"2024-05-03"}`,
			"2024-05-03 2024-05-04 true"},
		{"CommunicationRequest", `"status":"active","category":[{"coding":[{"code":"c"}]}],"authoredOn":"2024-05-03","occurrenceDateTime":"2024-05-10"`,
			"2024-05-03 2024-05-04 false category |c status |active occurrence 2024-05-10 2024-05-11"},
		{"Coverage", `"status":"active","type":{"coding":[{"code":"t"}]},"class":[{"type":{"coding":[{"code":"k"}]}}],"period":{"start":"2024-05-03"}`,
			"2024-05-03 0001-01-01 true class-type |k status |active type |t"},
		{"CoverageEligibilityRequest", `"status":"active","created":"2024-05-03"`,
			"2024-05-03 2024-05-04 false status |active"},
		{"CoverageEligibilityResponse", `"status":"active","outcome":"complete","created":"2024-05-03"`,
			"2024-05-03 2024-05-04 false outcome |complete status |active"},
		{"DetectedIssue", `"status":"final","code":{"coding":[{"system":"s","code":"DRG"}]},"identifiedDateTime":"2024-05-03","identifier":[{"system":"i","value":"1"}]`,
			"2024-05-03 2024-05-04 false code s|DRG identifier i|1"},
		{"DeviceRequest", `"status":"active","intent":"order","codeCodeableConcept":{"coding":[{"system":"s","code":"c"}]},"authoredOn":"2024-05-03","occurrencePeriod":{"start":"2024-06-01","end":"2024-06-02"}`,
			"2024-05-03 2024-05-04 false code s|c intent |order status |active event-date 2024-06-01 2024-06-03"},
		{"DeviceUseStatement", `"status":"active","identifier":[{"value":"1"}],"timingPeriod":{"start":"2024-05-03"}`,
			"2024-05-03 0001-01-01 true identifier |1"},
		{"DocumentManifest", `"status":"current","type":{"coding":[{"code":"t"}]},"masterIdentifier":{"system":"m","value":"1"},"created":"2024-05-03","related":[{"identifier":{"value":"r"}}]`,
			"2024-05-03 2024-05-04 false identifier m|1 related-id |r status |current type |t"},
		{"EnrollmentRequest", `"status":"active","created":"2024-05-03"`,
			"2024-05-03 2024-05-04 true status |active"},
		{"ExplanationOfBenefit", `"status":"active","created":"2024-05-03","identifier":[{"value":"1"}]`,
			"2024-05-03 2024-05-04 false identifier |1 status |active"},
		{"FamilyMemberHistory", `"status":"completed","date":"2024-05","relationship":{"coding":[{"code":"FTH"}]},"sex":{"coding":[{"code":"male"}]},"condition":[{"code":{"coding":[{"code":"a"}]}},{"code":{"coding":[{"code":"b"}]}}]`,
			"2024-05-01 2024-06-01 false code |a code |b relationship |FTH sex |male status |completed"},
		{"ImmunizationEvaluation", `"status":"completed","date":"2024-05-03","targetDisease":{"coding":[{"code":"d"}]},"doseStatus":{"coding":[{"code":"valid"}]}`,
			"2024-05-03 2024-05-04 false dose-status |valid status |completed target-disease |d"},
		{"ImmunizationRecommendation", `"date":"2024-05-03","recommendation":[{"vaccineCode":[{"coding":[{"code":"v"}]}],"targetDisease":{"coding":[{"code":"d"}]},"forecastStatus":{"coding":[{"code":"due"}]}}]`,
			"2024-05-03 2024-05-04 false status |due target-disease |d vaccine-type |v"},
		{"Invoice", `"status":"issued","type":{"coding":[{"code":"t"}]},"date":"2024-05-03","participant":[{"role":{"coding":[{"code":"r"}]}}]`,
			"2024-05-03 2024-05-04 false participant-role |r status |issued type |t"},
		{"MeasureReport", `"status":"complete","date":"2024-05-03","period":{"start":"2024-01-01","end":"2024-01-31"}`,
			"2024-05-03 2024-05-04 false status |complete period 2024-01-01 2024-02-01"},
		{"MedicationAdministration", `"status":"completed","medicationCodeableConcept":{"coding":[{"system":"dmd","code":"1"}]},"reasonCode":[{"coding":[{"code":"r"}]}],"effectivePeriod":{"start":"2024-05-03T09:00:00Z","end":"2024-05-04T09:00:00Z"}`,
			"2024-05-03 2024-05-04 false code dmd|1 reason-given |r status |completed"},
		{"MedicationDispense", `"status":"completed","type":{"coding":[{"code":"t"}]},"medicationCodeableConcept":{"coding":[{"system":"dmd","code":"1"}]},"whenPrepared":"2024-05-02","whenHandedOver":"2024-05-03"`,
			"2024-05-03 2024-05-04 false code dmd|1 status |completed type |t whenprepared 2024-05-02 2024-05-03"},
		{"MedicationDispense", `"status":"preparation","whenPrepared":"2024-05-02"`,
			"2024-05-02 2024-05-03 true status |preparation whenprepared 2024-05-02 2024-05-03"},
		{"MolecularSequence", `"type":"dna","identifier":[{"value":"1"}]`,
			"0001-01-01 0001-01-01 false identifier |1 type |dna"},
		{"NutritionOrder", `"status":"active","dateTime":"2024-05-03","oralDiet":{"type":[{"coding":[{"code":"o"}]}]},"supplement":[{"type":{"coding":[{"code":"s"}]}}],"enteralFormula":{"baseFormulaType":{"coding":[{"code":"f"}]},"additiveType":{"coding":[{"code":"a"}]}}`,
			"2024-05-03 2024-05-04 false additive |a formula |f oraldiet |o status |active supplement |s"},
		{"RequestGroup", `"status":"active","intent":"order","priority":"urgent","code":{"coding":[{"code":"c"}]},"authoredOn":"2024-05-03"`,
			"2024-05-03 2024-05-04 false code |c intent |order priority |urgent status |active"},
		{"ResearchSubject", `"status":"on-study","period":{"start":"2024-05-03"}`,
			"2024-05-03 0001-01-01 false status |on-study"},
		{"RiskAssessment", `"status":"final","occurrenceDateTime":"2024-05-03","method":{"coding":[{"code":"m"}]},"identifier":[{"value":"1"}]`,
			"2024-05-03 2024-05-04 false identifier |1 method |m"},
		{"RiskAssessment", `"status":"final","occurrencePeriod":{"start":"2024-05-03","end":"2024-05-03"}`,
			"2024-05-03 2024-05-04 true"},
		{"SupplyDelivery", `"status":"completed","occurrenceDateTime":"2024-05-03"`,
			"2024-05-03 2024-05-04 true status |completed"},
		{"SupplyRequest", `"status":"active","category":{"coding":[{"code":"c"}]},"authoredOn":"2024-05-03"`,
			"2024-05-03 2024-05-04 false category |c status |active"},
		{"VisionPrescription", `"status":"active","created":"2024-05-01","dateWritten":"2024-05-03","identifier":[{"value":"1"}]`,
			"2024-05-03 2024-05-04 false identifier |1 status |active"},
		{"Basic", `"code":{"coding":[{"code":"c"}]},"created":"2024-05-03"`,
			"2024-05-03 2024-05-04 false code |c"},
		{"MedicationRequest", `"status":"active","authoredOn":"2024-05-03","dosageInstruction":[{"timing":{"event":["2024-05-04","2024-05-06"]}}]`,
			"2024-05-03 2024-05-04 false status |active date 2024-05-04 2024-05-05 date 2024-05-06 2024-05-07"},
		{"AllergyIntolerance", `"recordedDate":"2024-05-03","lastOccurrence":"2024","reaction":[{"onset":"2023"}]`,
			"2024-05-03 2024-05-04 false last-date 2024-01-01 2025-01-01 onset 2023-01-01 2024-01-01"},
	} {
		tested[tc.typ] = true
		if d := cmp.Diff(tc.want, extracted(t, `{"resourceType":"`+tc.typ+`",`+tc.in+`}`)); d != "" {
			t.Errorf("%s: %s", tc.typ, d)
		}
	}
	for typ, rows := range definitions().search {
		if _, defined := definitions().byName[typ]; !defined && !tested[typ] {
			t.Errorf("%s has %d search parameters, and none is tested", typ, len(rows))
		}
	}
}
