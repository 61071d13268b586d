package web_test

import (
	"fmt"

	"github.com/dorsetcarerecord/dcr/citizen/own"
	"github.com/dorsetcarerecord/dcr/citizen/web"
)

func recordFixtures() []fixture {
	in, behind := signedIn(), late()
	noAllergy := page("allergies", "Allergies", "You have no known allergies.", 0)
	noAllergy.Known = own.NoneKnown
	noAllergy.Years, noAllergy.Kinds = nil, nil
	noAllergy.Statements = []own.Statement{{Item: item("allergies", "nka", "No known allergies", practice()), None: true}}
	nothing := own.Page{Section: "allergies", Title: "Allergies", Known: own.Nothing, Says: "Nothing is recorded about allergies. That does not mean that you have none."}
	filtered := page("results", "Test results", "19 results. 0 fit what you chose.", 19)
	filtered.Filter = own.Filter{Year: 2025, Kind: "imaging"}
	return []fixture{
		{"home", in, web.Home{Summary: summary()}, false},
		{"home-empty", in, web.Home{Summary: own.Summary{Sections: []own.SectionSummary{{Section: "medicines", Title: "Medicines", Known: own.Nothing, Says: "Nothing recorded"}}}}, false},
		{"timeline", behind, web.Timeline{Of: own.Timeline{Rows: summary().Latest, Years: page("", "", "", 0).Years, Kinds: page("", "", "", 0).Kinds}, Pages: web.Pages{Older: "/record/timeline?after=x"}}, false},
		{"timeline-none", in, web.Timeline{Filter: own.Filter{Year: 2019}}, false},
		{"details", in, web.Details{Sources: []own.Details{details()}}, false},
		{"medicines", behind, web.MedicinesList(medicines()), false},
		{"allergies", in, web.AllergiesList(allergies()), false},
		{"allergies-none-known", in, web.AllergiesList(own.Allergies{Page: noAllergy}), false},
		{"allergies-nothing", in, web.AllergiesList(own.Allergies{Page: nothing}), false},
		{"problems", in, web.ProblemsList(problems()), false},
		{"results", in, web.ResultsList(results()), false},
		{"results-filtered", in, web.ResultsList(own.Results{Page: filtered}), false},
		{"results-many", in, web.ResultsList(many()).Paged(2), false},
		{"appointments", in, web.AppointmentsList(appointments()), false},
		{"stays", in, web.StaysList(stays()), false},
		{"letters", in, web.LettersList(letters()), false},
		{"care-plans", in, web.CarePlansList(carePlans()), false},
		{"social-care", in, web.SocialCareList(socialCare()), false},
		{"alerts", in, web.AlertsList(alerts()), false},
		{"contacts", in, web.ContactsList(contacts()), false},
		{"immunisations", in, web.ImmunisationsList(immunisations()), false},
		{"medicine", behind, web.MedicineEntry(medicines().Current[0]), false},
		{"medicine-past", in, web.MedicineEntry(medicines().Past[0]), false},
		{"allergy", in, web.AllergyEntry(allergies().Active[0]), false},
		{"problem", in, web.ProblemEntry(problems().Active[0]), false},
		{"procedure", in, web.ProcedureEntry(problems().Procedures[0]), false},
		{"family", in, web.FamilyEntry(problems().Family[0]), false},
		{"result", in, web.ResultEntry(results().Groups[0].Results[0], trend()), false},
		{"result-parts", in, web.ResultEntry(results().Groups[0].Results[1], nil), false},
		{"report", in, web.ReportEntry(*results().Groups[0].Report, results().Groups[0].Results), false},
		{"appointment", in, web.AppointmentEntry(appointments().Upcoming[0]), false},
		{"appointment-cancelled", in, web.AppointmentEntry(appointments().Past[0]), false},
		{"referral", in, web.ReferralEntry(appointments().Referrals[0]), false},
		{"stay", in, web.StayEntry(stays().Past[0]), false},
		{"letter", in, web.LetterEntry(letters().Letters[0]), false},
		{"letter-pdf", in, web.LetterEntry(letters().Letters[1]), false},
		{"care-plan", in, web.CarePlanEntry(carePlans().Active[0]), false},
		{"goal", in, web.GoalEntry(carePlans().Goals[0]), false},
		{"team", in, web.TeamEntry(carePlans().Teams[0], "Care plans"), false},
		{"package", in, web.PackageEntry(socialCare().Active[0]), false},
		{"alert", in, web.AlertEntry(alerts().Active[0]), false},
		{"contact", in, web.ContactEntry(contacts().Contacts[0]), false},
		{"immunisation", in, web.ImmunisationEntry(immunisations().NotGiven[0]), false},
		{"other", in, web.OtherEntry(own.Other{Item: item("results", "o1", "Blood sample", hospital()), Kind: "Specimen", When: at("3 May 2026")}, "Test results"), false},
		{"statement", in, web.StatementEntry(noAllergy.Statements[0], "Allergies"), false},
		{"mistake", in, web.Mistake(own.Mistake{ID: "p7-x", Section: "results", Source: hospital(), Received: at("3 May 2026"), Says: "University Hospitals Dorset recorded this by mistake. We do not show what it said."}, "Test results"), false},
	}
}

