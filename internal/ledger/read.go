package ledger

import (
	"context"
	"fmt"
)

// Read visits the events of this instance from number from on, in order, until visit returns false
// or the log ends. Events whose payload was retired are passed over.
func (l *Ledger) Read(ctx context.Context, from uint64, visit func(seq uint64, e Event) bool) error {
	return l.part().read(ctx, from, visit)
}

func (p Part) read(ctx context.Context, from uint64, visit func(seq uint64, e Event) bool) error {
	return p.eachPayload(ctx, from, p.Log.Len(), func(seq uint64, payload []byte) (bool, error) {
		if payload == nil {
			return true, nil
		}
		e, err := decodeEvent(payload)
		if err != nil {
			return false, err
		}
		return visit(seq, e), nil
	})
}

// eachPayload visits the payloads from..to; nil for a retired one. They are valid
// until visit returns.
func (p Part) eachPayload(ctx context.Context, from, to uint64, visit func(seq uint64, payload []byte) (bool, error)) error {
	if from >= to {
		return nil
	}
	var bad error
	err := p.Log.Read(ctx, from, func(n uint64, record []byte) bool {
		if n >= to {
			return false
		}
		payload, err := payloadOf(record)
		more := false
		if err == nil {
			more, err = visit(n, payload)
		}
		if err != nil {
			bad = fmt.Errorf("event %d: %w", n, err)
		}
		return more && bad == nil && n+1 < to
	})
	if err == nil {
		err = bad
	}
	if err != nil {
		return fmt.Errorf("ledger: read: %w", err)
	}
	return nil
}
