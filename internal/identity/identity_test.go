package identity_test

import (
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity"
)

func TestRoleNames(t *testing.T) {
	for r := identity.Clinician; r <= identity.ProgrammeOffice; r++ {
		if got := identity.ParseRole(r.String()); got != r {
			t.Errorf("%v parses as %v", r, got)
		}
	}
	for _, name := range []string{"", "none", "Nurse", "doctor"} {
		if got := identity.ParseRole(name); got != identity.NoRole {
			t.Errorf("%q parses as %v", name, got)
		}
	}
}

// A value that a newer version stored is no one, and does not stop the program.
func TestUnknownNames(t *testing.T) {
	if s := identity.Role(200).String(); s != "none" {
		t.Errorf("role 200 is %q", s)
	}
	if s := identity.Kind(200).String(); s != "nobody" {
		t.Errorf("kind 200 is %q", s)
	}
}

func TestContext(t *testing.T) {
	if c := identity.CallerFrom(t.Context()); c != (identity.Caller{}) {
		t.Errorf("a context without a caller has %+v", c)
	}
	want := identity.Caller{Kind: identity.Operator, ID: "anna", Expires: time.Unix(1, 0)}
	if c := identity.CallerFrom(identity.WithCaller(t.Context(), want)); c != want {
		t.Errorf("got %+v", c)
	}
}
