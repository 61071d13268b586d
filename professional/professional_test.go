package professional_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/ledger"
	"github.com/dorsetcarerecord/dcr/internal/record"
	"github.com/dorsetcarerecord/dcr/internal/section"
	"github.com/dorsetcarerecord/dcr/professional"
)

const seenOnPaper = `{"nhsNumber":"9990000018","birthDate":"1950-02-03"}`

// asks makes the doctor look, and Mary ask why.
func (w *world) asks(words string) {
	w.t.Helper()
	seq, err := w.ledger.Append(w.t.Context(), &ledger.Event{Time: w.now, Request: "r0", Kind: identity.Professional, Caller: "cis2/doctor", Name: "doctor",
		Role: identity.Clinician, Org: hospital, Action: access.Read, Outcome: access.Allowed, Basis: access.ByEncounter, Person: w.mary(),
		Sections: section.Of(section.Medicines, section.Results), What: "$everything"})
	w.must(err)
	door, err := w.records.OpenAccesses(w.t.Context(), w.tokens["mary"], record.PersonID(w.mary()), "r")
	w.must(err)
	_, err = w.asked.Ask(w.t.Context(), w.tokens["mary"], door, "main", seq, words)
	w.must(err)
	w.mark = w.ledger.Len()
}

func TestAPrivacyOfficerAnswers(t *testing.T) {
	w := newWorld(t)
	var letter professional.Letter
	w.does("anna", "POST /activation-codes", seenOnPaper).into(t, &letter)
	w.enrols(letter.Code)
	w.asks("I was not there.")

	var page professional.InquiryPage
	list := w.does("olive", "GET /inquiries", "")
	list.into(t, &page)
	if len(page.Inquiries) != 1 || page.Inquiries[0].State != "asked" || strings.Contains(list.body, "Mari") || strings.Contains(list.body, "there") {
		t.Fatalf("%d %s", list.status, list.body)
	}
	ref := "/inquiries/" + page.Inquiries[0].Ref
	var q professional.Inquiry
	read := w.does("olive", "GET "+ref, "")
	read.into(t, &q)
	want := professional.Look{Time: "2026-03-10T09:30:00.000Z", Staff: "doctor", StaffID: "cis2/doctor", Role: "clinician", Action: "read", Type: "$everything",
		Sections: []string{"medicines", "results"}, Outcome: "allowed", Basis: "encounter", Request: "r0"}
	if d := cmp.Diff(want, q.Look); d != "" || q.Person != "Mary Marigold" || q.Words != "I was not there." {
		t.Errorf("%s\n%s", read.body, d)
	}
	if strings.Contains(read.body, mary.Digits()) || strings.Contains(read.body, maryBorn) {
		t.Error("more of the person than their name")
	}
	seen := w.does("olive", "POST "+ref+"/seen", "", "If-Match", read.etag)
	if seen.status != 200 || seen.etag == read.etag {
		t.Errorf("seen: %+v", seen)
	}
	for name, tt := range map[string]struct {
		body, match string
		status      int
	}{
		"no If-Match": {`{"answer":"a"}`, "", 428}, "a stale one": {`{"answer":"a"}`, read.etag, 412}, "a made-up one": {`{"answer":"a"}`, "x", 412},
		"no answer": {`{"answer":" "}`, seen.etag, 400}, "too long": {`{"answer":"` + strings.Repeat("a", 4001) + `"}`, seen.etag, 400},
		"another member": {`{"answer":"a","author":"b"}`, seen.etag, 400}, "too large": {`{"answer":"` + strings.Repeat("a", 60<<10) + `"}`, seen.etag, 413},
	} {
		header := []string{"If-Match", tt.match}
		if tt.match == "" {
			header = nil
		}
		if a := w.does("olive", "POST "+ref+"/answer", tt.body, header...); a.status != tt.status || a.kind != "application/problem+json" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	w.mark = w.ledger.Len()
	done := w.does("olive", "POST "+ref+"/answer", `{"answer":"The doctor prepared your clinic."}`, "If-Match", seen.etag)
	done.into(t, &q)
	if done.status != 200 || q.State != "answered" || q.AnsweredBy != "olive" {
		t.Errorf("%d %s", done.status, done.body)
	}
	if d := cmp.Diff([]string{"olive answer allowed mary: inquiry answered"}, w.trail()); d != "" {
		t.Error(d)
	}
	if a := w.does("olive", "POST "+ref+"/answer", `{"answer":"Again."}`, "If-Match", done.etag); a.status != 422 {
		t.Errorf("answered twice: %d %s", a.status, a.body)
	}
	w.does("olive", "GET /inquiries?state=answered&count=1", "").into(t, &page)
	if len(page.Inquiries) != 1 {
		t.Errorf("answered: %+v", page)
	}
	notices, _, err := w.accounts.Notices(t.Context(), account.IDOf(w.mary()), "", 10)
	if err != nil || len(notices) != 2 || notices[0].Kind != account.InquiryAnswered && notices[1].Kind != account.InquiryAnswered {
		t.Errorf("told %+v, %v", notices, err)
	}
}

// What is another organisation's and what does not exist are the same, to the byte.
func TestInquiriesOfOthers(t *testing.T) {
	w := newWorld(t)
	w.asks("")
	var page professional.InquiryPage
	w.does("olive", "GET /inquiries", "").into(t, &page)
	ref := page.Inquiries[0].Ref
	others, absent := w.does("petra", "GET /inquiries/"+ref, ""), w.does("petra", "GET /inquiries/p.x", "")
	if others.status != 404 || others != absent {
		t.Errorf("%+v\n%+v", others, absent)
	}
	for token, status := range map[string]int{"doctor": 403, "clara": 403, "anna": 403, "mary": 403, "who": 401} {
		for _, route := range []string{"GET /inquiries", "GET /inquiries/" + ref} {
			if a := w.does(token, route, ""); a.status != status {
				t.Errorf("%s %s: %d %s", token, route, a.status, a.body)
			}
		}
		if a := w.does(token, "POST /inquiries/"+ref+"/answer", `{"answer":"a"}`, "If-Match", `W/"1"`); a.status != status {
			t.Errorf("%s answers: %d %s", token, a.status, a.body)
		}
	}
	for _, bad := range []string{"?state=seen", "?count=0", "?count=101", "?cursor=%21", "?nhs=1"} {
		if a := w.does("olive", "GET /inquiries"+bad, ""); a.status != 400 {
			t.Errorf("%s: %d %s", bad, a.status, a.body)
		}
	}
}

func TestCodes(t *testing.T) {
	w := newWorld(t)
	w.trail()
	made := w.does("anna", "POST /activation-codes", seenOnPaper)
	var letter professional.Letter
	made.into(t, &letter)
	if made.status != 201 || letter.Recovery || !strings.HasPrefix(letter.URL, "https://record.example/enrol#") || len(letter.Words) == 0 {
		t.Fatalf("%d %s", made.status, made.body)
	}
	var page professional.CodePage
	list := w.does("bert", "GET /activation-codes", "")
	list.into(t, &page)
	if len(page.Codes) != 1 || page.Codes[0].State != "open" || page.Codes[0].By != "anna" || strings.Contains(list.body, letter.Code) {
		t.Errorf("%s", list.body)
	}
	if a := w.does("gina", "DELETE /activation-codes/"+letter.ID, ""); a.status != 404 {
		t.Errorf("withdrawn by another practice: %d", a.status)
	}
	if a := w.does("bert", "DELETE /activation-codes/"+letter.ID, ""); a.status != 204 {
		t.Errorf("withdrawn: %d %s", a.status, a.body)
	}
	if a := w.does("bert", "POST /recoveries/"+letter.ID+"/vouch", seenOnPaper); a.status != 422 {
		t.Errorf("vouched for a withdrawn one: %d %s", a.status, a.body)
	}
	if d := cmp.Diff([]string{
		"anna enrol allowed mary: activation code made", "bert enrol allowed : list of activation codes", "gina enrol allowed : activation code withdrawn",
		"bert enrol allowed : activation code withdrawn", "bert enrol allowed mary: recovery vouched for",
	}, w.trail()); d != "" {
		t.Error(d)
	}
}

func TestWhoMakesCodes(t *testing.T) {
	w := newWorld(t)
	w.trail()
	for _, tt := range []struct {
		token, body string
		status      int
		trail       string
	}{
		{"clara", seenOnPaper, 201, "clara enrol allowed mary: activation code made"},
		{"gina", seenOnPaper, 403, "gina enrol no-relationship mary: activation code made"},
		{"doctor", seenOnPaper, 403, "doctor enrol refused mary: activation code made"},
		{"petra", seenOnPaper, 403, "petra enrol refused mary: activation code made"},
		{"anna", `{"nhsNumber":"9990000018","birthDate":"1950-02-04"}`, 404, "anna enrol unknown mary: activation code made"},
		{"mary", seenOnPaper, 403, ""},
		{"anna", `{"nhsNumber":"9990000019","birthDate":"1950-02-03"}`, 400, ""},
		{"anna", `{"nhsNumber":"9990000018","birthDate":"3 February"}`, 400, ""},
		{"anna", `{"nhsNumber":"9990000018"}`, 400, ""},
		{"anna", `{"nhsNumber":"9990000018","birthDate":"1950-02-03","role":"x"}`, 400, ""},
	} {
		a := w.does(tt.token, "POST /activation-codes", tt.body)
		trail := strings.Join(w.trail(), "; ")
		if a.status != tt.status || trail != tt.trail {
			t.Errorf("%s %s: %d %s, ledger %q", tt.token, tt.body, a.status, a.body, trail)
		}
		if a.status != 201 && strings.Contains(a.body, "99900000") {
			t.Errorf("the answer quotes the number: %s", a.body)
		}
	}
	// Somebody unknown is answered like a wrong birth date.
	wrong := w.does("anna", "POST /activation-codes", `{"nhsNumber":"9990000018","birthDate":"1950-02-04"}`)
	unknown := w.does("anna", "POST /activation-codes", `{"nhsNumber":"`+nobody.Digits()+`","birthDate":"1950-02-04"}`)
	if wrong != unknown {
		t.Errorf("%+v\n%+v", wrong, unknown)
	}
}

func TestRecoveriesNeedASecondMemberOfStaff(t *testing.T) {
	w := newWorld(t)
	var first, second professional.Letter
	w.does("anna", "POST /activation-codes", seenOnPaper).into(t, &first)
	w.enrols(first.Code)
	w.now = w.now.Add(time.Minute)
	w.does("anna", "POST /activation-codes", seenOnPaper).into(t, &second)
	if !second.Recovery {
		t.Fatalf("%+v", second)
	}
	vouch := "POST /recoveries/" + second.ID + "/vouch"
	for _, tt := range []struct {
		token, body string
		status      int
	}{
		{"anna", seenOnPaper, 403}, // who made it
		{"gina", seenOnPaper, 403}, // of another practice
		{"bert", `{"nhsNumber":"` + nobody.Digits() + `","birthDate":"1950-02-03"}`, 404},
		{"bert", `{}`, 400},
		{"bert", seenOnPaper, 204},
		{"bert", seenOnPaper, 204}, // again
	} {
		if a := w.does(tt.token, vouch, tt.body); a.status != tt.status {
			t.Errorf("%s vouches with %s: %d %s", tt.token, tt.body, a.status, a.body)
		}
	}
	var page professional.CodePage
	w.does("anna", "GET /activation-codes?count=1", "").into(t, &page)
	if len(page.Codes) != 1 || page.Codes[0].State != "open" || page.Codes[0].Second != "bert" || page.Next == "" {
		t.Errorf("%+v", page)
	}
}