func summary() own.Summary {
	next := appointments().Upcoming[0]
	s := own.Summary{Name: "Mary Brown", Next: &next, Partial: true,
		Late:    []own.Freshness{{Source: hospital(), Late: true, Says: "Dorset County Hospital last heard 23 November 2026 at 9:12am; late"}},
		Sources: []own.Freshness{{Source: practice(), Says: "The Quay Surgery last heard 8:15am"}, {Source: hospital(), Late: true, Says: "Dorset County Hospital last heard 23 November 2026 at 9:12am; late"}},
		Arrived: []own.Arrival{{Section: "results", What: "A test result", Source: hospital(), Received: at("20 November 2026"), By: at("12 December 2026"), Says: "Arrived; shown by 12 December 2026 at the latest."}},
		Latest: []own.Row{
			{ID: "p7-r1", Section: "results", Kind: "Test result", Title: "Kidney function (eGFR)", Detail: "54 mL/min", When: at("23 November 2026"), Source: hospital(), Flag: own.Flag{Words: "Lower than usual", Level: own.LevelLow}},
			{ID: "p7-l1", Section: "letters", Kind: "Letter", Title: "Letter from the diabetes clinic", When: at("20 November 2026"), Source: hospital()},
			{ID: "p7-m1", Section: "medicines", Kind: "Medicine", Title: "Metformin 500mg tablets", Detail: "Started", When: at("2 November 2026"), Source: practice()},
		}}
	for _, x := range [][3]string{{"appointments", "Appointments", "1 to come"}, {"medicines", "Medicines", "4 current medicines"}, {"allergies", "Allergies", "1 allergy"},
		{"problems", "Conditions", "3 current conditions"}, {"results", "Test results", "19 results"}, {"letters", "Letters", "6 letters"}, {"encounters", "Hospital stays and visits", "2 stays"},
		{"immunisations", "Vaccinations", "9 vaccinations"}, {"care-plans", "Care plans", "1 plan"}, {"social-care", "Social care", "2 services"}, {"alerts", "Alerts", "Nothing recorded"},
		{"contacts", "Contacts", "2 people"}, {"demographics", "Your details", "As your GP practice sent them"}} {
		s.Sections = append(s.Sections, own.SectionSummary{Section: x[0], Title: x[1], Says: x[2], Known: own.Recorded})
	}
	return s
}

func details() own.Details {
	return own.Details{Item: item("demographics", "d", "Your details", practice()), Name: "Mary Brown", NHSNumber: "999 000 0018", BirthDate: at("15 March 1948"), Sex: "Female",
		Address: []string{"1 Test Street", "Poole", "BH15 1AA"}, Phones: []own.Phone{{Number: "01202 000000", Use: "Home"}, {Number: "ask at reception"}}, Practice: own.Place{Name: "The Quay Surgery", Phones: []string{"01202 000001"}},
		Needs: []string{"Large print"}, Languages: []string{"English"}}
}

