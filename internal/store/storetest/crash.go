package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// crashDir tells a test binary that it is the child which is to be killed.
const crashDir = "DCR_STORETEST_CRASH_DIR"

const crashWriters = 6

// testCrash runs this test again in a child process, which commits and appends as fast
// as it can and says what was acknowledged, kills it in the middle with a signal that
// cannot be caught, and looks at what is there.
func testCrash(t *testing.T, s *suite) {
	if dir := os.Getenv(crashDir); dir != "" {
		crashChild(t, s.open(t, dir, specs()))
		return
	}
	dir := t.TempDir()
	acked := newAcked()
	for round := range 6 {
		killAfter(t, dir, 40+round*67, acked)
		e := &subject{t, s.open(t, dir, specs())}
		acked.verify(e)
		e.check()
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// crashChild writes until it is killed, or its parent has gone.
func crashChild(t *testing.T, e driver.Engine) {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // it ends when the parent does
		os.Exit(3)
	}()
	l, err := e.Log(context.Background(), "crash")
	if err != nil {
		t.Fatal(err)
	}
	session := l.Len()
	together(t, crashWriters, func(w int) error {
		for n := 0; ; n++ {
			p := fmt.Sprint("writer-", w)
			id := fmt.Sprintf("%d-%d", session, n)
			err := e.Commit(context.Background(), p, []driver.Op{
				ranked(driver.Insert, "lying", p, id, 0, "a", int64(n)), ranked(driver.Insert, "indexed", p, id, 0, "b", int64(n)),
				op(driver.Put, p, "last", 0, id), dueOp(driver.Insert, p, id, 0, "crash", noon),
			})
			if err != nil {
				return err
			}
			fmt.Printf("acked commit %s %s\n", p, id)
			number, err := l.Append(context.Background(), []byte(p), []byte(id))
			if err != nil {
				return err
			}
			fmt.Printf("acked append %d %s/%s\n", number, p, id)
		}
	})
}

// acked is what a child said was durable.
type acked struct {
	commits map[[2]string]bool // partition, id
	appends map[uint64]string
}

func newAcked() *acked { return &acked{map[[2]string]bool{}, map[uint64]string{}} }

// killAfter starts a child and kills it once it has acknowledged so many writes.
func killAfter(t *testing.T, dir string, lines int, a *acked) {
	t.Helper()
	pattern := "^" + strings.Join(strings.Split(t.Name(), "/"), "$/^") + "$"
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+pattern)
	child.Env = append(os.Environ(), crashDir+"="+dir)
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var kill sync.Once
	var other []string
	seen := 0
	for in := bufio.NewScanner(stdout); in.Scan(); {
		if !a.note(in.Text()) {
			other = append(other, in.Text())
			continue
		}
		if seen++; seen >= lines {
			kill.Do(func() { _ = child.Process.Kill() }) // Wait tells
		}
	}
	err = child.Wait()
	if exit := (*exec.ExitError)(nil); seen < lines || !errors.As(err, &exit) || exit.Exited() {
		t.Fatalf("the child ended by itself after %d writes: %v\n%s", seen, err, strings.Join(other, "\n"))
	}
}

// note takes a line of a child's; one that was cut by the kill counts for nothing.
func (a *acked) note(line string) bool {
	var number uint64
	var text, p, id string
	if n, _ := fmt.Sscanf(line, "acked append %d %s", &number, &text); n == 2 {
		a.appends[number] = text
		return true
	}
	if n, _ := fmt.Sscanf(line, "acked commit %s %s", &p, &id); n == 2 {
		a.commits[[2]string{p, id}] = true
		return true
	}
	return false
}

// verify expects everything acknowledged, and no half of a commit.
func (a *acked) verify(e *subject) {
	e.t.Helper()
	for w := range crashWriters {
		p := fmt.Sprint("writer-", w)
		lying, _ := e.find(driver.Query{Collection: "lying", Partition: p, Index: "by-number"})
		indexed, _ := e.find(driver.Query{Collection: "indexed", Partition: p, Index: "by-number"})
		if fmt.Sprint(lying) != fmt.Sprint(indexed) {
			e.t.Errorf("%s: half a commit: %d and %d documents", p, len(lying), len(indexed))
		}
		there := map[string]bool{}
		for _, id := range lying {
			there[id] = true
			if e.read(ref("plain", p, id)) == nil {
				e.t.Errorf("%s/%s: half a commit", p, id)
			}
		}
		for c := range a.commits {
			if c[0] == p && !there[c[1]] {
				e.t.Errorf("%s/%s was acknowledged and is lost", p, c[1])
			}
		}
	}
	got := records(e.t, e.log("crash"), 0, 0)
	for n, text := range a.appends {
		if n+2 > uint64(len(got)) || got[n]+"/"+got[n+1] != text {
			e.t.Errorf("record %d was acknowledged and is lost", n)
		}
	}
}
