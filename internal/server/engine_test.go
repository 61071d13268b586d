package server

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/config"
	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
	"github.com/dorsetcarerecord/dcr/internal/store/mongo/mongotest"
)

func configured(t *testing.T, settings ...string) *config.Config {
	t.Helper()
	dir := t.TempDir()
	c, err := config.Load("", append([]string{"DCR_DATA=" + filepath.Join(dir, "data"), "DCR_CHECKPOINTS=" + filepath.Join(dir, "checkpoints"),
		"DCR_LISTEN=127.0.0.1:0", "DCR_OPS_LISTEN=127.0.0.1:0"}, settings...))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// refusedStart expects dcrd not to start, to say why, and to leave nothing running.
func refusedStart(t *testing.T, c *config.Config, want string) {
	t.Helper()
	s, err := Start(t.Context(), Options{Config: c, Log: slog.DiscardHandler})
	if err == nil {
		_ = s.Stop(context.WithoutCancel(t.Context()))
	}
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("%v, want %q", err, want)
	}
}

func TestAMongoDBThatCannotKeepTheRecordIsRefused(t *testing.T) {
	refusedStart(t, configured(t, "DCR_MONGODB_URI="+mongotest.Ferret(t), "DCR_MONGODB_TIMEOUT=1m"),
		"open the record: store: this MongoDB cannot keep the record: it is a single server without a replica set")
}

func TestAMongoDBThatDoesNotAnswerIsSaid(t *testing.T) {
	refusedStart(t, configured(t, "DCR_MONGODB_URI=mongodb://dcrd:s3cret@"+mongotest.Address(t)+"/?directConnection=true", "DCR_MONGODB_TIMEOUT=200ms"), "MongoDB does not answer")
}

func TestAStoreThatIsNotTheRecordIsRefused(t *testing.T) {
	for mark, want := range map[string]string{
		`{"version":1,"role":"source","id":"x","other":"the database dcr","at":"2031-05-03T12:00:00Z","done":true}`:  "moved to the database dcr on 3 May 2031",
		`{"version":1,"role":"source","id":"x","other":"the database dcr","at":"2031-05-03T12:00:00Z","done":false}`: "being moved to the database dcr",
		`{"version":1,"role":"target","id":"x","other":"the database dcr","at":"2031-05-03T12:00:00Z","done":false}`: "only a part of the database dcr",
		`{"version":2}`: "later version",
	} {
		c := configured(t)
		e, err := OpenEmbedded(t.Context(), c, EngineOptions{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.SetMark(t.Context(), mark); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		refusedStart(t, c, want)
	}
}

// plainEngine can neither copy itself nor tell how it is, as that of MongoDB.
type plainEngine struct{ driver.Engine }

func TestAnEngineThatCannotBeCopiedSaysWhatToUse(t *testing.T) {
	e, err := OpenEngine(t.Context(), configured(t), EngineOptions{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := health(plainEngine{e}); err != nil {
		t.Errorf("its health: %v", err)
	}
	db, err := store.Open(plainEngine{e}, Specs()...)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Backup(t.Context(), io.Discard, nil)
	if errs.KindOf(err) != errs.Unsupported || !strings.Contains(err.Error(), "mongodump") || !strings.Contains(err.Error(), "docs/guides/mongodb.md") {
		t.Errorf("a backup: %v", err)
	}
}