func medicines() own.Medicines {
	by := own.Person{Name: "Dr Ann Example", Role: "GP", Organisation: "The Quay Surgery"}
	one := own.Medicine{Item: item("medicines", "m1", "Metformin 500mg tablets", practice()), Kind: own.MedicinePrescribed, Current: true, Dose: "One tablet BD with food",
		Explained: []own.Explanation{{Text: "BD", Words: "twice a day"}}, Reasons: []string{"Type 2 diabetes"}, By: by, Repeat: "Repeat prescription", Supply: "56 tablets", Started: at("2 May 2024"), LastIssued: at("2 November 2026")}
	one.Meaning = "Helps to lower the sugar in your blood."
	two := one
	two.Item, two.Dose, two.AsNeeded, two.Explained = item("medicines", "m2", "Salbutamol 100 micrograms inhaler", practice()), "Two puffs", true, nil
	past := one
	past.Item, past.Current, past.Ended, past.Why = item("medicines", "m3", "Ramipril 5mg capsules", practice()), false, at("1 March 2025"), "Cough"
	past.Status = own.Status{Code: "stopped", Words: "Stopped"}
	given := own.Medicine{Item: item("medicines", "m4", "Paracetamol 500mg tablets", hospital()), Kind: own.MedicineGiven, Started: at("4 May 2026")}
	return own.Medicines{Page: page("medicines", "Medicines", "2 current medicines.", 4), Current: []own.Medicine{one, two}, Past: []own.Medicine{past}, Given: []own.Medicine{given}}
}

func allergies() own.Allergies {
	one := own.Allergy{Item: item("allergies", "a1", "Penicillin", practice()), Active: true, Kind: "Allergy", To: "Medicine", Risk: "High risk", HighRisk: true,
		Reactions: []own.Reaction{{What: []string{"Swollen face", "Rash"}, Severity: "Severe", When: at("June 1999")}}, Started: at("June 1999")}
	two := own.Allergy{Item: item("allergies", "a2", "Latex", hospital()), Kind: "Intolerance"}
	p := page("allergies", "Allergies", "1 allergy.", 2)
	p.Years, p.Kinds = nil, nil
	p.Mistakes = []own.Mistake{{ID: "p7-a9", Section: "allergies", Source: hospital(), Says: "University Hospitals Dorset recorded something here by mistake."}}
	return own.Allergies{Page: p, Active: []own.Allergy{one}, Past: []own.Allergy{two}}
}

func problems() own.Problems {
	one := own.Problem{Item: item("problems", "c1", "Type 2 diabetes", practice()), Active: true, Started: at("May 2019")}
	one.Meaning, one.Notes = "Your body has trouble keeping the sugar in your blood at the right level.", []string{"Reviewed every year."}
	return own.Problems{Page: page("problems", "Conditions", "1 current condition.", 4), Active: []own.Problem{one},
		Past:       []own.Problem{{Item: item("problems", "c2", "Broken wrist", hospital()), Ended: at("2021")}},
		Procedures: []own.Procedure{{Item: item("problems", "c3", "Cataract operation", hospital()), When: at("3 May 2024"), Done: false, Why: "You were not well on the day.", Site: []string{"Left eye"}}},
		Family:     []own.FamilyHistory{{Item: item("problems", "c4", "Heart attack", practice()), Relation: "Father", Conditions: []string{"Heart attack"}}}}
}

func results() own.Results {
	low := own.Flag{Code: "L", Words: "Lower than usual", Level: own.LevelLow}
	one := own.Result{Item: item("results", "r1", "Kidney function (eGFR)", hospital()), Kind: "laboratory", When: at("23 November 2026"), Issued: at("23 November 2026 at 4pm"), Value: "54 mL/min",
		Range: "Usual range: more than 60 mL/min", Flag: low, Report: "p7-rep", Corrected: true, Replaced: []own.Before{{Says: "It said 45 mL/min before it was corrected."}}}
	one.Meaning = "Shows how well your kidneys work."
	two := own.Result{Item: item("results", "r2", "Blood pressure", practice()), Kind: "vital-signs", When: at("23 November 2026"), Provisional: true,
		Parts: []own.Part{{Title: "Upper number", Value: "148 mmHg", Range: "Usual range: 90 to 140 mmHg", Flag: own.Flag{Words: "Higher than usual", Level: own.LevelHigh}}, {Title: "Lower number", Value: "84 mmHg"}}}
	three := own.Result{Item: item("results", "r3", "Potassium", hospital()), When: at("23 November 2026"), Value: "6.4 mmol/L", Flag: own.Flag{Words: "Far from usual", Level: own.LevelUrgent}}
	report := own.Report{Item: item("results", "rep", "Kidney blood tests", hospital()), When: at("23 November 2026"), Conclusion: []string{"A little lower than last time. Please repeat in three months."}, Documents: letters().Letters[1].Documents}
	return own.Results{Page: page("results", "Test results", "19 results.", 19), Groups: []own.ResultGroup{{Title: "Kidney blood tests", When: at("23 November 2026"), Report: &report, Results: []own.Result{one, two, three}}}}
}

