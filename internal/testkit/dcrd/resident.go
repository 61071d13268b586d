package dcrd

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/dorsetcarerecord/dcr/internal/identity/passkey/passkeytest"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/operator"
)

// Resident is somebody of the county with an account and a telephone that has its
// passkey.
type Resident struct {
	Phone *passkeytest.Device
	Token string // the access token of an app, from enrolling
}

// fields of a ceremony's messages.
type fields = map[string]string

// begun is what a ceremony asks.
type begun struct {
	Options jsontext.Value `json:"options"`
	State   string         `json:"state"`
	Expires string         `json:"expires"`
}

// Enrol opens accounts for people of the county, by their numbers in it, with codes of
// the programme office.
func (s *Service) Enrol(ctx context.Context, people []int) ([]*Resident, error) {
	ops, err := operator.Dial(ctx, s.Data())
	if err != nil {
		return nil, err
	}
	defer func() { _ = ops.Close() }()
	var out []*Resident
	for _, i := range people {
		p := s.County.Person(i)
		made, err := ops.ActivationCode(ctx, p.Number, p.BirthDate())
		if err != nil {
			return nil, err
		}
		r, err := s.enrol(ctx, made.Code, p.Number, p.BirthDate())
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func (s *Service) enrol(ctx context.Context, code string, n nhs.Number, born string) (*Resident, error) {
	r := &Resident{Phone: passkeytest.New("localhost", s.URL())}
	var ticket struct {
		State    string `json:"state"`
		Recovery bool   `json:"recovery"`
		Expires  string `json:"expires"`
	}
	if err := s.post(ctx, "enrol", fields{"code": code, "nhsNumber": n.Digits(), "birthDate": born}, &ticket); err != nil {
		return nil, err
	}
	var asked begun
	if err := s.post(ctx, "enrol/options", map[string]any{"fields": fields{"state": ticket.State}}, &asked); err != nil {
		return nil, err
	}
	made, err := r.Phone.Create(asked.Options)
	if err != nil {
		return nil, err
	}
	var in struct {
		Tokens struct {
			Access  string `json:"accessToken"`
			Refresh string `json:"refreshToken"`
			Expires string `json:"expires"`
			Until   string `json:"until"`
		} `json:"tokens"`
		Signals jsontext.Value `json:"signals"`
	}
	answer := map[string]any{"state": asked.State, "credential": jsontext.Value(made), "fields": fields{"state": ticket.State}, "device": "A telephone"}
	err = s.post(ctx, "enrol/finish", answer, &in)
	r.Token = in.Tokens.Access
	return r, err
}

// LogInOptions is the request that begins a log-in.
func (s *Service) LogInOptions() []byte { return s.request("log-in/options", []byte("{}")) }

// LogInFinish is the request that ends the log-in which options were the answer to.
func (s *Service) LogInFinish(r *Resident, options []byte) ([]byte, error) {
	var asked begun
	if err := json.Unmarshal(options, &asked); err != nil {
		return nil, err
	}
	signed, err := r.Phone.Get(asked.Options)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]any{"state": asked.State, "credential": jsontext.Value(signed)})
	return s.request("log-in/finish", body), err
}

func (s *Service) request(path string, body []byte) []byte {
	return fmt.Appendf(nil, "POST /citizen/v1/%s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, s.API, len(body), body)
}

func (s *Service) post(ctx context.Context, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.API+"/citizen/v1/"+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	q.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d: %.300s", path, res.StatusCode, answer)
	}
	return json.Unmarshal(answer, into)
}
