package main

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// unused are components that no page of ours has; rules for them alone are left
// out, for the sake of old phones.
var unused = []string{
	".nhsuk-breadcrumb", ".nhsuk-character-count", ".nhsuk-code", ".nhsuk-contents-list", ".nhsuk-file-upload", ".nhsuk-hero",
	".nhsuk-image", ".nhsuk-images", ".nhsuk-password-input", ".nhsuk-search-input", ".nhsuk-tabs", ".nhsuk-task-list",
	".nhsuk-header__search", ".nhsuk-header__menu", ".nhsuk-header__organisation", ".nhsuk-header--organisation",
	"[type=search]", "[data-sort]", ".nhsuk-table--sortable", ".nhsuk-scroll", ".nhsuk-checkboxes", ".nhsuk-login-button", ".nhsuk-button--login",
	".nhsuk-header--white", ".nhsuk-header__navigation--white", ".nhsuk-button--reverse", ".nhsuk-footer__navigation",
}

var (
	withURL = regexp.MustCompile(`[a-z-]+:[^;{}]*url\([^)]*\)[^;{}]*(;|$)`)
	comment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	fonts   = strings.NewReplacer("Frutiger W01,arial,sans-serif", `system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif`)
)

// strip returns the style sheet without fonts, addresses and unused components.
func strip(css []byte) ([]byte, error) {
	out, rest, err := rules(fonts.Replace(comment.ReplaceAllString(string(css), "")), false)
	if err != nil {
		return nil, err
	}
	if rest != "" {
		return nil, errors.New("a brace too many")
	}
	for _, bad := range []string{"url(", "@font-face", "@import", "http:", "https:", "Frutiger"} {
		if strings.Contains(out, bad) {
			return nil, fmt.Errorf("%q is still in the style sheet: this version needs another rule here", bad)
		}
	}
	head := "/* nhsuk-frontend " + nhsukVersion + ", MIT licence: nhsuk-LICENCE.txt. Made by citizen/web/vendored: do not edit. */\n"
	return append([]byte(head), bytes.TrimSpace([]byte(out))...), nil
}

// rules copies rules until the closing brace of the block that they are in.
func rules(css string, nested bool) (out, rest string, err error) {
	var b strings.Builder
	for css != "" {
		if css[0] == '}' {
			if !nested {
				return "", css, nil
			}
			return b.String(), css[1:], nil
		}
		at := strings.IndexAny(css, "{;}")
		if at < 0 {
			return b.String(), "", nil
		}
		head := css[:at]
		if css[at] != '{' { // @charset and the like
			b.WriteString(css[:at+1])
			css = css[at+1:]
			continue
		}
		var body string
		if strings.HasPrefix(head, "@") && head != "@font-face" && !strings.HasPrefix(head, "@page") {
			if body, css, err = rules(css[at+1:], true); err != nil {
				return "", "", err
			}
		} else {
			end := strings.IndexByte(css, '}')
			if end < 0 {
				return "", "", errors.New("a rule without an end")
			}
			body, css = withURL.ReplaceAllString(css[at+1:end], ""), css[end+1:]
			head = used(head)
		}
		if head != "" && body != "" && !strings.HasPrefix(head, "@font-face") {
			b.WriteString(head + "{" + body + "}")
		}
	}
	return b.String(), "", nil
}

// used returns those of a rule's selectors that are not about unused components.
func used(selectors string) string {
	if strings.HasPrefix(selectors, "@") {
		return selectors
	}
	var keep []string
	for _, s := range split(selectors) {
		ok := true
		for _, u := range unused {
			if at := strings.Index(s, u); at >= 0 && (u[0] == '[' || !continues(s[at+len(u):])) {
				ok = false
			}
		}
		if ok {
			keep = append(keep, s)
		}
	}
	return strings.Join(keep, ",")
}

// continues reports whether a class name goes on with a further word, and so is
// another component's.
func continues(rest string) bool {
	return len(rest) > 1 && rest[0] == '-' && rest[1] != '-' || rest != "" && rest[0] >= 'a' && rest[0] <= 'z'
}

// split splits selectors at their commas, not at those in parentheses.
func split(selectors string) []string {
	var out []string
	depth, from := 0, 0
	for i, r := range selectors {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, selectors[from:i])
				from = i + 1
			}
		}
	}
	return append(out, selectors[from:])
}
