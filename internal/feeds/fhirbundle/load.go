package fhirbundle

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/feeds"
	"github.com/dorsetcarerecord/dcr/internal/record"
)

// Loader sends files of Bundles as a source sends them.
type Loader struct {
	Inbox    Inbox
	Partners feeds.Partners
	Source   string // client id of the source that they come from
	Demo     bool   // give each Patient without an NHS number one of the 999 range
}

// Files lists the .json files of folders, however deep, and single files, in order.
func Files(paths ...string) ([]string, error) {
	var files []string
	for _, p := range paths {
		err := filepath.WalkDir(p, func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && (name == p || strings.HasSuffix(name, ".json")) {
				files = append(files, name)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("list what to load: %w", err)
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// Progress is told of each file when it is done.
type Progress func(done, total int, bytes int64)

// Report is what became of the files.
type Report struct {
	Files, Repeated int
	Types           map[string]*Counts // by resource type
	Reasons         map[string]int     // what is held, by code
	Refused         []Refusal          // files that were refused or not read
}

// Counts are of entries.
type Counts struct{ Applied, Unchanged, Held int }

// Refusal is a file of which nothing was applied.
type Refusal struct {
	File   string
	Status int // of HTTP; 0 if it could not be read or sent
	Code   string
	Words  string
}

// Load sends the files, one after the other. The error is of what concerns all of
// them: the source may not send, or the store cannot be used.
func (l *Loader) Load(ctx context.Context, files []string, progress Progress) (*Report, error) {
	rep := &Report{Types: map[string]*Counts{}, Reasons: map[string]int{}}
	from, err := l.sender(ctx)
	if err != nil {
		return rep, err
	}
	for i, name := range files {
		if err := ctx.Err(); err != nil {
			return rep, err
		}
		body, err := os.ReadFile(name)
		if err != nil {
			rep.Refused = append(rep.Refused, Refusal{File: name, Words: "it could not be read"})
			continue
		}
		if l.Demo {
			body = Demo(body)
		}
		if err := l.send(ctx, rep, from, name, body); err != nil {
			return rep, err
		}
		if progress != nil {
			progress(i+1, len(files), int64(len(body)))
		}
	}
	return rep, nil
}

func (l *Loader) sender(ctx context.Context) (feeds.Sender, error) {
	c, _, err := l.Partners.Client(ctx, l.Source)
	if err != nil {
		return feeds.Sender{}, err
	}
	a, _, err := l.Partners.Agreement(ctx, c.Org)
	return feeds.Sender{Client: c, Agreement: a}, err
}

func (l *Loader) send(ctx context.Context, rep *Report, from feeds.Sender, name string, body []byte) error {
	rep.Files++
	if len(body) > DefaultLimit {
		rep.Refused = append(rep.Refused, Refusal{File: name, Status: http.StatusRequestEntityTooLarge, Words: "it is larger than one message may be"})
		return nil
	}
	r, err := l.Inbox.Receive(ctx, from, NewMessage(body))
	if err != nil {
		return fmt.Errorf("load %s: %w", name, err)
	}
	rep.add(name, &r)
	return nil
}

func (rep *Report) add(name string, r *feeds.Receipt) {
	if r.Repeated {
		rep.Repeated++
	}
	for _, h := range r.Outcome.Held {
		if h.Entry != feeds.Whole {
			rep.Reasons[h.Code]++
			continue
		}
		rep.Reasons[h.Code] += max(1, len(r.Outcome.Entries))
		if h.Fault || len(r.Outcome.Entries) == 0 {
			rep.Refused = append(rep.Refused, Refusal{File: name, Status: wholeStatus(h), Code: h.Code, Words: h.Words})
		}
	}
	for _, e := range r.Outcome.Entries {
		if e.Ignored {
			continue
		}
		c := rep.of(e.Type)
		switch {
		case e.Held > 0:
			c.Held++
		case e.Applied.Result == record.Unchanged:
			c.Unchanged++
		default:
			c.Applied++
		}
	}
}

func (rep *Report) of(typ string) *Counts {
	if typ == "" {
		typ = "(none)"
	}
	c := rep.Types[typ]
	if c == nil {
		c = &Counts{}
		rep.Types[typ] = c
	}
	return c
}

// Total sums the counts of all types.
func (rep *Report) Total() (sum Counts) {
	for _, c := range rep.Types {
		sum.Applied += c.Applied
		sum.Unchanged += c.Unchanged
		sum.Held += c.Held
	}
	return sum
}