// many are as many results as somebody has who was ill for years.
func many() own.Results {
	r := results()
	for i := range 40 {
		g := own.ResultGroup{Title: "Full blood count", When: at(fmt.Sprintf("%d May 2026", i+1))}
		for j := range 3 {
			g.Results = append(g.Results, own.Result{Item: item("results", fmt.Sprintf("n%d-%d", i, j), "White blood cells", hospital()), Value: "7.4 ×10⁹/L", Flag: own.Flag{Words: "Usual", Level: own.LevelNormal}})
		}
		r.Groups = append(r.Groups, g)
	}
	return r
}

func trend() *own.Trend {
	t := &own.Trend{Title: "Kidney function (eGFR)", Unit: "mL/min", Width: 320, Height: 120, Says: "4 values from March 2022 to November 2026. The highest was 71 mL/min, the lowest and latest 54 mL/min.",
		Band: own.Band{Y: 0, Height: 50, Words: "Usual range more than 60 mL/min"}, LeftOut: 1, Lines: []own.Line{{Polyline: "10,20 110,40 210,52 310,80"}}}
	for i, v := range []string{"71 mL/min", "66 mL/min", "61 mL/min", "54 mL/min"} {
		t.Lines[0].Points = append(t.Lines[0].Points, own.Point{When: at(fmt.Sprintf("%d March 202%d", i+1, i+2)), Value: v, X: float64(10 + 100*i), Y: []float64{20, 40, 52, 80}[i]})
	}
	t.Lines[0].Points[3].Flag = own.Flag{Words: "Lower than usual", Level: own.LevelLow}
	return t
}

func appointments() own.Appointments {
	one := own.Appointment{Item: item("appointments", "ap1", "Eye clinic", hospital()), When: "Tuesday 1 December 2026 at 9:30am to 10am", Length: "30 minutes", Upcoming: true, How: "In person",
		Where: []own.Place{{Name: "Poole Hospital", Lines: []string{"Longfleet Road", "Poole"}, Phones: []string{"01202 000002"}}}, With: []own.Person{{Name: "Mr Ben Example", Role: "Eye doctor"}},
		Instructions: []string{"Do not drive: your eyes will be blurred afterwards.", "Bring your glasses."}, Reasons: []string{"Yearly eye check"}}
	past := one
	past.Item, past.When, past.Upcoming, past.Cancelled, past.Why = item("appointments", "ap2", "Foot clinic", hospital()), "Monday 2 November 2026 at 2pm", false, true, "The clinic was closed."
	return own.Appointments{Page: page("appointments", "Appointments", "1 appointment to come.", 3), Upcoming: []own.Appointment{one}, Past: []own.Appointment{past},
		Referrals: []own.Referral{{Item: item("appointments", "ref", "Physiotherapy", practice()), When: at("20 November 2026"), To: []own.Person{{Organisation: "Dorset HealthCare"}}, Priority: "Routine", Active: true}}}
}

func stays() own.Stays {
	return own.Stays{Page: page("encounters", "Hospital stays and visits", "1 stay.", 1), Past: []own.Stay{{Item: item("encounters", "s1", "Stay in hospital", hospital()), Kind: own.StayAdmission, KindWords: "Stay in hospital",
		When: "3 May 2026 to 5 May 2026", Length: "2 nights", Where: []own.Place{{Name: "Poole Hospital"}}, Reasons: []string{"Chest infection"}, Admitted: "Emergency department", Discharged: "Home"}}}
}

