package api_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/api"
	"github.com/dorsetcarerecord/dcr/internal/access"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
)

// exports stands for what residents have confirmed.
type exports struct{ says error }

func (e *exports) MayExport(context.Context, identity.Caller) error { return e.says }

// To a resident $everything is a copy of the whole record: it is confirmed with a
// passkey, and not given in the day after a recovery, whatever way it is asked for.
func TestEverythingOfAResidentIsAnExport(t *testing.T) {
	may := &exports{errs.Coded(errs.Unauthenticated, access.CodeStepUp, "Confirm this.")}
	w := newWorld(t, func(o *api.Options) { o.Exports = may })
	m, j := string(w.knows(mary, 2)), string(w.knows(john, 1))
	w.tokens["dcrs_mary"] = identity.Caller{Kind: identity.Resident, ID: "amary", Person: m, Proofing: identity.P9, Expires: now.AddDate(0, 0, 1)}
	all, others := "/fhir/R4/Patient/"+m+"/$everything", "/fhir/R4/Patient/"+j+"/$everything"
	w.trail()
	for _, path := range []string{all, all + "?_type=Observation", all + "?_count=1"} {
		a := w.get("dcrs_mary", path)
		if a.status != http.StatusUnauthorized || !strings.Contains(a.header.Get("WWW-Authenticate"), "insufficient_user_authentication") || strings.Contains(a.body, mary.marker) {
			t.Errorf("not confirmed, %s: %d %s", path, a.status, a.body)
		}
	}
	if got := w.trail(); !slices.Equal(got, slices.Repeat([]string{"amary export step-up $everything"}, 3)) {
		t.Errorf("ledger %q", got)
	}
	if a := w.get("dcrs_mary", others); a.status != http.StatusNotFound {
		t.Errorf("somebody else's: %d", a.status)
	}
	may.says = errs.Coded(errs.Forbidden, "ACCOUNT_FROZEN", "Wait a day.")
	if a := w.get("dcrs_mary", all); a.status != http.StatusForbidden || strings.Contains(a.body, mary.marker) {
		t.Errorf("frozen: %d %s", a.status, a.body)
	}
	may.says = nil
	if a := w.get("dcrs_mary", all); a.status != http.StatusOK || len(a.bundle(t).ids()) != 4 {
		t.Errorf("confirmed: %d %s", a.status, a.body)
	}
	if a := w.get("dcrs_mary", others); a.status != http.StatusNotFound {
		t.Errorf("somebody else's, confirmed: %d", a.status)
	}
}
