package own

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/section"
)

func TestSocialCare(t *testing.T) {
	entries := made(t, section.SocialCare,
		`{"resourceType":"CarePlan","id":"p","status":"active","intent":"plan","title":"Home care","period":{"start":"2026-01-05"},
			"careTeam":[{"reference":"CareTeam/t"}],"goal":[{"reference":"Goal/g"}],"description":"Two visits a day",
			"activity":[{"detail":{"status":"in-progress","description":"Help with washing","scheduledTiming":{"repeat":{"frequency":2,"period":1,"periodUnit":"d"}}}}]}`,
		`{"resourceType":"CareTeam","id":"t","name":"Home care team","participant":[
			{"role":[{"text":"Carer"}],"member":{"display":"Pat"}},
			{"role":[{"text":"Social worker"}],"member":{"display":"Jo West"},"onBehalfOf":{"display":"Dorset Council"}}]}`,
		`{"resourceType":"Goal","id":"g","lifecycleStatus":"active","description":{"text":"Stay at home"},"target":[{"dueDate":"2026-12-01"}]}`,
		`{"resourceType":"Task","id":"r","status":"requested","intent":"order","description":"Yearly review","focus":{"reference":"CarePlan/p"},"restriction":{"period":{"end":"2026-06-30"}}}`,
		`{"resourceType":"ServiceRequest","id":"old","status":"completed","intent":"order","code":{"text":"Occupational therapy"},"occurrencePeriod":{"start":"2024-01-01","end":"2024-03-01"}}`,
		`{"resourceType":"CarePlan","id":"late","status":"active","intent":"plan","title":"Equipment","author":{"display":"Al East"},
			"activity":[{"detail":{"status":"not-started","description":"Review of equipment","scheduledPeriod":{"start":"2026-04-01"}}}]}`,
		`{"resourceType":"QuestionnaireResponse","id":"q","status":"completed","authored":"2025-11-01","item":[{"text":"Living","item":[{"text":"Do you live alone?","answer":[{"valueBoolean":true}]}]}]}`)
	p := testReader(t).SocialCare(entries, Filter{})
	home := p.Active[0]
	if home.Title != "Home care" || home.Worker.Name != "Jo West" || home.Worker.Organisation != "Dorset Council" || home.Review.Text != "30 June 2026" {
		t.Errorf("%+v", home)
	}
	if len(home.Goals) != 1 || home.Goals[0].Targets[0] != "by 1 December 2026" || home.Activities[0].When != "twice a day" {
		t.Errorf("%+v, %+v", home.Goals, home.Activities)
	}
	var reviews []string
	for _, v := range p.Reviews {
		reviews = append(reviews, v.ID+" "+v.When.Text)
	}
	if d := cmp.Diff([]string{"p 30 June 2026", "late 1 April 2026"}, reviews); d != "" || p.Reviews[0].Overdue || !p.Reviews[1].Overdue {
		t.Error(d, p.Reviews)
	}
	var past []string
	for _, k := range p.Past {
		past = append(past, k.ID)
	}
	if d := cmp.Diff([]string{"q", "old"}, past); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]Answer{{"Do you live alone?", []string{"Yes"}}}, p.Past[0].Answers); d != "" {
		t.Error(d)
	}
	if p.Shown != 6 || len(p.Teams) != 1 {
		t.Errorf("%d shown, %d teams", p.Shown, len(p.Teams))
	}
}
