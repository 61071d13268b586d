package web

// Cookies of the web sessions. A browser takes the prefix only with Secure, for the
// whole of this host, and for no other; what they carry is the session's token.
const (
	CookieResident = "__Host-dcr"
	CookieStaff    = "__Host-dcr-staff"
)