func letters() own.Letters {
	html := own.Letter{Item: item("letters", "l1", "Letter from the diabetes clinic", hospital()), Kind: "Clinic letter", When: at("20 November 2026"), From: "University Hospitals Dorset", About: "Your yearly check",
		Authors: []own.Person{{Name: "Dr Cara Example", Role: "Consultant"}}, Documents: []own.Document{{Title: "Clinic letter", Kind: "Web page", SizeWords: "12 KB", Show: own.ShowSandbox, ContentType: "text/html"}}}
	pdf := own.Letter{Item: item("letters", "l2", "Discharge summary", hospital()), Kind: "Discharge summary", When: at("5 May 2026"), Replaced: true,
		Documents: []own.Document{{Index: 0, Title: "Discharge summary", Kind: "PDF", SizeWords: "120 KB", Show: own.ShowInline, ContentType: "application/pdf"},
			{Index: 1, Title: "Wound, photograph", Kind: "Picture", SizeWords: "80 KB", Show: own.ShowInline, ContentType: "image/png"},
			{Index: 2, Title: "Old letter", Kind: "Word document", Show: own.ShowDownload}, {Index: 3, Title: "Scan", Kind: "Picture", Show: own.ShowNone, Why: "The hospital did not send the picture itself. Ask them for it."}}}
	return own.Letters{Page: page("letters", "Letters", "2 letters.", 2), Letters: []own.Letter{html, pdf}}
}

func carePlans() own.CarePlans {
	goal := own.Goal{Item: item("care-plans", "g1", "Walk to the shop", practice()), Progress: "Going well", Targets: []string{"Twice a week by May 2027"}, Started: at("May 2026")}
	team := own.Team{Item: item("care-plans", "t1", "Diabetes team", hospital()), Members: []own.Person{{Name: "Dee Example", Role: "Nurse", Phones: []string{"01202 000003"}}}, Phones: []string{"01202 000004"}, Active: true}
	plan := own.CarePlan{Item: item("care-plans", "cp1", "Diabetes plan", practice()), Active: true, About: "Staying well with diabetes", For: []string{"Type 2 diabetes"}, Started: at("May 2026"), Goals: []own.Goal{goal},
		Activities: []own.Activity{{Title: "Check your feet", When: "every day", Who: []own.Person{{Name: "You"}}, Status: own.Status{Words: "In progress"}, ID: "p7-act"}}, Teams: []own.Team{team}}
	return own.CarePlans{Page: page("care-plans", "Care plans", "1 plan.", 3), Active: []own.CarePlan{plan}, Goals: []own.Goal{goal}, Teams: []own.Team{team}}
}

func socialCare() own.SocialCare {
	worker := own.Person{Name: "Ed Example", Role: "Social worker", Organisation: "BCP Council", Phones: []string{"01202 000005"}}
	one := own.Package{Item: item("social-care", "sc1", "Help at home", own.Source{Organisation: "BCP Council"}), Kind: "package", KindWords: "Package of care", Active: true, Started: at("1 June 2026"), Review: at("1 December 2026"), Provider: "Kind Hands Ltd", Worker: worker,
		Activities: []own.Activity{{Title: "Help to wash and dress", When: "every morning"}}, Answers: []own.Answer{{Question: "Can you climb stairs?", Answers: []string{"With help"}}}}
	return own.SocialCare{Page: page("social-care", "Social care", "1 service.", 1), Active: []own.Package{one}, Workers: []own.Person{worker}, Reviews: []own.Review{{ID: "p7-sc1", Title: "Help at home", When: at("1 December 2026"), Overdue: true}}}
}

func alerts() own.Alerts {
	return own.Alerts{Page: page("alerts", "Alerts", "1 alert.", 1), Active: []own.Alert{{Item: item("alerts", "al1", "May fall", hospital()), Active: true, Category: []string{"Safety"}, Severity: "Take care", Detail: []string{"Needs a walking frame."}, Started: at("3 May 2026")}}}
}

func contacts() own.Contacts {
	return own.Contacts{Page: page("contacts", "Contacts", "1 person.", 1), Contacts: []own.Contact{{Item: item("contacts", "co1", "Fay Brown", practice()), Name: "Fay Brown", Relations: []string{"Daughter", "Emergency contact"}, Emergency: true, Phones: []own.Phone{{Number: "07700 900000", Use: "Mobile"}}, Address: []string{"2 Test Street", "Poole"}}}}
}

func immunisations() own.Immunisations {
	return own.Immunisations{Page: page("immunisations", "Vaccinations", "1 vaccination.", 2), Given: []own.Immunisation{{Item: item("immunisations", "i1", "Flu vaccine", practice()), When: at("1 October 2026"), Done: true, Dose: "Dose 1", Against: []string{"Flu"}}},
		NotGiven: []own.Immunisation{{Item: item("immunisations", "i2", "Shingles vaccine", practice()), When: at("1 October 2026"), Why: "You said no."}}}
}

