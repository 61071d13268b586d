package record

import (
	"context"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// tieChanges collects what a commit changes in the relations of one person.
type tieChanges struct {
	r       *Records
	p       PersonID
	added   map[nhs.ODS][nTies]tie
	removed map[string]bool          // entries that no longer tie as they did
	affects map[nhs.ODS]map[int]bool // by organisation: kinds that lost an entry
	mark    map[nhs.ODS]bool         // registered from now on, or no longer
}

func newTies(r *Records, p PersonID) *tieChanges {
	return &tieChanges{r: r, p: p, added: map[nhs.ODS][nTies]tie{}, removed: map[string]bool{}, affects: map[nhs.ODS]map[int]bool{}, mark: map[nhs.ODS]bool{}}
}

func (t *tieChanges) add(orgs []nhs.ODS, kind int, x tie) {
	for _, org := range orgs {
		last := t.added[org]
		if x.at.After(last[kind].at) {
			last[kind] = x
		}
		t.added[org] = last
	}
}

func (t *tieChanges) remove(orgs []nhs.ODS, kind int, entry string) {
	for _, org := range orgs {
		if t.affects[org] == nil {
			t.affects[org] = map[int]bool{}
		}
		t.affects[org][kind] = true
		t.removed[entry] = true
	}
}

// ops works out the relation documents that change.
func (t *tieChanges) ops(ctx context.Context) ([]driver.Op, error) {
	touched := map[nhs.ODS]bool{}
	for org := range t.added {
		touched[org] = true
	}
	for org := range t.affects {
		touched[org] = true
	}
	for org := range t.mark {
		touched[org] = true
	}
	var ops []driver.Op
	for org := range touched {
		x, err := t.r.relation(ctx, t.p, org)
		if err != nil {
			return nil, err
		}
		was := x
		for kind := range t.affects[org] {
			if !t.removed[x.last[kind].entry] {
				continue
			}
			if x.last[kind], err = t.r.lastTie(ctx, t.p, org, kind, t.removed); err != nil {
				return nil, err
			}
		}
		for kind, a := range t.added[org] {
			if a.at.After(x.last[kind].at) {
				x.last[kind] = a
			}
		}
		if on, ok := t.mark[org]; ok {
			x.registered = on
		}
		if x != was {
			ops = append(ops, x.op(t.p, org))
		}
	}
	return ops, nil
}

func (r *Records) relation(ctx context.Context, p PersonID, org nhs.ODS) (x relation, err error) {
	var fault error
	err = r.o.Store.Get(ctx, []driver.Ref{relationRef(p, org)}, func(d *driver.Doc) bool {
		x, fault = decodeRelation(d.Body, d.Rev)
		return true
	})
	if err == nil {
		err = fault
	}
	return x, err
}
