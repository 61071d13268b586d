package ledger

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is what the ledger's key signed about the log at one moment. Its
// text is a signed note (golang.org/x/mod/sumdb/note) in the form of a C2SP
// tlog-checkpoint: origin, size, root, then a line for the time, one for each hash of
// the right edge, and one for each other instance's log, so that a whole log that
// vanished shows. Checkpoints of earlier versions name none.
type Checkpoint struct {
	Instance string
	Size     uint64
	Root     tlog.Hash
	Time     time.Time
	Others   []Extent // by name: how many events each had, at least
	Note     []byte   // the signed text

	tree tree
}

const origin = "dcr-ledger/"

// Origin is the name under which the ledger of an instance signs: the first line
// of its checkpoints and the name of its key.
func Origin(instance string) string { return origin + instance }

func newCheckpoint(instance string, t *tree, others []Extent, now time.Time, key note.Signer) (*Checkpoint, error) {
	c := &Checkpoint{Instance: instance, Size: t.size, Root: t.root(), Time: now.UTC().Truncate(time.Second), Others: others, tree: *t}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%d\n%s\n", Origin(instance), c.Size, c.Root)
	fmt.Fprintf(&b, "time %s\n", c.Time.Format(time.RFC3339))
	for _, h := range t.hashes() {
		fmt.Fprintf(&b, "edge %s\n", h)
	}
	for _, o := range others {
		fmt.Fprintf(&b, "log %s %d\n", o.Instance, o.Events)
	}
	var err error
	if c.Note, err = note.Sign(&note.Note{Text: b.String()}, key); err != nil {
		return nil, fmt.Errorf("sign the checkpoint: %w", err)
	}
	return c, nil
}

// OpenCheckpoint reads a checkpoint and checks its signature, and that its right
// edge gives its root.
func OpenCheckpoint(text []byte, keys note.Verifiers) (*Checkpoint, error) {
	n, err := note.Open(text, keys)
	if err != nil {
		return nil, fmt.Errorf("its signature does not hold for the ledger's key: %w", err)
	}
	lines := strings.Split(strings.TrimSuffix(n.Text, "\n"), "\n")
	if len(lines) < 4 || !strings.HasPrefix(lines[0], origin) {
		return nil, errors.New("it is not a checkpoint of a ledger")
	}
	c := &Checkpoint{Instance: strings.TrimPrefix(lines[0], origin), Note: text}
	if c.Size, err = strconv.ParseUint(lines[1], 10, 63); err != nil {
		return nil, errors.New("its size is not a number")
	}
	if c.Root, err = tlog.ParseHash(lines[2]); err != nil {
		return nil, errors.New("its root is not a hash")
	}
	var edge []tlog.Hash
	for _, line := range lines[3:] {
		switch key, value, _ := strings.Cut(line, " "); key {
		case "time":
			c.Time, err = time.Parse(time.RFC3339, value)
		case "edge":
			var h tlog.Hash
			h, err = tlog.ParseHash(value)
			edge = append(edge, h)
		case "log":
			name, digits, _ := strings.Cut(value, " ")
			o := Extent{Instance: name}
			o.Events, err = strconv.ParseUint(digits, 10, 63)
			c.Others = append(c.Others, o)
		}
		if err != nil {
			return nil, fmt.Errorf("a line of it cannot be read: %w", err)
		}
	}
	var ok bool
	if c.tree, ok = treeOf(c.Size, edge); !ok || c.tree.root() != c.Root {
		return nil, errors.New("its right edge does not give its root")
	}
	return c, nil
}
