package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/dorsetcarerecord/dcr/internal/testkit"
)

// adds adds a passkey of another device, as its owner has confirmed.
func adds(t *testing.T, r *testkit.Resident, device *testkit.Resident) {
	t.Helper()
	r.Confirms("passkey.add")
	begun := r.Sends(http.MethodPost, "/citizen/v1/passkeys/options", "{}")
	var b struct {
		Options jsontext.Value `json:"options"`
		State   string         `json:"state"`
		Expires string         `json:"expires"`
	}
	if err := json.Unmarshal(begun.Body, &b); err != nil || begun.Status != http.StatusOK {
		t.Fatalf("to add: %d %s", begun.Status, begun.Body)
	}
	made, err := device.Phone.Create(b.Options)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"state": b.State, "credential": jsontext.Value(made)})
	if err != nil {
		t.Fatal(err)
	}
	if a := r.Sends(http.MethodPost, "/citizen/v1/passkeys/finish", string(body)); a.Status != http.StatusOK || !strings.Contains(string(a.Body), "acceptedCredentials") {
		t.Fatalf("added: %d %s", a.Status, a.Body)
	}
	if a := r.Sends(http.MethodPost, "/citizen/v1/passkeys/finish", string(body)); a.Status != http.StatusUnauthorized {
		t.Errorf("the same confirmation again: %d %s", a.Status, a.Body)
	}
}

// A second passkey is added, the first is taken away by it, and with the first go the
// sessions that it began, at their next request. The last one stays, and is told why.
func TestASecondPasskeyAndTheLast(t *testing.T) {
	w, _, rita := withResident(t)
	first := idBefore(t, reads(t, rita, "/citizen/v1/passkeys"), `"name"`)
	tablet := w.Newcomer(rita.Person)
	adds(t, rita, tablet)
	tablet.LogsIn()
	app := rita.App("Rita's phone")
	reads(t, tablet, "/citizen/v1/notices", "A passkey was added to your account.")
	byApp := func() int {
		return w.Newcomer(rita.Person).Sends(http.MethodGet, "/citizen/v1/summary", "", func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+app.Access) }).Status
	}
	if byApp() != http.StatusOK {
		t.Fatal("the app is not logged in")
	}

	remove := func(id string) testkit.Answer { return tablet.Sends(http.MethodDelete, "/citizen/v1/passkeys/"+id, "") }
	if a := remove(first); a.Status != http.StatusUnauthorized || !strings.Contains(a.Header.Get("WWW-Authenticate"), "insufficient_user_authentication") {
		t.Errorf("not confirmed: %d %v", a.Status, a.Header)
	}
	own := entryOf(t, reads(t, tablet, "/citizen/v1/passkeys"), `"this":true`)
	tablet.Confirms("passkey.remove/" + own)
	if a := remove(first); a.Status != http.StatusUnauthorized {
		t.Errorf("another was confirmed: %d %s", a.Status, a.Body)
	}
	var told struct {
		Action string `json:"action"`
	}
	if err := json.Unmarshal(remove(first).Body, &told); err != nil || told.Action != "passkey.remove/"+first {
		t.Errorf("it is not told what to confirm: %q %v", told.Action, err)
	}
	tablet.Confirms(told.Action)
	if a := remove(first); a.Status != http.StatusOK {
		t.Fatalf("removed: %d %s", a.Status, a.Body)
	}
	if a := rita.Gets("/citizen/v1/account"); a.Status != http.StatusUnauthorized {
		t.Errorf("the browser of the passkey that is gone: %d", a.Status)
	}
	if got := byApp(); got != http.StatusUnauthorized {
		t.Errorf("its app: %d", got)
	}
	if next := rita.Refreshes(app.Refresh); next.Access != "" {
		t.Error("its app got new tokens")
	}
	if a := rita.TriesToLogIn(); a.Status != http.StatusUnauthorized {
		t.Errorf("the passkey that is gone logs in: %d", a.Status)
	}
	reads(t, tablet, "/citizen/v1/notices", "A passkey was removed from your account.")

	tablet.Confirms("passkey.remove/" + own)
	a := remove(own)
	if a.Status != http.StatusConflict && a.Status != http.StatusUnprocessableEntity || !strings.Contains(string(a.Body), "passkey") {
		t.Errorf("the last one: %d %s", a.Status, a.Body)
	}
	reads(t, tablet, "/citizen/v1/passkeys", own)
	tablet.LogsIn()
	if gone := remove(first); gone.Status != http.StatusNotFound {
		t.Errorf("one that is gone: %d %s", gone.Status, gone.Body)
	}
}
