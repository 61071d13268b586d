package ledger

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// checkpointDocs holds the newest checkpoint of each instance, so that every instance can
// prove an event of any: partition the log, id checkpointID. What they are compared with
// at a start are the copies in the folders, which this is none of.
const (
	checkpointDocs = "ledger-checkpoint"
	checkpointID   = "newest"
)

func checkpointRef(instance string) driver.Ref {
	return driver.Ref{Collection: checkpointDocs, Partition: LogName(instance), ID: checkpointID}
}

// publish gives the other instances the checkpoint and the key to check it with. A failure
// means that they prove by an older one.
func (l *Ledger) publish(ctx context.Context, c *Checkpoint) {
	if l.o.Docs == nil {
		return
	}
	ref := checkpointRef(l.o.Instance)
	op := driver.Op{Kind: driver.Put, Doc: driver.Doc{Ref: ref, Body: []byte(l.o.Key.Public + "\n" + string(c.Note))}}
	if err := l.o.Docs.Commit(ctx, ref.Partition, []driver.Op{op}); err != nil {
		l.o.Logger.Warn("ledger checkpoint not given to the other instances", "error", err)
	}
}

// foreign keeps the roots of the complete blocks of the other instances' logs.
type foreign struct {
	mu     sync.Mutex
	blocks map[string][]tlog.Hash
}

// ProofOf is Proof of an event in the log of any instance. Of another's log it is under
// the newest checkpoint that it signed: an event after that must wait for the next, which
// comes within a minute if the instance runs.
func (l *Ledger) ProofOf(ctx context.Context, instance string, seq uint64) (Proof, error) {
	if instance == "" || instance == l.o.Instance {
		return l.Proof(ctx, seq)
	}
	p, err := l.of(ctx, instance)
	if err != nil {
		return Proof{}, err
	}
	if l.o.Docs == nil || seq >= p.Log.Len() {
		return Proof{}, noEvent()
	}
	c, key, err := l.published(ctx, instance)
	if err != nil {
		return Proof{}, err
	}
	if seq >= c.Size {
		return Proof{}, unsigned()
	}
	blocks, err := l.foreignBlocks(ctx, p, c.Size/blockSize)
	if err != nil {
		return Proof{}, err
	}
	r := &reader{ctx: ctx, part: p, blocks: blocks, leaves: map[uint64][]tlog.Hash{}}
	return r.prove(ctx, c, key, seq)
}

func unsigned() error {
	err := errs.New(errs.Unavailable, "The instance that wrote this event has not signed for it yet. Try again in a minute.")
	if e, ok := errs.As(err); ok {
		e.After = time.Minute
	}
	return err
}

// published returns the newest checkpoint that another instance has signed, and its key.
func (l *Ledger) published(ctx context.Context, instance string) (*Checkpoint, string, error) {
	key, text, err := Published(ctx, l.o.Docs, instance)
	if err != nil {
		return nil, "", err
	}
	if key == "" {
		return nil, "", unsigned()
	}
	v, err := note.NewVerifier(key)
	var c *Checkpoint
	if err == nil {
		c, err = OpenCheckpoint(text, note.VerifierList(v))
	}
	if err != nil {
		return nil, "", fmt.Errorf("ledger: the checkpoint of instance %s: %w", instance, err)
	}
	return c, key, nil
}

// Published returns what the store has of an instance's newest checkpoint, unverified, and
// the public key to check it with; "" if there is none. Whoever could change the store
// could change both: a key from elsewhere is worth more.
func Published(ctx context.Context, docs Docs, instance string) (key string, text []byte, err error) {
	err = docs.Get(ctx, []driver.Ref{checkpointRef(instance)}, func(d *driver.Doc) bool {
		first, rest, _ := strings.Cut(string(d.Body), "\n")
		key, text = first, []byte(rest)
		return true
	})
	if err != nil {
		return "", nil, fmt.Errorf("ledger: the checkpoint of instance %s: %w", instance, err)
	}
	return key, text, nil
}

// foreignBlocks returns the first n blocks of another instance's log. Each is computed
// once: a proof after the first reads what came since.
func (l *Ledger) foreignBlocks(ctx context.Context, p Part, n uint64) ([]tlog.Hash, error) {
	l.foreign.mu.Lock()
	defer l.foreign.mu.Unlock()
	known := l.foreign.blocks[p.Instance]
	if have := uint64(len(known)); have < n {
		var t tree
		err := p.eachLeaf(ctx, have*blockSize, n*blockSize, func(leaf tlog.Hash) {
			if block, done := t.add(leaf); done {
				known = append(known, block)
			}
		})
		if err != nil {
			return nil, err
		}
		if l.foreign.blocks == nil {
			l.foreign.blocks = map[string][]tlog.Hash{}
		}
		l.foreign.blocks[p.Instance] = known
	}
	return known[:n], nil
}
