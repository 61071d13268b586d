package web

import "net/url"

// Addresses of the pages. Templates and routes both take them from here. None holds
// more than an opaque id.
const (
	PathHome      = "/staff"
	PathLogIn     = "/staff/log-in"
	PathLogOut    = "/staff/log-out" // POST
	PathRenewed   = "/staff/renewed"
	PathCodes     = "/staff/codes"
	PathNewCode   = "/staff/codes/new"
	PathQuestions = "/staff/questions"
)

// Owns reports whether a path is of the staff's pages, so that an error there is told
// on a page of theirs.
func Owns(path string) bool { return within(path, PathHome) }

// logInBy is where a log-in with an issuer begins, which comes back to a page.
func logInBy(issuer, back string) string {
	return PathLogIn + "/" + url.PathEscape(issuer) + "?" + url.Values{"back": {back}}.Encode()
}

func codePath(id, then string) string { return PathCodes + "/" + url.PathEscape(id) + "/" + then }

func questionPath(ref string) string { return PathQuestions + "/" + url.PathEscape(ref) }
