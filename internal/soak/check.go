package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dorsetcarerecord/dcr/internal/operator"
	"github.com/dorsetcarerecord/dcr/internal/testkit/dcrd"
)

// content is what the record shows of everybody: by person's index, the hashes of
// the resources by id, and the values of the lanes' objects.
type content struct {
	hashes []map[string][32]byte
	values []map[string]int
}

// check ends the run with one more kill, and compares what there is with what was
// sent, and with fresh after the same messages, undisturbed.
func (s *soak) check(ctx context.Context, fresh *dcrd.Service) error {
	if err := s.strike(ctx); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "reading the whole record")
	worn, err := s.readAll(ctx, s.service)
	if err != nil {
		return err
	}
	s.compareExpected(worn)
	if err := s.checkStore(ctx); err != nil {
		return err
	}
	if err := s.service.Stop(); err != nil {
		s.findings.add("dcrd did not stop well", "%v", err)
	}
	s.verifyLedger(ctx)
	fmt.Fprintln(s.out, "sending the same messages to the undisturbed store")
	if err := s.undisturbed(ctx, fresh); err != nil {
		return err
	}
	whole, err := s.readAll(ctx, fresh)
	if err != nil {
		return err
	}
	s.compareDigests(worn, whole)
	return nil
}

// undisturbed sends what was made once more: in the order of its times, each once,
// to a dcrd that nobody kills.
func (s *soak) undisturbed(ctx context.Context, fresh *dcrd.Service) error {
	if _, err := fresh.Start(ctx); err != nil {
		return err
	}
	var wg sync.WaitGroup
	for i, l := range s.makeLanes() {
		wg.Go(func() {
			out := &line{addr: fresh.Sources, tls: fresh.TLS(l.source)}
			defer out.close()
			for l.messages < s.lanes[i].messages && ctx.Err() == nil {
				s.replay(ctx, out, l.next())
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}

// readAll reads everybody's $everything.
func (s *soak) readAll(ctx context.Context, d *dcrd.Service) (content, error) {
	s.mint()
	c := content{make([]map[string][32]byte, len(s.targets)), make([]map[string]int, len(s.targets))}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, t := range s.targets {
		g.Go(func() error {
			all, err := d.Everything(ctx, (*s.tokens.Load())[t.org], t.id)
			if err != nil {
				return err
			}
			c.hashes[i], c.values[i] = map[string][32]byte{}, map[string]int{}
			for _, r := range all {
				if err := c.add(i, r); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return c, g.Wait()
}

// add takes a resource in. When it was received is no part of it.
func (c *content) add(person int, raw json.RawMessage) error {
	var known struct {
		ResourceType, ID string
		Identifier       []struct{ System, Value string }
		ValueQuantity    struct{ Value float64 }
	}
	var r, meta map[string]json.RawMessage
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	if known.ResourceType = string(r["resourceType"]); known.ResourceType == `"Observation"` {
		if err := json.Unmarshal(raw, &known); err != nil {
			return err
		}
		for _, id := range known.Identifier {
			if id.System == identifiers {
				c.values[person][id.Value] = int(known.ValueQuantity.Value)
			}
		}
	}
	if err := json.Unmarshal(r["meta"], &meta); err != nil {
		return err
	}
	delete(meta, "lastUpdated")
	var err error
	if r["meta"], err = json.Marshal(meta); err != nil {
		return err
	}
	b, err := json.Marshal(r)
	c.hashes[person][string(r["resourceType"])+string(r["id"])] = sha256.Sum256(b)
	return err
}

// digest is one hash of everything.
func (c *content) digest() [32]byte {
	h := sha256.New()
	for _, resources := range c.hashes {
		for _, id := range slices.Sorted(maps.Keys(resources)) {
			sum := resources[id]
			h.Write([]byte(id))
			h.Write(sum[:])
		}
	}
	return [32]byte(h.Sum(nil))
}

func (s *soak) compareExpected(c content) {
	want := map[int]map[string]int{}
	for _, l := range s.lanes {
		l.expect(want)
	}
	for i := range s.targets {
		for id, v := range want[i] {
			switch got, ok := c.values[i][id]; {
			case !ok:
				s.findings.add("an acknowledged object is missing", "%s of person %d", id, i)
			case got != v:
				s.findings.add("an acknowledged object has another state", "%s of person %d: %d, not %d", id, i, got, v)
			}
		}
		for id := range c.values[i] {
			if _, ok := want[i][id]; !ok {
				s.findings.add("an object is shown that was taken away", "%s of person %d", id, i)
			}
		}
	}
}

func (s *soak) compareDigests(worn, whole content) {
	a, b := worn.digest(), whole.digest()
	fmt.Fprintf(s.out, "digest of the record %x, undisturbed %x\n", a[:8], b[:8])
	for i := range s.targets {
		for id, sum := range worn.hashes[i] {
			if whole.hashes[i][id] != sum {
				s.findings.add("the record differs from the undisturbed one", "%s of person %d", id, i)
			}
		}
		for id := range whole.hashes[i] {
			if _, ok := worn.hashes[i][id]; !ok {
				s.findings.add("the undisturbed record has more", "%s of person %d", id, i)
			}
		}
	}
	if a != b {
		s.findings.add("the digests differ", "%x and %x", a, b)
	}
}

// checkStore has the running server check its store, and looks for messages that
// wait for what has come in, and for events that are missing.
func (s *soak) checkStore(ctx context.Context) error {
	c, err := operator.Dial(ctx, s.service.Data())
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	began := time.Now()
	if err := c.Check(ctx, func(int64, int64) {}); err != nil {
		s.findings.add("the store is not whole", "%v", err)
	}
	fmt.Fprintf(s.out, "store checked in %s\n", time.Since(began).Round(time.Millisecond))
	for _, o := range s.service.County.Organisations() {
		if o.Source == "" {
			continue
		}
		page, err := c.Quarantine(ctx, operator.QuarantineQuery{Source: o.Source, State: "pending", Limit: 100})
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			s.findings.add("a message still waits", "%s: %s %s", item.Source, item.Code, item.Words)
		}
	}
	st, err := c.Status(ctx)
	if err != nil {
		return err
	}
	if least := s.answered.Load() + s.choices.Load(); int64(st.Events) < least {
		s.findings.add("the ledger lacks events", "%d events, but %d answers", st.Events, least)
	}
	return nil
}

// verifyLedger verifies the ledger of the stopped store as an operator does.
func (s *soak) verifyLedger(ctx context.Context) {
	out, err := exec.CommandContext(ctx, filepath.Join(s.dir, "dcr"), "ledger", "verify", "--data", s.service.Data(), "--checkpoints", s.service.Checkpoints()).CombinedOutput()
	fmt.Fprintf(s.out, "%s", out)
	if err != nil {
		s.findings.add("the ledger does not verify", "%v: %s", err, out)
	}
}
