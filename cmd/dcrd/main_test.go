package main

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// dcrd starts on ports of its own, says that it is ready, and is gone soon after it
// is told to stop.
func TestRunStartsAndStops(t *testing.T) {
	dir := t.TempDir()
	environ := []string{"DCR_DATA=" + filepath.Join(dir, "d"), "DCR_CHECKPOINTS=" + filepath.Join(dir, "c"), "DCR_LISTEN=127.0.0.1:0", "DCR_OPS_LISTEN=127.0.0.1:0"}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, nil, environ, w)
		_ = w.Close()
	}()
	var log bytes.Buffer
	buf := make([]byte, 4096)
	for !strings.Contains(log.String(), `"ready"`) {
		n, err := r.Read(buf)
		log.Write(buf[:n])
		if err != nil {
			t.Fatalf("it ended before it was ready: %v %s", <-ended, log.String())
		}
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("still there 5 seconds after it was told to stop")
	}
}

func TestRunReportsEveryMistake(t *testing.T) {
	err := run(t.Context(), []string{"-check"}, []string{"DCR_LISTEN=here", "DCR_NO_SUCH=1"}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "DCR_LISTEN") || !strings.Contains(err.Error(), "DCR_NO_SUCH") {
		t.Errorf("%v", err)
	}
	if err := run(t.Context(), []string{"-check"}, nil, io.Discard); err != nil {
		t.Errorf("the defaults are not valid: %v", err)
	}
}
