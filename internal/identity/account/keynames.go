package account

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/dorsetcarerecord/dcr/internal/identity/passkey"
)

// named returns c with a name that none of the account's passkeys has: telephones of one
// kind all come with the same.
func (a *Accounts) named(ctx context.Context, acc *Account, c passkey.Credential) (passkey.Credential, error) {
	keys, err := a.keysOf(ctx, acc)
	c.Name = distinct(c.Name, stored(keys))
	return c, err
}

// Names returns what passkeys are called in a list, each by another name: its own, or
// where an earlier one has that, by a number too.
func Names(keys []Passkey) []string {
	names := stored(keys)
	for i, name := range names {
		if taken(name, names[:i]) {
			names[i] = distinct(name, names)
		}
	}
	return names
}

func stored(keys []Passkey) []string {
	names := make([]string, len(keys))
	for i := range keys {
		names[i] = keys[i].Credential.Name
	}
	return names
}

// distinct returns a name that is not taken: the name itself or, with the first number
// that is free, "iPhone 2".
func distinct(name string, names []string) string {
	free := name
	for n := 2; taken(free, names); n++ {
		number := " " + strconv.Itoa(n)
		text := []rune(name)
		free = strings.TrimSpace(string(text[:min(len(text), maxName-len(number))])) + number
	}
	return free
}

func taken(name string, names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}
