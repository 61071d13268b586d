// Package mongotest gives the tests of other packages a double of MongoDB: FerretDB, which the
// module internal/store/mongo/ferret builds. It speaks the protocol and no more: it has no
// transactions, so that whatever is to be relied on refuses it.
package mongotest

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Ferret starts the double for one test and returns its connection string. Building it takes minutes
// the first time and fetches what the product does not need, so it is done in CI, and where it is
// asked for.
func Ferret(t *testing.T) string {
	t.Helper()
	if os.Getenv("CI") == "" && os.Getenv("DCR_TEST_FERRETDB") == "" {
		t.Skip("the double of MongoDB is built in CI only: set DCR_TEST_FERRETDB=1 to build and use it here")
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "ferret")
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "ferretdb_no_postgresql", "-o", bin, ".")
	build.Dir = filepath.Join(moduleRoot(t), "internal", "store", "mongo", "ferret")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the double: %v\n%s", err, out)
	}
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	server := exec.CommandContext(context.WithoutCancel(t.Context()), bin, data, Address(t))
	stdin, err := server.StdinPipe() // it ends when this does
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	server.Stderr = os.Stderr
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = server.Wait() // killed or not
	})
	uri, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the double did not start: %v", err)
	}
	return strings.TrimSpace(uri)
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatalf("find the module: %v", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out)))
}

// Address returns one where nobody listens.
func Address(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