func looks() []web.Look {
	return []web.Look{
		{ID: "n1-204", When: "Tuesday 24 November 2026 at 8:40am", Who: "Dr Ann Example", Role: "Doctor or other clinician", Org: "University Hospitals Dorset", Did: "looked at", Sections: []string{"your medicines", "your test results"}, Why: "because you have or had an appointment there", Allowed: true,
			Sentence: "Dr Ann Example, doctor or other clinician at University Hospitals Dorset, looked at your medicines and your test results, because you have or had an appointment there."},
		{ID: "n1-199", When: "Monday 23 November 2026 at 7:02pm", Who: "A nurse", Org: "Dorset HealthCare", Did: "asked to look at", Sections: []string{"your letters"}, Refusal: "they had no reason to look", Sentence: "A nurse, Dorset HealthCare, asked to look at your letters. They were refused: they had no reason to look.", Asked: "q1"},
		{ID: "n1-180", When: "Monday 23 November 2026 at 6:59pm", Who: "You", Did: "looked at", Sections: []string{"your record"}, Own: true, Allowed: true, Sentence: "You looked at your record."},
	}
}

func lookFixtures() []fixture {
	in, l := signedIn(), looks()
	q := web.Question{ID: "q1", Look: l[1], Words: "I do not know this place. Why did they look?", Office: "Dorset HealthCare", AskedOn: "23 November 2026", Status: "Sent", Due: "23 December 2026"}
	answered := q
	answered.Status, answered.Answers = "Answered", []web.Answer{{When: "24 November 2026", By: "Privacy officer, Dorset HealthCare", Text: []string{"The nurse opened the wrong record by mistake. Nothing was shown to her. We have talked to her.", "We are sorry."}}}
	return []fixture{
		{"looks", in, web.Looks{Looks: l[:2], Asked: 1, Pages: web.Pages{Newer: "/looks", Older: "/looks?after=x"}}, false},
		{"looks-all", in, web.Looks{All: true, Looks: l, Asked: 1, Pages: web.Pages{Newer: "/looks?whose=all", Older: "/looks?whose=all&after=x"}}, false},
		{"looks-cut", in, web.Looks{LookedThrough: 1000, Pages: web.Pages{Older: "/looks?after=x"}}, false},
		{"looks-none", in, web.Looks{}, false},
		{"look", in, web.LookEntry{Look: l[0], Proof: `{"format":"dcr-ledger-proof/1"}`, Key: "dcr-ledger+0000+key"}, false},
		{"look-refused", in, web.LookEntry{Look: l[1]}, false},
		{"look-own", in, web.LookEntry{Look: l[2]}, false},
		{"ask", in, web.Ask{Look: l[0], Office: "University Hospitals Dorset"}, false},
		{"ask-wrong", in, web.Ask{Look: l[0], Office: "University Hospitals Dorset", Words: "Why?", Form: wrong("words", "Use at most 2,000 characters.")}, true},
		{"ask-check", in, web.Ask{Look: l[0], Office: "University Hospitals Dorset", Words: "Why did you look at my test results?", Check: true}, false},
		{"question-sent", in, web.QuestionPage{Question: q, Sent: true}, false},
		{"question-answered", in, web.QuestionPage{Question: answered}, false},
		{"questions", in, web.Questions{Questions: []web.Question{answered, q}}, false},
		{"questions-none", in, web.Questions{}, false},
	}
}

func document() web.Document {
	return web.Document{Person: "Mary Brown", Made: "24 November 2026 at 9am", Details: []own.Details{details()}, Arrived: summary().Arrived, Sources: summary().Sources,
		Sections: []web.Section{web.AppointmentsSection(appointments()), web.MedicinesSection(medicines()), web.AllergiesSection(allergies()), web.ProblemsSection(problems()), web.ResultsSection(results()),
			web.LettersSection(letters()), web.StaysSection(stays()), web.ImmunisationsSection(immunisations()), web.CarePlansSection(carePlans()), web.SocialCareSection(socialCare()), web.AlertsSection(alerts()), web.ContactsSection(contacts())}}
}
