package operator

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/nhs"
)

// SocketClient does the operations by asking the server that runs on a data
// folder. It may be used concurrently.
type SocketClient struct{ http *http.Client }

var _ Operations = (*SocketClient)(nil)

func newClient(folder string) *SocketClient {
	return &SocketClient{&http.Client{Transport: &http.Transport{
		DialContext:     func(ctx context.Context, _, _ string) (net.Conn, error) { return connect(ctx, folder) },
		MaxConnsPerHost: 16, MaxIdleConnsPerHost: 16,
	}}}
}

// Close gives up idle connections.
func (c *SocketClient) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// send asks, with a JSON body unless it is nil or bytes, and returns the answer's
// body unless it is a fault.
func (c *SocketClient) send(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case []byte:
		content = bytes.NewReader(b)
	default:
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://dcrd"+path, content)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, errs.Wrap(errs.Unavailable, err, "the server does not answer at its socket")
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	var f fault
	if err := json.UnmarshalRead(io.LimitReader(resp.Body, maxBody), &f); err != nil {
		return nil, errs.New(errs.Internal, "the server answered %s; is it of another version than this tool?", resp.Status)
	}
	return nil, f.err()
}

// call asks and reads the answer into told, unless that is nil.
func (c *SocketClient) call(ctx context.Context, method, path string, body, told any) error {
	resp, err := c.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if told == nil {
		return nil
	}
	return json.UnmarshalRead(resp.Body, told)
}

// Status implements Operations.
func (c *SocketClient) Status(ctx context.Context) (s Status, err error) {
	return s, c.call(ctx, "GET", "/v1/status", nil, &s)
}

// Agreements implements Operations.
func (c *SocketClient) Agreements(ctx context.Context) (a []Agreement, err error) {
	err = c.call(ctx, "GET", "/v1/agreements", nil, &a)
	return a, err
}

// PutAgreement implements Operations.
func (c *SocketClient) PutAgreement(ctx context.Context, a Agreement) error {
	return c.call(ctx, "PUT", "/v1/agreements", a, nil)
}

// Suspend implements Operations.
func (c *SocketClient) Suspend(ctx context.Context, org nhs.ODS, suspended bool) error {
	return c.call(ctx, "PUT", "/v1/agreements/"+url.PathEscape(string(org))+"/suspended", suspended, nil)
}

// Import implements Operations.
func (c *SocketClient) Import(ctx context.Context, p Partners) (done Imported, err error) {
	err = c.call(ctx, "POST", "/v1/import", p, &done)
	return done, err
}

// Clients implements Operations.
func (c *SocketClient) Clients(ctx context.Context) (list []Client, err error) {
	err = c.call(ctx, "GET", "/v1/clients", nil, &list)
	return list, err
}

// RegisterClient implements Operations.
func (c *SocketClient) RegisterClient(ctx context.Context, client Client) error {
	return c.call(ctx, "POST", "/v1/clients", client, nil)
}

// RevokeClient implements Operations.
func (c *SocketClient) RevokeClient(ctx context.Context, id string) error {
	return c.call(ctx, "POST", "/v1/clients/"+url.PathEscape(id)+"/revoke", nil, nil)
}

// Sharing implements Operations.
func (c *SocketClient) Sharing(ctx context.Context, n nhs.Number) (choice Choice, err error) {
	err = c.call(ctx, "POST", "/v1/people/sharing", personBody{Number: n.Digits()}, &choice)
	return choice, err
}

// SharingHistory implements Operations.
func (c *SocketClient) SharingHistory(ctx context.Context, n nhs.Number) (all []Decided, err error) {
	err = c.call(ctx, "POST", "/v1/people/sharing/history", personBody{Number: n.Digits()}, &all)
	return all, err
}

// SetSharing implements Operations.
func (c *SocketClient) SetSharing(ctx context.Context, n nhs.Number, choice Choice) error {
	return c.call(ctx, "PUT", "/v1/people/sharing", personBody{Number: n.Digits(), Choice: choice}, nil)
}

// SetRestricted implements Operations.
func (c *SocketClient) SetRestricted(ctx context.Context, n nhs.Number, restricted bool) error {
	return c.call(ctx, "PUT", "/v1/people/restricted", personBody{Number: n.Digits(), Restricted: restricted}, nil)
}

// SetSensitive implements Operations.
func (c *SocketClient) SetSensitive(ctx context.Context, n nhs.Number, s Sensitivity) error {
	return c.call(ctx, "PUT", "/v1/people/sensitive", personBody{Number: n.Digits(), Sensitive: s}, nil)
}

// SetInvalidated implements Operations.
func (c *SocketClient) SetInvalidated(ctx context.Context, n nhs.Number, invalidated bool) error {
	return c.call(ctx, "PUT", "/v1/people/invalidated", personBody{Number: n.Digits(), Invalidated: invalidated}, nil)
}

