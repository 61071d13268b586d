package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/web"
	"github.com/gofiber/fiber/v2"
)

var testNow = time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)

// failing is a server whose routes /fhir/fail and /fail answer with what fail
// returns.
func failing(fail func() error) *server {
	s := newServer(Options{Log: slog.NewTextHandler(io.Discard, nil), Now: func() time.Time { return testNow }, BaseURL: "https://record.example"}, 1<<10, time.Second)
	h := func(*fiber.Ctx) error { return fail() }
	s.public(fiber.MethodGet, "/fhir/fail", h)
	s.public(fiber.MethodGet, "/fail", h)
	return s
}

func ask(t *testing.T, s *server, path string) (*http.Response, string) {
	t.Helper()
	resp, err := s.app.Test(httptest.NewRequest(http.MethodGet, path, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

// Every kind has a row, and its answers are what the row says, in FHIR and outside.
func TestFaults(t *testing.T) {
	var err error
	s := failing(func() error { return err })
	for k, f := range faults {
		kind := errs.Kind(k)
		if f.status < 400 || f.issue == "" || f.title == "" {
			t.Errorf("%v has no row", kind)
		}
		err = fmt.Errorf("inside: %w", errs.Wrap(kind, errors.New("the cause, for the log"), "Words for a person."))
		resp, body := ask(t, s, "/fhir/fail")
		if resp.StatusCode != f.status || !strings.Contains(body, `"code":"`+f.issue+`"`) || resp.Header.Get("Content-Type") != string(vFHIR) {
			t.Errorf("%v: %d %s", kind, resp.StatusCode, body)
		}
		plain, problem := ask(t, s, "/fail")
		if plain.StatusCode != f.status || !strings.Contains(problem, `"status":`+fmt.Sprint(f.status)) || !json.Valid([]byte(problem)) || !json.Valid([]byte(body)) {
			t.Errorf("%v outside: %d %s", kind, plain.StatusCode, problem)
		}
		for _, text := range []string{body, problem} {
			if strings.Contains(text, "cause") || strings.Contains(text, "inside") {
				t.Errorf("%v tells the cause: %s", kind, text)
			}
			if says := strings.Contains(text, "Words"); says != (kind != errs.Internal && kind != errs.NotFound) {
				t.Errorf("%v: %s", kind, text)
			}
		}
		if again := resp.Header.Get("Retry-After") != ""; again != (kind == errs.Unavailable || kind == errs.RateLimited) {
			t.Errorf("%v: Retry-After %q", kind, resp.Header.Get("Retry-After"))
		}
	}
	if last := errs.Kind(len(faults) - 1); last != errs.Precondition || last.String() != "precondition" {
		t.Error("a new kind needs a row in faults")
	}
}

// Whoever says that something is not there, and why, the answer is the same to the
// byte; its request id is in a header only.
func TestAbsentIsAlwaysTheSame(t *testing.T) {
	var err error
	s := failing(func() error { return err })
	_, want := ask(t, s, "/fhir/nowhere")
	for _, e := range []error{errs.New(errs.NotFound, "hidden: safeguarding"), errs.New(errs.NotFound, ""), fiber.ErrNotFound,
		&errs.Error{Kind: errs.NotFound, Message: "x", Path: "Patient.name", After: time.Hour}, fmt.Errorf("x: %w", errs.New(errs.NotFound, "y"))} {
		err = e
		resp, got := ask(t, s, "/fhir/fail")
		if got != want || resp.StatusCode != http.StatusNotFound {
			t.Errorf("%v: %s", e, got)
		}
	}
	err = errs.Coded(errs.NotFound, "INVALIDATED_RESOURCE", "This number was withdrawn.")
	if _, got := ask(t, s, "/fhir/fail"); !strings.Contains(got, "INVALIDATED_RESOURCE") {
		t.Errorf("a code is lost: %s", got)
	}
}

// An app is told what it has to confirm, in the challenge and in the problem document.
func TestStepUpNamesItsAction(t *testing.T) {
	action := ""
	s := failing(func() error {
		return &errs.Error{Kind: errs.Unauthenticated, Code: "STEP_UP_REQUIRED", Message: "Confirm.", Action: action}
	})
	const plain = `Bearer realm="dcr", error="insufficient_user_authentication", max_age="300"`
	for text, want := range map[string]string{"": "", "passkey.remove/k7": `"passkey.remove/k7"`, "a\"b\r\n": `"a\"b\u000d\u000a"`} {
		action = text
		resp, body := ask(t, s, "/fail")
		challenge, member := plain, ""
		if want != "" {
			challenge, member = plain+", action="+want, `,"action":`+want
		}
		if got := resp.Header.Get("WWW-Authenticate"); got != challenge || !strings.HasSuffix(body, `"code":"STEP_UP_REQUIRED"`+member+"}") {
			t.Errorf("%q: %s, %s", text, got, body)
		}
	}
}

func TestRetryAfterRoundsUp(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "1", time.Millisecond: "1", time.Second: "1", 1001 * time.Millisecond: "2", time.Minute: "60"} {
		if got := seconds(d); got != want {
			t.Errorf("seconds(%v) = %s, want %s", d, got, want)
		}
	}
}

// Whatever the query: read, or refused as malformed; what was read reads the same
// from its own self link.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"patient=p&code=a|b,c&date=ge2026&_sort=-date&_count=3", "code:not=x\\,y|z", "_id=a,b&_cursor=x", "subject=Patient/x&status="} {
		f.Add(seed, true)
	}
	s := &server{o: Options{Limits: Limits{}.orDefaults(0, 0)}, base: "https://record.example/fhir/R4", kinds: kindsOf(), whole: &kind{bare: true}}
	k := s.kinds["Observation"]
	f.Fuzz(func(t *testing.T, text string, strict bool) {
		pairs, err := web.AppendPairs(nil, []byte(text))
		if err != nil {
			return
		}
		for _, k := range []*kind{k, s.kinds["Patient"], s.whole} {
			q, err := s.parse(k, pairs, len(pairs), strict)
			if err != nil {
				if kind := errs.KindOf(err); kind != errs.Invalid && kind != errs.Unsupported {
					t.Fatalf("%q: %v", text, err)
				}
				continue
			}
			again, err := web.AppendPairs(nil, q.self)
			if err != nil {
				t.Fatalf("the self link of %q cannot be read: %v", text, err)
			}
			back, err := s.parse(k, again, len(again), true)
			if err != nil || string(back.self) != string(q.self) || back.count != q.count || back.person != q.person || len(back.filters.Tokens) != len(q.filters.Tokens) {
				t.Fatalf("the self link of %q reads otherwise: %v %s %s", text, err, q.self, back.self)
			}
		}
		_, _ = whom(pairs, 0, strict)
	})
}
