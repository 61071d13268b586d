package config

import "time"

// A setting is one line of the table. The name in environment and file is key; what
// says what it is for and, where that matters, what happens without it.
type setting struct {
	group, key, def, what string
	set                   func(c *Config, value string) error
}

// settings is the one table that parsing, defaults and docs/config.md come from.
// set is called with the default too, unless both are empty.
func settings() []setting {
	const where, kept, who, ledger, limits, rules, release, heard = "Where", "MongoDB", "Who", "The access ledger", "Limits", "Rules of the field", "Release of results to the person", "Freshness of sources"
	all := []setting{
		{group: where, key: "DCR_DATA", def: "var/data", set: text(func(c *Config) *string { return &c.Data }),
			what: "Folder of the embedded store, and of what this dcrd keeps for itself: socket, ledger key. One dcrd at a time. On an encrypted volume."},
		{group: where, key: "DCR_INSTANCE", def: "main", set: setInstance,
			what: "Name of this dcrd: lower-case letters, digits and dashes. Its ledger bears it: keep it."},
		{group: where, key: "DCR_PUBLIC_URL", def: "http://localhost:8080", set: setPublicURL,
			what: "How callers reach the API: issuer and audience of its tokens, and the base of every fullUrl."},
		{group: where, key: "DCR_LISTEN", def: "127.0.0.1:8080", set: address(func(c *Config) *string { return &c.API.Addr }),
			what: "Address of the API. Without a certificate it must be a loopback address."},
		{group: where, key: "DCR_TLS_CERT", set: file(func(c *Config) *string { return &c.API.Cert }), what: "Certificate of the API (PEM file)."},
		{group: where, key: "DCR_TLS_KEY", set: file(func(c *Config) *string { return &c.API.Key }), what: "Its key (PEM file)."},
		{group: where, key: "DCR_TRUSTED_PROXIES", set: setProxies,
			what: "Networks of the proxies before the API, separated by commas: `127.0.0.1/32, 10.20.0.0/16`. They alone are believed when they say in X-Forwarded-For for whom they ask, and only to count attempts that fail (DCR_FAILURES) and requests for tokens by that address. " +
				"Behind a proxy that is not named here, all callers share one address. The proxy must add whom it was asked by at the right of that header."},
		{group: where, key: "DCR_SOURCES_LISTEN", set: address(func(c *Config) *string { return &c.Sources.Addr }),
			what: "Address of the listener for source systems, who show a client certificate. Without it there is none."},
		{group: where, key: "DCR_SOURCES_TLS_CERT", set: file(func(c *Config) *string { return &c.Sources.Cert }), what: "Certificate of that listener (PEM file)."},
		{group: where, key: "DCR_SOURCES_TLS_KEY", set: file(func(c *Config) *string { return &c.Sources.Key }), what: "Its key (PEM file)."},
		{group: where, key: "DCR_SOURCES_CLIENT_CA", set: file(func(c *Config) *string { return &c.Sources.ClientCA }),
			what: "Certificates of the authorities that issue to sources (PEM file)."},
		{group: where, key: "DCR_OPS_LISTEN", def: "127.0.0.1:9090", set: address(func(c *Config) *string { return &c.Ops }),
			what: "Address of /metrics, /healthz and /readyz. No person data there, but not for the public."},

		{group: kept, key: "DCR_MONGODB_URI_FILE", set: setMongoFile,
			what: "File with the connection string of a MongoDB replica set or sharded cluster, which keeps the record instead of the embedded store (docs/guides/mongodb.md). It holds a password: only dcrd's account may read it."},
		{group: kept, key: "DCR_MONGODB_URI", set: setMongoURI, what: "The connection string itself. Better in a file: an environment is easily shown."},
		{group: kept, key: "DCR_MONGODB_DATABASE", def: "dcr", set: setMongoDatabase, what: "Name of the database, which holds nothing else."},
		{group: kept, key: "DCR_MONGODB_TIMEOUT", def: "10s", set: duration(func(c *Config) *time.Duration { return &c.MongoDB.Timeout }),
			what: "For one operation, retries included. Half of it is for finding a primary."},
		{group: kept, key: "DCR_MONGODB_POOL", def: "128", set: count64(func(c *Config) *uint64 { return &c.MongoDB.Pool }, 8), what: "Connections to each server, at most."},

		{group: who, key: "DCR_OIDC_ISSUERS", set: setIssuers,
			what: "Issuers of professionals' tokens, separated by semicolons, each `name=cis2 url=https://... audience=... org=R0D`. " +
				"`org` may be left out where the token says. Plain http is taken for localhost only. " +
				"With `client=ID`, and `key=FILE` (private_key_jwt) or `secret=FILE`, its professionals log in to the staff page; " +
				"it sends them back to `/staff/log-in/NAME/return` under DCR_PUBLIC_URL. " +
				"`scopes=a,b` and `acr=...` are what it is asked for then, beside openid; without `scopes`: profile, nationalrbacaccess and selectedrole."},
		{group: who, key: "DCR_ROLE_MAP", set: setRoles,
			what: "File of lines `role code=role`, such as `S8000:G8000:R8000=clinician`. A code that is not in it has no role."},
		{group: who, key: "DCR_NHSLOGIN_ISSUER", set: setNHSIssuer,
			what: "NHS login, such as `https://auth.login.nhs.uk`, by which residents enrol and recover. It sends them back to `/nhs-login/return` under DCR_PUBLIC_URL. Without it there are activation codes only."},
		{group: who, key: "DCR_NHSLOGIN_CLIENT_ID", set: text(func(c *Config) *string { return &c.NHSLogin.ClientID }), what: "Our client id there."},
		{group: who, key: "DCR_NHSLOGIN_KEY", set: file(func(c *Config) *string { return &c.NHSLogin.Key }),
			what: "File of our RSA private key there (PEM, 2048 bits or more): it signs with RS512. Only dcrd's account may read it."},

		{group: ledger, key: "DCR_LEDGER_KEY", set: text(func(c *Config) *string { return &c.LedgerKey }),
			what: "File of the key that signs checkpoints; made at the first start (mode 0600). Without it, `ledger.key` in the data folder; better outside it."},
		{group: ledger, key: "DCR_CHECKPOINTS", def: "var/checkpoints", set: setCheckpoints,
			what: "Folders that take the signed checkpoints, separated by commas, outside the data folder; best one of them on another machine."},
		{group: ledger, key: "DCR_LEDGER_EVERY", def: "100000", set: count64(func(c *Config) *uint64 { return &c.LedgerEvery }, 1000),
			what: "Events between checkpoints, at most. A start reads at most about three times as many."},
		{group: ledger, key: "DCR_ADOPT_LEDGER", def: "false", set: yes(func(c *Config) *bool { return &c.AdoptLedger }),
			what: "Once, after all checkpoints were lost: take the ledger as it is. Nothing then vouches for its past."},

		{group: limits, key: "DCR_BODY_LIMIT", def: "1MiB", set: size(func(c *Config) *int { return &c.Limits.Body }, 1<<10, 16<<20),
			what: "Largest body of an API request."},
		{group: limits, key: "DCR_SOURCES_BODY_LIMIT", def: "15MiB", set: size(func(c *Config) *int { return &c.Limits.SourceBody }, 1<<10, 15<<20),
			what: "Largest body that a source may send; it is kept as one record of at most 16 MiB."},
		{group: limits, key: "DCR_PAGE_DEFAULT", def: "50", set: count(func(c *Config) *int { return &c.Limits.PageDefault }, 1, 100), what: "Entries of a page when `_count` is not given."},
		{group: limits, key: "DCR_PAGE_MAX", def: "100", set: count(func(c *Config) *int { return &c.Limits.PageMax }, 1, 1000), what: "Largest `_count`."},
		{group: limits, key: "DCR_FIND_MAX", def: "20", set: count(func(c *Config) *int { return &c.Limits.FindMax }, 1, 100), what: "People that a search by name and birth date returns, at most."},
		{group: limits, key: "DCR_RATE", def: "100", set: count(func(c *Config) *int { return &c.Limits.Rate }, 0, 1e6), what: "Requests a second of one caller; 0: no limit."},
		{group: limits, key: "DCR_RATE_BURST", def: "200", set: count(func(c *Config) *int { return &c.Limits.Burst }, 1, 1e6), what: "Requests that one caller may make at once."},
		{group: limits, key: "DCR_EVERYTHING_LIMIT", def: "8", set: count(func(c *Config) *int { return &c.Limits.Everything }, 1, 1000), what: "`$everything` requests answered at a time; others wait."},
		{group: limits, key: "DCR_MEMORY_LIMIT", def: "160MiB", set: size64(func(c *Config) *int64 { return &c.Limits.Memory }, 64<<20),
			what: "Memory that the collector keeps to (GOMEMLIMIT); the mapped data file is not counted."},
		{group: limits, key: "DCR_READ_TIMEOUT", def: "10s", set: duration(func(c *Config) *time.Duration { return &c.Limits.Read }), what: "For a whole request to arrive."},
		{group: limits, key: "DCR_ANSWER_TIMEOUT", def: "10s", set: duration(func(c *Config) *time.Duration { return &c.Limits.Answer }),
			what: "For a request to be answered; when the disk does not answer by then, the caller is told to come back (503). Sources have six times as long."},
		{group: limits, key: "DCR_WRITE_TIMEOUT", def: "30s", set: duration(func(c *Config) *time.Duration { return &c.Limits.Write }), what: "For a whole answer to be taken."},
		{group: limits, key: "DCR_IDLE_TIMEOUT", def: "60s", set: duration(func(c *Config) *time.Duration { return &c.Limits.Idle }), what: "For a kept connection without a request."},
		{group: limits, key: "DCR_STOP_TIMEOUT", def: "5s", set: duration(func(c *Config) *time.Duration { return &c.Limits.Stop }), what: "For requests under way when dcrd is told to stop."},

		{group: rules, key: "DCR_TOKEN_AGE", def: "15m", set: duration(func(c *Config) *time.Duration { return &c.Rules.TokenAge }), what: "How long a professional's token is taken after it was issued."},
		{group: rules, key: "DCR_LOGIN_AGE", def: "12h", set: duration(func(c *Config) *time.Duration { return &c.Rules.LoginAge }), what: "How long it is taken after the person authenticated."},
		{group: rules, key: "DCR_ASSERTION_AGE", def: "5m", set: duration(func(c *Config) *time.Duration { return &c.Rules.AssertionAge }), what: "How far ahead a client assertion (private_key_jwt) may expire."},
		{group: rules, key: "DCR_SYSTEM_TOKEN_AGE", def: "300s", set: duration(func(c *Config) *time.Duration { return &c.Rules.SystemTokenAge }), what: "How long a token of /oauth/token lives."},
		{group: rules, key: "DCR_RELATIONSHIP_MONTHS", def: "12", set: count(func(c *Config) *int { return &c.Rules.RelationshipMonths }, 1, 120),
			what: "How far back an encounter, referral or appointment gives a relationship."},
		{group: rules, key: "DCR_APPOINTMENT_WINDOW", def: "24h", set: duration(func(c *Config) *time.Duration { return &c.Rules.AppointmentWindow }),
			what: "How long after an appointment a sharing window that was opened for it ends."},

		{group: release, key: "DCR_RELEASE_IMAGING", def: "7", set: days(func(c *Config) *time.Duration { return &c.Release.Imaging }),
			what: "Days that imaging and reports about it wait before the person sees them; 0: none. Counted from when each version was received. Laboratory numbers that are final do not wait. Professionals see all at once."},
		{group: release, key: "DCR_RELEASE_DELICATE", def: "21", set: days(func(c *Config) *time.Duration { return &c.Release.Delicate }),
			what: "Days for histology, cytology, genetics, HIV and other sexual-health tests; and for all of a laboratory of virology or serology (HL7 table 0074: `PAT SP CP CG GE SR VR`)."},
		{group: release, key: "DCR_RELEASE_NARRATIVE", def: "7", set: days(func(c *Config) *time.Duration { return &c.Release.Narrative }),
			what: "Days for a report whose codes say none of these, or that a laboratory sends without the results it is made of: it may be histology as plain text."},
		{group: release, key: "DCR_RELEASE_UNFINISHED", def: "21", set: days(func(c *Config) *time.Duration { return &c.Release.Unfinished }),
			what: "Days, at least, for results that are registered, partial or preliminary: how long those wait that are never finished."},
		{group: release, key: "DCR_RELEASE_MAP", set: setReleaseMap,
			what: "File of lines `system|code=kind`, of codes of a laboratory's own: `numbers`, `imaging`, `delicate` or `other`. It wins over the table that is built in."},

		{group: heard, key: "DCR_SOURCE_EXPECTED", def: "24h", set: duration(func(c *Config) *time.Duration { return &c.Heard.Within }),
			what: "A source that was not heard from for so long is late, which the person and professionals are told."},
		{group: heard, key: "DCR_SOURCES_EXPECTED", set: setIntervals, what: "The same for single sources, by client id, separated by commas: `uhd=1h, bcp=168h`."},
	}
	return append(all, residentSettings()...)
}