// Join implements Operations.
func (c *SocketClient) Join(ctx context.Context, from, into nhs.Number) error {
	return c.call(ctx, "POST", "/v1/people/join", personBody{Number: from.Digits(), Other: into.Digits()}, nil)
}

// Split implements Operations.
func (c *SocketClient) Split(ctx context.Context, from, out nhs.Number) error {
	return c.call(ctx, "POST", "/v1/people/split", personBody{Number: from.Digits(), Other: out.Digits()}, nil)
}

// ActivationCode implements Operations.
func (c *SocketClient) ActivationCode(ctx context.Context, n nhs.Number, birthDate string) (code ActivationCode, err error) {
	err = c.call(ctx, "POST", "/v1/people/code", personBody{Number: n.Digits(), BirthDate: birthDate}, &code)
	return code, err
}

// Quarantine implements Operations.
func (c *SocketClient) Quarantine(ctx context.Context, q QuarantineQuery) (page QuarantinePage, err error) {
	v := url.Values{"state": {q.State}, "cursor": {q.Cursor}, "limit": {strconv.Itoa(q.Limit)}}
	err = c.call(ctx, "GET", "/v1/quarantine/"+url.PathEscape(q.Source)+"?"+v.Encode(), nil, &page)
	return page, err
}

// Quarantined implements Operations.
func (c *SocketClient) Quarantined(ctx context.Context, source, id string) (q Quarantined, err error) {
	err = c.call(ctx, "GET", "/v1/quarantine/"+url.PathEscape(source)+"/"+url.PathEscape(id), nil, &q)
	return q, err
}

// Replay implements Operations.
func (c *SocketClient) Replay(ctx context.Context, source, id string) (released int, err error) {
	err = c.call(ctx, "POST", "/v1/replay", replayBody{source, id}, &released)
	return released, err
}

// Discard implements Operations.
func (c *SocketClient) Discard(ctx context.Context, source, id string) error {
	return c.call(ctx, "POST", "/v1/discard", replayBody{source, id}, nil)
}

// Load implements Operations.
func (c *SocketClient) Load(ctx context.Context, source string, bundle []byte) (done Loaded, err error) {
	err = c.call(ctx, "POST", "/v1/load/"+url.PathEscape(source), bundle, &done)
	return done, err
}

// Ledger implements Operations.
func (c *SocketClient) Ledger(ctx context.Context, instance string, from uint64, limit int) (events []LedgerEvent, err error) {
	err = c.call(ctx, "GET", "/v1/ledger?from="+strconv.FormatUint(from, 10)+"&limit="+strconv.Itoa(limit)+"&instance="+url.QueryEscape(instance), nil, &events)
	return events, err
}

// Accesses implements Operations.
func (c *SocketClient) Accesses(ctx context.Context, n nhs.Number, cursor string, limit int) (page LedgerPage, err error) {
	err = c.call(ctx, "POST", "/v1/ledger/accesses", personBody{Number: n.Digits(), Cursor: cursor, Limit: limit}, &page)
	return page, err
}

// Proof implements Operations.
func (c *SocketClient) Proof(ctx context.Context, instance string, seq uint64) (p LedgerProof, err error) {
	err = c.call(ctx, "GET", "/v1/ledger/"+strconv.FormatUint(seq, 10)+"/proof?instance="+url.QueryEscape(instance), nil, &p)
	return p, err
}

// VerifyLedger implements Operations.
func (c *SocketClient) VerifyLedger(ctx context.Context, progress Progress) (r map[string]LedgerReport, err error) {
	resp, err := c.send(ctx, "POST", "/v1/ledger/verify", nil)
	if err != nil {
		return r, err
	}
	defer resp.Body.Close()
	err = follow(resp.Body, progress, &r)
	return r, err
}

// Check implements Operations.
func (c *SocketClient) Check(ctx context.Context, progress Progress) error {
	resp, err := c.send(ctx, "POST", "/v1/check", nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return follow(resp.Body, progress, nil)
}

// Backup implements Operations; progress tells the bytes received, of an unknown
// total.
func (c *SocketClient) Backup(ctx context.Context, w io.Writer, progress Progress) error {
	resp, err := c.send(ctx, "GET", "/v1/backup", nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if progress != nil {
		w = io.MultiWriter(w, &counter{tell: progress})
	}
	if _, err := io.CopyBuffer(w, resp.Body, make([]byte, 256<<10)); err != nil {
		return errs.Wrap(errs.Unavailable, err, "the backup broke off: throw away what was written")
	}
	if text := resp.Trailer.Get(faultTrailer); text != "" {
		var f fault
		if err := json.Unmarshal([]byte(text), &f); err != nil {
			return err
		}
		return f.err()
	}
	if resp.Trailer.Get(endTrailer) == "" {
		return errs.New(errs.Unavailable, "the backup broke off: throw away what was written")
	}
	return nil
}

type counter struct {
	n    int64
	tell Progress
}

func (c *counter) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	c.tell(c.n, 0)
	return len(b), nil
}
