package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// insist commits until it is done or in conflict: an engine may be unavailable for a
// moment, and then nobody knows the outcome, which the races below allow for.
func insist(e driver.Engine, partition string, ops ...driver.Op) (won bool, err error) {
	err = e.Commit(context.Background(), partition, ops)
	if errors.As(err, new(*driver.ConflictError)) {
		return false, nil
	}
	return err == nil, err
}

func testRaces(t *testing.T, s *suite) {
	e := s.engine(t)
	t.Run("insert has one winner", func(t *testing.T) {
		for round := range 50 {
			id := fmt.Sprint("prize-", round)
			var wins atomic.Int32
			together(t, 8, func(n int) error {
				won, err := insist(e, "p", op(driver.Insert, "p", id, 0, fmt.Sprint(n)))
				if won {
					wins.Add(1)
				}
				return err
			})
			if wins.Load() != 1 {
				t.Fatalf("round %d has %d winners", round, wins.Load())
			}
		}
	})
	t.Run("no update is lost", func(t *testing.T) {
		e := subject{t, e}
		e.commit("p", op(driver.Insert, "p", "counter", 0, "0"))
		const workers, each = 8, 25
		together(t, workers, func(int) error {
			for range each {
				if err := increment(e.Engine, "p", "counter"); err != nil {
					return err
				}
			}
			return nil
		})
		e.holds("p", "counter", strconv.Itoa(workers*each), workers*each+1)
	})
	t.Run("a required document holds still", func(t *testing.T) {
		testRequireRace(t, e)
	})
	t.Run("commits of several documents are seen whole", func(t *testing.T) {
		testWholeCommits(t, e)
	})
	e.check()
}

func increment(e driver.Engine, partition, id string) error {
	for {
		var rev uint64
		var n int
		err := e.Get(context.Background(), []driver.Ref{ref("plain", partition, id)}, func(d *driver.Doc) bool {
			rev = d.Rev
			n, _ = strconv.Atoi(string(d.Body))
			return true
		})
		if err != nil {
			return err
		}
		if won, err := insist(e, partition, op(driver.Replace, partition, id, rev, strconv.Itoa(n+1))); won || err != nil {
			return err
		}
	}
}

// testRequireRace has writers add entries while the gate is open, and one who closes it
// and then counts: none may come after.
func testRequireRace(t *testing.T, e *subject) {
	for round := range 20 {
		p := fmt.Sprint("gate-", round)
		e.commit(p, op(driver.Insert, p, "gate", 0, "open"))
		var counted []string
		together(t, 5, func(n int) error {
			if n == 0 {
				if _, err := insist(e, p, op(driver.Replace, p, "gate", 1, "closed")); err != nil {
					return err
				}
				counted, _ = e.find(driver.Query{Collection: "plain", Partition: p})
				return nil
			}
			for i := range 20 {
				won, err := insist(e, p, op(driver.Require, p, "gate", 1, ""), op(driver.Insert, p, fmt.Sprintf("%d-%d", n, i), 0, ""))
				if !won {
					return err
				}
			}
			return nil
		})
		if now, _ := e.find(driver.Query{Collection: "plain", Partition: p}); len(now) != len(counted) {
			t.Fatalf("round %d: %d documents, %d when the gate closed", round, len(now), len(counted))
		}
	}
}

// testWholeCommits moves a sum between documents of a partition while others read it.
func testWholeCommits(t *testing.T, e *subject) {
	refs := []driver.Ref{ref("plain", "sum", "a"), ref("plain", "sum", "b")}
	e.commit("sum", op(driver.Insert, "sum", "a", 0, "100"), op(driver.Insert, "sum", "b", 0, "0"))
	var stop atomic.Bool
	together(t, 4, func(n int) error {
		if n == 0 {
			defer stop.Store(true)
			for i := 1; i <= 100; i++ {
				_, err := insist(e, "sum", op(driver.Put, "sum", "a", 0, strconv.Itoa(100-i)), op(driver.Put, "sum", "b", 0, strconv.Itoa(i)))
				if err != nil {
					return err
				}
			}
			return nil
		}
		for !stop.Load() {
			sum := 0
			err := e.Get(context.Background(), refs, func(d *driver.Doc) bool {
				v, _ := strconv.Atoi(string(d.Body))
				sum += v
				return true
			})
			if err != nil {
				return err
			}
			if sum != 100 {
				return fmt.Errorf("read a sum of %d: half a commit", sum)
			}
		}
		return nil
	})
}

// together runs f n times at once and fails for each error.
func together(t *testing.T, n int, f func(n int) error) {
	t.Helper()
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			if err := f(i); err != nil {
				t.Error(err)
			}
		})
	}
	close(start)
	wg.Wait()
}
