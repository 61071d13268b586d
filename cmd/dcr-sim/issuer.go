package main

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/identity/oidc/oidctest"
	"github.com/dorsetcarerecord/dcr/internal/seed"
)

// newIssuer serves discovery, keys, log-ins in a browser, the list of users and, to
// whoever asks, their tokens: it is for development, and listens on a loopback address.
func newIssuer(dir string, s settings, county *seed.County, now func() time.Time) (http.Handler, error) {
	key, err := readKey(filepath.Join(dir, "issuer.key"))
	if err != nil {
		return nil, err
	}
	issuer := oidctest.NewWithKey(s.issuerURL(), audience, "sim-1", key)
	mux := http.NewServeMux()
	mux.Handle("GET /", issuer)
	if s.NHSLogin != "" { // a county made before had no log-ins
		d, err := staffDoor(dir, s, county, issuer, now)
		if err != nil {
			return nil, err
		}
		if err := d.mount(mux, "/connect"); err != nil {
			return nil, err
		}
	}
	mux.HandleFunc("GET /users", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, users(county)) })
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		p, ok := county.Professional(r.FormValue("user"))
		if !ok {
			answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_request", "error_description": "there is no such user: GET /users lists them"})
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		answer(w, http.StatusOK, map[string]any{"access_token": issuer.Mint(asPerson(p), now()), "token_type": "Bearer", "expires_in": 900})
	})
	return mux, nil
}

// asPerson is a professional as the national directory has them.
func asPerson(p seed.Professional) oidctest.Person {
	return oidctest.Person{Sub: p.Sub, UserUID: p.UserID, Name: p.Name(), Org: string(p.Org.ODS), RoleCode: "S8000:G8000:" + p.RoleCode,
		RoleName: `"Clinical":"Clinical Provision":"` + p.RoleName + `"`, RoleID: p.RoleID, ACR: "AAL3"}
}

type listed struct {
	User string `json:"user"`
	Name string `json:"name"`
	Role string `json:"role"`
	Org  string `json:"org"`
}

func users(county *seed.County) []listed {
	var list []listed
	for _, p := range county.Professionals() {
		list = append(list, listed{p.User, p.Name(), p.Role.String(), string(p.Org.ODS)})
	}
	return list
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
