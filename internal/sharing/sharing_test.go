package sharing_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dorsetcarerecord/dcr/internal/nhs"
	"github.com/dorsetcarerecord/dcr/internal/packed"
	"github.com/dorsetcarerecord/dcr/internal/sharing"
)

var from = time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)

const hospital, practice nhs.ODS = "R0D", "J81012"

func TestFor(t *testing.T) {
	to := from.Add(time.Hour)
	const tick = time.Nanosecond
	window := sharing.Window{Org: hospital, From: from, To: to}
	everyone := sharing.Window{From: from, To: to}
	tests := []struct {
		name   string
		choice sharing.Choice
		org    nhs.ODS
		at     time.Time
		want   sharing.Tier
	}{
		{"no choice made", sharing.Default(), hospital, from, sharing.Share},
		{"choice not read", sharing.Choice{}, hospital, from, sharing.Unknown},
		{"a window opens nothing in a choice that was not read", sharing.Choice{Windows: []sharing.Window{everyone}}, hospital, from, sharing.Unknown},
		{"nor in one of a later version", sharing.Choice{Tier: 9, Windows: []sharing.Window{everyone}}, hospital, from, sharing.Unknown},
		{"emergency only", sharing.Choice{Tier: sharing.EmergencyOnly}, hospital, from, sharing.EmergencyOnly},
		{"sealed", sharing.Choice{Tier: sharing.None}, hospital, from, sharing.None},
		{"a moment before the window", sharing.Choice{Tier: sharing.None, Windows: []sharing.Window{window}}, hospital, from.Add(-tick), sharing.None},
		{"the window's first moment", sharing.Choice{Tier: sharing.None, Windows: []sharing.Window{window}}, hospital, from, sharing.Share},
		{"its last", sharing.Choice{Tier: sharing.None, Windows: []sharing.Window{window}}, hospital, to.Add(-tick), sharing.Share},
		{"its end", sharing.Choice{Tier: sharing.EmergencyOnly, Windows: []sharing.Window{window}}, hospital, to, sharing.EmergencyOnly},
		{"for another organisation", sharing.Choice{Tier: sharing.None, Windows: []sharing.Window{window}}, practice, from, sharing.None},
		{"for every organisation", sharing.Choice{Tier: sharing.None, Windows: []sharing.Window{everyone}}, practice, from, sharing.Share},
		{"for nobody in particular", sharing.Choice{Tier: sharing.None, Windows: []sharing.Window{window}}, "", from, sharing.None},
		{"the second of two", sharing.Choice{Tier: sharing.None, Windows: []sharing.Window{window, {Org: practice, From: from, To: to}}}, practice, from, sharing.Share},
		{"upside down", sharing.Choice{Tier: sharing.None, Windows: []sharing.Window{{From: to, To: from}}}, hospital, from, sharing.None},
		{"for an appointment that nobody looked up", sharing.Choice{Tier: sharing.None, Windows: []sharing.Window{{Appointment: "p-e", From: from, To: to}}}, hospital, from, sharing.None},
		{"without dates", sharing.Choice{Tier: sharing.None, Windows: []sharing.Window{{}}}, hospital, from, sharing.None},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.choice.For(tt.org, tt.at); got != tt.want {
				t.Errorf("For = %v, want %v", got, tt.want)
			}
		})
	}
}

var (
	drawOrg  = rapid.SampledFrom([]nhs.ODS{"", hospital, practice})
	drawTime = rapid.Custom(func(t *rapid.T) time.Time {
		return from.Add(time.Duration(rapid.IntRange(0, 8).Draw(t, "h")) * time.Hour)
	})
	drawWindow = rapid.Custom(func(t *rapid.T) sharing.Window {
		return sharing.Window{Org: drawOrg.Draw(t, "org"), Appointment: rapid.SampledFrom([]string{"", "", "p-e"}).Draw(t, "appointment"), From: drawTime.Draw(t, "from"), To: drawTime.Draw(t, "to")}
	})
	drawChoice = rapid.Custom(func(t *rapid.T) sharing.Choice {
		c := sharing.Choice{Tier: sharing.Tier(rapid.IntRange(0, 3).Draw(t, "tier")), By: rapid.String().Draw(t, "by"), Since: drawTime.Draw(t, "since")}
		if ws := rapid.SliceOfN(drawWindow, 0, 4).Draw(t, "windows"); len(ws) > 0 {
			c.Windows = ws
		}
		return c
	})
)

func strictness(t sharing.Tier) int {
	return map[sharing.Tier]int{sharing.Share: 0, sharing.EmergencyOnly: 1, sharing.None: 2, sharing.Unknown: 3}[t]
}

