package server_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/testkit"
)

// Clients open connections that they may never use. Whoever waits for those at the
// stop must not forget to close the rest well.
func TestStopWithAConnectionThatSaysNothing(t *testing.T) {
	w := testkit.Start(t)
	c, err := net.Dial("tcp", w.Server.Addr("api"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	// Connections are taken in the order in which they came.
	res, err := http.Get("http://" + w.Server.Addr("api") + "/fhir/R4/metadata")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := w.Server.Stop(ctx); err != nil {
		t.Error(err)
	}
	if !strings.Contains(w.Log.String(), "connections cut off") {
		t.Error("the log does not tell that somebody was cut off")
	}
}
