package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/dorsetcarerecord/dcr/"

// only lists libraries that belong in one place, by package.
var only = map[string][]string{
	"github.com/gofiber/fiber/v2":         {"api", "citizen", "citizen/site", "citizen/web", "professional", "professional/web", "internal/web", "internal/testkit", "internal/bench"},
	"github.com/valyala/fasthttp":         {"api", "internal/web"},
	"go.etcd.io/bbolt":                    {"internal/store/bolt"},
	"go.mongodb.org/mongo-driver/v2":      {"internal/store/mongo"},
	"github.com/go-jose/go-jose/v4":       {"internal/identity/codeflow", "internal/identity/oidc", "internal/identity/oidc/oidctest", "internal/identity/smart", "internal/partner", "internal/testkit", "cmd/dcr-sim"},
	"github.com/go-webauthn/webauthn":     {"internal/identity/passkey"},
	"github.com/sideshow/apns2":           {"notifications/apns"},
	"firebase.google.com/go/v4":           {"notifications/fcm"},
	"github.com/prometheus/client_golang": {"internal/obs"},
	"github.com/spf13/cobra":              {"cmd/dcr", "cmd/dcr-sim"},
	"github.com/schollz/progressbar/v3":   {"cmd/dcr", "cmd/dcr-sim"},
	"github.com/swaggo/swag":              {"api/internal/openapi"},
	"github.com/getkin/kin-openapi":       {"api/internal/openapi"},
	"golang.org/x/oauth2":                 {"internal/identity/codeflow"},
	"github.com/boombuler/barcode":        {"professional/web"},
	"golang.org/x/mod":                    {"internal/ledger", "internal/server", "internal/operator", "cmd/dcr"},
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	d := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestImports(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range packages(t) {
		pkg := strings.TrimPrefix(p.ImportPath, module)
		seen[pkg] = true
		allowed, known := may[pkg]
		if !known {
			t.Errorf("%s is not in the table of packages", pkg)
			continue
		}
		for _, imp := range p.Imports {
			if in, ours := strings.CutPrefix(imp, module); ours && !slices.Contains(allowed, in) && !slices.Contains(allowed, "*") {
				t.Errorf("%s must not import %s", pkg, in)
			}
			for lib, where := range only {
				if (imp == lib || strings.HasPrefix(imp, lib+"/")) && !slices.Contains(where, pkg) {
					t.Errorf("%s must not import %s; that is for %v", pkg, imp, where)
				}
			}
		}
	}
	for pkg := range may {
		if !seen[pkg] {
			t.Errorf("%s is in the table and does not exist", pkg)
		}
	}
}