// Joined people read under a choice that at no time shares what either withholds.
func TestStricterIsAsStrictAsEither(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawChoice.Draw(t, "a"), drawChoice.Draw(t, "b")
		org, at := drawOrg.Draw(t, "for"), drawTime.Draw(t, "at")
		both := sharing.Stricter(a, b).For(org, at)
		if strictness(both) < max(strictness(a.For(org, at)), strictness(b.For(org, at))) {
			t.Fatalf("joined: %v, a: %v, b: %v", both, a.For(org, at), b.For(org, at))
		}
		if other := sharing.Stricter(b, a).For(org, at); other != both {
			t.Fatalf("the order matters: %v, %v", both, other)
		}
	})
}

func TestStricter(t *testing.T) {
	open := sharing.Choice{Tier: sharing.None, Windows: []sharing.Window{{From: from, To: from.Add(time.Hour)}}}
	if got := sharing.Stricter(open, sharing.Default()).For(hospital, from); got != sharing.Share {
		t.Errorf("joined with one who shares, the window gives %v", got)
	}
	if got := sharing.Stricter(open, sharing.Choice{Tier: sharing.EmergencyOnly}).For(hospital, from); got != sharing.None {
		t.Errorf("joined with one who opened no window, it gives %v", got)
	}
}

// A window for an appointment is as long as the appointment says, and shut where
// there is none.
func TestResolve(t *testing.T) {
	c := sharing.Choice{Tier: sharing.None, Windows: []sharing.Window{{Org: hospital, Appointment: "p-e", From: from}, {Org: practice, Appointment: "p-f", From: from}}}
	if diff := cmp.Diff([]string{"p-e", "p-f"}, c.Appointments()); diff != "" {
		t.Error(diff)
	}
	at := c.Resolve(map[string]time.Time{"p-e": from.Add(time.Hour)})
	for org, want := range map[nhs.ODS][2]sharing.Tier{hospital: {sharing.Share, sharing.None}, practice: {sharing.None, sharing.None}} {
		if got := [2]sharing.Tier{at.For(org, from), at.For(org, from.Add(time.Hour))}; got != want {
			t.Errorf("%s: %v, want %v", org, got, want)
		}
	}
	if c.Windows[0].Appointment == "" {
		t.Error("the choice itself was changed")
	}
	if got := sharing.Stricter(c, sharing.Choice{Tier: sharing.EmergencyOnly, Windows: c.Windows}); len(got.Windows) != 0 {
		t.Errorf("two choices' windows for appointments became %v", got.Windows)
	}
	if c.Tier = sharing.Share; c.Appointments() != nil {
		t.Error("looked up for somebody who shares")
	}
}

func TestChoiceRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawChoice.Draw(t, "choice")
		b, err := c.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := sharing.DecodeBinary(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, got); diff != "" {
			t.Fatal(diff)
		}
		for n := range b {
			if got, err := sharing.DecodeBinary(b[:n]); err == nil || got.Tier != sharing.Unknown {
				t.Fatalf("cut to %d of %d bytes: %v, %v", n, len(b), got, err)
			}
		}
	})
}

func TestDecodeBinaryRefuses(t *testing.T) {
	good, _ := sharing.Default().AppendBinary(nil)
	newer, tier := append([]byte{}, good...), append([]byte{}, good...)
	newer[0], tier[1] = 2, 4
	for name, b := range map[string][]byte{"nothing": nil, "a newer form": newer, "a newer tier": tier, "more after it": append(good, 0)} {
		if c, err := sharing.DecodeBinary(b); err == nil || c.For(hospital, from) != sharing.Unknown {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
	if _, err := sharing.DecodeBinary(newer); !errors.Is(err, packed.ErrVersion) {
		t.Errorf("a newer form: %v", err)
	}
}

func FuzzDecodeBinary(f *testing.F) {
	b, _ := sharing.Choice{Tier: sharing.None, By: "operator", Since: from, Windows: []sharing.Window{{Org: hospital, From: from, To: from}}}.AppendBinary(nil)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := sharing.DecodeBinary(b)
		if err != nil {
			return
		}
		again, _ := c.AppendBinary(nil)
		d, err := sharing.DecodeBinary(again)
		if diff := cmp.Diff(c, d); diff != "" || err != nil {
			t.Fatal(err, diff)
		}
	})
}

func TestTierNames(t *testing.T) {
	for _, tier := range []sharing.Tier{sharing.Share, sharing.EmergencyOnly, sharing.None} {
		if got, err := sharing.ParseTier(tier.String()); err != nil || got != tier {
			t.Errorf("%v: %v, %v", tier, got, err)
		}
	}
	if _, err := sharing.ParseTier("unknown"); err == nil {
		t.Error("unknown can be chosen")
	}
}

func BenchmarkDecodeBinary(b *testing.B) {
	c := sharing.Choice{Tier: sharing.None, By: "operator", Since: from, Windows: []sharing.Window{{Org: hospital, From: from, To: from}}}
	form, _ := c.AppendBinary(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sharing.DecodeBinary(form); err != nil {
			b.Fatal(err)
		}
	}
}
