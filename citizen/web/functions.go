package web

import (
	"errors"
	"fmt"
	"html/template"
	"net/url"
	"strings"
)

// functions are what templates may call.
func (r *Renderer) functions() template.FuncMap {
	return template.FuncMap{
		"asset":    r.assets.path,
		"dict":     dict,
		"section":  SectionPath,
		"entry":    EntryPath,
		"document": DocumentPath,
		"look":     LookPath,
		"ask":      AskPath,
		"asked":    AskedPath,
		"passkey":  PasskeyPath,
		"device":   DevicePath,
		"count":    count,
		"lower":    lowerFirst,
		"join":     strings.Join,
		"path":     pathOf,
		"tel":      tel,
		"level":    levelColour,
		"query":    func(name, value string) string { return url.Values{name: {value}}.Encode() },
	}
}

// pathOf returns a fixed address by the name of its constant, so that no template
// spells one out.
func pathOf(name string) (string, error) {
	p, ok := map[string]string{
		"Start": PathStart, "LogIn": PathLogIn, "LogOut": PathLogOut, "LoggedOut": PathLoggedOut, "Enrol": PathEnrol, "EnrolDetails": PathEnrolDetails,
		"EnrolPasskey": PathEnrolPasskey, "EnrolDone": PathEnrolDone, "NHSLogin": PathNHSLogin, "Help": PathHelp, "HelpNoPasskey": PathHelpNoPasskey, "HelpLost": PathHelpLost,
		"HelpCarers": PathHelpCarers, "Cookies": PathCookies, "Privacy": PathPrivacy, "Accessibility": PathAccessibility, "Home": PathHome,
		"Timeline": PathTimeline, "Details": PathDetails, "Looks": PathLooks, "AllLooks": PathAllLooks, "Asked": PathAsked, "Account": PathAccount, "Passkeys": PathPasskeys,
		"AddKey": PathAddKey, "Devices": PathDevices, "EndAll": PathEndAll, "Notices": PathNotices, "Download": PathDownload, "AsFHIR": PathAsFHIR,
		"AsHTML": PathAsHTML, "Ending": PathEnding, "Stay": PathStay,
		"CeremonyLogIn": CeremonyLogIn, "CeremonyEnrol": CeremonyEnrol, "CeremonyAdd": CeremonyAdd, "CeremonyStepUp": CeremonyStepUp,
	}[name]
	if !ok {
		return "", fmt.Errorf("there is no page %q", name)
	}
	return p, nil
}

// dict makes the argument of a part of a page, of names and values in turn.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict: a name without a value")
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, errors.New("dict: a name is no text")
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// count says "1 passkey", "2 passkeys".
func count(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// lowerFirst begins a phrase with a small letter, so that it can go on a sentence;
// an abbreviation stays.
func lowerFirst(s string) string {
	if len(s) < 2 || s[1] >= 'A' && s[1] <= 'Z' {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// tel is the address that calls a telephone number, or "#" where it is none: a
// source may write "ask at reception".
func tel(number string) template.URL {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, number)
	if len(digits) < 5 || strings.ContainsAny(strings.ToLower(number), "abcdefghijklmnopqrstuvwyz") {
		return ""
	}
	return template.URL("tel:" + digits) // digits only
}

// levelColour is the tag's colour of a flag. The words beside it say the same.
func levelColour(level string) string {
	switch level {
	case "high", "low", "abnormal":
		return "nhsuk-tag--orange"
	case "urgent":
		return "nhsuk-tag--red"
	case "normal":
		return "nhsuk-tag--green"
	}
	return "nhsuk-tag--grey"
}

// upperFirst begins a phrase with a capital, where it stands by itself.
func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
