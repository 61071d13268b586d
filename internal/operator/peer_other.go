//go:build !linux

package operator

import "net"

// peer is not known on this system: the socket's mode alone says who it can be.
func peer(net.Conn) (uid uint32, ok bool) { return 0, false }
