package session

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity/account"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// What is no token is refused; what is one reads the same again.
func FuzzParse(f *testing.F) {
	t := token{prefix: accessPrefix, account: account.IDOf("p"), session: "s" + account.IDOf("q")[1:], counter: 7, secret: sha256.Sum256(nil)}
	f.Add(t.text())
	f.Add("dcrs_")
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := parse(text, accessPrefix)
		if ok && got.text() != text || !ok && got != (token{}) {
			t.Errorf("%q reads as %+v", text, got)
		}
	})
}

func FuzzDecode(f *testing.F) {
	at := time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)
	d := document{account: "a", id: "s", epoch: 3, passkey: 1, device: "phone", began: at, used: at}
	f.Add(d.doc(time.Hour).Body)
	d.native, d.counter, d.turned = true, 4, at
	f.Add(d.doc(time.Hour).Body)
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := decode(&store.Doc{Ref: ref("a", "s"), Rev: 1, Body: b})
		if err != nil {
			return
		}
		doc := got.doc(time.Hour)
		doc.Rev = 1
		if again, err := decode(&doc); err != nil || again != got {
			t.Errorf("%+v, %v, want %+v", again, err, got)
		}
	})
}
