package storetest
import "testing"
func testDue(t *testing.T, s *suite) {}
func testExpiry(t *testing.T, s *suite) {}
func testLogs(t *testing.T, s *suite) {}
func testModel(t *testing.T, s *suite) {}
func testLarge(t *testing.T, s *suite) {}
func testTyped(t *testing.T, s *suite) {}
func testClaims(t *testing.T, s *suite) {}
func testWork(t *testing.T, s *suite) {}
func testReopen(t *testing.T, s *suite) {}
