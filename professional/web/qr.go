package web

import (
	"errors"
	"fmt"
	"image/color"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// square is a QR code as the path of an SVG: drawn in the page, it needs no picture
// that a content policy would have to let in.
type square struct {
	Size int // of the side, in modules, with the quiet zone
	Path string
}

const quiet = 4 // modules of white around a QR code (ISO/IEC 18004)

// draw returns the QR code of a text. A quarter of it may be dirty (Q), as it is
// printed and folded.
func draw(text string) (square, error) {
	code, err := qr.Encode(text, qr.Q, qr.Unicode)
	if err != nil {
		return square{}, errors.New("the address of a letter does not fit a QR code") // not the library's words, which hold it
	}
	side := code.Bounds().Dx()
	dark := func(x, y int) bool { return code.At(x, y) == color.Color(color.Black) }
	var b strings.Builder
	for y := range side {
		for x := 0; x < side; x++ {
			from := x
			for x < side && dark(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
			}
		}
	}
	return square{side + 2*quiet, b.String()}, nil
}
