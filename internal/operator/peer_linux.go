package operator

import (
	"net"

	"golang.org/x/sys/unix"
)

// peer returns the user id of the process at the other end of a socket.
func peer(conn net.Conn) (uid uint32, ok bool) {
	c, isUnix := conn.(*net.UnixConn)
	if !isUnix {
		return 0, false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, false
	}
	var cred *unix.Ucred
	if raw.Control(func(fd uintptr) { cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }) != nil || err != nil {
		return 0, false
	}
	return cred.Uid, true
}
