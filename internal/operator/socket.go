package operator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/dorsetcarerecord/dcr/internal/errs"
	"github.com/dorsetcarerecord/dcr/internal/identity"
)

// SocketName is the socket's file in the data folder.
const SocketName = "dcrd.sock"

// maxSocketPath is what a socket's address has room for.
const maxSocketPath = 107

// Listen opens the socket in the data folder, for its owner alone. The folder's
// store must be open already: that is what makes this process the only one, so
// that a socket found here was left behind.
func Listen(folder string) (net.Listener, error) {
	path := filepath.Join(folder, SocketName)
	if len(path)+4 > maxSocketPath {
		return nil, fmt.Errorf("operator: the path of the socket, %s, is longer than the %d bytes that a socket's may have: choose a data folder with a shorter path", path, maxSocketPath)
	}
	// It gets its name once its mode is right, so that nobody else connects before.
	fresh := path + ".new"
	for _, old := range []string{path, fresh} {
		if err := os.Remove(old); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("operator: remove the socket left behind: %w", err)
		}
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: fresh, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("operator: open the socket: %w", err)
	}
	l.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(fresh, 0o600), os.Rename(fresh, path)); err != nil {
		return nil, errors.Join(fmt.Errorf("operator: open the socket: %w", err), l.Close(), os.Remove(fresh))
	}
	return &socket{Listener: l, path: path}, nil
}

// socket removes its file when it is closed.
type socket struct {
	net.Listener
	path string
	once sync.Once
}

func (s *socket) Close() error {
	err := s.Listener.Close()
	s.once.Do(func() {
		if gone := os.Remove(s.path); gone != nil && !errors.Is(gone, os.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	})
	return err
}

// connect dials the socket of a folder.
func connect(ctx context.Context, folder string) (net.Conn, error) {
	d := net.Dialer{Timeout: 5 * time.Second}
	return d.DialContext(ctx, "unix", filepath.Join(folder, SocketName))
}

// ErrNotRunning tells that no server listens at the folder's socket.
var ErrNotRunning = errors.New("no dcrd is running on this data folder")

// Dial returns a client of the server that runs on the data folder, or
// ErrNotRunning.
func Dial(ctx context.Context, folder string) (*SocketClient, error) {
	conn, err := connect(ctx, folder)
	if errors.Is(err, os.ErrPermission) {
		return nil, errs.New(errs.Forbidden, "the socket of the server may be used by the account that dcrd runs as only")
	}
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrNotRunning, err)
	}
	return newClient(folder), conn.Close()
}

// operatorAt is the caller at the other end of a connection: the account that it
// belongs to, as the kernel says.
func operatorAt(conn net.Conn) identity.Caller {
	by := identity.Caller{Kind: identity.Operator, ID: "operator/local"}
	uid, ok := peer(conn)
	if !ok {
		return by
	}
	by.ID = "operator/uid-" + strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(strconv.FormatUint(uint64(uid), 10)); err == nil {
		by.ID, by.Name = "operator/"+u.Username, u.Name
	}
	return by
}
