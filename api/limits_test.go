package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/api"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

func TestRateOfACaller(t *testing.T) {
	w := newWorld(t, func(o *api.Options) { o.Limits.PerSecond, o.Limits.Burst = 0.5, 2 })
	p := string(w.knows(mary, 1))
	doc, nurse := w.signIn("doc", practice.Org, identity.Clinician), w.signIn("nurse", practice.Org, identity.Nurse)
	w.trail()
	for i, want := range []int{200, 200, 429, 429} {
		a := w.get(doc, "/fhir/R4/Patient/"+p)
		if a.status != want {
			t.Fatalf("request %d: %d", i, a.status)
		}
		if want == 429 && (a.header.Get("Retry-After") != "2" || !strings.Contains(a.body, `"code":"throttled"`)) {
			t.Errorf("Retry-After %q, %s", a.header.Get("Retry-After"), a.body)
		}
	}
	if a := w.get(nurse, "/fhir/R4/Patient/"+p); a.status != 200 {
		t.Errorf("another caller: %d", a.status)
	}
	if n := len(w.trail()); n != 3 {
		t.Errorf("%d events: what is refused unasked is no look", n)
	}
	for i, want := range []int{400, 400, 429} {
		if a := w.do(request{method: "POST", path: "/oauth/token", body: "x=1"}); a.status != want {
			t.Errorf("token request %d: %d", i, a.status)
		}
	}
}

// Nobody who does not say who they are makes the server read a large body.
func TestBodiesOfSources(t *testing.T) {
	large := strings.Repeat(" ", 200<<10)
	for name, certs := range map[string]bool{"by token only": false, "by certificate too": true} {
		w := newWorld(t, func(o *api.Options) {
			if !certs {
				o.Certs = nil
			}
		})
		w.tokens["feed"] = identity.Caller{Kind: identity.Source, ID: "uhd", Client: "uhd", Org: hospital.Org, Expires: now.Add(time.Hour)}
		fhirJSON := map[string]string{"Content-Type": "application/fhir+json"}
		if a := w.at(w.srcURL, request{method: "POST", path: "/fhir/R4", token: "feed", body: large, header: fhirJSON}); a.status != 200 {
			t.Errorf("%s: %d", name, a.status)
		}
		head := "POST /fhir/R4 HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\n\r\n"
		if got := wire(t, w.srcURL, strings.Replace(head, "/fhir/R4", "/oauth/token", 1)); !strings.HasPrefix(got, "HTTP/1.1 413") {
			t.Errorf("%s, a token request: %.60s", name, got)
		}
		if !certs {
			if got := wire(t, w.srcURL, head); !strings.HasPrefix(got, "HTTP/1.1 413") {
				t.Errorf("%s, from nobody: %.60s", name, got)
			}
		}
		if got := wire(t, w.srcURL, strings.NewReplacer("Host", "Authorization: Bearer x\r\nHost", "9999999", "99999999").Replace(head)); !strings.HasPrefix(got, "HTTP/1.1 413") {
			t.Errorf("%s, over any limit: %.60s", name, got)
		}
	}
}

// stuck is a record that opens whole records only when it is told to.
type stuck struct {
	api.Records
	entered, leave chan struct{}
}

func (s *stuck) Open(ctx context.Context, c identity.Caller, q record.Request) (*record.View, error) {
	if q.What == "$everything" {
		s.entered <- struct{}{}
		<-s.leave
	}
	return s.Records.Open(ctx, c, q)
}

func TestWholeRecordsAtOnce(t *testing.T) {
	var s *stuck
	w := newWorld(t, func(o *api.Options) {
		s = &stuck{o.Records, make(chan struct{}), make(chan struct{})}
		o.Records = s
		o.Limits.Everything, o.Limits.EverythingIn = 1, time.Millisecond
	})
	p := string(w.knows(mary, 1))
	doc := w.signIn("doc", practice.Org, identity.Clinician)
	path := "/fhir/R4/Patient/" + p + "/$everything"
	first := make(chan answer)
	go func() { first <- w.get(doc, path) }()
	<-s.entered
	if a := w.get(doc, path); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") != "1" {
		t.Errorf("the second: %d %v", a.status, a.header)
	}
	if a := w.get(doc, "/fhir/R4/Patient/"+p); a.status != 200 {
		t.Errorf("a read meanwhile: %d", a.status)
	}
	close(s.leave)
	if a := <-first; a.status != 200 {
		t.Errorf("the first: %d", a.status)
	}
	go func() { <-s.entered }()
	if a := w.get(doc, path); a.status != 200 {
		t.Errorf("after it: %d", a.status)
	}
}

// What cannot be checked now is neither a yes nor a no.
func TestVerifierUnavailable(t *testing.T) {
	w := newWorld(t)
	w.fault = &errs.Error{Kind: errs.Unavailable, Message: "The issuer cannot be reached.", After: 1500 * time.Millisecond}
	a := w.get("token", "/fhir/R4/Patient/x")
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") != "2" {
		t.Errorf("%d %v", a.status, a.header)
	}
}

// Store unavailable: 503, and nothing shown; the same when the ledger is.
func TestStoreUnavailable(t *testing.T) {
	w := newWorld(t, func(o *api.Options) { o.Records = broken{o.Records} })
	doc := w.signIn("doc", practice.Org, identity.Clinician)
	for _, path := range []string{"Observation?patient=x", "Observation/x", "Patient/x/$everything", "Observation/x/_history", "Organization/x"} {
		a := w.get(doc, "/fhir/R4/"+path)
		if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || !strings.Contains(a.body, `"code":"transient"`) || strings.Contains(a.body, "disk") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

type broken struct{ api.Records }

func (broken) err() error {
	return errs.Wrap(errs.Unavailable, context.DeadlineExceeded, "The record cannot be read at this moment. Try again.")
}

func (b broken) Open(context.Context, identity.Caller, record.Request) (*record.View, error) {
	return nil, b.err()
}

func (b broken) OpenID(context.Context, identity.Caller, string, string, string, string) (*record.View, error) {
	return nil, b.err()
}

func (b broken) OpenDirectory(context.Context, identity.Caller, string, string) (*record.Directory, error) {
	return nil, b.err()
}

// No ledger, no answer: what cannot be written down is not shown.
func TestNoLedgerNoAnswer(t *testing.T) {
	w := newWorld(t)
	p := string(w.knows(mary, 1))
	doc := w.signIn("doc", practice.Org, identity.Clinician)
	fatal(t, w.ledger.Close(t.Context()))
	for _, path := range []string{"Patient/" + p, "Observation?patient=" + p, "Patient/" + p + "/$everything"} {
		a := w.get(doc, "/fhir/R4/"+path)
		if a.status != http.StatusServiceUnavailable || strings.Contains(a.body, mary.marker) || !strings.Contains(a.body, "OperationOutcome") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}
