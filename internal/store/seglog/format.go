package seglog

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/dorsetcarerecord/dcr/internal/store/driver"
)

// A segment file is a header, then records without gaps, then (while it is the
// last) zeros written ahead. A record is a header of 16 bytes and the payload:
//
//	0  uint32  length of the payload | recordMark | batchMark for the first of a batch
//	4  uint32  crc32c of number, length field and payload
//	8  uint64  number
//
// All little-endian. The mark keeps an empty record apart from zeros. batchMark says
// that everything before this record was durable when it was written, which tells
// a torn tail from damage in the middle.
const (
	magic        = "DCRSEG1\n"
	segHeaderLen = 24 // magic, number of the first record, crc32c of both, four zeros
	recHeaderLen = 16
	recordMark   = 1 << 31
	batchMark    = 1 << 30
	lengthMask   = batchMark - 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func appendSegHeader(dst []byte, first uint64) []byte {
	start := len(dst)
	dst = append(dst, magic...)
	dst = binary.LittleEndian.AppendUint64(dst, first)
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
	return append(dst, 0, 0, 0, 0)
}

func checkSegHeader(b []byte, first uint64) bool {
	return len(b) >= segHeaderLen && string(b[:segHeaderLen]) == string(appendSegHeader(nil, first))
}

// laterFormat says whether a segment names a version after this one's. It is its digit
// in the magic.
func laterFormat(b []byte) bool {
	const digit = len(magic) - 2
	return string(b[:digit]) == magic[:digit] && b[digit] > magic[digit] && b[digit] <= '9' && b[digit+1] == magic[digit+1]
}

func checksum(number uint64, length uint32, payload []byte) uint32 {
	var h [12]byte
	binary.LittleEndian.PutUint64(h[:], number)
	binary.LittleEndian.PutUint32(h[8:], length)
	return crc32.Update(crc32.Checksum(h[:], castagnoli), castagnoli, payload)
}

func appendRecord(dst []byte, number uint64, startsBatch bool, payload []byte) []byte {
	length := uint32(len(payload)) | recordMark
	if startsBatch {
		length |= batchMark
	}
	dst = binary.LittleEndian.AppendUint32(dst, length)
	dst = binary.LittleEndian.AppendUint32(dst, checksum(number, length, payload))
	dst = binary.LittleEndian.AppendUint64(dst, number)
	return append(dst, payload...)
}

// header is a record's header as it lies in a file.
type header struct {
	length uint32 // with its marks
	sum    uint32
	number uint64
}

func parseHeader(b []byte) header {
	return header{
		length: binary.LittleEndian.Uint32(b),
		sum:    binary.LittleEndian.Uint32(b[4:]),
		number: binary.LittleEndian.Uint64(b[8:]),
	}
}

func (h header) size() int         { return int(h.length & lengthMask) }
func (h header) startsBatch() bool { return h.length&batchMark != 0 }

// plausible says whether this can be the header of record number.
func (h header) plausible(number uint64) bool {
	return h.length&recordMark != 0 && h.number == number && h.size() <= driver.MaxRecord
}

func (h header) holds(payload []byte) bool {
	return h.sum == checksum(h.number, h.length, payload)
}
