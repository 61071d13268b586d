package account_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
)

func (w *world) names(id string) (names []string) {
	w.t.Helper()
	keys, err := w.one.Passkeys(w.t.Context(), id)
	w.must(err)
	for _, k := range keys {
		names = append(names, k.Credential.Name)
	}
	return names
}

// Two telephones of one kind are told apart, whether one was added or came with a recovery.
func TestNewPasskeysHaveNamesOfTheirOwn(t *testing.T) {
	w := start(t)
	acc := w.enrol()
	w.must(w.one.AddPasskey(t.Context(), acc.ID, credential("Phone")))
	w.must(w.one.AddPasskey(t.Context(), acc.ID, credential("Security key")))
	w.recover()
	if got, want := w.names(acc.ID), []string{"phone", "Phone 2", "Security key", "new"}; !slices.Equal(got, want) {
		t.Fatalf("%q, want %q", got, want)
	}
	w.recover()
	if got := w.names(acc.ID); got[len(got)-1] != "new 2" {
		t.Errorf("after a second recovery: %q", got)
	}
}

// Names that were given twice, or before they were told apart, are told apart in a list.
func TestNamesInAList(t *testing.T) {
	long := strings.Repeat("é", 60)
	for _, tt := range []struct{ stored, want []string }{
		{nil, []string{}},
		{[]string{"iPhone", "Key"}, []string{"iPhone", "Key"}},
		{[]string{"iPhone", "iphone", "iPhone"}, []string{"iPhone", "iphone 2", "iPhone 3"}},
		{[]string{"iPhone", "iPhone", "iPhone 2"}, []string{"iPhone", "iPhone 3", "iPhone 2"}},
		{[]string{long, long}, []string{long, strings.Repeat("é", 58) + " 2"}},
	} {
		var keys []account.Passkey
		for _, name := range tt.stored {
			keys = append(keys, account.Passkey{Credential: passkey.Credential{Name: name}})
		}
		if got := account.Names(keys); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.stored, got, tt.want)
		}
	}
}
