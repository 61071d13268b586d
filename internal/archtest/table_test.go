package archtest

// may lists, for each package, those of this module that it may import: down only.
// cmd and the packages that put all together stand at the end.
var may = map[string][]string{
	// The field.
	"internal/errs":     {},
	"internal/nhs":      {"internal/errs"},
	"internal/section":  {"internal/errs"},
	"internal/packed":   {},
	"internal/fhir":     {},
	"internal/fhir/gen": {},

	// Who, and what was agreed.
	"internal/identity":                     {"internal/nhs"},
	"internal/identity/account":             {"internal/errs", "internal/identity", "internal/identity/passkey", "internal/nhs", "internal/packed", "internal/store", "internal/store/driver"},
	"internal/identity/codeflow":            {"internal/errs", "internal/identity/oidc"},
	"internal/identity/nhslogin":            {"internal/errs", "internal/identity/codeflow", "internal/identity/oidc", "internal/nhs"},
	"internal/identity/oidc":                {"internal/errs", "internal/identity", "internal/nhs"},
	"internal/identity/staff":               {"internal/errs", "internal/identity", "internal/identity/codeflow", "internal/identity/oidc", "internal/nhs", "internal/store"},
	"internal/identity/oidc/oidctest":       {},
	"internal/identity/passkey":             {"internal/errs", "internal/packed"},
	"internal/identity/passkey/passkeytest": {},
	"internal/identity/session":             {"internal/errs", "internal/identity", "internal/identity/account", "internal/packed", "internal/store"},
	"internal/identity/smart":               {"internal/errs", "internal/identity", "internal/packed", "internal/partner", "internal/store"},
	"internal/partner":                      {"internal/errs", "internal/nhs", "internal/packed", "internal/section", "internal/store", "internal/store/driver"},
	"internal/sharing":                      {"internal/errs", "internal/nhs", "internal/packed"},
	"internal/access":                       {"internal/errs", "internal/identity", "internal/nhs", "internal/partner", "internal/section", "internal/sharing"},

	// Where it is kept.
	"internal/store":                 {"internal/errs", "internal/store/driver"},
	"internal/store/driver":          {},
	"internal/store/bolt":            {"internal/store/driver", "internal/store/seglog"},
	"internal/store/migrate":         {"internal/errs", "internal/store/driver"},
	"internal/store/mongo":           {"internal/store/driver"},
	"internal/store/mongo/mongotest": {},
	"internal/store/seglog":          {"internal/store/driver"},
	"internal/instance":              {"internal/store/driver"},
	"internal/store/storetest":       {"internal/errs", "internal/store", "internal/store/bolt", "internal/store/driver"},

	// The record and its feeds.
	"internal/ledger":            {"internal/access", "internal/errs", "internal/identity", "internal/nhs", "internal/section", "internal/store/driver"},
	"internal/ledger/ledgertest": {"internal/ledger", "internal/store/driver"},
	"internal/record":            {"internal/access", "internal/errs", "internal/fhir", "internal/identity", "internal/ledger", "internal/nhs", "internal/packed", "internal/partner", "internal/section", "internal/sharing", "internal/store/driver"},
	"internal/feeds":             {"internal/errs", "internal/fhir", "internal/nhs", "internal/packed", "internal/partner", "internal/record", "internal/store/driver"},
	"internal/feeds/fhirbundle":  {"internal/errs", "internal/feeds", "internal/fhir", "internal/identity", "internal/nhs", "internal/partner", "internal/record", "internal/store/driver"},

	"internal/inquiry": {"internal/access", "internal/errs", "internal/identity", "internal/ledger", "internal/nhs", "internal/partner", "internal/section", "internal/store", "internal/store/driver"},

	// The doors.
	"professional":         {"internal/access", "internal/errs", "internal/identity", "internal/identity/account", "internal/inquiry", "internal/nhs", "internal/record", "internal/web"},
	"professional/web":     {"internal/access", "internal/errs", "internal/identity", "internal/identity/account", "internal/identity/codeflow", "internal/identity/staff", "internal/inquiry", "internal/nhs", "internal/web", "professional"},
	"internal/web":         {"internal/errs", "internal/identity"},
	"api":                  {"internal/access", "internal/errs", "internal/fhir", "internal/identity", "internal/identity/smart", "internal/ledger", "internal/nhs", "internal/record", "internal/web"},
	"citizen/site":         {"citizen", "citizen/own", "citizen/web", "internal/access", "internal/errs", "internal/identity", "internal/identity/account", "internal/identity/codeflow", "internal/identity/nhslogin", "internal/identity/session", "internal/inquiry", "internal/nhs", "internal/section", "internal/web"},
	"citizen/web":          {"citizen/own", "internal/errs", "internal/web"},
	"citizen/web/vendored": {},
	"internal/operator":    {"internal/access", "internal/errs", "internal/feeds", "internal/fhir", "internal/identity", "internal/identity/account", "internal/ledger", "internal/nhs", "internal/partner", "internal/record", "internal/section", "internal/sharing"},

	"citizen": {"citizen/own", "citizen/web", "internal/access", "internal/errs", "internal/fhir", "internal/identity", "internal/identity/account", "internal/identity/passkey", "internal/identity/session", "internal/inquiry", "internal/ledger", "internal/nhs", "internal/partner", "internal/record", "internal/section", "internal/web"},

	"citizen/own": {"internal/errs", "internal/fhir", "internal/section"},

	// Put together and run.
	"internal/config": {"internal/identity", "internal/nhs"},
	"internal/obs":    {},
	"internal/server": {"api", "citizen", "citizen/site", "citizen/web", "internal/config", "internal/errs", "internal/feeds", "internal/feeds/fhirbundle", "internal/identity", "internal/identity/account", "internal/identity/codeflow", "internal/identity/nhslogin", "internal/identity/oidc", "internal/identity/passkey", "internal/identity/session", "internal/identity/smart", "internal/identity/staff", "internal/inquiry", "internal/instance", "internal/ledger", "internal/nhs", "internal/obs", "internal/operator", "internal/partner", "internal/record", "internal/store", "internal/store/bolt", "internal/store/driver", "internal/store/migrate", "internal/store/mongo", "internal/web", "professional", "professional/web"},
	"cmd/dcrd":        {"internal/config", "internal/obs", "internal/server"},
	"cmd/dcr":         {"internal/config", "internal/errs", "internal/feeds/fhirbundle", "internal/instance", "internal/ledger", "internal/nhs", "internal/operator", "internal/server", "internal/store", "internal/store/bolt", "internal/store/driver", "internal/store/migrate"},
	"cmd/dcr-sim":     {"internal/identity/oidc/oidctest", "internal/nhs", "internal/operator", "internal/partner", "internal/section", "internal/seed"},
	"internal/seed":   {"internal/identity", "internal/nhs", "internal/partner"},

	// Tests and measurements.
	"internal/archtest":        {},
	"internal/testkit":         {"internal/config", "internal/identity", "internal/identity/oidc/oidctest", "internal/identity/passkey/passkeytest", "internal/instance", "internal/ledger", "internal/nhs", "internal/operator", "internal/section", "internal/server", "internal/store/driver", "internal/testkit/pki", "internal/web"},
	"internal/testkit/browser": {},
	"internal/testkit/pki":     {},
	"internal/testkit/dcrd":    {"internal/identity/oidc/oidctest", "internal/identity/passkey/passkeytest", "internal/nhs", "internal/operator", "internal/section", "internal/seed", "internal/testkit/pki"},
	"internal/bench":           {"internal/operator", "internal/seed", "internal/store/bolt", "internal/testkit/dcrd"},
	"internal/soak":            {"internal/nhs", "internal/operator", "internal/seed", "internal/testkit/dcrd"},

	// More.
	"api/internal/openapi": {},
}
