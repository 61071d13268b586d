package migrate

import (
	"bytes"
	"context"
	"slices"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// copyDocuments copies page by page, from where the mark says on. A page that was copied and not
// noted is copied again, which comes to the same.
func (m *migration) copyDocuments(ctx context.Context) error {
	for _, name := range m.collections() {
		if name < m.mark.Collection {
			continue
		}
		if name != m.mark.Collection {
			m.mark.Collection, m.mark.After = name, nil
		}
		for more := true; more; {
			docs, place, err := m.page(ctx, name)
			if err != nil {
				return err
			}
			if len(docs) > 0 {
				if err := m.To.Import(ctx, docs); err != nil {
					return err
				}
			}
			if more = place != nil; more {
				m.mark.After = place
				if err := writeMark(ctx, m.To, m.mark); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// page reads the next documents of a collection; nil is the place behind the last.
func (m *migration) page(ctx context.Context, name string) (docs []driver.Doc, place []byte, err error) {
	before := m.Now().Add(-leftOut)
	size, n := 0, int64(0)
	place, err = m.From.Export(ctx, name, m.mark.After, m.Page, func(d *driver.Doc) bool {
		n++
		if !d.Expires.IsZero() && d.Expires.Before(before) {
			return true
		}
		c := *d
		c.Body = slices.Clone(d.Body)
		docs = append(docs, c)
		size += len(d.Body)
		return size < pageBytes
	})
	m.tell(Copying, n, m.total)
	return docs, place, err
}

// copyLogs appends what the target's logs lack: the number of a record is its place, so a log that
// was cut off in the middle of a page goes on behind its last record.
func (m *migration) copyLogs(ctx context.Context) error {
	names, err := m.From.Logs(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		from, err := m.From.Log(ctx, name)
		if err != nil {
			return err
		}
		to, err := m.To.Log(ctx, name)
		if err != nil {
			return err
		}
		m.tell(Copying, int64(to.Len()), m.total)
		if err := m.copyLog(ctx, from, to); err != nil {
			return err
		}
		if from.Len() != to.Len() {
			return errs.New(errs.Unprocessable, "log %s has %d records in %s and %d in %s: something else writes to one of them; stop it", name, from.Len(), m.FromName, to.Len(), m.ToName)
		}
	}
	return nil
}

func (m *migration) copyLog(ctx context.Context, from, to driver.Log) error {
	for next := to.Len(); next < from.Len(); {
		var records [][]byte
		size := 0
		err := from.Read(ctx, next, func(_ uint64, record []byte) bool {
			records = append(records, bytes.Clone(record))
			size += len(record)
			return size < pageBytes && len(records) < m.Page
		})
		if err != nil {
			return err
		}
		first, err := to.Append(ctx, records...)
		if err != nil {
			return err
		}
		if first != next || len(records) == 0 {
			return errs.New(errs.Unprocessable, "a record that should be number %d of a log became number %d: something else writes to %s; stop it", next, first, m.ToName)
		}
		next += uint64(len(records))
		m.tell(Copying, int64(len(records)), m.total)
	}
	return nil
}
