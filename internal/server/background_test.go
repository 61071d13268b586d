package server

import (
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store"
)

// What expired by a clock that was an hour ahead counts again when the clock is put
// right, though it was swept meanwhile; a day after it is gone.
func TestSweepingByAClockThatIsAhead(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/roles", []byte("R1=clinician\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load("", []string{"DCR_DATA=" + dir + "/data", "DCR_CHECKPOINTS=" + dir + "/checkpoints", "DCR_LISTEN=127.0.0.1:0",
		"DCR_OIDC_ISSUERS=name=cis2 url=http://127.0.0.1:1 audience=https://record.example", "DCR_ROLE_MAP=" + dir + "/roles"})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)
	s, err := OpenOffline(t.Context(), Options{Config: c, Log: slog.DiscardHandler, NoSync: true, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	use := func() errs.Kind {
		doc := store.Doc{Ref: store.Ref{Collection: "smart_jti", Partition: "uhd", ID: "used"}, Body: []byte{1}, Expires: now.Add(5 * time.Minute)}
		return errs.KindOf(s.parts.db.Commit(t.Context(), "uhd", []store.Op{{Kind: store.Insert, Doc: doc}}))
	}
	use()
	now = now.Add(time.Hour)
	if err := s.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	now = now.Add(-time.Hour)
	if kind := use(); kind != errs.Conflict {
		t.Errorf("used twice: %v", kind)
	}
	now = now.Add(sweepAfter + 5*time.Minute)
	if err := s.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := s.parts.db.Sweep(t.Context(), now, 10); n != 0 || err != nil {
		t.Errorf("%d are left after a day: %v", n, err)
	}
}
